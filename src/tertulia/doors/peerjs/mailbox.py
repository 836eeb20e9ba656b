"""Messages of one client for those who are not there yet, or not any more. Pure: time is an argument, in seconds."""

from typing import Final

from tertulia.core.ids import ParticipantId
from tertulia.doors.peerjs.messages import Relayed

WAITS: Final = 5.0
"""Seconds until the sender is told that nobody came."""
RECIPIENTS: Final = 16
MESSAGES: Final = 64
"""For each of them."""
BYTES: Final = 512 * 1024
"""For all of them."""


class Mailbox:
    """Keeps what a client sends in the moment in which its partner loads the page."""

    def __init__(self) -> None:
        self._waiting: dict[ParticipantId, list[Relayed]] = {}
        self._until: dict[ParticipantId, float] = {}
        self._bytes = 0

    @property
    def deadline(self) -> float | None:
        """When `expired` has something to tell."""
        return min(self._until.values(), default=None)

    def keep(self, message: Relayed, recipient: ParticipantId, now: float) -> bool:
        """False: there is no place for it."""
        box = self._waiting.get(recipient, [])
        full = len(box) >= MESSAGES or self._bytes + len(message.payload) > BYTES
        if full or (not box and len(self._waiting) >= RECIPIENTS):
            return False
        self._waiting[recipient] = [*box, message]
        self._until.setdefault(recipient, now + WAITS)
        self._bytes += len(message.payload)
        return True

    def take(self, recipient: ParticipantId) -> list[Relayed]:
        """What waited for this one, in order."""
        self._until.pop(recipient, None)
        messages = self._waiting.pop(recipient, [])
        self._bytes -= sum(len(message.payload) for message in messages)
        return messages

    def expired(self, now: float) -> list[ParticipantId]:
        """Who did not come in time; what waited for them is gone."""
        late = [recipient for recipient, until in self._until.items() if now >= until]
        for recipient in late:
            self.take(recipient)
        return late
