"""A session whose protocol numbers nothing: what was written counts as received."""

from abc import ABC, abstractmethod

from tertulia.core.ids import ParticipantId
from tertulia.doors.session.session import Session
from tertulia.errors import Code
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.seat import Notice


class PageSession(Session, ABC):
    """What waited while the socket was away is still written; what was lost with it is lost."""

    def __init__(self, participant: ParticipantId) -> None:
        super().__init__(participant, self._written)

    @abstractmethod
    def deliver(self, notice: Notice) -> None: ...

    def entered(self, actor: RoomActor) -> None:
        """The join is through: this is the room."""
        self.actor = actor

    def say_goodbye(self, body: bytes, code: Code, close_code: int) -> None:
        """Ends the session with a last message."""
        self.end(body, close_code, code.value)

    def _written(self, body: bytes, seq: int) -> bytes:
        self.outbox.ack(seq)
        return body
