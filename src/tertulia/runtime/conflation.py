"""At most one value of a topic in so many seconds: the newest."""

from typing import Generic, TypeVar

T = TypeVar("T")

STEPS = 10
"""What is due is looked for so many times in an interval; a value may be late by one of them, and is never early."""
REMEMBERED = 1024
"""Topics of which the time of the last value is known before it is looked for those for which it does not matter any more."""


class Conflation(Generic[T]):
    """For one subscription. Time is seconds on a clock that does not go back."""

    def __init__(self, every: float) -> None:
        self.every = every
        self._next: dict[str, float] = {}
        """When another value of a topic may come."""
        self._held: dict[str, T] = {}
        self._rest_until = 0.0
        self._tidy_at = REMEMBERED

    def offer(self, topic: str, value: T, now: float) -> bool:
        """True: it is to be passed on now. Else it is held, in place of an older one."""
        if topic not in self._held and now >= self._next.get(topic, now):
            self._passed(topic, now)
            return True
        self._held[topic] = value
        return False

    @property
    def deadline(self) -> float | None:
        """When `take_due` may have something."""
        if not self._held:
            return None
        return max(self._rest_until, min(self._next[topic] for topic in self._held))

    def take_due(self, now: float) -> list[T]:
        """What is to be passed on now."""
        self._rest_until = now + self.every / STEPS
        due = [topic for topic in self._held if now >= self._next[topic]]
        for topic in due:
            self._passed(topic, now)
        return [self._held.pop(topic) for topic in due]

    def _passed(self, topic: str, now: float) -> None:
        self._next[topic] = now + self.every
        if len(self._next) > self._tidy_at:
            self._next = {it: time for it, time in self._next.items() if time > now or it in self._held}
            self._tidy_at = max(REMEMBERED, 2 * len(self._next))
