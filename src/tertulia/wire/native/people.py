"""Who is in the room, and what people may do to each other."""

from typing import Annotated, Literal

from msgspec import Meta

from tertulia.wire.native.base import FromServer, Identity, Message, Part, RequestId, Role, RoomName, Source
from tertulia.wire.native.publications import Publication


class Participant(Part, frozen=True):
    """A person in the room as others see them."""

    id: Identity
    name: str
    role: Role
    connected: bool
    """False while their signalling is lost and the grace time runs."""
    metadata: str
    hand: int
    """Place in the order in which hands were raised, smaller is earlier; 0: it is down."""
    publications: list[Publication]


class RoomState(Part, frozen=True):
    name: RoomName
    locked: bool
    waiting_room: bool
    max_participants: int
    spotlight: Identity | None
    """Whom a moderator wants everybody to see."""
    audience: int = 0
    """How many listen besides those whom everybody is shown; moderators are shown them, too."""


class Hand(Message, frozen=True, tag="hand"):
    """Raise or lower one's hand; a moderator may lower that of `participant`."""

    id: RequestId
    raised: bool
    participant: Identity | None = None


class React(Message, frozen=True, tag="react"):
    """A sign to everybody that passes, such as an emoji. Takes the right `chat`."""

    id: RequestId
    reaction: Annotated[str, Meta(min_length=1, max_length=16)]


class AskUnmute(Message, frozen=True, tag="ask_unmute"):
    """For moderators: asks somebody to turn on `microphone` or `camera`; nobody can do that for another."""

    id: RequestId
    participant: Identity
    source: Source


class Spotlight(Message, frozen=True, tag="spotlight"):
    """For moderators: shows one person large to everybody; None ends it."""

    id: RequestId
    participant: Identity | None


class Admit(Message, frozen=True, tag="admit"):
    id: RequestId
    participant: Identity


class Deny(Message, frozen=True, tag="deny"):
    id: RequestId
    participant: Identity


class Remove(Message, frozen=True, tag="remove"):
    id: RequestId
    participant: Identity
    reason: Annotated[str, Meta(max_length=200)] = ""


class SetRole(Message, frozen=True, tag="set_role"):
    id: RequestId
    participant: Identity
    role: Role


class Lock(Message, frozen=True, tag="lock"):
    id: RequestId
    locked: bool


class WaitingRoom(Message, frozen=True, tag="waiting_room"):
    id: RequestId
    enabled: bool


class Invite(Message, frozen=True, tag="invite"):
    """Asks for a token that lets others in, for those who may admit. Reply: `invited`."""

    id: RequestId
    role: Literal["viewer", "speaker"] = "speaker"


class End(Message, frozen=True, tag="end"):
    """Ends the room for everybody."""

    id: RequestId


class Invited(FromServer, frozen=True, tag="invited"):
    """A token for this room and the asked role; it goes into a link's fragment, `/r/{room}#t={token}`."""

    id: int
    token: str | None
    """None where none is needed, or where the server has no secret to sign with."""
    expires: float | None
    """Seconds since 1970."""


class Waiting(FromServer, frozen=True, tag="waiting"):
    """A moderator has to let you in; `joined` follows, or `bye` with code `denied`."""


class ParticipantJoined(FromServer, frozen=True, tag="participant_joined"):
    participant: Participant


class ParticipantLeft(FromServer, frozen=True, tag="participant_left"):
    participant: Identity
    reason: str


class ParticipantUpdated(FromServer, frozen=True, tag="participant_updated"):
    """Role, name, metadata, hand or `connected` changed; publications have events of their own and are left out. Of oneself only where it
    is the hand."""

    participant: Identity
    name: str
    role: Role
    connected: bool
    metadata: str
    hand: int


class RightsChanged(FromServer, frozen=True, tag="rights_changed"):
    """Your own."""

    role: Role
    rights: list[str]


class Knock(FromServer, frozen=True, tag="knock"):
    participant: Participant


class KnockEnded(FromServer, frozen=True, tag="knock_ended"):
    participant: Identity


class RoomUpdated(FromServer, frozen=True, tag="room_updated"):
    room: RoomState


class Reaction(FromServer, frozen=True, tag="reaction"):
    """Also to the sender."""

    participant: Identity
    reaction: str


class UnmuteAsked(FromServer, frozen=True, tag="unmute_asked"):
    """A moderator asks you to turn on your microphone or camera; doing so is up to you."""

    by: Identity
    """`server` for the server's own code."""
    source: Source


ClientPeople = (
    Hand | React | AskUnmute | Spotlight | Admit | Deny | Remove | SetRole | Lock | WaitingRoom | Invite | End
)
ServerPeople = (
    Invited | Waiting | ParticipantJoined | ParticipantLeft | ParticipantUpdated | RightsChanged | Knock | KnockEnded | RoomUpdated
    | Reaction | UnmuteAsked
)  # fmt: skip
