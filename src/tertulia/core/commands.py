"""What can be asked of a room. `actor` is who asks; None is the server itself (REST, CLI, policy), which may do everything.

The codes named here are those of the `TertuliaError` that `Room.handle` raises; a refused command leaves the room as it was. In a room that
has ended, every command but the reports (`Leave`, `MediaConnected`, `MediaDisconnected`, `TopologyReady`, `RoadFailed`, `Tick`) is refused
with `room_ended`. An actor, sender or participant who is not in the room is `no_such_participant`.
"""

from dataclasses import dataclass

from tertulia.core.chat_changes import Delete, Edit, SetReaction
from tertulia.core.files import SharedFile
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import ChatMessage, Dialect, Kind, OnDuplicate, Preference, Right, Role, Source
from tertulia.errors import Code


@dataclass(frozen=True, slots=True)
class Join:
    """Come in, or knock. Raises room_full, room_locked, identity_taken, token_required."""

    participant: ParticipantId
    name: str
    role: Role = Role.SPEAKER
    rights: frozenset[Right] | None = None
    """None: what the role gives. `moderate` is added for moderators and taken from all others."""
    p2p: bool = True
    """Only with the native dialect."""
    dialect: Dialect = Dialect.NATIVE
    auto_subscribe: bool = True
    metadata: str = ""
    on_duplicate: OnDuplicate = OnDuplicate.REFUSE
    bypass: bool = False
    """Skip lock and waiting room. Whoever may admit or moderate, or replaces himself, skips them anyway."""
    can_moderate: bool = True
    """Whether being the eldest may make this one a moderator; False for players and encoders."""
    asked_role: Role | None = None
    """To come as less: a higher one than `role` changes nothing, a lower one takes its place and leaves of `rights` what it would give by
    itself. Who asks to be a viewer does not become moderator by being the eldest."""
    knock_only: bool = False
    """A guest without a token: has to be let in, so there is no way in without a waiting room (token_required)."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Go, or stop waiting. Nobody of that name: nothing happens."""

    participant: ParticipantId
    reason: str = "left"
    """What the others are told."""
    code: Code = Code.LEFT
    """What the one who goes is told."""


@dataclass(frozen=True, slots=True)
class Detach:
    """The signalling was lost: the grace time begins. Somebody who waits goes at once, for that session cannot be resumed."""

    participant: ParticipantId


@dataclass(frozen=True, slots=True)
class Attach:
    """The signalling is back."""

    participant: ParticipantId


@dataclass(frozen=True, slots=True)
class Publish:
    """Announce a track. Raises not_allowed, invalid (source and kind do not fit), already_published, too_many_publications."""

    participant: ParticipantId
    publication: PublicationId
    source: Source
    kind: Kind
    muted: bool = False
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Unpublish:
    """Withdraw a track. Raises not_allowed where it is somebody else's, no_such_publication."""

    actor: ParticipantId | None
    publication: PublicationId


@dataclass(frozen=True, slots=True)
class SetMuted:
    """Own track: either way. Somebody else's: moderators and the server, and only to mute. Raises not_allowed, no_such_publication."""

    actor: ParticipantId | None
    publication: PublicationId
    muted: bool


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Raises not_allowed, no_such_publication, invalid (one's own)."""

    participant: ParticipantId
    publication: PublicationId


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Raises no_such_publication."""

    participant: ParticipantId
    publication: PublicationId


@dataclass(frozen=True, slots=True)
class Prefer:
    """Raises not_allowed, no_such_publication, invalid (not subscribed)."""

    participant: ParticipantId
    publication: PublicationId
    preference: Preference


@dataclass(frozen=True, slots=True)
class Signal:
    """Pass something on to another person. Raises not_allowed where the two may not signal to each other (see `Room.may_signal`), and
    no_such_publication for one that is not the sender's own."""

    sender: ParticipantId
    recipient: ParticipantId
    payload: object
    """Opaque to the core."""
    publications: tuple[PublicationId, ...] = ()
    """Those that it says it carries: nobody passes a section off as somebody else's."""


@dataclass(frozen=True, slots=True)
class MediaConnected:
    """The participant's connection to the SFU is up. Ignored for those who have gone."""

    participant: ParticipantId


@dataclass(frozen=True, slots=True)
class MediaDisconnected:
    """The participant's connection to the SFU is down. Ignored for those who have gone."""

    participant: ParticipantId


@dataclass(frozen=True, slots=True)
class TopologyReady:
    """All that the participant receives comes by the new road. A stale epoch is ignored."""

    participant: ParticipantId
    epoch: int


@dataclass(frozen=True, slots=True)
class RoadFailed:
    """A direct connection of the participant's broke or did not come about. A stale epoch is ignored."""

    participant: ParticipantId
    epoch: int


@dataclass(frozen=True, slots=True)
class SendChat:
    """Raises not_allowed, no_such_participant (the recipient). Where chat is kept, `ShowChat` follows when it is."""

    sender: ParticipantId | None
    message: str
    """Id of the message."""
    text: str
    to: ParticipantId | None
    """None: everybody."""
    time: float
    """Seconds since 1970; passed on unread."""
    key: str = ""
    """See `ChatMessage.key`."""


@dataclass(frozen=True, slots=True)
class ShowChat:
    """A message of `ChatAccepted` is kept, and is shown now; also to a recipient or from a sender who has left meanwhile."""

    message: ChatMessage


@dataclass(frozen=True, slots=True)
class RecallChat:
    """What was said in this room before it opened: the last messages to everybody, oldest first, and the highest number given away."""

    messages: tuple[ChatMessage, ...]
    number: int
    cleared: int = 0
    """See `Snapshot.cleared`."""
    read_marks: tuple[tuple[ParticipantId, int], ...] = ()
    """How far people have read; who has read furthest is the last."""


@dataclass(frozen=True, slots=True)
class ChangeChat:
    """Edit, delete, or put a reaction under a message. Whether that may be is seen where the message is kept; `ShowChange` follows then.

    Raises not_allowed, store_failed where nothing is kept.
    """

    actor: ParticipantId | None
    message: str
    """Its id."""
    what: Edit | Delete | SetReaction
    time: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class ShowChange:
    """A change of `ChangeAccepted` is kept, or one that was made while the room was not open: the message as it is now."""

    message: ChatMessage


@dataclass(frozen=True, slots=True)
class ClearChat:
    """Delete all that was said so far; `ShowCleared` follows when that is done. Raises not_allowed, store_failed where nothing is kept."""

    actor: ParticipantId | None
    time: float


@dataclass(frozen=True, slots=True)
class ShowCleared:
    """All that was said up to this number is deleted."""

    number: int


@dataclass(frozen=True, slots=True)
class SetTyping:
    """Somebody writes something, to everybody or to one, or has stopped to; it ends by itself. Raises not_allowed, no_such_participant."""

    participant: ParticipantId
    active: bool = True
    to: ParticipantId | None = None


@dataclass(frozen=True, slots=True)
class ReadChat:
    """Somebody has read up to this number. One that is lower than what is known, or higher than there is, does no harm."""

    participant: ParticipantId
    number: int


@dataclass(frozen=True, slots=True)
class ShareFile:
    """A file is kept, and is shown now; also from a sender who has left meanwhile. Whether he may was asked before its bytes were taken."""

    file: SharedFile


@dataclass(frozen=True, slots=True)
class WithdrawFile:
    """A file is gone: whoever could see it is told."""

    file: SharedFile


@dataclass(frozen=True, slots=True)
class SendData:
    """An app's own message. It does not go back to the sender. Raises not_allowed, no_such_participant, invalid (to oneself, or
    a topic with a slash in front, which is none of the room's)."""

    sender: ParticipantId | None
    topic: str
    payload: object
    """Opaque to the core."""
    to: ParticipantId | None = None
    """None: all others."""
    latest: bool = False
    """Only the newest of this sender and topic matters."""


@dataclass(frozen=True, slots=True)
class SetPresence:
    """Say something of oneself to the others, who are shown it 20 times a second at most. Raises not_allowed, too_large."""

    participant: ParticipantId
    state: bytes | None
    """JSON text; None: nothing any more."""


@dataclass(frozen=True, slots=True)
class SetState:
    """Set a key for everybody. Raises not_allowed, conflict (its `present` is a `StateEntry` or None), too_large."""

    actor: ParticipantId | None
    key: str
    value: bytes
    """JSON text."""
    expected: int | None = None
    """Only where this is the key's version; 0: only where there is no such key; None: in any case."""


@dataclass(frozen=True, slots=True)
class DeleteState:
    """No such key: nothing happens. Raises not_allowed, conflict."""

    actor: ParticipantId | None
    key: str
    expected: int | None = None
    """As with `SetState`."""


@dataclass(frozen=True, slots=True)
class React:
    """A sign to everybody that passes. Raises not_allowed."""

    participant: ParticipantId
    reaction: str


@dataclass(frozen=True, slots=True)
class SetHand:
    """Own hand: either way. Somebody else's: moderators and the server, and only to lower it. Raises not_allowed, no_such_participant."""

    actor: ParticipantId | None
    participant: ParticipantId
    raised: bool


@dataclass(frozen=True, slots=True)
class AskUnmute:
    """Ask somebody to turn on microphone or camera. Raises not_allowed, no_such_participant, invalid (another source, oneself, or one who
    may not publish that)."""

    actor: ParticipantId | None
    participant: ParticipantId
    source: Source


@dataclass(frozen=True, slots=True)
class SetSpotlight:
    """Show one person large to everybody; None: nobody. Raises not_allowed, no_such_participant."""

    actor: ParticipantId | None
    participant: ParticipantId | None


@dataclass(frozen=True, slots=True)
class Admit:
    """Let somebody in who waits. Raises not_allowed, no_such_participant, room_full (to the one who admits)."""

    actor: ParticipantId | None
    participant: ParticipantId


@dataclass(frozen=True, slots=True)
class Deny:
    """Send somebody away who waits. Raises not_allowed, no_such_participant."""

    actor: ParticipantId | None
    participant: ParticipantId


@dataclass(frozen=True, slots=True)
class Remove:
    """Send somebody out of the room. Raises not_allowed, no_such_participant."""

    actor: ParticipantId | None
    participant: ParticipantId
    reason: str = ""
    """For the one who is removed."""


@dataclass(frozen=True, slots=True)
class SetRole:
    """Give a role and its rights. Raises not_allowed, no_such_participant, invalid (an open room keeps one moderator)."""

    actor: ParticipantId | None
    participant: ParticipantId
    role: Role


@dataclass(frozen=True, slots=True)
class SetLocked:
    """Raises not_allowed."""

    actor: ParticipantId | None
    locked: bool


@dataclass(frozen=True, slots=True)
class SetWaitingRoom:
    """Who waits already goes on waiting when it is turned off. Raises not_allowed."""

    actor: ParticipantId | None
    enabled: bool


@dataclass(frozen=True, slots=True)
class Invite:
    """May the actor let others in as this? Whoever asks makes the token. Raises not_allowed, invalid (as a moderator)."""

    actor: ParticipantId
    role: Role = Role.SPEAKER


@dataclass(frozen=True, slots=True)
class End:
    """End the room for everybody. Raises not_allowed."""

    actor: ParticipantId | None
    reason: str = "ended"
    code: Code = Code.ROOM_ENDED
    """What everybody is told; a server that stops says server_stopping."""


@dataclass(frozen=True, slots=True)
class RequireSfu:
    """Whether `holder` (a recording, a bot) needs the media on the server."""

    holder: str
    required: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has come to `now`; due at `Room.deadline`, harmless at any other time."""


ChatCommand = (
    SendChat | ShowChat | RecallChat | ChangeChat | ShowChange | ClearChat | ShowCleared | SetTyping | ReadChat
)
Command = (
    Join | Leave | Detach | Attach | Publish | Unpublish | SetMuted | Subscribe | Unsubscribe | Prefer | Signal
    | MediaConnected | MediaDisconnected | TopologyReady | RoadFailed | ChatCommand | ShareFile | WithdrawFile | SendData | React
    | SetPresence | SetState | DeleteState
    | SetHand | AskUnmute | SetSpotlight | Admit | Deny | Remove | SetRole | SetLocked | SetWaitingRoom | Invite | End | RequireSfu | Tick
)  # fmt: skip
