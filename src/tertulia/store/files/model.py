"""What is known of a file on its way, and what is asked of every file."""

from dataclasses import dataclass

from tertulia.core.files import SharedFile
from tertulia.core.ids import ParticipantId


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, and seconds."""

    file_bytes: int = 100 * 1024 * 1024
    room_bytes: int = 2 * 1024 * 1024 * 1024
    """Of all files of a room together, those on their way as large as they will be."""
    uploads: int = 5
    """That one person may have open in a room."""
    expiry: float = 24 * 3600.0
    """After so long without a byte an upload is forgotten."""
    types: tuple[str, ...] = ()
    """Media types that are taken, such as `image/*`; none: all but `refused`."""
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """Who uploads."""

    id: ParticipantId | None
    """None: the server."""
    name: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is on its way, or has just arrived."""

    id: str
    """Of the file."""
    key: str
    """Whoever knows it, and may upload to the room, goes on with it."""
    room: str
    name: str
    size: int
    to: ParticipantId | None
    time: float
    """When something of it came last, in seconds since 1970."""
    file: SharedFile | None
    """It is kept as this."""


@dataclass(frozen=True, slots=True)
class FilePage:
    files: tuple[SharedFile, ...]
    """The oldest first."""
    more: bool
    """There are older ones."""
