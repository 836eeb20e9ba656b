"""Which road media takes, and the descriptions that open it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tertulia.wire.native.base import FromServer, Identity, Key, Message, Mid, Mode, Part, RequestId, Sdp, Serial


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


class Answered(FromServer, frozen=True, tag="answered"):
    """The server's answer to an offer."""

    id: int
    serial: int
    sdp: str


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


class IceServers(FromServer, frozen=True, tag="ice_servers"):
    """Fresh credentials in place of the old ones."""

    ice_servers: IceServerLists


ClientConnections = Offer | Answer | Candidate | TopologyReady | RoadFailed
ServerConnections = (
    Answered | TopologyChanged | Bind | NeedSections | MediaLost | PeerOffer | PeerAnswer | PeerCandidate | IceServers
)
