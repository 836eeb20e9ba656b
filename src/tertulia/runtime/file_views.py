"""A room's files as Python code sees them."""

from dataclasses import dataclass
from pathlib import Path

from tertulia.core.files import SharedFile
from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, Unavailable
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.files import FileDesk

PAGE = 1000
"""Files that can be asked for at a time."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that was shared. `sender` is None for the server's own; `to` is None for everybody."""

    id: str
    sender: str | None
    sender_name: str
    """As it was; empty for the server."""
    name: str
    """Text that is shown, never a path."""
    size: int
    """Bytes."""
    type: str
    """Media type, by the content."""
    sha256: str
    """Of the content, in hexadecimal."""
    to: str | None
    time: float
    """Seconds since 1970."""
    number: int
    """Its place in the room, among the messages of the chat."""

    @classmethod
    def of(cls, it: SharedFile) -> "File":
        return cls(
            it.id, it.sender, it.sender_name, it.name, it.size, it.type, it.sha256, it.to, it.time, it.number
        )  # fmt: skip


class Files:
    """A room's files. What cannot be kept raises TertuliaError with `store_failed` or `storage_full`."""

    def __init__(self, actor: RoomActor) -> None:
        self._actor = actor

    async def list(self, *, before: int | None = None, limit: int = 100) -> tuple[File, ...]:
        """The last `limit` (1 to 1,000) files, or the nearest of numbers below `before`; the oldest first, private ones too."""
        if not 1 <= limit <= PAGE:
            raise ValueError(f"at most {PAGE} files can be asked for at a time")
        page = await self._desk.page(self._actor.name, None, before=before, limit=limit)
        return tuple(map(File.of, page.files))

    async def add(self, path: str | Path, *, name: str | None = None, to: str | None = None) -> File:
        """Shares a copy of a file of this machine, as the server; `name`: as it is shown, else its own.

        Raises OSError where it cannot be read, TertuliaError with too_large, type_refused or no_such_participant.
        """
        source = Path(path)
        recipient = None if to is None else ParticipantId(to)
        return File.of(await self._desk.add(self._actor.name, source, name or source.name, recipient))

    async def remove(self, file: File | str) -> None:
        """Deletes it; everybody who saw it is told. Raises TertuliaError with no_such_file."""
        await self._desk.delete(self._actor.name, file.id if isinstance(file, File) else file, None)

    @property
    def _desk(self) -> FileDesk:
        if self._actor.files is None:
            raise Unavailable(Code.STORE_FAILED, "this server keeps no files")
        return self._actor.files
