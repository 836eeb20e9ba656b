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


class Problem(_Answer, frozen=True):
    code: str
    """Never changes its meaning."""
    message: str
    """A sentence for whoever reads it."""


class Failure(_Answer, frozen=True):
    """Every answer with a status of 400 or more."""

    error: Problem
