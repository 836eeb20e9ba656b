"""From the engine's counts to what happened since the last look."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tertulia.media.port import (
    ConnectionId,
    ConnectionStatistics,
    EncodingStatistics,
    Layer,
    Received,
    Sent,
)
from tertulia.media.sections import Source

if TYPE_CHECKING:
    from tertulia import _media

Key = tuple[int, int]
"""Source and number of the encoding; or slot and the source in it, for what a slot carried before says nothing of what it carries now."""


class Count(NamedTuple):
    """Since the beginning. Which packets are `sent_again` is up to the key: those that came so, or that we sent so."""

    packets: int
    octets: int
    lost: int
    sent_again: int

    def since(self, before: "Count") -> "Count":
        """The publisher's counts may begin anew; then all of them are new. A receiver may take losses back."""
        if self.packets < before.packets:
            return self
        return Count(
            self.packets - before.packets,
            self.octets - before.octets,
            max(0, self.lost - before.lost),
            max(0, self.sent_again - before.sent_again),
        )


class Meter:
    """Remembers the counts of the last look; of what is gone it remembers nothing."""

    def __init__(
        self, connection: Callable[[int], ConnectionId | None], source: Callable[[int], Source | None]
    ) -> None:
        """What the engine's numbers stand for; None: it is gone."""
        self._connection = connection
        self._source = source
        self._times: dict[int, float] = {}
        self._counts: dict[Key, Count] = {}

    def read(self, rows: Iterable["_media.ConnectionStatistics"]) -> Iterator[ConnectionStatistics]:
        """`rows`: of the whole engine. See `Media.statistics`."""
        rows = list(rows)
        layers = {source: self._layers(source, encodings) for row in rows for source, encodings in row[4]}
        times, self._times = self._times, {}
        counts, self._counts = self._counts, {}
        return self._compare(rows, layers, times, counts)

    def _layers(self, number: int, encodings: "list[_media.EncodingStatistics]") -> tuple[Layer, ...]:
        source = self._source(number)
        if source is None:
            return ()
        sizes = ((*(size or (0, 0)), frame_rate) for *_, frame_rate, size in encodings)
        return tuple(Layer(spec.rid, *size) for spec, size in zip(source.encodings, sizes, strict=False))

    def _compare(
        self,
        rows: "list[_media.ConnectionStatistics]",
        layers: dict[int, tuple[Layer, ...]],
        times: dict[int, float],
        counts: dict[Key, Count],
    ) -> Iterator[ConnectionStatistics]:
        # What was read is let go of: of a thousand connections it is a lot.
        rows.reverse()
        while rows:
            number, at, round_trip, estimate, sources, slots = rows.pop()
            self._times[number] = at
            seconds = at - times.get(number, at)
            connection = self._connection(number)
            sent = tuple(self._sent(source, encodings, layers, counts, seconds) for source, encodings in sources)
            received = tuple(self._received(slot, layers, counts, seconds) for slot in slots)
            if connection is not None and seconds > 0:
                yield ConnectionStatistics(
                    connection,
                    seconds,
                    round_trip,
                    estimate,
                    tuple(it for it in sent if it is not None),
                    tuple(it for it in received if it is not None),
                )

    def _sent(
        self,
        number: int,
        encodings: "list[_media.EncodingStatistics]",
        layers: dict[int, tuple[Layer, ...]],
        counts: dict[Key, Count],
        seconds: float,
    ) -> Sent | None:
        known = []
        for index, (layer, row) in enumerate(zip(layers[number], encodings, strict=False)):
            packets, octets, lost, repaired, jitter, *_ = row
            new = self._new((number, index), Count(packets, octets, lost, repaired), counts)
            bitrate = new.octets * 8 / seconds if seconds > 0 else 0.0
            known.append(EncodingStatistics(layer, bitrate, new.packets, new.lost, new.sent_again, jitter))
        source = self._source(number)
        return None if source is None else Sent(source.publication, tuple(known))

    def _received(
        self,
        row: "_media.SlotStatistics",
        layers: dict[int, tuple[Layer, ...]],
        counts: dict[Key, Count],
        seconds: float,
    ) -> Received | None:
        slot, number, (encoding, best, reason), packets, octets, resent, lost, jitter = row
        new = self._new((slot, number), Count(packets, octets, lost, resent), counts)
        source = self._source(number)
        if source is None:
            return None
        of_source = dict(enumerate(layers.get(number, ())))
        bitrate = new.octets * 8 / seconds if seconds > 0 else 0.0
        return Received(
            source.publication,
            None if encoding is None else of_source.get(encoding),
            None if best is None else of_source.get(best),
            reason,
            bitrate,
            new.packets,
            new.lost,
            new.sent_again,
            jitter,
        )

    def _new(self, key: Key, now: Count, counts: dict[Key, Count]) -> Count:
        """What is seen for the first time counts from now on: it may have been there for long, under another key."""
        self._counts[key] = now
        return now.since(counts.pop(key, now))
