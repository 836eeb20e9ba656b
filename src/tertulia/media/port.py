"""What the rest of Tertulia may ask of media, and what it hears back.

Two adapters keep this port: `media.engine.EngineMedia` over the compiled engine and `media.fake.FakeMedia` for tests. Calls
return at once; what follows from them comes as events. Mids, SSRCs, payload types and SDP never leave `media/`, but for the
offer and the answer themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NewType, Protocol

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


MediaEvent = Connected | Disconnected | Bound | NeedSections | Wanted | Speakers
Listener = Callable[[MediaEvent], None]


NO_KINDS: Mapping[PublicationKey, Kind] = MappingProxyType({})


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
    ) -> str:
        """Takes a client's offer and gives the answer's SDP. Serial 1 opens the connection (closing an older one of that id).

        `publications`: the publication in each sending section, by mid; the caller has checked that they are the sender's own.
        `kinds`: what each of them was announced as, where that is known. Raises ProtocolError with invalid (sound in a section for
        pictures, or the other way round), bad_offer, stale_offer, no_common_codec or too_many_sections, Unavailable with media_unavailable;
        the connection is then as it was.
        """

    def offer(self, connection: ConnectionId, room: str, *, audio: bool, video: bool) -> str:
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

    def subscribe(self, connection: ConnectionId, publication: PublicationKey, kind: Kind) -> None:
        """Forward a publication to a connection as soon as both are there: `Bound`, perhaps `NeedSections` first."""

    def unsubscribe(self, connection: ConnectionId, publication: PublicationKey) -> None: ...

    def prefer(self, connection: ConnectionId, publication: PublicationKey, preference: Preference) -> None: ...

    def forbid(self, publication: PublicationKey, forbidden: bool) -> None:
        """Drop (or pass again) what its owner sends, whatever he does."""

    def withdraw(self, publication: PublicationKey) -> None:
        """The publication is gone: unbind it everywhere and forget it."""

    def close(self, connection: ConnectionId) -> None:
        """End a connection and forget its subscriptions. No event follows."""

    def counters(self) -> Mapping[str, int]:
        """The engine's totals, for /metrics."""

    def stop(self) -> None: ...
