"""Coming, staying, coming back, leaving."""

from typing import Annotated

from msgspec import Meta

from tertulia.wire.native.base import FromServer, Identity, Key, Message, Name, Part, RequestId, Role, RoomName
from tertulia.wire.native.chat import ChatMessage, ChatState
from tertulia.wire.native.connections import IceServerLists, Topology
from tertulia.wire.native.people import Participant, RoomState
from tertulia.wire.native.presence import Presence
from tertulia.wire.native.state import StateEntry


class Session(Part, frozen=True):
    """What a client needs to come back. `token` is for the next resume; each `resumed` brings another."""

    id: Key
    token: str
    grace: float
    """Seconds during which a lost connection can be resumed."""
    heartbeat: float
    """Seconds between pings; after 2.5 times this without one the server takes the connection for lost."""


class Limits(Part, frozen=True):
    """Budgets of this connection."""

    message_bytes: int
    messages_per_second: float
    chat_bytes: int
    publications: int


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


class Ok(FromServer, frozen=True, tag="ok"):
    id: int


class Error(FromServer, frozen=True, tag="error"):
    """`id` is None where no request could be read. After a fatal one comes `bye`."""

    id: int | None
    code: str
    message: str
    retryable: bool
    state: StateEntry | None = None
    """With `conflict`: what is there; left out where nothing is."""


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
    chat: ChatState
    presence: list[Presence]
    """Yours too."""
    state: list[StateEntry]
    """What everybody in the room shares."""
    topology: Topology
    ice_servers: IceServerLists
    limits: Limits


class Bye(FromServer, frozen=True, tag="bye"):
    """The last message of a session; it cannot be resumed. `code` is one of the error codes."""

    code: str
    message: str
    retryable: bool


class Pong(FromServer, frozen=True, tag="pong"):
    """`ack` is the id of the last request that was carried out."""

    ack: int
    time: float | None


class Resumed(FromServer, frozen=True, tag="resumed"):
    """Replay follows. Requests with an id above `ack` never arrived: send them again."""

    session: Session
    ack: int
    ice_servers: IceServerLists


ClientSession = Join | Resume | Ping | Leave
ServerSession = Ok | Error | Joined | Bye | Pong | Resumed
