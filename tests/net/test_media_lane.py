"""The lane of media: sound first, no late pictures, and after what was left out a key frame."""

import pytest

from tertulia.net import LaneTotals, MediaLane, Outbox
from tertulia.net.media_lane import CALM, PICTURE_BYTES, READ_WITHIN, REFRESH_EVERY, SOUND_CHUNKS, WAITS


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def totals() -> LaneTotals:
    return LaneTotals()


@pytest.fixture
def lane(clock: Clock, totals: LaneTotals) -> MediaLane:
    return MediaLane(clock, totals)


def drain(lane: MediaLane) -> list[bytes]:
    return list(iter(lane.take, None))


def test_sound_goes_before_pictures_and_each_kind_in_its_order(lane: MediaLane) -> None:
    lane.put_picture("cam", b"p1", key=True)
    lane.put_sound(b"s1")
    lane.put_picture("cam", b"p2", key=False)
    lane.put_sound(b"s2")
    assert drain(lane) == [b"s1", b"s2", b"p1", b"p2"]


def test_pictures_that_wait_for_too_long_are_left_out_up_to_the_next_key_frame(
    lane: MediaLane, clock: Clock, totals: LaneTotals
) -> None:
    lane.put_picture("cam", b"p1", key=True)
    clock.now += WAITS + 0.01
    assert not lane.put_picture("cam", b"p2", key=False)
    assert drain(lane) == [] and totals == LaneTotals(left_out=2)
    assert lane.put_picture("cam", b"p3", key=False), "he keeps up: a key frame is asked for"
    assert not lane.put_picture("cam", b"p4", key=False), "and not at once again"
    clock.now += REFRESH_EVERY
    assert lane.put_picture("cam", b"p5", key=False), "it may not have come"
    lane.put_picture("cam", b"p6", key=True)
    lane.put_picture("cam", b"p7", key=False)
    assert drain(lane) == [b"p6", b"p7"]
    assert totals == LaneTotals(left_out=5)


def test_one_publication_is_not_held_up_by_another_that_was_left_out_before(lane: MediaLane, clock: Clock) -> None:
    lane.put_picture("cam", b"c1", key=True)
    clock.now += WAITS + 0.01
    lane.put_picture("cam", b"c2", key=False)
    lane.put_picture("screen", b"s1", key=False)
    assert drain(lane) == [b"s1"]


def test_bytes_are_bounded(lane: MediaLane) -> None:
    half = bytes(PICTURE_BYTES // 2)
    lane.put_picture("cam", half, key=True)
    lane.put_picture("cam", half, key=False)
    lane.put_picture("cam", b"x", key=False)
    assert drain(lane) == []
    lane.put_picture("cam", bytes(2 * PICTURE_BYTES), key=True)
    assert len(drain(lane)) == 1, "one that is larger than that is given out where nothing else waits"


def test_sound_that_waits_costs_the_oldest(lane: MediaLane) -> None:
    for n in range(SOUND_CHUNKS + 3):
        lane.put_sound(b"%d" % n)
    assert drain(lane) == [b"%d" % n for n in range(3, SOUND_CHUNKS + 3)]


def test_who_says_what_he_reads_is_not_sent_more_than_a_second_ahead(lane: MediaLane, clock: Clock) -> None:
    lane.put_picture("cam", b"p1", key=True)
    assert drain(lane) == [b"p1"]
    lane.read(0)
    clock.now += READ_WITHIN + 0.01
    lane.put_picture("cam", b"p2", key=False)
    lane.put_sound(b"s1")
    assert drain(lane) == [b"s1"], "sound goes all the same"
    lane.read(1)
    assert drain(lane) == [b"p2"]


def test_a_key_frame_waits_until_the_reader_keeps_up(lane: MediaLane, clock: Clock) -> None:
    lane.put_picture("cam", b"p1", key=True)
    drain(lane)
    lane.read(0)
    clock.now += READ_WITHIN + 0.01
    lane.put_picture("cam", b"p2", key=False)
    clock.now += WAITS + 0.01
    lane.put_picture("cam", b"p3", key=False)
    assert not lane.put_picture("cam", b"p4", key=True)
    assert drain(lane) == []
    lane.read(1)
    assert lane.put_picture("cam", b"p5", key=False)
    lane.put_picture("cam", b"p6", key=True)
    assert drain(lane) == [b"p6"]
    clock.now += CALM
    lane.put_picture("cam", b"p7", key=False)
    assert drain(lane) == [b"p7"]


def test_who_never_says_what_he_reads_is_held_up_by_nothing(lane: MediaLane, clock: Clock) -> None:
    for n in range(5000):
        clock.now += 0.033
        lane.put_picture("cam", b"%d" % n, key=n == 0)
        assert drain(lane) == [b"%d" % n]


def test_on_another_socket_pictures_begin_with_a_key_frame(lane: MediaLane, clock: Clock) -> None:
    lane.put_picture("cam", b"p1", key=True)
    lane.put_sound(b"s1")
    lane.begin()
    assert drain(lane) == []
    assert lane.put_picture("cam", b"p2", key=False)
    lane.put_picture("cam", b"p3", key=True)
    assert drain(lane) == [b"p3"]


def test_what_was_forgotten_begins_like_new(lane: MediaLane) -> None:
    lane.put_picture("cam", b"p1", key=True)
    lane.forget("cam")
    lane.begin()
    lane.put_picture("cam", b"p2", key=True)
    assert drain(lane) == [b"p2"]


def test_messages_go_first_then_sound_then_what_is_only_the_newest_then_pictures(clock: Clock) -> None:
    outbox = Outbox(lambda body, seq: b"%d:" % seq + body)
    outbox.lane = MediaLane(clock, LaneTotals())
    outbox.lane.put_picture("cam", b"picture", key=True)
    outbox.offer("/quotes", b"value")
    outbox.lane.put_sound(b"sound")
    outbox.put(b"message")
    assert list(iter(outbox.take, None)) == [b"1:message", b"sound", b"value", b"picture"]
