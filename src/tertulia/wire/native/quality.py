"""How well media arrives."""

from typing import Annotated

from msgspec import Meta

from tertulia.wire.native.base import (
    ConnectionQuality,
    FromServer,
    Identity,
    Key,
    Message,
    Part,
    Pixels,
    Reason,
    RequestId,
    Score,
    Share,
)


class TrackReport(Part, frozen=True):
    """How a client receives one publication, since its last report."""

    publication: Key
    freezes: Annotated[int, Meta(ge=0, le=10_000)]
    """How often the picture stood still."""
    frozen: Share
    """For which share of the time."""
    concealed: Share
    """Which share of the sound was made up for what did not come."""
    frame_rate: Annotated[float, Meta(ge=0, le=1000)]
    """Frames a second that were decoded; 0 for sound, as the size is."""
    width: Pixels
    height: Pixels


class PersonalQuality(Part, frozen=True):
    """How good somebody's way to the server and back is. Null: it is not known."""

    participant: Identity
    quality: ConnectionQuality | None
    """Lost: his signalling is."""
    score: Score | None
    """As it was when the word changed."""


class TrackReception(Part, frozen=True):
    """What you get of a publication."""

    publication: Key
    reason: Reason | None
    """Why it is no better layer: there is none; the tile has no use for one; your network does not carry one; the publisher sends none, or
    nothing yet; you get nothing, for you do not look; you get nothing, for your network carries not even the least. Null: not known."""
    width: Pixels
    """Of the layer; 0: not known."""
    height: Pixels
    score: Score | None
    """Null: nothing is shown or heard of it."""


class Report(Message, frozen=True, tag="report"):
    """How you receive, so that the server knows more than what it sent. Every five seconds at most; never needed."""

    id: RequestId
    received: Annotated[list[TrackReport], Meta(max_length=100)]


class QualityChanged(FromServer, frozen=True, tag="quality"):
    """Whose way to the server has become better or worse by a word, your own too; every four seconds at most, and after `joined` of all of
    whom it is known. Nothing comes of those who talk directly, nor of the audience."""

    participants: list[PersonalQuality]


class ReceptionChanged(FromServer, frozen=True, tag="reception"):
    """What is different of what you receive, every four seconds at most. Nothing comes of what comes directly."""

    tracks: list[TrackReception]


ClientQuality = Report
ServerQuality = QualityChanged | ReceptionChanged
