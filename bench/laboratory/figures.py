"""What a recording says in a few numbers."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from bench.laboratory.recording import Recording, Sample, Shown

FREEZE = 0.3
"""Seconds without a new picture that count as a freeze."""
STEADY = 3.0
"""Seconds without a freeze that show that it is over."""


@dataclass(frozen=True)
class Figures:
    frozen: float
    """Seconds, all freezes together."""
    longest: float
    """Seconds without a new picture, at most."""
    reacts: float | None
    """Seconds from the change for the worse until pictures move steadily again. None: they do not while it lasts, or nothing changes."""
    recovers: float | None
    """Seconds from the change for the better until they do, as wide as before. None: they do not, or nothing changes."""
    width: float
    """Mean of the pictures shown."""
    rate: float
    """Pictures a second."""
    delay: tuple[float, float]
    """Seconds from painting to showing: median, and 95th percentile."""
    concealed: float
    """Share of the sound that was made up, but for silence in place of silence."""
    bitrate: float
    """Bits of picture a second that arrived."""
    lost: int
    """Packets of picture, before repair."""
    repaired: int
    """Packets of picture that came because they were asked for again."""
    key_frames_asked: int
    browser_frozen: float
    """Seconds by the browser's own count (W3C: totalFreezesDuration)."""


@dataclass(frozen=True)
class Gap:
    """Between two pictures; `length` leaves out what the sender was late, for no network could have carried it."""

    begins: float
    ends: float
    length: float


def figures(recording: Recording) -> Figures:
    seen = _seen(recording)
    freezes = [gap for gap in gaps(recording) if gap.length > FREEZE]
    delays = sorted(shown.at - recording.painted[number] for number, shown in seen.items())
    changes = recording.scenario.changes
    first, last = _edges(recording)
    video = [
        _delta(first, last, "video", name)
        for name in ("bytesReceived", "packetsLost", "retransmittedPacketsReceived", "pliCount")
    ]
    concealed, silent, heard = [
        _delta(first, last, "audio", name)
        for name in ("concealedSamples", "silentConcealedSamples", "totalSamplesReceived")
    ]
    seconds = recording.ends - recording.began
    return Figures(
        frozen=sum(gap.length for gap in freezes),
        longest=max(gap.length for gap in gaps(recording)),
        reacts=_steady_after(recording, freezes, recording.begins[1], recording.begins[2]) if changes else None,
        recovers=_steady_after(recording, freezes, recording.begins[2], recording.ends, wide=True) if changes else None,
        width=statistics.fmean(shown.width for shown in seen.values()) if seen else 0,
        rate=len(seen) / seconds,
        delay=(statistics.median(delays), delays[len(delays) * 95 // 100]) if delays else (seconds, seconds),
        concealed=(concealed - silent) / max(1, heard),
        bitrate=video[0] * 8 / (last.at - first.at),
        lost=round(video[1]),
        repaired=round(video[2]),
        key_frames_asked=round(video[3]),
        browser_frozen=_delta(first, last, "video", "totalFreezesDuration"),
    )  # fmt: skip


def gaps(recording: Recording) -> Iterator[Gap]:
    """Between the pictures of a recording, from its beginning to its end."""
    shown = sorted(_seen(recording).items(), key=lambda one: one[1].at)
    first = shown[0][1].at if shown else recording.ends
    yield Gap(recording.began, first, first - recording.began)
    for (before, one), (after, other) in itertools.pairwise(shown):
        on_time = (after - before) / recording.fps
        late = max(0.0, recording.painted[after] - recording.painted[before] - on_time) if after > before else 0.0
        yield Gap(one.at, other.at, other.at - one.at - late)
    last = shown[-1][1].at if shown else recording.ends
    yield Gap(last, recording.ends, recording.ends - last)


def _seen(recording: Recording) -> dict[int, Shown]:
    """By number, the first time that each was shown within the phases."""
    seen: dict[int, Shown] = {}
    for one in recording.shown:
        within = recording.began <= one.at <= recording.ends
        if within and one.number is not None and one.number in recording.painted:
            seen.setdefault(one.number, one)
    return seen


def _steady_after(
    recording: Recording, freezes: list[Gap], since: float, until: float, *, wide: bool = False
) -> float | None:
    """Seconds until no freeze begins for a while; `wide`: and pictures are as wide as before anything changed."""
    shown = _seen(recording).values()
    before = max((one.width for one in shown if one.at < recording.begins[1]), default=0)
    too_narrow = [one.at for one in shown if since <= one.at <= until and one.width < before] if wide else []
    disturbed = [(gap.begins, gap.ends) for gap in freezes if gap.ends > since] + [(at, at) for at in too_narrow]
    start = since
    for begins, ends in sorted(disturbed):
        if begins - start >= STEADY:
            break
        start = max(start, ends)
    return start - since if start + STEADY <= until else None


def _edges(recording: Recording) -> tuple[Sample, Sample]:
    within = [sample for sample in recording.received if recording.began <= sample.at <= recording.ends]
    return within[0], within[-1]


def _delta(first: Sample, last: Sample, kind: str, name: str) -> float:
    def total(sample: Sample) -> float:
        return float(sum(one.get(name, 0) for one in sample.of("inbound-rtp", kind)))

    return total(last) - total(first)
