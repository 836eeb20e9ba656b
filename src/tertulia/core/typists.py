"""Who is writing something now. Nothing of it is kept, and all of it ends by itself."""

from collections.abc import Iterable
from typing import Final

from tertulia.core.ids import ParticipantId

TYPING_LASTS: Final = 6.0
"""Seconds after which somebody writes no longer who has not said so again."""
TYPING_EVERY: Final = 1.0
"""Seconds between two times that people are told: a thousand who write at once are a message a second."""
SHOWN_TYPISTS: Final = 10
"""To each reader."""

Audience = ParticipantId | None
"""For whom one writes; None: for everybody."""


class Typists:
    """Left to the caller: to `tick` at `deadline`, and to tell what comes of it."""

    def __init__(self) -> None:
        # The ones who said so first end first.
        self._until: dict[ParticipantId, tuple[float, Audience]] = {}
        self._people: dict[Audience, dict[ParticipantId, None]] = {}
        self._changed: dict[Audience, None] = {}
        self._told = float("-inf")

    @property
    def deadline(self) -> float | None:
        ends = [until for until, _ in self._until.values()][:1]
        return min([*ends, self._told + TYPING_EVERY] if self._changed else ends, default=None)

    @property
    def all(self) -> tuple[tuple[ParticipantId, Audience], ...]:
        """Who writes, and for whom."""
        return tuple((who, audience) for who, (_, audience) in self._until.items())

    @property
    def untold(self) -> tuple[Audience, ...]:
        """For whom it has changed since it was told."""
        return tuple(self._changed)

    def restore(self, people: Iterable[tuple[ParticipantId, Audience]], untold: Iterable[Audience], now: float) -> None:
        """`all` and `untold` of before."""
        for who, audience in people:
            self.start(who, audience, now)
        self._changed.update(dict.fromkeys(untold))

    def start(self, who: ParticipantId, audience: Audience, now: float) -> None:
        """Also to say that he goes on."""
        _, before = self._until.pop(who, (0.0, audience))
        if before != audience:
            self._remove(who, before)
        self._until[who] = (now + TYPING_LASTS, audience)
        people = self._people.setdefault(audience, {})
        if who not in people:
            people[who] = None
            self._changed[audience] = None

    def stop(self, who: ParticipantId) -> None:
        known = self._until.pop(who, None)
        if known is not None:
            self._remove(who, known[1])

    def forget(self, who: ParticipantId) -> None:
        """He has gone, so that nobody writes to him any more either."""
        self.stop(who)
        for typist in list(self._people.pop(who, ())):
            del self._until[typist]
        self._changed.pop(who, None)

    def tick(self, now: float) -> list[tuple[Audience, tuple[ParticipantId, ...]]]:
        """What is to be told: to whom, and who writes to them, at most so many."""
        for who in [who for who, (until, _) in self._until.items() if until <= now]:
            self.stop(who)
        if not self._changed or now < self._told + TYPING_EVERY:
            return []
        self._told = now
        changed, self._changed = self._changed, {}
        return [(audience, tuple(self._people.get(audience, ()))[:SHOWN_TYPISTS]) for audience in changed]

    def _remove(self, who: ParticipantId, audience: Audience) -> None:
        people = self._people[audience]
        del people[who]
        if not people:
            del self._people[audience]
        self._changed[audience] = None
