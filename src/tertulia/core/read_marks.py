"""How far people have read."""

from collections.abc import Iterable
from typing import Final

from tertulia.core.ids import ParticipantId

READ_EVERY: Final = 1.0
"""Seconds between two times that people are told."""
SHOWN_MARKS: Final = 50
"""At a time; the others wait for the next. So a thousand who read one message do not make a million messages."""
KEPT_MARKS: Final = 1000
"""Of a room, with those of people who have gone."""


class ReadMarks:
    """Left to the caller: to `take` at `deadline`, and to tell what comes of it."""

    def __init__(self) -> None:
        self._marks: dict[ParticipantId, int] = {}
        """The one who read last is the last."""
        self._fresh: dict[ParticipantId, None] = {}
        self._told = float("-inf")

    @property
    def deadline(self) -> float | None:
        return self._told + READ_EVERY if self._fresh else None

    def of(self, who: ParticipantId) -> int:
        """0: nothing, or it is not known."""
        return self._marks.get(who, 0)

    @property
    def all(self) -> tuple[tuple[ParticipantId, int], ...]:
        """The one who read last is the last."""
        return tuple(self._marks.items())

    @property
    def unshown(self) -> tuple[ParticipantId, ...]:
        """Of whom the others are still to be told."""
        return tuple(self._fresh)

    def restore(self, marks: Iterable[tuple[ParticipantId, int]], unshown: Iterable[ParticipantId]) -> None:
        """Goes on in another process."""
        self.recall(marks)
        self._fresh = dict.fromkeys(unshown)

    def recall(self, marks: Iterable[tuple[ParticipantId, int]]) -> None:
        """Those of before the room opened; who has read furthest is the last."""
        self._marks = dict(marks)

    def set(self, who: ParticipantId, number: int, *, shown: bool) -> bool:
        """He has read up to this number. False: that was known. `shown`: the others are to be told."""
        if number <= self.of(who):
            return False
        self._marks.pop(who, None)
        self._marks[who] = number
        if len(self._marks) > KEPT_MARKS:
            del self._marks[next(iter(self._marks))]
        if shown:
            self._fresh[who] = None
        return True

    def take(self, now: float) -> tuple[tuple[ParticipantId, int], ...]:
        """What is to be told to everybody now."""
        if not self._fresh or now < self._told + READ_EVERY:
            return ()
        self._told = now
        some = list(self._fresh)[:SHOWN_MARKS]
        for who in some:
            del self._fresh[who]
        return tuple((who, number) for who in some if (number := self.of(who)))
