"""Call requests between people. Pure: time is an argument, in seconds on any clock that goes on."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, ProtocolError

GRACE: Final = 2.0
"""Seconds that the called side waits longer: the time-out is the caller's to tell."""

Message = dict[str, Any]


class Phase(Enum):
    IDLE = auto()
    CALLING = auto()
    """The page has called, and waits for an answer."""
    RINGING = auto()
    """The page is called."""
    TALKING = auto()


@dataclass(frozen=True, slots=True)
class ToPage:
    message: Message


@dataclass(frozen=True, slots=True)
class ToPerson:
    who: ParticipantId
    message: Message


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over, and what was sent for it."""


Output = ToPage | ToPerson | Ended


class Ringing:
    """One page's calls, one at a time: a second one that comes in is answered with `busy`.

    Both sides keep this for themselves and speak to each other by the words of the protocol, so that somebody at another door can take part
    with the same words.
    """

    def __init__(self, me: ParticipantId, rings_for: float) -> None:
        """`rings_for`: seconds until nobody has answered."""
        self._me = me
        self._rings_for = rings_for
        self.phase = Phase.IDLE
        self.peer: ParticipantId | None = None
        self._until: float | None = None

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        return self._until

    def say(self, word: str, message: Message, to: ParticipantId, now: float) -> list[Output]:
        """The page calls, or answers a call. Raises ProtocolError (wrong_order) for what does not fit."""
        match word, self.phase:
            case "call", Phase.IDLE:
                self._go(Phase.CALLING, to, now + self._rings_for)
                return [ToPerson(to, message)]
            case "accept", Phase.RINGING if to == self.peer:
                self._go(Phase.TALKING, to, None)
                return [ToPerson(to, message)]
            case (("reject" | "busy"), Phase.RINGING) if to == self.peer:
                self._stop()
                return [ToPerson(to, message)]
            case "hangup", Phase.CALLING | Phase.RINGING | Phase.TALKING if to == self.peer:
                self._stop()
                return [ToPerson(to, message), Ended()]
            case "hangup", _:
                # It never called: a page that only exchanges descriptions takes its leave of the other.
                return [ToPerson(to, message), Ended()]
            case "call", _:
                raise ProtocolError(Code.WRONG_ORDER, "hang up first: there is a call already")
            case _:
                raise ProtocolError(Code.WRONG_ORDER, f"there is no call to {word}")

    def hear(self, word: str, message: Message, sender: ParticipantId, now: float) -> list[Output]:
        """Somebody calls, or answers."""
        told = ToPage({**message, "type": word, "from": sender})
        match word, self.phase:
            case "call", Phase.IDLE:
                self._go(Phase.RINGING, sender, now + self._rings_for + GRACE)
                return [told]
            case "call", Phase.CALLING if sender == self.peer:
                if self._me < sender:
                    return []  # both have called at once: the other side gives way
                self._go(Phase.RINGING, sender, now + self._rings_for + GRACE)
                return [told]
            case "call", _:
                return [] if sender == self.peer else [ToPerson(sender, {"type": "busy"})]
            case "accept", Phase.CALLING if sender == self.peer:
                self._go(Phase.TALKING, sender, None)
                return [told]
            case (("reject" | "busy" | "timeout"), Phase.CALLING | Phase.RINGING) if sender == self.peer:
                self._stop()
                return [told]
            case "hangup", Phase.CALLING | Phase.RINGING | Phase.TALKING if sender == self.peer:
                self._stop()
                return [told, Ended()]
            case "hangup", Phase.IDLE:
                return [told]
            case _:
                return []

    def left(self, who: ParticipantId) -> list[Output]:
        """Somebody has left the room."""
        if who != self.peer:
            return []
        self._stop()
        return [ToPage({"type": "hangup", "from": who, "reason": "left"}), Ended()]

    def failed(self, who: ParticipantId) -> None:
        """What was said to this person did not reach him."""
        if who == self.peer:
            self._stop()

    def tick(self, now: float) -> list[Output]:
        if self._until is None or now < self._until or self.peer is None:
            return []
        peer = self.peer
        self._stop()
        return [ToPage({"type": "timeout", "from": peer}), ToPerson(peer, {"type": "timeout"})]

    def _go(self, phase: Phase, peer: ParticipantId, until: float | None) -> None:
        self.phase, self.peer, self._until = phase, peer, until

    def _stop(self) -> None:
        self.phase, self.peer, self._until = Phase.IDLE, None, None
