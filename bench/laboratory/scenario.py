"""What happens to a receiver's link, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.laboratory.conditions import GOOD, Conditions

MBIT = 1_000_000


@dataclass(frozen=True)
class Phase:
    seconds: float
    conditions: Conditions


@dataclass(frozen=True)
class Scenario:
    """Either one phase, or three: before, meanwhile, after."""

    name: str
    what: str
    phases: tuple[Phase, ...]

    @property
    def changes(self) -> bool:
        return len(self.phases) > 1

    def lasting(self, seconds: float) -> Scenario:
        """A scenario of one phase with another length; the others keep theirs, for reacting and recovering take the time they take."""
        return self if self.changes else replace(self, phases=(replace(self.phases[0], seconds=seconds),))


def _steady(name: str, what: str, **conditions: float) -> Scenario:
    return Scenario(name, what, (Phase(30, replace(GOOD, **conditions)),))  # type: ignore[arg-type]


_WIDE, _NARROW = replace(GOOD, rate=3 * MBIT), replace(GOOD, rate=MBIT // 2)

SCENARIOS = {
    one.name: one
    for one in (
        _steady("good", "20 ms each way and nothing else"),
        _steady("loss-1", "1 % loss each way", loss=0.01),
        _steady("loss-5", "5 % loss each way", loss=0.05),
        _steady("loss-10", "10 % loss each way", loss=0.10),
        Scenario(
            "loss-30", "30 % loss each way for 5 s", (Phase(8, GOOD), Phase(5, replace(GOOD, loss=0.30)), Phase(17, GOOD))
        ),
        Scenario(
            "drop", "3 Mbit/s, then 500 kbit/s for 20 s, then 3 Mbit/s; a queue of 250 ms",
            (Phase(10, _WIDE), Phase(20, _NARROW), Phase(25, _WIDE)),
        ),
        Scenario(
            "narrow", "a line that carries sound and half of the smallest pictures, 220 kbit/s, for 25 s; a queue of 250 ms",
            (Phase(8, _WIDE), Phase(25, replace(GOOD, rate=220_000)), Phase(25, _WIDE)),
        ),
        _steady("delay-50", "50 ms each way", delay=50),
        _steady("delay-150", "150 ms each way", delay=150),
        _steady("delay-300", "300 ms each way", delay=300),
        _steady("delay-150-loss-5", "150 ms and 5 % loss each way", delay=150, loss=0.05),
        _steady("jitter-50", "20 to 70 ms each way", jitter=50),
        _steady("reorder-5", "5 % of the packets come 30 ms late", reorder=0.05),
        _steady("duplicate-5", "5 % of the packets come twice", duplicate=0.05),
    )
}  # fmt: skip
