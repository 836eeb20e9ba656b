"""Files that people share. Their bytes go and come over HTTP, see docs/reference/files.md."""

from typing import Annotated

from msgspec import Meta

from tertulia.wire.native.base import FromServer, Identity, Key, Message, Part, RequestId


class FilePreview(Part, frozen=True):
    """The size of a file's preview, in pixels."""

    width: int
    height: int


class SharedFile(Part, frozen=True):
    """A file that is kept."""

    id: Key
    sender: Identity
    """`server` for the server's own code."""
    sender_name: str
    """As it was when the file came."""
    name: str
    """Text to be shown, never a path: without separators, controls and signs that turn the direction of what is read."""
    size: int
    """Bytes."""
    media_type: str
    """By the content, such as `image/png`; `application/octet-stream` where nothing is known."""
    sha256: str
    """Of the content, in hexadecimal."""
    preview: FilePreview | None
    """Null: it is no picture, or none that could be read."""
    to: Identity | None
    """The only other one who sees it; null: everybody."""
    time: float
    """Seconds since 1970, by the server's clock."""
    number: Annotated[int, Meta(ge=0)]
    """Its place in the room. Files and messages of the chat are in order by their numbers."""


class FileLink(Part, frozen=True):
    """Where a file is to be had, relative to where the server is mounted."""

    file: Key
    url: str
    """Always an attachment."""
    preview: str | None
    """A picture that may be shown; null: there is none."""


class FileGrant(Message, frozen=True, tag="file_grant"):
    """Asks for leave to upload files over HTTP. Takes the right `data`. Reply: `file_granted`."""

    id: RequestId


class FileList(Message, frozen=True, tag="file_list"):
    """Asks for files of the room that one may see, the newest first. Reply: `file_page`. Errors: store_failed."""

    id: RequestId
    before: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None
    """Files with lower numbers, the nearest; left out: the last."""
    limit: Annotated[int, Meta(ge=1, le=100)] = 100


class FileLinks(Message, frozen=True, tag="file_links"):
    """Asks where these files are to be had. Reply: `file_linked`. Errors: store_failed."""

    id: RequestId
    files: Annotated[list[Key], Meta(min_length=1, max_length=100)]


class FileDelete(Message, frozen=True, tag="file_delete"):
    """One's own, or for moderators anybody's. Everybody who saw it gets `file_removed`. Errors: no_such_file, store_failed."""

    id: RequestId
    file: Key


class FileGranted(FromServer, frozen=True, tag="file_granted"):
    """Leave to upload: the token goes as `Authorization: Bearer` with each request to `url`."""

    id: RequestId
    url: str
    """Of the room's files, relative to where the server is mounted."""
    token: str
    expires: float
    """Seconds since 1970. It ends with the stay in the room, too."""
    max_bytes: int
    """As large may a file be."""
    types: list[str]
    """Media types that are taken, such as `image/*`; empty: all but `refused`."""
    refused: list[str]


class FilePage(FromServer, frozen=True, tag="file_page"):
    id: RequestId
    files: list[SharedFile]
    """The oldest first."""
    more: bool
    """There are older ones."""


class FileLinked(FromServer, frozen=True, tag="file_linked"):
    """Files that are not there any more, or not for you, are left out."""

    id: RequestId
    links: list[FileLink]
    expires: float
    """When the links end, in seconds since 1970."""


class FileAdded(FromServer, frozen=True, tag="file_added"):
    """Also to the sender."""

    file: SharedFile


class FileRemoved(FromServer, frozen=True, tag="file_removed"):
    file: Key
    """Its id."""


ClientFiles = FileGrant | FileList | FileLinks | FileDelete
ServerFiles = FileGranted | FilePage | FileLinked | FileAdded | FileRemoved
