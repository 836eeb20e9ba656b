"""Tracks that somebody sends, and who gets them."""

from typing import Annotated

from msgspec import Meta

from tertulia.wire.native.base import FromServer, Identity, Key, Kind, Layer, Message, Part, Pixels, RequestId, Source


class Publication(Part, frozen=True):
    """A track that somebody sends."""

    id: Key
    source: Source
    kind: Kind
    muted: bool
    width: Pixels
    height: Pixels


class Speaker(Part, frozen=True):
    participant: Identity
    publication: Key
    level: Annotated[int, Meta(ge=0, le=127)]
    """Loudness in -dBov (RFC 6464): 0 is loudest."""


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


class Published(FromServer, frozen=True, tag="published"):
    id: int
    publication: Publication


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


class Encodings(FromServer, frozen=True, tag="encodings"):
    """Which encodings of your own publication anybody watches now: the others need not be sent to the server. Before the first of these
    all are wanted."""

    publication: Key
    active: list[str]
    """RIDs."""


class Speakers(FromServer, frozen=True, tag="speakers"):
    """Who speaks now, loudest first; an empty list is silence."""

    speakers: list[Speaker]


ClientPublications = Publish | Unpublish | Mute | Subscribe | Unsubscribe | Prefer
ServerPublications = Published | PublicationAdded | PublicationRemoved | PublicationUpdated | Encodings | Speakers
