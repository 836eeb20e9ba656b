"""Messages of `tertulia.v1`, the native protocol on `/ws`: the source of the JSON Schema and of the TypeScript types.

Prose and order of messages: docs/reference/native-protocol.md. Field names are camelCase on the wire. A server message gets its number
(`seq`) when it is sent, see `number`.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

SUBPROTOCOL = "tertulia.v1"

# Python's `$` takes a last newline too, and JSON Schema knows no `\Z`.
_END = r"$(?!\n)"
# Ids and names are bounded where they enter; sizes in UTF-8 bytes are checked for the whole message by the door.
Identity = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.@:+~-]+" + _END)]
RoomName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\s/?#*\x00-\x1f\x7f]+" + _END)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
RequestId = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Serial = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Mid = Annotated[str, Meta(min_length=1, max_length=32)]
Sdp = Annotated[str, Meta(max_length=512 * 1024)]
Key = Annotated[str, Meta(min_length=1, max_length=64)]
Pixels = Annotated[int, Meta(ge=0, le=16384)]

Role = Literal["viewer", "speaker", "moderator"]
Kind = Literal["audio", "video"]
Source = Literal["camera", "microphone", "screen", "screen_audio"]
Layer = Literal["auto", "low", "medium", "high"]
Mode = Literal["direct", "sfu"]
Topic = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_./:-]+" + _END)]
Encoding = Literal["json", "base64"]
SERVER = "server"


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", tag_field="type"):
    """Common form of all messages."""


class FromServer(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What the server sends. `seq` numbers the messages of a session from 1; 0 (left out) on the few that stand outside it."""

    seq: int = 0


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A piece of a message."""


# --- pieces ---------------------------------------------------------------------------------------------------------------------------


class Publication(Part, frozen=True):
    """A track that somebody sends."""

    id: Key
    source: Source
    kind: Kind
    muted: bool
    width: Pixels
    height: Pixels


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


class IceServer(Part, frozen=True):
    """As in RTCIceServer."""

    urls: list[str]
    username: str | None
    credential: str | None


class IceServerLists(Part, frozen=True):
    """Which servers to use for which connection. Credentials end, and are replaced by `ice_servers` before that."""

    sfu: list[IceServer]
    """For the connection to the server."""
    direct: list[IceServer]
    """For those with other people."""


class Session(Part, frozen=True):
    """What a client needs to come back. `token` is for the next resume; each `resumed` brings another."""

    id: Key
    token: str
    grace: float
    """Seconds during which a lost connection can be resumed."""
    heartbeat: float
    """Seconds between pings; after 2.5 times this without one the server takes the connection for lost."""


class Peer(Part, frozen=True):
    """Somebody to connect with directly."""

    participant: Identity
    polite: bool
    """This side's role in perfect negotiation with that person."""


class Topology(Part, frozen=True):
    """Which road media takes. See "Two people, three people" in the reference."""

    mode: Mode
    phase: Literal["prepare", "commit"]
    epoch: int
    peers: list[Peer]
    """Whom to connect with directly: in mode direct, and in phase prepare of either mode. Empty while alone."""


class Limits(Part, frozen=True):
    """Budgets of this connection."""

    message_bytes: int
    messages_per_second: float
    chat_bytes: int
    publications: int


class Speaker(Part, frozen=True):
    participant: Identity
    publication: Key
    level: Annotated[int, Meta(ge=0, le=127)]
    """Loudness in -dBov (RFC 6464): 0 is loudest."""


class ChatMessage(Part, frozen=True):
    id: Key
    sender: Identity
    name: str
    text: str
    to: Identity | None
    time: float
    """Seconds since 1970, by the server's clock."""


# --- client to server -----------------------------------------------------------------------------------------------------------------


class Join(Message, frozen=True, tag="join"):
    """The first message of a new session. Reply: `joined`; before it perhaps `waiting`."""

    id: RequestId
    room: RoomName
    name: Name
    token: Annotated[str, Meta(max_length=4096)] | None = None
    identity: Identity | None = None
    """Asked for; granted only where no token names one and the server allows it. Left out: the server makes one."""
    p2p: bool = True
    """Whether this client can talk directly to one other person."""
    auto_subscribe: bool = True
    role: Role | None = None
    """To come as less than one might: a role above the one that is granted is not given. In an open room `viewer` never moderates."""
    metadata: Annotated[str, Meta(max_length=4096)] = ""


class Resume(Message, frozen=True, tag="resume"):
    """The first message on a new socket of an old session. Reply: `resumed`, then what was missed, in order."""

    session: Key
    token: Annotated[str, Meta(max_length=256)]
    last_seq: Annotated[int, Meta(ge=0)]
    """Number of the last server message that was received."""


class Ping(Message, frozen=True, tag="ping"):
    """Heartbeat; not a request. `ack` lets the server forget messages up to that number."""

    ack: Annotated[int, Meta(ge=0)]
    time: float | None = None
    """Given back unchanged."""


class Leave(Message, frozen=True, tag="leave"):
    """Reply: `bye` with code `left`."""

    id: RequestId


class Publish(Message, frozen=True, tag="publish"):
    """Announce a track. Reply: `published`. Media follows by an offer that names it."""

    id: RequestId
    source: Source
    kind: Kind
    muted: bool = False
    width: Pixels = 0
    height: Pixels = 0


class Unpublish(Message, frozen=True, tag="unpublish"):
    id: RequestId
    publication: Key


class Mute(Message, frozen=True, tag="mute"):
    """Own publication: either way. Somebody else's: moderators, and only to mute."""

    id: RequestId
    publication: Key
    muted: bool


class Subscribe(Message, frozen=True, tag="subscribe"):
    id: RequestId
    publication: Key


class Unsubscribe(Message, frozen=True, tag="unsubscribe"):
    id: RequestId
    publication: Key


class Prefer(Message, frozen=True, tag="prefer"):
    """How a received video is shown, so that no more is sent than is seen."""

    id: RequestId
    publication: Key
    visible: bool = True
    width: Pixels = 0
    height: Pixels = 0
    layer: Layer = "auto"
    pinned: bool = False
    """It was chosen by hand: where not everything fits, it comes before others."""


class Offer(Message, frozen=True, tag="offer"):
    """To `server`: the whole offer of the connection to the SFU; reply `answer`. To a person: relayed, reply `ok`."""

    id: RequestId
    to: Identity
    serial: Serial
    """Counts this sender's offers on that connection from 1; a lower one than the last seen is refused with `stale_offer`."""
    sdp: Sdp
    publications: dict[Mid, Key]
    """Which publication each sending section carries."""


class Answer(Message, frozen=True, tag="answer"):
    """To a person; the server never offers in this protocol."""

    id: RequestId
    to: Identity
    serial: Serial
    sdp: Sdp
    publications: dict[Mid, Key]


class Candidate(Message, frozen=True, tag="candidate"):
    """A trickled ICE candidate; an empty `candidate` ends them. To `server` accepted and ignored (ICE-lite learns addresses itself)."""

    id: RequestId
    to: Identity
    candidate: Annotated[str, Meta(max_length=1024)]
    sdp_mid: Annotated[str, Meta(max_length=32)] | None = None
    sdp_m_line_index: Annotated[int, Meta(ge=0, le=512)] | None = msgspec.field(name="sdpMLineIndex", default=None)
    username_fragment: Annotated[str, Meta(max_length=256)] | None = None


class TopologyReady(Message, frozen=True, tag="topology_ready"):
    """Everything this client receives comes by the new road of this epoch."""

    id: RequestId
    epoch: int


class RoadFailed(Message, frozen=True, tag="road_failed"):
    """The direct connection of this epoch does not come about or broke: the server moves the room to the SFU."""

    id: RequestId
    epoch: int


class Chat(Message, frozen=True, tag="chat"):
    id: RequestId
    text: Annotated[str, Meta(min_length=1, max_length=10_000)]
    to: Identity | None = None


class Data(Message, frozen=True, tag="data"):
    """The app's own message to the others, or `to` one of them; not back to the sender. Takes the right `data`."""

    id: RequestId
    topic: Topic
    data: msgspec.Raw
    """Any JSON of at most 64 levels, passed on unread; with `encoding` base64 a string that stands for bytes, with padding."""
    encoding: Encoding = "json"
    to: Identity | None = None
    latest: bool = False
    """Only the newest of this sender and topic matters: one that still waits for a slow receiver may be replaced by it."""


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


# --- server to client: replies ---------------------------------------------------------------------------------------------------------


class Ok(FromServer, frozen=True, tag="ok"):
    id: int


class Error(FromServer, frozen=True, tag="error"):
    """`id` is None where no request could be read. After a fatal one comes `bye`."""

    id: int | None
    code: str
    message: str
    retryable: bool


class Joined(FromServer, frozen=True, tag="joined"):
    """The room as it is now; everything later comes as events."""

    id: int
    session: Session
    room: RoomState
    you: Participant
    rights: list[str]
    participants: list[Participant]
    """The others."""
    knocking: list[Participant]
    """People waiting to be admitted; only for those who may admit."""
    messages: list[ChatMessage]
    """The last messages to everybody, oldest first: at most 100, and 128 KiB of text."""
    topology: Topology
    ice_servers: IceServerLists
    limits: Limits


class Published(FromServer, frozen=True, tag="published"):
    id: int
    publication: Publication


class Invited(FromServer, frozen=True, tag="invited"):
    """A token for this room and the asked role; it goes into a link's fragment, `/r/{room}#t={token}`."""

    id: int
    token: str | None
    """None where none is needed, or where the server has no secret to sign with."""
    expires: float | None
    """Seconds since 1970."""


class Answered(FromServer, frozen=True, tag="answered"):
    """The server's answer to an offer."""

    id: int
    serial: int
    sdp: str


# --- server to client: events ----------------------------------------------------------------------------------------------------------


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


class PublicationAdded(FromServer, frozen=True, tag="publication_added"):
    participant: Identity
    publication: Publication


class PublicationRemoved(FromServer, frozen=True, tag="publication_removed"):
    participant: Identity
    publication: Key


class PublicationUpdated(FromServer, frozen=True, tag="publication_updated"):
    participant: Identity
    publication: Publication
    by: Identity | None
    """Who muted it, where that was not its owner."""


class RoomUpdated(FromServer, frozen=True, tag="room_updated"):
    room: RoomState


class TopologyChanged(FromServer, frozen=True, tag="topology"):
    topology: Topology


class Bind(FromServer, frozen=True, tag="bind"):
    """What comes in a receiving section of the SFU connection from now on."""

    mid: Mid
    publication: Key | None


class NeedSections(FromServer, frozen=True, tag="need_sections"):
    """More receiving sections are wanted than the last offer had: offer again with at least these totals."""

    audio: int
    video: int


class Encodings(FromServer, frozen=True, tag="encodings"):
    """Which encodings of your own publication anybody watches now: the others need not be sent to the server. Before the first of these
    all are wanted."""

    publication: Key
    active: list[str]
    """RIDs."""


class MediaLost(FromServer, frozen=True, tag="media_lost"):
    """The SFU connection is gone on the server's side: open a new one."""

    reason: str


class PeerOffer(FromServer, frozen=True, tag="offer"):
    sender: Identity = msgspec.field(name="from")
    serial: Serial
    sdp: str
    publications: dict[str, str]


class PeerAnswer(FromServer, frozen=True, tag="answer"):
    sender: Identity = msgspec.field(name="from")
    serial: Serial
    sdp: str
    publications: dict[str, str]


class PeerCandidate(FromServer, frozen=True, tag="candidate"):
    sender: Identity = msgspec.field(name="from")
    candidate: str
    sdp_mid: str | None
    sdp_m_line_index: int | None = msgspec.field(name="sdpMLineIndex")
    username_fragment: str | None


class ChatReceived(FromServer, frozen=True, tag="chat"):
    """Also to the sender, so that everyone has the same order."""

    message: ChatMessage


class DataReceived(FromServer, frozen=True, tag="data"):
    sender: Identity = msgspec.field(name="from")
    """`server` for the server's own code."""
    topic: Topic
    data: msgspec.Raw
    encoding: Encoding


class Reaction(FromServer, frozen=True, tag="reaction"):
    """Also to the sender."""

    participant: Identity
    reaction: str


class UnmuteAsked(FromServer, frozen=True, tag="unmute_asked"):
    """A moderator asks you to turn on your microphone or camera; doing so is up to you."""

    by: Identity
    """`server` for the server's own code."""
    source: Source


class Speakers(FromServer, frozen=True, tag="speakers"):
    """Who speaks now, loudest first; an empty list is silence."""

    speakers: list[Speaker]


class IceServers(FromServer, frozen=True, tag="ice_servers"):
    """Fresh credentials in place of the old ones."""

    ice_servers: IceServerLists


class Bye(FromServer, frozen=True, tag="bye"):
    """The last message of a session; it cannot be resumed. `code` is one of the error codes."""

    code: str
    message: str
    retryable: bool


# --- server to client: outside the session's numbering -----------------------------------------------------------------------------------


class Pong(FromServer, frozen=True, tag="pong"):
    """`ack` is the id of the last request that was carried out."""

    ack: int
    time: float | None


class Resumed(FromServer, frozen=True, tag="resumed"):
    """Replay follows. Requests with an id above `ack` never arrived: send them again."""

    session: Session
    ack: int
    ice_servers: IceServerLists


ClientMessage = (
    Join | Resume | Ping | Leave | Publish | Unpublish | Mute | Subscribe | Unsubscribe | Prefer | Offer | Answer | Candidate
    | TopologyReady | RoadFailed | Chat | Data | Hand | React | AskUnmute | Spotlight | Admit | Deny | Remove | SetRole | Lock | WaitingRoom
    | Invite | End
)  # fmt: skip
ServerMessage = (
    Ok | Error | Joined | Published | Invited | Answered | Waiting | ParticipantJoined | ParticipantLeft | ParticipantUpdated
    | RightsChanged | Knock | KnockEnded | PublicationAdded | PublicationRemoved | PublicationUpdated | RoomUpdated | TopologyChanged | Bind
    | NeedSections | Encodings | MediaLost | PeerOffer | PeerAnswer | PeerCandidate | ChatReceived | DataReceived | Reaction
    | UnmuteAsked | Speakers | IceServers | Bye | Pong | Resumed
)  # fmt: skip
CLIENT_MESSAGES: Any = ClientMessage
SERVER_MESSAGES: Any = ServerMessage

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ClientMessage)


def encode(message: Message) -> bytes:
    """JSON text of a message, without its number."""
    return _encoder.encode(message)


def number(body: bytes, seq: int) -> bytes:
    """Puts the session's message number into an encoded message, so that a message to a hundred people is encoded once."""
    return b'{"seq":%d,' % seq + body[1:]


def decode(data: bytes | str) -> ClientMessage:
    """Raises msgspec.DecodeError (not JSON), msgspec.ValidationError (unknown type, wrong field)."""
    message: ClientMessage = _decoder.decode(data)
    return message
