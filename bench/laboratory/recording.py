"""What the two pages noted in one run, by one clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.laboratory.scenario import Scenario

Stats = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """A picture that the receiver's video element showed."""

    at: float
    number: int | None
    """None: it could not be read."""
    width: int


@dataclass(frozen=True)
class Sample:
    at: float
    stats: list[Stats]

    def of(self, type: str, kind: str) -> Iterator[Stats]:
        return (one for one in self.stats if one["type"] == type and one.get("kind") == kind)


@dataclass(frozen=True)
class Recording:
    """Times are seconds since 1970."""

    scenario: Scenario
    server: str
    fps: float
    begins: tuple[float, ...]
    """Of each phase."""
    ends: float
    shown: list[Shown]
    painted: dict[int, float]
    """When the sender painted each number."""
    received: list[Sample]
    sent: list[Sample]
    late_p99: float
    """Milliseconds of jitter that the laboratory added by itself."""
    load: float
    """Of the machine, in runnable processes."""

    @property
    def began(self) -> float:
        return self.begins[0]


def shown(notes: list[dict[str, Any]]) -> list[Shown]:
    return [Shown(one["at"] / 1000, one["n"], one["width"]) for one in notes]


def samples(notes: list[dict[str, Any]]) -> list[Sample]:
    return [Sample(one["at"] / 1000, one["stats"]) for one in notes]


def painted(notes: dict[str, float]) -> dict[int, float]:
    return {int(number): at / 1000 for number, at in notes.items()}
