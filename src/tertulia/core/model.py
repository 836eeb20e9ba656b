"""The nouns of a room. Values only: what changes is replaced, so a record that was handed out never changes afterwards."""

from dataclasses import dataclass
from enum import StrEnum

from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.state import StateEntry


class Role(StrEnum):
    """From the least to the most."""

    VIEWER = "viewer"
    SPEAKER = "speaker"
    MODERATOR = "moderator"


class Right(StrEnum):
    """What a person may do; the order here is the order in which rights are listed to people."""

    PUBLISH_CAMERA = "publish:camera"
    PUBLISH_MICROPHONE = "publish:microphone"
    PUBLISH_SCREEN = "publish:screen"
    SUBSCRIBE = "subscribe"
    DATA = "data"
    CHAT = "chat"
    RECORD = "record"
    ADMIT = "admit"
    MODERATE = "moderate"
    """Follows the role moderator and is never granted by itself."""


class Source(StrEnum):
    CAMERA = "camera"
    MICROPHONE = "microphone"
    SCREEN = "screen"
    SCREEN_AUDIO = "screen_audio"


class Kind(StrEnum):
    AUDIO = "audio"
    VIDEO = "video"


class Layer(StrEnum):
    """Which layer of a simulcast video is wanted, where there are any."""

    AUTO = "auto"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Policy(StrEnum):
    """When media may go directly between people."""

    AUTO = "auto"
    """While there are two."""
    NEVER = "never"
    ALWAYS = "always"
    """A mesh while there are at most four."""


class OnDuplicate(StrEnum):
    """What a join with an identity that is already there does."""

    REFUSE = "refuse"
    REPLACE = "replace"


class Mode(StrEnum):
    DIRECT = "direct"
    SFU = "sfu"


class Phase(StrEnum):
    PREPARE = "prepare"
    """The old road and the new one carry media."""
    COMMIT = "commit"
    """Only the road of `Mode` does."""


class Dialect(StrEnum):
    """How a client signals to other people, where it talks to them without the server's media."""

    NATIVE = "native"
    """By the room's topology: it makes a direct connection when it is told to, and gives it up again."""
    PAGE = "page"
    """A page written for two: what it says is meant for the one other person in the room."""
    CALLER = "caller"
    """It calls others by their identity, as PeerJS does, as many as it likes."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A person in the room, or waiting to be."""

    id: ParticipantId
    name: str
    role: Role
    rights: frozenset[Right]
    p2p: bool = True
    """Whether the client can talk directly to others and takes part in switches."""
    dialect: Dialect = Dialect.NATIVE
    auto_subscribe: bool = True
    metadata: str = ""
    can_moderate: bool = True
    """Whether it may become moderator by being the eldest: a person may, a player or an encoder may not."""
    connected: bool = True
    """False while the signalling is lost and the grace time runs."""
    media: bool = False
    """Whether its connection to the SFU is up."""
    hand: int = 0
    """Place in the order in which hands were raised, smaller is earlier; 0: it is down."""

    listed: bool = True
    """Everybody in the room is shown him; else moderators are, and to the others he is one of the audience."""

    def may(self, right: Right) -> bool:
        return right in self.rights


@dataclass(frozen=True, slots=True)
class Publication:
    """One track that somebody sends."""

    id: PublicationId
    owner: ParticipantId
    source: Source
    kind: Kind
    muted: bool = False
    forbidden: bool = False
    """Muted by a moderator: the engine drops its packets until the owner unmutes."""
    width: int = 0
    height: int = 0
    """Pixels; 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class Preference:
    """How a video is shown, so that no more is sent than is seen. Sizes in pixels, 0: not known."""

    visible: bool = True
    width: int = 0
    height: int = 0
    layer: Layer = Layer.AUTO
    pinned: bool = False
    """The viewer has chosen it: it comes before those that he has not."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody may and wants to receive a publication, by whichever road."""

    subscriber: ParticipantId
    publication: PublicationId
    preference: Preference = Preference()


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody to connect with directly."""

    participant: ParticipantId
    polite: bool
    """This side's role in perfect negotiation with that person. Of a pair, the one who joined later is polite."""


@dataclass(frozen=True, slots=True)
class Topology:
    """Which road media takes, as one person sees it."""

    mode: Mode
    phase: Phase
    epoch: int
    """Grows by at least one with each change."""
    peers: tuple[Peer, ...]
    """In join order. Empty in `sfu`/`commit`, for those without a direct road, and while alone."""


@dataclass(frozen=True, slots=True)
class Sound:
    """How sound is sent, where it goes by the server."""

    fec: bool = True
    """Opus puts a coarse copy of a frame into the next one, where its sender hears of losses."""
    dtx: bool = False
    """Opus sends next to nothing while nobody speaks."""
    red: bool = True
    """Packets repeat earlier frames (RFC 2198)."""


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """How a room behaves. Times are seconds."""

    name: str
    max_participants: int = 100
    policy: Policy = Policy.AUTO
    waiting_room: bool = False
    locked: bool = False
    eldest_moderates: bool = False
    """An open room, without tokens: the first one in moderates, after the last moderator the eldest."""
    max_publications: int = 4
    """For each person."""
    max_waiting: int = 50
    max_listed_viewers: int = 50
    """So many of those who may publish nothing are shown to everybody; who comes after them is counted, and shown to moderators alone."""
    grace: float = 30.0
    """How long somebody whose signalling is lost keeps the place."""
    waiting_timeout: float = 600.0
    """How long somebody waits to be admitted."""
    empty_after: float = 30.0
    """How long a room without anybody lives; infinity keeps it."""
    switch_timeout: float = 10.0
    """How long a switch to the SFU waits for everybody."""
    direct_timeout: float = 15.0
    """How long a switch to the direct road waits before it is given up."""
    settle: float = 10.0
    """How long few enough people must have been alone with the SFU before the direct road is tried."""
    sound: Sound = Sound()
    keeps_chat: bool = False
    """Chat is kept somewhere before it is shown: `SendChat` is accepted, and `ShowChat` follows."""


@dataclass(frozen=True, slots=True)
class RoomState:
    """What everybody in the room may know of it."""

    name: str
    locked: bool
    waiting_room: bool
    max_participants: int
    spotlight: ParticipantId | None = None
    """Whom a moderator wants everybody to see."""
    audience: int = 0
    """How many are in the room who are not listed."""


@dataclass(frozen=True, slots=True)
class MessageReaction:
    """Who has put this sign under a message, in the order of their doing so."""

    reaction: str
    by: tuple[ParticipantId, ...]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A text to everybody, or to one person."""

    id: str
    sender: ParticipantId | None
    """None: the server."""
    name: str
    """The sender's, as it was; empty for the server."""
    text: str
    time: float
    """Seconds since 1970."""
    to: ParticipantId | None = None
    """None: everybody."""
    number: int = 0
    """Its place in the room's chat: the numbers rise, with gaps."""
    key: str = ""
    """Made by its client, to tell a message that comes again from a new one; nobody else is told of it."""
    change: int = 0
    """Number of its last change, out of the same row as `number`; 0: it is as it was said."""
    edited: float | None = None
    """When its text was changed last, in seconds since 1970."""
    deleted: bool = False
    """Nothing is left of it but this mark."""
    reactions: tuple[MessageReaction, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The room as a newcomer is shown it: everything later comes as events."""

    room: RoomState
    you: Participant
    rights: tuple[Right, ...]
    """Yours, in the order of `Right`."""
    participants: tuple[Participant, ...]
    """The others, eldest first."""
    publications: tuple[Publication, ...]
    """Everybody's, oldest first."""
    subscriptions: tuple[Subscription, ...]
    """Your own."""
    knocking: tuple[Participant, ...]
    """Who waits to be admitted; empty for those who may not admit."""
    messages: tuple[ChatMessage, ...]
    """The last ones to everybody, oldest first."""
    topology: Topology
    cleared: int = 0
    """All that was said up to this number was deleted at once."""
    read_marks: tuple[tuple[ParticipantId, int], ...] = ()
    """How far these people have read, you among them."""
    presence: tuple[tuple[ParticipantId, bytes], ...] = ()
    """What those of them, and you, say of themselves: JSON texts."""
    state: tuple[StateEntry, ...] = ()
    """What everybody shares."""

    def publications_of(self, owner: ParticipantId) -> tuple[Publication, ...]:
        return tuple(publication for publication in self.publications if publication.owner == owner)
