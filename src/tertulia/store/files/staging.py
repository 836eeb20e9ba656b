"""Where uploads are until they are whole: a folder of this machine, whatever the files are kept in."""

import asyncio
import errno
import hashlib
import shutil
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any, Final, TypeVar

from tertulia.errors import Code, UserError

T = TypeVar("T")

BUFFER: Final = 1024 * 1024
"""Bytes of an upload that are in memory at most; so many are written at once."""
SPARE: Final = 64 * 1024 * 1024
"""Bytes that uploads leave free on the disk, for the database and what else lives there."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Staging:
    """Files by the id that they will have. Nothing here blocks the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def open(self) -> None:
        await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)

    def path(self, id: str) -> Path:
        return self._folder / id

    async def make(self, id: str, size: int) -> None:
        """Raises UserError (storage_full) where so much has no place."""
        await asyncio.to_thread(self._make, id, size)

    async def size(self, id: str) -> int:
        """How much of it is there. Raises FileNotFoundError."""
        return (await asyncio.to_thread(self.path(id).stat)).st_size

    async def part(self, id: str) -> "Part":
        """To be written on at its end."""
        file = await asyncio.to_thread(FileIO, self.path(id), "r+b")
        return Part(file, await asyncio.to_thread(file.seek, 0, 2))

    async def head(self, id: str, length: int) -> bytes:
        return await asyncio.to_thread(self._head, id, length)

    async def sha256(self, id: str) -> str:
        return await asyncio.to_thread(self._sha256, id)

    async def forget(self, id: str) -> None:
        await asyncio.to_thread(self.path(id).unlink, missing_ok=True)

    async def names(self) -> list[str]:
        """Of all that is there."""
        return await asyncio.to_thread(lambda: [it.name for it in self._folder.iterdir()])

    def _make(self, id: str, size: int) -> None:
        if shutil.disk_usage(self._folder).free < size + SPARE:
            raise full()
        self.path(id).touch(mode=0o600, exist_ok=False)

    def _head(self, id: str, length: int) -> bytes:
        with self.path(id).open("rb") as file:
            return file.read(length)

    def _sha256(self, id: str) -> str:
        with self.path(id).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


class Part:
    """The end of an upload's file. Close it: what was written is there then, also where the rest failed."""

    def __init__(self, file: FileIO, offset: int) -> None:
        self._file = file
        self._buffer = bytearray()
        self._written = offset
        self._running: asyncio.Future[Any] | None = None

    @property
    def offset(self) -> int:
        """With what is not written yet."""
        return self._written + len(self._buffer)

    async def write(self, data: bytes) -> None:
        """Raises UserError (storage_full) where the disk is full, OSError."""
        self._buffer += data
        if len(self._buffer) >= BUFFER:
            await self.flush()

    async def flush(self) -> None:
        data, self._buffer = bytes(self._buffer), bytearray()
        if data:
            try:
                await self._do(lambda: _write_all(self._file, data))
            except OSError as error:
                await self._do(lambda: self._file.truncate(self._written))
                if error.errno in _FULL:
                    raise full() from None
                raise
            self._written += len(data)

    async def rewind(self, offset: int) -> None:
        """What came after this is forgotten."""
        self._buffer.clear()
        await self._do(lambda: self._file.truncate(offset))
        await self._do(lambda: self._file.seek(offset))
        self._written = offset

    async def close(self) -> None:
        try:
            await self.flush()
        finally:
            await self._do(self._file.close)

    async def _do(self, work: Callable[[], T]) -> T:
        """In a thread. Whoever is cancelled leaves it running, so the next one waits for it: nobody else touches the file meanwhile."""
        while self._running is not None and not self._running.done():
            await asyncio.wait([self._running])
        self._running = asyncio.ensure_future(asyncio.to_thread(work))
        result: T = await asyncio.shield(self._running)
        return result


def full() -> UserError:
    return UserError(Code.STORAGE_FULL, "the server has no place for it")


def _write_all(file: FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = file.write(view)
        view = view[written or 0 :]
