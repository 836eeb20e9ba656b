"""What has happened in a room, in order.

`to` says who is to be shown an event, so that doors need no judgement of their own: nobody is named before his `Admitted` or after
his `SessionEnded`. It may be empty; the event then is for hooks only. Events without `to` are for the session of the participant they
name, or for the server's own effects (media, hooks).

A `Waiting` ends with exactly one `Admitted`, `Denied` or `SessionEnded`, an `Admitted` with one `SessionEnded`; every
`SubscriptionAdded` and `PublicationAdded` with its `Removed`. The newcomer of a command is in no `to` of that command: the snapshot
taken at `Admitted` has it all.
"""

from dataclasses import dataclass

from tertulia.core.chat_changes import ChatChange
from tertulia.core.files import SharedFile
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import (
    ChatMessage,
    Mode,
    Participant,
    Phase,
    Preference,
    Publication,
    Right,
    Role,
    RoomState,
    Source,
    Topology,
)
from tertulia.core.state import StateEntry
from tertulia.errors import Code

To = tuple[ParticipantId, ...]


# --- sessions -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Admitted:
    """The participant is in; show it `room.snapshot(participant)` as it is after this command."""

    participant: ParticipantId


@dataclass(frozen=True, slots=True)
class Waiting:
    """The participant has to wait to be admitted."""

    participant: ParticipantId


@dataclass(frozen=True, slots=True)
class Denied:
    """The one who waited is not let in. The session is over."""

    participant: ParticipantId
    message: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over: say why, then close every road of the participant. It owns nothing any more."""

    participant: ParticipantId
    code: Code
    message: str


# --- people ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    to: To
    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    to: To
    participant: ParticipantId
    reason: str
    """left, connection_lost, removed, replaced, ended, or what `Leave` said."""


@dataclass(frozen=True, slots=True)
class ParticipantListed:
    """Somebody who is here already is shown to these people from now on."""

    to: To
    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantUnlisted:
    """Somebody stays, and is one of the audience to these people from now on."""

    to: To
    participant: ParticipantId


@dataclass(frozen=True, slots=True)
class ParticipantUpdated:
    """Role, hand or `connected` changed. Shown to the one concerned only where it is the hand."""

    to: To
    participant: Participant


@dataclass(frozen=True, slots=True)
class RightsChanged:
    """Shown to the one concerned only."""

    to: To
    participant: ParticipantId
    role: Role
    rights: tuple[Right, ...]
    """In the order of `Right`."""


@dataclass(frozen=True, slots=True)
class KnockStarted:
    """Somebody waits. Shown to those who may admit, also to one who comes to be allowed to."""

    to: To
    participant: Participant


@dataclass(frozen=True, slots=True)
class KnockEnded:
    """Admitted, denied or gone; or the one who is shown this may no longer admit."""

    to: To
    participant: ParticipantId


# --- tracks ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublicationAdded:
    """Shown to all but the owner."""

    to: To
    publication: Publication


@dataclass(frozen=True, slots=True)
class PublicationRemoved:
    """Shown to all but an owner who asked for it himself."""

    to: To
    publication: PublicationId
    owner: ParticipantId


@dataclass(frozen=True, slots=True)
class PublicationUpdated:
    """Shown to everybody."""

    to: To
    publication: Publication
    by: ParticipantId | None
    """Who did it, where that was not its owner; None also where it was the server."""


@dataclass(frozen=True, slots=True)
class PublicationForbidden:
    """For the engine: drop (or pass again) the publication's packets."""

    publication: PublicationId
    forbidden: bool


@dataclass(frozen=True, slots=True)
class SubscriptionAdded:
    """For media: `room.forwards` says whether the SFU has to carry it now."""

    subscriber: ParticipantId
    publication: PublicationId


@dataclass(frozen=True, slots=True)
class SubscriptionRemoved:
    """For media."""

    subscriber: ParticipantId
    publication: PublicationId


@dataclass(frozen=True, slots=True)
class SubscriptionChanged:
    """For media."""

    subscriber: ParticipantId
    publication: PublicationId
    preference: Preference


@dataclass(frozen=True, slots=True)
class TopologyChanged:
    """Media takes another road, or the roads have other ends. `room.forwards` may have changed for every subscription."""

    to: To
    mode: Mode
    phase: Phase
    epoch: int
    topologies: tuple[tuple[ParticipantId, Topology], ...]
    """What each one in `to` sees, in that order."""


# --- messages -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signalled:
    to: To
    """The recipient."""
    sender: ParticipantId
    recipient: ParticipantId
    payload: object


@dataclass(frozen=True, slots=True)
class ChatAccepted:
    """To be kept, and shown by `ShowChat` then. Nobody is shown it before."""

    message: ChatMessage


@dataclass(frozen=True, slots=True)
class ChatSent:
    """Shown to the sender too, so that all have one order."""

    to: To
    message: ChatMessage


@dataclass(frozen=True, slots=True)
class ChangeAccepted:
    """To be judged where the message is kept (`chat_changes.changed`), to be kept, and shown by `ShowChange` then."""

    change: ChatChange


@dataclass(frozen=True, slots=True)
class ChatChanged:
    """Shown to all who see the message."""

    to: To
    message: ChatMessage
    """As it is now."""


@dataclass(frozen=True, slots=True)
class ClearAccepted:
    """All up to this number is to be deleted, and that is shown by `ShowCleared` then."""

    number: int


@dataclass(frozen=True, slots=True)
class ChatCleared:
    to: To
    number: int
    """All that was said up to it is deleted."""


@dataclass(frozen=True, slots=True)
class ReadMarkSet:
    """To be kept; the others are told soon."""

    participant: ParticipantId
    number: int


@dataclass(frozen=True, slots=True)
class ReadMarksShown:
    """How far some people have read who have read more."""

    to: To
    marks: tuple[tuple[ParticipantId, int], ...]


@dataclass(frozen=True, slots=True)
class TypingShown:
    to: To
    participants: tuple[ParticipantId, ...]
    """Who writes now, in place of all who were said to before."""
    private: bool
    """To the one who is shown it alone; else to everybody."""


@dataclass(frozen=True, slots=True)
class FileAdded:
    """Shown to the sender too."""

    to: To
    file: SharedFile


@dataclass(frozen=True, slots=True)
class FileRemoved:
    to: To
    file: SharedFile


@dataclass(frozen=True, slots=True)
class DataSent:
    """Not shown to the sender."""

    to: To
    sender: ParticipantId | None
    """None: the server."""
    topic: str
    payload: object
    recipient: ParticipantId | None
    latest: bool
    """It may take the place of an older one of this sender and topic that waits to be sent."""


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """Not shown to the one concerned. Who has left has none any more, without being named here."""

    to: To
    participant: ParticipantId
    state: bytes | None
    """JSON text; None: there is none any more."""


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Shown to whoever did it too, so that all have one order."""

    to: To
    entry: StateEntry
    by: ParticipantId | None
    """None: the server."""


@dataclass(frozen=True, slots=True)
class StateDeleted:
    """Shown to whoever did it too."""

    to: To
    key: str
    version: int
    """Of this change."""
    by: ParticipantId | None


@dataclass(frozen=True, slots=True)
class Reacted:
    """Shown to the sender too."""

    to: To
    participant: ParticipantId
    reaction: str


@dataclass(frozen=True, slots=True)
class UnmuteAsked:
    to: To
    """The one who is asked."""
    participant: ParticipantId
    by: ParticipantId | None
    """None: the server."""
    source: Source


# --- the room -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoomUpdated:
    to: To
    room: RoomState


@dataclass(frozen=True, slots=True)
class RoomEmptied:
    """The last one has gone and nobody waits. The room ends if nobody comes, see `RoomSettings.empty_after`."""


@dataclass(frozen=True, slots=True)
class RoomEnded:
    """The last event of a room; everybody's `SessionEnded` came before it."""

    reason: str
    """ended, empty, or what `End` said."""


Event = (
    Admitted | Waiting | Denied | SessionEnded | ParticipantJoined | ParticipantLeft | ParticipantUpdated | RightsChanged
    | ParticipantListed | ParticipantUnlisted
    | KnockStarted | KnockEnded | PublicationAdded | PublicationRemoved | PublicationUpdated | PublicationForbidden
    | SubscriptionAdded | SubscriptionRemoved | SubscriptionChanged | TopologyChanged | Signalled | ChatAccepted | ChatSent
    | ChangeAccepted | ChatChanged | ClearAccepted | ChatCleared | ReadMarkSet | ReadMarksShown | TypingShown
    | FileAdded | FileRemoved
    | DataSent | PresenceChanged | StateChanged | StateDeleted | Reacted | UnmuteAsked | RoomUpdated | RoomEmptied | RoomEnded
)  # fmt: skip
