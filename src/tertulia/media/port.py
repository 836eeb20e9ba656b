"""What the rest of Tertulia may ask of media, and what it hears back.

Two adapters keep this port: `media.engine.EngineMedia` over the compiled engine and `media.fake.FakeMedia` for tests. Calls
return at once; what follows from them comes as events. Mids, SSRCs, payload types and SDP never leave `media/`, but for the
offer and the answer themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, NewType, Protocol

ConnectionId = NewType("ConnectionId", str)
"""One client's connection to the SFU; made by the runtime, unique on the server."""
PublicationKey = NewType("PublicationKey", str)
"""A publication's id, unique on the server."""
Kind = Literal["audio", "video"]


@dataclass(frozen=True, slots=True)
class Preference:
    """How a received publication is shown: pixels of its tile, and the layer asked for."""

    visible: bool = True
    width: int = 0
    height: int = 0
    layer: str = "auto"
    """auto, low, medium or high."""
    priority: int = 0
    """Where not everything fits, what has a higher one comes first."""
    detail: bool = False
    """It is there to be read: where it does not fit it rather moves seldom than is blurred."""


@dataclass(frozen=True, slots=True)
class Sound:
    """How clients are asked to send sound, and whether what they lose of it is repeated to them."""

    fec: bool = True
    """Opus puts a coarse copy of a frame into the next one, where its sender hears of losses (RFC 6716 section 2.1.7)."""
    dtx: bool = False
    """Opus sends next to nothing while nobody speaks (RFC 6716 section 2.1.9)."""
    red: bool = True
    """Packets repeat earlier frames (RFC 2198): clients' always, ours where there are losses."""


@dataclass(frozen=True, slots=True)
class Connected:
    """ICE and DTLS are up: media can reach the server."""

    connection: ConnectionId


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is gone on our side; its subscriptions wait for the client's next first offer."""

    connection: ConnectionId
    reason: str


@dataclass(frozen=True, slots=True)
class Bound:
    """What comes in a receiving section from now on; None: nothing."""

    connection: ConnectionId
    mid: str
    publication: PublicationKey | None


@dataclass(frozen=True, slots=True)
class NeedSections:
    """More receiving sections are wanted: an offer with at least these totals."""

    connection: ConnectionId
    audio: int
    video: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which encodings of a publication that this connection sends anybody watches now, where it has several; the others may rest."""

    connection: ConnectionId
    publication: PublicationKey
    encodings: tuple[str, ...]
    """Their RIDs."""


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who speaks in a room, loudest first, with loudness in -dBov (0 is loudest)."""

    room: str
    levels: tuple[tuple[PublicationKey, int], ...]


ChunkCodec = Literal["vp8", "opus"]
"""As WebCodecs calls them."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One encoded frame, of a picture or of sound (W3C WebCodecs)."""

    codec: ChunkCodec
    key: bool
    """It can be decoded without those before it; of sound each can."""
    time: int
    """When it was captured, in microseconds on its publisher's clock; in what is received, on one that is the stream's own."""
    bytes: bytes
    level: int | None = None
    """How loud it is, in -dBov (0 is loudest, 127 silence); None: it is not told."""


@dataclass(frozen=True, slots=True)
class ChunkCame:
    """For a connection without a transport: what it receives next of a publication. Pictures can be decoded one after another."""

    connection: ConnectionId
    publication: PublicationKey
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class KeyFrameWanted:
    """The next picture of a publication that this connection sends as chunks shall be a key frame."""

    connection: ConnectionId
    publication: PublicationKey


Reason = Literal["best", "size", "bandwidth", "publisher", "hidden", "starved"]
"""Why somebody gets the layer that he gets: there is no better one; his tile has no use for a better one; his network does not carry a
better one; its publisher sends no better one, or nothing yet; nothing, because he does not look; nothing, because his network carries
not even the least."""


class Layer(NamedTuple):
    """One encoding of a publication, as its publisher sends it now."""

    rid: str | None
    width: int
    """Pixels, as the height is; 0 where it is not known, and for sound."""
    height: int
    frame_rate: float
    """Frames a second; 0 for sound."""


class EncodingStatistics(NamedTuple):
    """How one encoding came from its publisher, since the last look."""

    layer: Layer
    bitrate: float
    """Bits of payload a second."""
    packets: int
    lost: int
    """Packets that did not come, or came only resent."""
    repaired: int
    """Packets that came only resent."""
    jitter: float
    """In seconds (RFC 3550), as it is now."""


class Sent(NamedTuple):
    """A publication as its connection sends it."""

    publication: PublicationKey
    encodings: tuple[EncodingStatistics, ...]


class Received(NamedTuple):
    """A publication as a connection receives it, since the last look."""

    publication: PublicationKey
    layer: Layer | None
    """What it gets now; None: nothing yet."""
    best: Layer | None
    """What its tile calls for, of what the publisher sends; None for sound, and where nobody looks."""
    reason: Reason | None
    bitrate: float
    packets: int
    lost: int
    """Packets that did not come first hand, by the receiver's reports."""
    resent: int
    jitter: float


class ConnectionStatistics(NamedTuple):
    """One connection, since the last look."""

    connection: ConnectionId
    seconds: float
    """How long that is."""
    round_trip: float | None
    """In seconds; None while it is not known."""
    estimate: int | None
    """Bits a second that the way to the client is held to carry; None where it receives sound alone, and all of it."""
    sent: tuple[Sent, ...]
    received: tuple[Received, ...]


MediaEvent = Connected | Disconnected | Bound | NeedSections | Wanted | Speakers | ChunkCame | KeyFrameWanted
Listener = Callable[[MediaEvent], None]


NO_KINDS: Mapping[PublicationKey, Kind] = MappingProxyType({})
USUAL_SOUND: Final = Sound()


class Media(Protocol):
    """Called from the event loop only; never blocks."""

    def listen(self, listener: Listener) -> None:
        """Sets who hears the events. It is called in the event loop."""

    def answer(
        self,
        connection: ConnectionId,
        room: str,
        serial: int,
        sdp: str,
        publications: Mapping[str, PublicationKey],
        kinds: Mapping[PublicationKey, Kind] = NO_KINDS,
        sound: Sound = USUAL_SOUND,
    ) -> str:
        """Takes a client's offer and gives the answer's SDP. Serial 1 opens the connection (closing an older one of that id).

        `publications`: the publication in each sending section, by mid; the caller has checked that they are the sender's own.
        `sound`: with serial 1, for as long as the connection lives.
        `kinds`: what each of them was announced as, where that is known. Raises ProtocolError with invalid (sound in a section for
        pictures, or the other way round), bad_offer, stale_offer, no_common_codec or too_many_sections, Unavailable with media_unavailable;
        the connection is then as it was.
        """

    def offer(
        self, connection: ConnectionId, room: str, *, audio: bool, video: bool, sound: Sound = USUAL_SOUND
    ) -> str:
        """Gives the SDP of an offer of ours, for a client that waits to be called: one section for each kind, both ways; mid "0" is sound
        where it was asked for, and pictures come next.

        It is for a new transport and not a change of the present one, which goes on until the answer is accepted; so the client takes it
        on a new RTCPeerConnection. A second offer, or a client's offer with serial 1, takes the place of one that waits for its answer.
        Raises ProtocolError with invalid where neither kind is asked for.
        """

    def accept(
        self,
        connection: ConnectionId,
        sdp: str,
        publications: Mapping[str, PublicationKey],
        kinds: Mapping[PublicationKey, Kind] = NO_KINDS,
    ) -> None:
        """Takes the client's answer to our offer, and opens the connection (closing an older one of that id).

        The offer counts as serial 1: the client's own next offer on this connection has serial 2. `publications` and `kinds` as with
        `answer`. Raises ProtocolError with wrong_order (no offer waits), invalid, bad_answer or too_many_sections: all is then as it was,
        and the offer still waits. Raises Unavailable with media_unavailable, and gives the offer up.
        """

    def open_chunked(self, connection: ConnectionId, room: str, codecs: Iterable[ChunkCodec]) -> None:
        """Opens the connection without a transport (closing an older one of that id): what it sends comes by `chunk`, and what it
        receives in these codecs goes as `ChunkCame`. `Connected` follows. An offer with serial 1 takes its place."""

    def chunk(self, connection: ConnectionId, publication: PublicationKey, kind: Kind, chunk: Chunk) -> None:
        """A publication's next chunk; the caller has checked that it is the sender's own. Raises ProtocolError: wrong_order where the
        connection is not of that kind, and what `media.chunked` finds out (too_large, invalid, wrong_order)."""

    def refresh(self, connection: ConnectionId, publication: PublicationKey) -> None:
        """Chunks of it were left out on the way to this connection, which can go on at a key frame only."""

    def member(self, connection: ConnectionId, identity: str, sends: bool) -> None:
        """Whose connection it is, for messages on its data channels, and whether he may send any; until `close`, whatever opens meanwhile.

        They go to the other members of the room, or to those that they name, and never come here. Without this call somebody hears none.
        """

    def subscribe(self, connection: ConnectionId, publication: PublicationKey, kind: Kind) -> None:
        """Forward a publication to a connection as soon as both are there: `Bound`, perhaps `NeedSections` first."""

    def unsubscribe(self, connection: ConnectionId, publication: PublicationKey) -> None: ...

    def prefer(self, connection: ConnectionId, publication: PublicationKey, preference: Preference) -> None: ...

    def forbid(self, publication: PublicationKey, forbidden: bool) -> None:
        """Drop (or pass again) what its owner sends, whatever he does."""

    def favour(self, publication: PublicationKey, favoured: bool) -> None:
        """A sound that is heard however many speak in the room."""

    def spoke(self, publication: PublicationKey) -> None:
        """Its owner speaks. Where a viewer cannot receive all, it goes before those whose owners spoke earlier."""

    def withdraw(self, publication: PublicationKey) -> None:
        """The publication is gone: unbind it everywhere and forget it."""

    def close(self, connection: ConnectionId) -> None:
        """End a connection and forget its subscriptions. No event follows."""

    def counters(self) -> Mapping[str, int]:
        """The engine's totals, for /metrics."""

    def statistics(self) -> Iterable[ConnectionStatistics]:
        """How all connections did since the last call of this. Those that are new or rest are left out.

        Each is worked out when it is read, so that a caller with many can let others run in between. What was not read is lost.
        """

    def stop(self) -> None: ...
