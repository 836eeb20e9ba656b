"""What the runtime asks of a door's session, and the events it adds to those of the core."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from tertulia.core import commands, events
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Snapshot
from tertulia.errors import Code, TertuliaError
from tertulia.media.port import (
    Bound,
    ChunkCame,
    ChunkCodec,
    ConnectionId,
    KeyFrameWanted,
    NeedSections,
    Reason,
    Wanted,
)
from tertulia.media.score import Word

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


@dataclass(frozen=True, slots=True)
class OpenChunked:
    """A participant's media comes and goes as encoded chunks from now on, in place of a connection by offers: see `Effects.chunk`, and the
    event `ChunkCame`."""

    participant: ParticipantId
    codecs: tuple[ChunkCodec, ...]
    """That his client can decode."""


@dataclass(frozen=True, slots=True)
class Reception:
    """How a client receives one publication, by its own account, since its last report."""

    publication: PublicationId
    freezes: int
    """How often the picture stood still."""
    frozen: float
    """For which share of the time, 0 to 1."""
    concealed: float
    """Which share of the sound was made up, 0 to 1."""
    frame_rate: float
    """Frames a second that were decoded; 0 for sound."""
    width: int
    """Pixels, as the height is; 0 for sound."""
    height: int


@dataclass(frozen=True, slots=True)
class Report:
    """How a client receives. What it is not subscribed to is passed over."""

    participant: ParticipantId
    received: tuple[Reception, ...]


MediaRequest = Offer | Call | Accept | HangUp | OpenChunked | Report
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
class Rated:
    """How good people's ways to the server are: a word and the score (1 to 5) of those whose word changed. None: it is not known."""

    people: tuple[tuple[ParticipantId, Word | None, float | None], ...]


@dataclass(frozen=True, slots=True)
class Shows:
    """What somebody gets of a publication."""

    publication: PublicationId
    reason: Reason | None
    """Why it is no better layer."""
    width: int
    """Of the layer, in pixels; 0: not known."""
    height: int
    score: float | None
    """1 to 5; None: nothing of it is shown or heard."""


@dataclass(frozen=True, slots=True)
class Receives:
    """What is different of what a participant receives, for himself."""

    shows: tuple[Shows, ...]


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


@dataclass(frozen=True, slots=True)
class Published:
    """A value on a topic of the server."""

    topic: str
    sender: ParticipantId | None
    """None: the server."""
    data: Data


@dataclass(frozen=True, slots=True)
class DocumentSynced:
    """For somebody who has the document open: one of y-protocols' sync messages."""

    document: str
    message: bytes


@dataclass(frozen=True, slots=True)
class AwarenessChanged:
    """For those who have the document open: what somebody shows in it, as an awareness update."""

    document: str
    owner: ParticipantId | None
    """Whose states they are; None: all that there are."""
    update: bytes


@dataclass(frozen=True, slots=True)
class DocumentClosed:
    """A participant has it open no more, though he did not close it."""

    document: str
    code: Code
    message: str


Request = commands.Command | MediaRequest
Shown = (
    events.Event
    | Entered
    | Bound
    | NeedSections
    | Wanted
    | ChunkCame
    | KeyFrameWanted
    | MediaLost
    | Heard
    | Rated
    | Receives
    | Published
    | DocumentSynced
    | AwarenessChanged
    | DocumentClosed
)


class Notice:
    """An event on its way to several sessions, with a place where each door keeps what it made of it: that is made once."""

    __slots__ = ("_made", "event")

    def __init__(self, event: Shown) -> None:
        self.event = event
        self._made: dict[str, Any] = {}

    def once(self, door: str, make: Callable[[Any], T]) -> T:
        """What `make` makes of the event, the first time."""
        if door not in self._made:
            self._made[door] = make(self.event)
        made: T = self._made[door]
        return made


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
