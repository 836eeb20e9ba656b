"""Where the bytes of files are: a folder, or a bucket (`bucket.py`). The names in it are ours, never those of files."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final, Protocol

CHUNK: Final = 256 * 1024
"""Bytes that are read at a time."""


class Blobs(Protocol):
    """Raises OSError where it does not work, FileNotFoundError for a key that is not there. A key is of `A-Za-z0-9_-` and `.`."""

    async def open(self) -> None:
        """Finds out whether it works at all."""

    async def put(self, key: str, source: Path) -> None:
        """Keeps what is in a file under this key, whole or not at all; `source` is gone then. Again is no harm."""

    def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes]:
        """The bytes from `start` up to before `end`, or to where it ends."""

    async def delete(self, key: str) -> None:
        """No error where it is gone already."""


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def open(self) -> None:
        await asyncio.to_thread(self._path.mkdir, mode=0o700, parents=True, exist_ok=True)

    async def put(self, key: str, source: Path) -> None:
        await asyncio.to_thread(self._put, key, source)

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes]:
        file = await asyncio.to_thread(self._where(key).open, "rb", buffering=0)
        try:
            await asyncio.to_thread(file.seek, start)
            left = end - start
            while left > 0:
                chunk = await asyncio.to_thread(file.read, min(CHUNK, left))
                if not chunk:
                    return
                left -= len(chunk)
                yield chunk
        finally:
            file.close()

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._where(key).unlink, missing_ok=True)

    def _put(self, key: str, source: Path) -> None:
        where = self._where(key)
        where.parent.mkdir(mode=0o700, exist_ok=True)
        if not source.exists() and where.exists():
            return
        with source.open("rb") as file:
            # What was said to be kept is there also after a power cut.
            os.fsync(file.fileno())
        source.replace(where)

    def _where(self, key: str) -> Path:
        # Folders with many thousands of entries are slow on some file systems.
        return self._path / key[:2] / key
