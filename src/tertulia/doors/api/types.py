"""What the API answers with. Its OpenAPI document is made from these."""

from typing import Literal

import msgspec


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    """Names are in camel case on the wire, as in the native protocol."""


class RoomSummary(_Answer, frozen=True):
    """A room in the list; how many of what."""

    name: str
    participants: int
    waiting: int
    publications: int
    locked: bool
    waiting_room: bool


class Rooms(_Answer, frozen=True):
    """All rooms that are open, the oldest first."""

    rooms: list[RoomSummary]


class Publication(_Answer, frozen=True):
    """A track that somebody sends. Width and height are pixels, 0 where they are not known."""

    id: str
    source: Literal["camera", "microphone", "screen", "screen_audio"]
    kind: Literal["audio", "video"]
    muted: bool
    width: int
    height: int


Word = Literal["excellent", "good", "poor", "lost"]


class Quality(_Answer, frozen=True):
    """How good somebody's own way to the server and back is."""

    word: Word
    """lost: the signalling is."""
    score: float
    """1 (bad) to 5 (excellent)."""


class Participant(_Answer, frozen=True):
    """Somebody inside. `connected` is false while the connection is lost and may still come back."""

    id: str
    name: str
    role: Literal["viewer", "speaker", "moderator"]
    rights: list[str]
    connected: bool
    hand: int
    """Place in the order in which hands were raised, smaller is earlier; 0: it is down."""
    metadata: str
    publications: list[Publication]
    connection_quality: Word | None
    """How good the way to the server and back is; lost: the signalling is. Null: nothing goes or comes by the server."""
    connection_score: float | None
    """The same from 1 (bad) to 5 (excellent)."""


class Waiting(_Answer, frozen=True):
    """Somebody who waits to be admitted."""

    id: str
    name: str


class Room(_Answer, frozen=True):
    """One room. People are listed the eldest first; `spotlight` is the id of the one whom everybody is shown large."""

    name: str
    locked: bool
    waiting_room: bool
    max_participants: int
    spotlight: str | None
    participants: list[Participant]
    waiting: list[Waiting]


class EncodingStatistics(_Answer, frozen=True):
    """One encoding as it came from its publisher. Counts are of the last few seconds, here and below."""

    rid: str | None
    bitrate: float
    """Bits of payload a second."""
    packets_received: int
    packets_lost: int
    """That did not come, or came only resent."""
    packets_repaired: int
    """That came only resent."""
    jitter: float
    """Seconds (RFC 3550)."""
    frame_width: int
    """Pixels, as the height is; 0 where it is not known, and for sound."""
    frame_height: int
    frames_per_second: float


class PublicationStatistics(_Answer, frozen=True):
    """A publication as the server gets it."""

    publication: str
    score: float | None
    """1 to 5; null: nothing came, or it is muted."""
    bitrate: float
    packets_received: int
    packets_lost: int
    packets_repaired: int
    jitter: float
    encodings: list[EncodingStatistics]
    """The lowest first."""


class Reception(_Answer, frozen=True):
    """What the receiver told of it, since its report before."""

    freeze_count: int
    frozen: float
    """Share of the time in which the picture stood still."""
    concealed: float
    """Share of the sound that was made up."""
    frames_per_second: float
    frame_width: int
    frame_height: int


class SubscriptionStatistics(_Answer, frozen=True):
    """A publication as somebody gets it from the server."""

    publication: str
    score: float | None
    """1 to 5; null: nothing of it is shown or heard."""
    reason: Literal["best", "size", "bandwidth", "publisher", "hidden", "starved"] | None
    """Why it is no better layer: there is none; the tile has no use for one; the network does not carry one; the publisher sends none, or
    nothing yet; nothing, for nobody looks; nothing, for the network carries not even the least."""
    rid: str | None
    """Of the layer that comes; null: it has no name, or nothing comes."""
    frame_width: int
    frame_height: int
    bitrate: float
    packets_sent: int
    packets_lost: int
    """As the receiver reports (RTCP)."""
    packets_resent: int
    jitter: float
    reception: Reception | None
    """Null: this client tells nothing."""


class ParticipantStatistics(_Answer, frozen=True):
    """Somebody's media by way of the server."""

    participant: str
    quality: Quality | None
    round_trip_time: float | None
    """Seconds; null: not known."""
    available_bitrate: int | None
    """Bits a second that the way to the client is held to carry; null where it receives no pictures."""
    publications: list[PublicationStatistics]
    subscriptions: list[SubscriptionStatistics]


class Statistics(_Answer, frozen=True):
    """How the media of a room did in the last few seconds. People who talk directly are not in it."""

    participants: list[ParticipantStatistics]


class ChatReaction(_Answer, frozen=True):
    """Who has put this sign under a message, by id."""

    reaction: str
    by: list[str]


class ChatMessage(_Answer, frozen=True):
    """What was said, as it is now."""

    id: str
    number: int
    """Its place in the room's chat: the numbers rise, with gaps."""
    sender: str | None
    """Null: the server."""
    name: str
    """The sender's, as it was."""
    to: str | None
    """Null: everybody."""
    text: str
    time: float
    """Seconds since 1970."""
    change: int
    """Number of its last change, out of the same row; 0: it is as it was said."""
    edited: float | None
    """When its text was changed last, in seconds since 1970."""
    deleted: bool
    """Nothing is left of it but this mark."""
    reactions: list[ChatReaction]


class ChatPage(_Answer, frozen=True):
    """A part of what was said in a room, private messages too."""

    messages: list[ChatMessage]
    """Oldest first; where changes were asked for, the one that was changed first."""
    more: bool
    """There are others beyond these, in the direction that was asked for."""


class File(_Answer, frozen=True):
    """A file that somebody has shared."""

    id: str
    sender: str | None
    """Id of the participant; null: the server."""
    sender_name: str
    name: str
    """Text to be shown, never a path."""
    size: int
    """Bytes."""
    media_type: str
    """By the content."""
    sha256: str
    to: str | None
    """The only other one who sees it; null: everybody."""
    time: float
    """Seconds since 1970."""
    number: int
    """Its place in the room, among the messages of the chat."""


class Files(_Answer, frozen=True):
    """A part of a room's files, the oldest first."""

    files: list[File]
    more: bool
    """There are older ones: ask with `before`, the lowest number of these."""


class IceServer(_Answer, frozen=True, omit_defaults=True):
    """As RTCPeerConnection takes it. STUN servers take no credentials."""

    urls: list[str]
    username: str | msgspec.UnsetType = msgspec.UNSET
    credential: str | msgspec.UnsetType = msgspec.UNSET


class IceServers(_Answer, frozen=True):
    """An RTCConfiguration as it is: RTCPeerConnection passes over the fields that it does not know."""

    ice_servers: list[IceServer]
    """For a connection whose other side is a person, or the server."""
    sfu: list[IceServer]
    """For one whose other side is the server."""
    expires: int | None
    """When the credentials end, in seconds since 1970; null: there are none. Connections that use them go on."""


class StateEntry(_Answer, frozen=True):
    """A key that everybody in the room shares."""

    key: str
    value: msgspec.Raw
    """Any JSON."""
    version: int
    """Of the change that set it. As an entity tag it is `"7"`."""


class State(_Answer, frozen=True):
    """What everybody in the room shares, in the order in which the keys came."""

    state: list[StateEntry]


class Reached(_Answer, frozen=True):
    """What was published went on its way."""

    subscribers: int
    """To so many; with `to` so many sessions."""


Encoding = Literal["json", "base64"]


class TopicValue(_Answer, frozen=True):
    """The last value of a topic."""

    topic: str
    sender: str = msgspec.field(name="from")
    """`server` for the server's own."""
    data: msgspec.Raw
    encoding: Encoding
    """base64: `data` is a string that stands for bytes."""


class Problem(_Answer, frozen=True):
    code: str
    """Never changes its meaning."""
    message: str
    """A sentence for whoever reads it."""


class Failure(_Answer, frozen=True):
    """Every answer with a status of 400 or more."""

    error: Problem
