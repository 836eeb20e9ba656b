"""Simulcast in offers, and what is answered to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.errors import Code
from tertulia.media import extensions, simulcast
from tertulia.media.sdp import Direction, Rid, Section, SessionDescription, Simulcast
from tertulia.media.sdp_parse import parse
from tertulia.media.sections import Encoding, Source
from tests.media.offers import PWD, TRANSPORT_CC, exchange, media, negotiation, offer, publications, sample

RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
NAMED = (f"a=extmap:10 {RID}", f"a=extmap:11 {REPAIRED}")
CAM = publications(m0="cam")
HIGH_TO_LOW = ["f;h;q", "h;m;l", "2;1;0", "f;h", "h;q", "m;l"]
LOW_TO_HIGH = ["q;h;f", "l;m;h", "0;1;2", "h;f", "hi;mid;lo", "r0;r1;r2", "r2;r1;r0", "f;q;h"]


def sent(streams: str, *, rids: str | None = None, extra: tuple[str, ...] = NAMED, direction: str = "sendonly") -> str:
    """An offer with these simulcast streams, and an a=rid line for each of `rids` (default: for each of the streams)."""
    listed = streams if rids is None else rids
    names = listed.replace("~", "").replace(",", ";").split(";")
    lines = [f"a=rid:{name} send" for name in names if name]
    return offer(media("video", "0", direction, extra=(*lines, f"a=simulcast:send {streams}", *extra)))


def answered(text: str) -> tuple[Source, Section]:
    plan, answer, _ = exchange(negotiation(), text, CAM)
    return plan.added_sources[0], answer.sections[0]


def rids(source: Source) -> list[str | None]:
    return [encoding.rid for encoding in source.encodings]


@pytest.mark.parametrize("name", ["chromium_simulcast", "firefox_simulcast"])
def test_what_browsers_offer_is_received(name: str) -> None:
    plan, answer, text = exchange(negotiation(), sample(name), CAM)
    source, section = plan.added_sources[0], answer.sections[0]
    assert source.encodings == (Encoding("q"), Encoding("h"), Encoding("f"))
    assert {"mid", "rid", "repaired_rid", extensions.TRANSPORT_CC} <= set(extensions.ids(source.extensions))
    assert section.rids == (Rid("q", "recv"), Rid("h", "recv"), Rid("f", "recv"))
    assert section.direction is Direction.RECVONLY
    assert "a=simulcast:recv q;h;f\r\n" in text
    assert {extension.uri for extension in section.extensions} >= {RID, REPAIRED, TRANSPORT_CC}


@pytest.mark.parametrize("streams", HIGH_TO_LOW)
def test_well_known_rids_from_high_to_low_are_turned_round_and_answered_as_they_stand(streams: str) -> None:
    source, section = answered(sent(streams))
    assert rids(source) == streams.split(";")[::-1]
    assert section.simulcast == Simulcast(recv=tuple((rid,) for rid in streams.split(";")))


@pytest.mark.parametrize("streams", LOW_TO_HIGH)
def test_otherwise_the_order_of_the_line_is_the_order_of_quality(streams: str) -> None:
    assert rids(answered(sent(streams))[0]) == streams.split(";")


def test_three_encodings_are_taken_of_five() -> None:
    source, section = answered(sent("a;b;c;d;e"))
    assert rids(source) == ["a", "b", "c"]
    assert [rid.id for rid in section.rids] == ["a", "b", "c"]


def test_of_alternatives_the_first_is_taken_that_can_be() -> None:
    source, section = answered(sent("a,b;c,d", rids="a;b;d"))
    assert rids(source) == ["a", "d"]
    assert section.simulcast == Simulcast(recv=(("a",), ("d",)))


def test_what_the_client_has_paused_is_taken_and_stays_paused() -> None:
    """Chromium sets `active` by the answer."""
    source, section = answered(sent("q;~h;~f"))
    assert rids(source) == ["q", "h", "f"]
    assert section.simulcast == Simulcast(recv=(("q",), ("~h",), ("~f",)))


@pytest.mark.parametrize(
    ("streams", "listed", "taken"),
    [
        ("a;b;c", "a;c", ["a", "c"]),  # without a line of its own
        ("a;b;b", "a;b", ["a", "b"]),  # named twice
        ("a;b;c", "a;b;b;c", ["a", "c"]),  # two lines of one id: neither counts
        ("a;" + "b" * 17, None, ["a"]),  # does not fit into a packet
    ],
)
def test_rids_that_mean_nothing_are_passed_over(streams: str, listed: str | None, taken: list[str]) -> None:
    assert rids(answered(sent(streams, rids=listed))[0]) == taken


def test_a_rid_for_receiving_is_none_that_is_sent() -> None:
    source, _ = answered(sent("a;b", rids="a", extra=(*NAMED, "a=rid:b recv")))
    assert rids(source) == ["a"]


def test_a_rid_for_another_codec_is_left_out_and_restrictions_are_repeated() -> None:
    lines = ("a=rid:a send pt=96,98;max-width=320", "a=rid:b send pt=98", "a=rid:c send max-fps=15")
    source, section = answered(sent("a;b;c", rids="", extra=(*NAMED, *lines)))
    assert rids(source) == ["a", "c"]
    assert section.rids == (Rid("a", "recv", "max-width=320"), Rid("c", "recv", "max-fps=15"))


@pytest.mark.parametrize(
    "extra",
    [
        (),
        (f"a=extmap:15 {RID}",),  # no one-byte id
        (f"a=extmap:10/recvonly {RID}",),  # not sent by the client
    ],
)
def test_streams_that_no_packet_could_name_are_not_taken(extra: tuple[str, ...]) -> None:
    source, section = answered(sent("q;h;f", extra=extra))
    assert source.encodings == (Encoding(),)
    assert (section.rids, section.simulcast) == ((), None)


def test_the_extensions_of_rids_are_negotiated_for_simulcast_alone() -> None:
    plain = media("video", "0", "sendrecv", extra=NAMED)
    plan, answer, _ = exchange(negotiation(), offer(plain), CAM)
    assert answer.sections[0].extensions == ()
    assert plan.added_sources[0].encodings == (Encoding(),)
    plan, answer, _ = exchange(negotiation(), sent("q;h;f", direction="sendrecv"), CAM)
    assert {extension.uri for extension in answer.sections[0].extensions} == {RID, REPAIRED}
    assert plan.added_slots[0].extensions == (), "we send no simulcast"


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_a_section_at_rest_keeps_its_streams(direction: str) -> None:
    """A browser gives up for good what an answer leaves out."""
    plan, answer, _ = exchange(negotiation(), sent("q;h;f", direction=direction))
    section = answer.sections[0]
    assert plan.added_sources == () and section.direction is Direction.INACTIVE
    assert section.simulcast == Simulcast(recv=(("q",), ("h",), ("f",)))
    assert {extension.uri for extension in section.extensions} == {RID, REPAIRED}


def test_simulcast_of_sound_is_not_taken() -> None:
    lines = ("a=rid:a send", "a=rid:b send", "a=simulcast:send a;b", *NAMED)
    source, section = answered(offer(media("audio", "0", "sendonly", extra=lines)))
    assert len(source.encodings) == 1 and section.simulcast is None


def test_a_pause_changes_nothing_and_other_rids_make_another_source() -> None:
    state = negotiation()
    first, _, _ = exchange(state, sent("q;h;f"), CAM)
    paused, _, text = exchange(state, sent("q;h;~f"), CAM)
    assert (paused.added_sources, paused.removed_sources) == ((), ())
    assert "a=simulcast:recv q;h;~f\r\n" in text
    fewer, _, _ = exchange(state, sent("q;h"), CAM)
    assert fewer.removed_sources == first.added_sources
    assert rids(fewer.added_sources[0]) == ["q", "h"]
    none, answer, _ = exchange(state, offer(media("video", "0", "sendonly")), CAM)
    assert none.added_sources[0].encodings == (Encoding(),)
    assert answer.sections[0].simulcast is None


def test_a_section_that_was_used_before_is_used_with_its_rids_again() -> None:
    state = negotiation()
    exchange(state, sent("q;h;f"), CAM)
    off, answer, _ = exchange(state, sent("q;h;f", direction="inactive"))
    assert len(off.removed_sources) == 1 and answer.sections[0].direction is Direction.INACTIVE
    again, _, _ = exchange(state, sent("q;h;f"), publications(m0="other"))
    assert again.added_sources[0].publication == "other"
    assert rids(again.added_sources[0]) == ["q", "h", "f"]


def test_a_line_that_was_stopped_carries_another_camera() -> None:
    """As browsers do it with `RTCRtpTransceiver.stop`."""
    state = negotiation()
    audio = media("audio", "a", "recvonly")
    camera = ["a=rid:q send", "a=rid:f send", "a=simulcast:send q;f", *NAMED]
    first, _, _ = exchange(state, offer(audio, media("video", "0", "sendonly", extra=tuple(camera))), CAM)
    stopped = offer(audio, media("video", "0", "inactive", port=0)).replace("BUNDLE a 0", "BUNDLE a")
    off, _, _ = exchange(state, stopped)
    assert off.removed_sources == first.added_sources
    again = offer(audio, media("video", "1", "sendonly", extra=tuple(camera)))
    back, _, _ = exchange(state, again, publications(m1="cam"))
    assert rids(back.added_sources[0]) == ["q", "f"] and back.added_sources[0].mid == "1"


def test_our_offers_ask_for_no_simulcast_so_an_answer_has_none() -> None:
    state = negotiation()
    proposed = parse(state.propose(("video",), "ours", PWD))
    assert proposed.sections[0].simulcast is None
    lines = ("a=rid:q send", "a=rid:f send", "a=simulcast:send q;f", *NAMED)
    reply = offer(media("video", "0", "sendrecv", extra=lines), setup="active")
    plan = state.plan_reply(parse(reply, Code.BAD_ANSWER), CAM)
    assert plan.added_sources[0].encodings == (Encoding(),)
    assert "rid" not in extensions.ids(plan.added_sources[0].extensions)


IDS = st.sampled_from(["a", "b", "q", "h", "f", "0", "1", "2", "long" * 5])
WRITTEN = st.builds(lambda paused, rid: ("~" if paused else "") + rid, st.booleans(), IDS)
STREAMS = st.lists(st.lists(WRITTEN, min_size=1, max_size=3).map(tuple), min_size=1, max_size=6).map(tuple)
LINES = st.lists(st.builds(Rid, IDS, st.sampled_from(["send", "recv"]), st.sampled_from(["", "pt=96", "pt=98"])))


@given(STREAMS, LINES)
def test_whatever_is_offered_the_answer_takes_of_it_what_it_knows(
    streams: tuple[tuple[str, ...], ...], lines: list[Rid]
) -> None:
    listed = ";".join(",".join(alternatives) for alternatives in streams)
    extra = (*NAMED, *(" ".join(f"a=rid:{rid.id} {rid.direction} {rid.restrictions}".split()) for rid in lines[:16]))
    text = sent(listed, rids="", extra=extra)
    source, section = answered(text)
    offered: SessionDescription = parse(text)
    assert 1 <= len(source.encodings) <= simulcast.MAX_ENCODINGS
    if section.simulcast is None:
        assert source.encodings == (Encoding(),) and section.rids == ()
        return
    taken = [alternatives[0] for alternatives in section.simulcast.recv]
    known = {rid.id for rid in offered.sections[0].rids if rid.direction == "send" and rid.restrictions != "pt=98"}
    assert [rid.id for rid in section.rids] == [rid.removeprefix("~") for rid in taken]
    assert {rid.id for rid in section.rids} == set(rids(source)) <= known
    assert len(set(rids(source))) == len(source.encodings)
    assert all(any(rid in alternatives for alternatives in streams) for rid in taken)
