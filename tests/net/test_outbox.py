"""The outbox against a plain model: nothing is lost, doubled or out of order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.net import Allowance, Connections, Outbox, Rate
from tertulia.net.outbox import KEPT_MESSAGES, LATEST_BYTES, LATEST_KEYS


def make() -> Outbox:
    return Outbox(lambda body, seq: b"%d:" % seq + body)


def drain(outbox: Outbox) -> list[bytes]:
    taken = []
    while (text := outbox.take()) is not None:
        taken.append(text)
    return taken


STEPS = st.sampled_from(["put", "send", "send to one who is behind", "take", "loss", "restart"])


@given(st.lists(st.one_of(STEPS, st.integers(0, 5))))
def test_every_message_arrives_once_and_in_order(steps: list[str | int]) -> None:
    outbox, sent, received = make(), 0, 0
    in_flight: list[bytes] = []

    def arrives(text: bytes) -> None:
        nonlocal received
        assert text == b"%d:m%d" % (received + 1, received)
        received += 1

    def write(text: bytes) -> bool:
        in_flight.append(text)
        return True

    for step in steps:
        if step == "put":
            outbox.put(b"m%d" % sent)
            sent += 1
        elif step == "send":
            if not outbox.pass_through(b"m%d" % sent, write):
                outbox.put(b"m%d" % sent)
            sent += 1
        elif step == "send to one who is behind":
            assert not outbox.pass_through(b"m%d" % sent, lambda text: False)
            outbox.put(b"m%d" % sent)
            sent += 1
        elif step == "take":
            text = outbox.take()
            if text is not None:
                in_flight.append(text)
        elif step == "loss":
            in_flight.clear()
            assert outbox.rewind(received)
        elif step == "restart":
            in_flight.clear()
            image, outbox = outbox.image(), make()
            outbox.restore(image)
            assert outbox.rewind(received)
        else:
            assert isinstance(step, int)
            for text in in_flight[:step]:
                arrives(text)
            del in_flight[:step]
            outbox.ack(received)
    for text in (*in_flight, *drain(outbox)):
        arrives(text)
    assert received == sent


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_keyed_messages_leave_no_gap_and_do_not_pile_up(steps: list[tuple[bool, bool]]) -> None:
    outbox, taken = make(), []
    for number, (keyed, take) in enumerate(steps):
        outbox.put(b"%d" % number, "speakers" if keyed else None)
        assert sum(1 for _, key in outbox._waiting.values() if key) <= 1
        if take and (text := outbox.take()) is not None:
            taken.append(text)
    taken += drain(outbox)
    assert [int(text.split(b":")[0]) for text in taken] == list(range(1, len(taken) + 1))
    bodies = [int(text.split(b":")[1]) for text in taken]
    assert bodies == sorted(bodies)
    assert {n for n, (keyed, _) in enumerate(steps) if not keyed} <= set(bodies)


def test_acks_that_make_no_sense_do_no_harm() -> None:
    outbox = make()
    outbox.put(b"a")
    outbox.take()
    outbox.ack(7)
    outbox.ack(0)
    assert outbox.rewind(0)
    assert not outbox.rewind(2)
    outbox.ack(1)
    assert not outbox.rewind(0)


def test_it_is_bounded_by_count_and_by_size() -> None:
    outbox = make()
    for _ in range(257):
        outbox.put(b"x")
    assert outbox.too_much_for_a_reader


def test_one_large_message_may_pass_and_two_are_too_much() -> None:
    outbox = make()
    outbox.put(b"x" * (2 << 20))
    before = outbox.too_much_for_a_reader
    outbox.put(b"x")
    assert (before, outbox.too_much_for_a_reader) == (False, True)
    outbox.bound_while_detached()
    assert not outbox.rewind(0)
    outbox.put(b"x")
    assert outbox.take() is None, "it is lost, and keeps nothing any more"


def test_what_is_kept_for_a_resume_is_bounded() -> None:
    outbox = make()
    for _ in range(2_000):
        outbox.put(b"x" * 100)
        outbox.take()
    assert not outbox.rewind(0)
    assert outbox.rewind(2_000 - 512)
    assert len(drain(outbox)) == 512


def test_rates() -> None:
    rate = Rate(50, now=0.0)
    assert [rate.spend(0.0) for _ in range(200)] == [Allowance.PASS] * 200
    refused = [rate.spend(0.0) for _ in range(1_800)]
    assert refused.count(Allowance.REPORT) == 18
    assert refused[0] is Allowance.REPORT
    assert rate.spend(0.0) is Allowance.ABUSE
    steady = Rate(50, now=0.0)
    assert all(steady.spend(n / 50) is Allowance.PASS for n in range(10_000))


def test_connections_are_paid_back() -> None:
    connections = Connections(total=2, per_address=1)
    assert connections.enter("a")
    assert not connections.enter("a")
    assert connections.enter("b")
    assert not connections.enter("c")
    connections.leave("a")
    assert connections.enter("c")
    connections.leave("b")
    connections.leave("c")
    assert connections.open == 0
    assert not connections._by_address


def test_an_ipv6_network_counts_as_one_address() -> None:
    connections = Connections(total=10, per_address=1)
    assert connections.enter("2001:db8::1")
    assert not connections.enter("2001:db8::2:3")
    assert connections.enter("2001:db8:0:1::1")
    assert connections.enter("::ffff:192.0.2.1")
    assert not connections.enter("192.0.2.1")


def test_of_what_is_offered_only_the_newest_waits_and_messages_come_first() -> None:
    outbox = make()
    assert [outbox.offer("a", b"a1"), outbox.offer("b", b"b1"), outbox.offer("a", b"a2")] == [0, 0, 1]
    outbox.put(b"message")
    assert [outbox.take() for _ in range(4)] == [b"1:message", b"a2", b"b1", None]


def test_nothing_overtakes_what_waits() -> None:
    outbox, written = make(), list[bytes]()

    def write(frame: bytes) -> bool:
        written.append(frame)
        return True

    assert outbox.pass_through(b"a", write) and outbox.offer_through(b"A", write)
    outbox.put(b"b")
    assert not outbox.pass_through(b"c", write) and not outbox.offer_through(b"B", write)
    assert drain(outbox) == [b"2:b"]
    outbox.offer("topic", b"C")
    assert not outbox.pass_through(b"d", write) and not outbox.offer_through(b"D", write)
    assert drain(outbox) == [b"C"]
    assert outbox.rewind(1)
    assert not outbox.pass_through(b"e", write), "what is to be said again comes first"
    assert drain(outbox) == [b"2:b"]
    assert outbox.pass_through(b"f", write) and outbox.offer_through(b"F", write)
    outbox.drop()
    assert not outbox.pass_through(b"g", write) and not outbox.offer_through(b"G", write)
    assert drain(outbox) == []
    assert not outbox.pass_through(b"h", write), "and stays lost"
    assert written == [b"1:a", b"A", b"3:f", b"F"]


def test_what_passed_through_is_kept_within_the_same_bounds() -> None:
    outbox = make()
    for number in range(KEPT_MESSAGES + 10):
        assert outbox.pass_through(b"%d" % number, lambda text: True)
    assert (outbox.seq, outbox.forgotten) == (KEPT_MESSAGES + 10, 10)
    outbox.ack(outbox.seq - 1)
    assert outbox.rewind(outbox.seq - 1)
    assert drain(outbox) == [b"%d:%d" % (outbox.seq, outbox.seq - 1)]


def test_what_was_offered_comes_no_second_time() -> None:
    outbox = make()
    outbox.put(b"message")
    outbox.offer("a", b"a1")
    assert [outbox.take(), outbox.take()] == [b"1:message", b"a1"]
    outbox.offer("a", b"a2")
    assert outbox.rewind(0)
    assert [outbox.take(), outbox.take(), outbox.take()] == [b"1:message", b"a2", None]


def test_a_key_that_changes_all_the_time_keeps_its_place() -> None:
    outbox = make()
    for key in "abc":
        outbox.offer(key, b"0")
    taken = []
    for number in range(6):
        for key in "abc":
            outbox.offer(key, f"{key}{number}".encode())
        frame = outbox.take()
        assert frame is not None
        taken.append(frame[:1])
    assert sorted(taken) == [b"a", b"a", b"b", b"b", b"c", b"c"]


def test_what_is_offered_is_bounded_and_is_nobodys_reason_to_be_let_go() -> None:
    outbox = make()
    given_up = sum(outbox.offer(str(number), b"x" * 100) for number in range(LATEST_KEYS + 10))
    assert given_up == 10
    assert outbox.take() == b"x" * 100
    assert not outbox.too_much_for_a_reader
    outbox.bound_while_detached()
    assert not outbox.lost
    large = make()
    assert sum(large.offer(str(number), b"x" * 16_384) for number in range(100)) == 100 - LATEST_BYTES // 16_384


def test_an_image_of_numbers_that_do_not_fit_together() -> None:
    outbox = make()
    outbox.put(b"said")
    outbox.take()
    with pytest.raises(ValueError, match="messages"):
        make().restore(replace(outbox.image(), seq=2))
