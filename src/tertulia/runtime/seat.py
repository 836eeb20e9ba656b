"""What the runtime asks of a door's session, and the events it adds to those of the core."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, cast

from tertulia.core import commands, events
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Snapshot
from tertulia.errors import TertuliaError
from tertulia.media.port import Bound, ConnectionId, NeedSections, Wanted

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Offer:
    """A client's offer for its connection to the SFU; handled like a command, so that it keeps its place among them.

    Raises no_such_publication for a publication that is not the sender's own, and what `Media.answer` raises.
    """

    participant: ParticipantId
    serial: int
    sdp: str
    publications: Mapping[str, PublicationId]
    """The publication in each sending section, by mid."""
    only: ParticipantId | None = None
    """For a connection besides the participant's own, on which only this person's tracks come; see `HangUp`."""


@dataclass(frozen=True, slots=True)
class Call:
    """Has the server offer: `Done.answer` is the offer's SDP, and the client's answer comes back as `Accept`.

    Raises what `Media.offer` raises.
    """

    participant: ParticipantId
    audio: bool
    video: bool
    only: ParticipantId | None = None
    """As with `Offer`."""


@dataclass(frozen=True, slots=True)
class Accept:
    """A client's answer to the offer of a `Call`. Raises as an `Offer` does, and what `Media.accept` raises."""

    participant: ParticipantId
    sdp: str
    publications: Mapping[str, PublicationId]
    """The publication in each section in which the client sends, by mid; `media.outline` tells which those are."""
    only: ParticipantId | None = None
    """As with `Offer`."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Ends a participant's connection on which only one person's tracks come. Where there is none nothing happens."""

    participant: ParticipantId
    only: ParticipantId


MediaRequest = Offer | Call | Accept | HangUp
"""Concerns a participant's connection to the SFU and not the room itself."""


@dataclass(frozen=True, slots=True)
class Description:
    """What one page says to another: a session description."""

    type: Literal["offer", "answer"]
    sdp: str


@dataclass(frozen=True, slots=True)
class IceCandidate:
    """What one page says to another: a candidate. An empty one ends them."""

    candidate: str
    mid: str | None
    index: int | None
    """Of the m= line."""


@dataclass(frozen=True, slots=True)
class MediaLost:
    """The participant's connection to the SFU is gone on the server's side."""

    reason: str
    only: ParticipantId | None = None
    """It was the one on which this person's tracks come."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Who speaks: owner, publication and loudness in -dBov, loudest first."""

    speakers: tuple[tuple[ParticipantId, PublicationId, int], ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """The participant is in, and this is the room."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Data:
    """The payload of a `SendData`, in the form that all doors understand."""

    json: bytes
    """JSON text, passed on unread."""
    base64: bool = False
    """It is a string that stands for bytes."""


Request = commands.Command | MediaRequest
Shown = events.Event | Entered | Bound | NeedSections | Wanted | MediaLost | Heard


class Notice:
    """An event on its way to several sessions, with a place where each door keeps what it made of it: that is made once."""

    __slots__ = ("_made", "event")

    def __init__(self, event: Shown) -> None:
        self.event = event
        self._made: dict[str, object] = {}

    def once(self, door: str, make: Callable[[], T]) -> T:
        if door not in self._made:
            self._made[door] = make()
        return cast(T, self._made[door])


@dataclass(frozen=True, slots=True)
class Done:
    """A request was carried out."""

    answer: str = ""
    """SDP: the answer after an `Offer`, the offer after a `Call`."""


Outcome = Done | TertuliaError
Reply = Callable[[Outcome], None]
"""Called once, in the room's task, after the request's events were delivered."""


class Seat(Protocol):
    """A person's session as the room sees it. All calls return at once: a peer that does not read holds up nobody."""

    @property
    def connection(self) -> ConnectionId:
        """Its connection to the SFU, unique on the server."""

    def deliver(self, notice: Notice) -> None:
        """Show it an event. `SessionEnded` and `Denied` are the last ones."""
