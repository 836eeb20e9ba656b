"""A small state of each person, such as a cursor or a mood: replaced as a whole, and gone with its owner."""

from typing import Final

from tertulia.core.ids import ParticipantId
from tertulia.core.image import PresenceImage
from tertulia.errors import Code, ProtocolError

PERSON_BYTES: Final = 4 * 1024
ROOM_BYTES: Final = 256 * 1024
"""Of all people together: a newcomer gets them in one message."""
EVERY: Final = 0.05
"""Seconds between two times that the others are shown somebody's."""


class Presence:
    """What people say of themselves, and when the others are shown it."""

    def __init__(self) -> None:
        self.states: dict[ParticipantId, bytes] = {}
        """JSON texts, passed on unread."""
        self._bytes = 0
        self._shown: dict[ParticipantId, float] = {}
        """When the others were shown each person's."""
        self._due: dict[ParticipantId, float] = {}
        """When they are to be shown what is newer."""

    def set(self, who: ParticipantId, state: bytes | None, now: float) -> bool:
        """None: he has none any more. Whether the others are to be shown it at once; else it is due later, or it was so before.

        Raises ProtocolError (too_large).
        """
        before = self.states.get(who)
        if state == before:
            return False
        size = self._bytes + len(state or b"") - len(before or b"")
        if state is not None and len(state) > PERSON_BYTES:
            raise ProtocolError(Code.TOO_LARGE, f"a presence has at most {PERSON_BYTES} bytes")
        if size > ROOM_BYTES and size > self._bytes:
            raise ProtocolError(Code.TOO_LARGE, f"the presence of all people has at most {ROOM_BYTES} bytes")
        self._bytes = size
        if state is None:
            del self.states[who]
        else:
            self.states[who] = state
        next_time = self._shown.get(who, now - EVERY) + EVERY
        if now < next_time:
            self._due[who] = next_time
            return False
        self._due.pop(who, None)
        self._shown[who] = now
        return True

    def forget(self, who: ParticipantId) -> None:
        """He has gone."""
        self._bytes -= len(self.states.pop(who, b""))
        self._shown.pop(who, None)
        self._due.pop(who, None)

    def image(self) -> PresenceImage:
        return PresenceImage(tuple(self.states.items()), tuple(self._due))

    def restore(self, image: PresenceImage, now: float) -> None:
        """Goes on where the image ends; for one that nothing was set in."""
        self.states = dict(image.states)
        self._bytes = sum(map(len, self.states.values()))
        self._due = dict.fromkeys(image.unshown, now)

    @property
    def deadline(self) -> float | None:
        """When `take_due` has something."""
        return min(self._due.values(), default=None)

    def take_due(self, now: float) -> list[ParticipantId]:
        """Whose is to be shown now."""
        due = [who for who, time in self._due.items() if now >= time]
        for who in due:
            del self._due[who]
            self._shown[who] = now
        return due
