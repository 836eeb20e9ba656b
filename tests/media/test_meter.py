"""What happened between two looks at the engine's counts."""

from typing import TYPE_CHECKING

import pytest

from tertulia.media.codecs import CodecKey
from tertulia.media.meter import Meter
from tertulia.media.port import ConnectionId, ConnectionStatistics, Layer, PublicationKey
from tertulia.media.sections import Encoding, Source

if TYPE_CHECKING:
    from tertulia import _media

CAMERA = Source(
    id=10,
    publication=PublicationKey("cam"),
    kind="video",
    key=CodecKey("VP8"),
    mid="0",
    clock_rate=90_000,
    payload_type=96,
    rtx_payload_type=97,
    nack=True,
    extensions=(),
    encodings=(Encoding("h"), Encoding("f")),
)
NAMES = {1: ConnectionId("ana"), 2: ConnectionId("ben")}


def row(
    number: int,
    at: float,
    *,
    encodings: "list[tuple[int, int, int, int]] | None" = None,
    slot: "tuple[int, int, int, int] | None" = None,
    choice: "tuple[int | None, int | None, _media.Reason | None]" = (0, 1, "bandwidth"),
) -> "_media.ConnectionStatistics":
    """`encodings`: packets, octets, lost, repaired; `slot`: packets, octets, resent, lost."""
    sizes = ((320, 180), (640, 360))
    measured: list[_media.EncodingStatistics] = [
        (*it, 0.01, 0, 30.0, size) for it, size in zip(encodings or [], sizes, strict=False)
    ]
    slots: list[_media.SlotStatistics] = [] if slot is None else [(20, 10, choice, *slot, 0.02)]
    return (number, at, 0.05, 900_000, [(10, measured)] if encodings else [], slots)


class Engine:
    def __init__(self) -> None:
        self.sources = {10: CAMERA}
        self.meter = Meter(NAMES.get, self.sources.get)

    def look(self, *rows: "_media.ConnectionStatistics") -> dict[str, ConnectionStatistics]:
        return {it.connection: it for it in self.meter.read(rows)}


def test_rates_and_losses_are_of_the_time_in_between() -> None:
    engine = Engine()
    ana = row(1, 5.0, encodings=[(100, 10_000, 2, 1), (200, 90_000, 0, 0)])
    assert engine.look(ana, row(2, 5.0, slot=(100, 9_000, 1, 3))) == {}, "nothing to compare with"
    ana = row(1, 9.0, encodings=[(300, 50_000, 22, 15), (400, 590_000, 0, 0)])
    after = engine.look(ana, row(2, 9.0, slot=(500, 59_000, 11, 43)))
    (sent,) = after["ana"].sent
    low, high = sent.encodings
    assert (low.packets, low.lost, low.repaired, low.bitrate) == (200, 20, 14, 80_000)
    assert (high.packets, high.bitrate) == (200, 1_000_000)
    assert (low.layer, high.layer) == (Layer("h", 320, 180, 30.0), Layer("f", 640, 360, 30.0))
    (received,) = after["ben"].received
    assert (received.packets, received.resent, received.lost, received.bitrate) == (400, 10, 40, 100_000)
    assert (received.layer, received.best, received.reason) == (low.layer, high.layer, "bandwidth")
    assert (after["ben"].seconds, after["ben"].round_trip, after["ben"].estimate) == (4.0, 0.05, 900_000)


def test_counts_that_begin_anew_are_all_new_and_losses_that_are_taken_back_are_none() -> None:
    engine = Engine()
    engine.look(row(1, 1.0, encodings=[(500, 9_000, 9, 9)]), row(2, 1.0, slot=(100, 1_000, 0, 50)))
    after = engine.look(row(1, 2.0, encodings=[(20, 1_000, 1, 0)]), row(2, 2.0, slot=(200, 2_000, 0, 40)))
    assert (after["ana"].sent[0].encodings[0].packets, after["ana"].sent[0].encodings[0].lost) == (20, 1)
    assert after["ben"].received[0].lost == 0


def test_a_connection_that_rests_or_is_gone_is_left_out() -> None:
    engine = Engine()
    resting = row(2, 1.0, slot=(100, 1_000, 0, 0))
    engine.look(resting, row(9, 1.0))
    assert engine.look(resting, row(9, 2.0)) == {}


def test_another_publication_in_a_section_begins_at_its_first_look() -> None:
    engine = Engine()
    engine.sources[11] = CAMERA
    number, at, *rest, slots = row(2, 2.0, slot=(900, 90_000, 9, 9))
    engine.look(row(2, 1.0, slot=(100, 1_000, 0, 0)))
    moved = (20, 11, *slots[0][2:])
    after = engine.look((number, at, rest[0], rest[1], rest[2], [moved]))  # type: ignore[arg-type]
    assert after["ben"].received[0].packets == 0


def test_what_was_withdrawn_meanwhile_is_left_out() -> None:
    engine = Engine()
    engine.look(row(1, 1.0, encodings=[(1, 1, 0, 0)]), row(2, 1.0, slot=(1, 1, 0, 0)))
    looking = engine.meter.read([row(1, 2.0, encodings=[(9, 9, 0, 0)]), row(2, 2.0, slot=(9, 9, 0, 0))])
    del engine.sources[10]
    assert [(it.sent, it.received) for it in looking] == [((), ()), ((), ())]


def test_nothing_is_remembered_of_what_is_gone() -> None:
    engine = Engine()
    engine.look(row(1, 1.0, encodings=[(1, 1, 0, 0)]), row(2, 1.0, slot=(1, 1, 0, 0)))
    engine.look()
    assert engine.look(row(2, 2.0, slot=(5, 5, 0, 0))) == {}


@pytest.mark.parametrize("choice", [(None, None, "hidden"), (None, None, None), (7, 7, "best")])
def test_a_layer_may_be_none(choice: "tuple[int | None, int | None, _media.Reason | None]") -> None:
    engine = Engine()
    engine.look(row(2, 1.0, slot=(1, 1, 0, 0), choice=choice))
    after = engine.look(row(2, 2.0, slot=(1, 1, 0, 0), choice=choice))
    assert (after["ben"].received[0].layer, after["ben"].received[0].reason) == (None, choice[2])
