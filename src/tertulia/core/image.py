"""A room as it outlives its process. Values only, and of every time what is left of it: another process has another clock."""

from dataclasses import dataclass
from typing import Any

from tertulia.core.ids import ParticipantId
from tertulia.core.model import ChatMessage, Mode, Participant, Phase, Publication, Subscription


@dataclass(frozen=True, slots=True)
class RoadImage:
    """See `TopologyMachine`. Who was ready for a switch is not in it: the server's half of every road is new."""

    mode: Mode
    phase: Phase
    epoch: int
    mesh: tuple[ParticipantId, ...]
    failed: tuple[tuple[ParticipantId, ParticipantId], ...]
    switch_in: float | None
    settle_in: float | None


@dataclass(frozen=True, slots=True)
class ChatImage:
    """See `Conversation`."""

    messages: tuple[ChatMessage, ...]
    """The last ones to everybody, oldest first."""
    number: int
    """The highest that was given away."""
    cleared: int
    read_marks: tuple[tuple[ParticipantId, int], ...]
    unshown_marks: tuple[ParticipantId, ...]
    typing: tuple[tuple[ParticipantId, ParticipantId | None], ...]
    """Who writes something, and to whom."""
    untold_typing: tuple[ParticipantId | None, ...] = ()
    """To whom others write, or wrote, and this was not told yet; None: to everybody."""


@dataclass(frozen=True, slots=True)
class PresenceImage:
    """See `Presence`."""

    states: tuple[tuple[ParticipantId, bytes], ...]
    unshown: tuple[ParticipantId, ...]


@dataclass(frozen=True, slots=True)
class RoomImage:
    """See `Room.image`. Nobody waits to be admitted in it, and nothing needs the media on the server: those end with the process."""

    locked: bool
    waiting_room: bool
    people: tuple[Participant, ...]
    """Eldest first, with `connected` as the others were told."""
    grace: tuple[tuple[ParticipantId, float], ...]
    """How long those who are not connected keep their places."""
    publications: tuple[Publication, ...]
    subscriptions: tuple[Subscription, ...]
    hands_raised: int
    spotlight: ParticipantId | None
    road: RoadImage
    chat: ChatImage
    presence: PresenceImage
    shared: dict[str, Any]
    """See `SharedState.export`."""
