"""Files of all rooms: on their way, kept, and forgotten."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, TypeVar

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.exc import SQLAlchemyError

from tertulia.core.files import SharedFile
from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, TertuliaError, Unavailable, UserError
from tertulia.store.database import Database
from tertulia.store.files import index, kinds, names
from tertulia.store.files.blobs import Blobs
from tertulia.store.files.index import FileIndex
from tertulia.store.files.model import FilePage, Limits, Sender, Upload
from tertulia.store.files.previews import TYPES, Previews
from tertulia.store.files.staging import Part, Staging
from tertulia.store.files.turns import Turn, Turns

T = TypeVar("T")

log = structlog.get_logger(__name__)

EVERY: Final = 600.0
"""Seconds between two looks at what is too old."""
DELETED_AT_ONCE: Final = 500
ORPHANED_AFTER: Final = 3600.0


class FileStore:
    """An upload is begun, written to, and finished; then it is a file.

    What fails raises a TertuliaError: `store_failed` where the database or the place of the bytes does, `storage_full` where there is no
    place, `no_such_file` for what is not there.
    """

    def __init__(
        self, database: Database, blobs: Blobs, staging: Path, limits: Limits, *, outlives_rooms: bool = True
    ) -> None:
        """`staging`: a folder of its own, for uploads. `outlives_rooms`: files are there again when their room opens anew."""
        self.limits = limits
        self.outlives_rooms = outlives_rooms
        self._index = FileIndex(database)
        self._blobs = blobs
        self._staging = Staging(staging)
        self._previews = Previews()
        self._turns = Turns()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Raises OSError where files cannot be kept."""
        await self._staging.open()
        await self._blobs.open()

    async def flush(self) -> None:
        """Until what was to be forgotten is."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    # --- on their way ---

    async def begin(self, room: str, owner: str, name: str, size: int, to: ParticipantId | None = None) -> Upload:
        """`owner`: on whose account it goes. Raises also too_large, too_many_uploads."""
        if size > self.limits.file_bytes:
            raise UserError(Code.TOO_LARGE, f"a file has at most {self.limits.file_bytes} bytes")
        id, key = secrets.token_urlsafe(12), secrets.token_urlsafe(24)
        upload = Upload(id, key, room, names.clean(name), size, to, time.time(), None)
        await _kept(self._index.begin(upload, owner, self.limits))
        try:
            await _kept(self._staging.make(id, size))
        except BaseException:
            await self._forget(index.named(id))
            raise
        return upload

    async def find(self, room: str, key: str) -> Upload:
        """Raises no_such_file."""
        upload = await _kept(self._index.upload(room, key))
        if upload is None:
            raise gone()
        return upload

    def turn(self, upload: Upload) -> AbstractAsyncContextManager[Turn]:
        """Whatever is done with an upload is done in a turn: one at a time, see `Turns`."""
        return self._turns.turn(upload.key)

    async def offset(self, upload: Upload) -> int:
        """How much of it has come."""
        if upload.file is not None:
            return upload.size
        try:
            return await self._staging.size(upload.id)
        except FileNotFoundError:
            if await _kept(self._index.described(upload.id)) is not None:
                return upload.size  # it lies where it belongs, and only the end of its keeping is missing
            raise gone() from None

    async def part(self, upload: Upload) -> Part:
        """To write to. To be closed."""
        try:
            return await self._staging.part(upload.id)
        except FileNotFoundError:
            raise gone() from None

    async def came(self, upload: Upload) -> None:
        """Something of it has come, so it does not end yet."""
        await _kept(self._index.touch(upload.id, time.time()))

    @property
    def is_choosy(self) -> bool:
        """Not every type is taken."""
        return bool(self.limits.types or self.limits.refused)

    async def check_type(self, upload: Upload) -> str:
        """By what has come so far. Raises UserError (type_refused), and forgets the upload then."""
        try:
            kind = kinds.kind_of(await _kept(self._staging.head(upload.id, kinds.HEAD)))
        except FileNotFoundError:
            raise gone() from None
        accepted = not self.limits.types or kinds.matches(kind, self.limits.types)
        if accepted and not kinds.matches(kind, self.limits.refused):
            return kind
        await self.abandon(upload)
        raise UserError(Code.TYPE_REFUSED, f"files of the type {kind} are not taken here")

    async def finish(self, upload: Upload, sender: Sender) -> tuple[SharedFile, bool]:
        """All of it has come. With it comes whether it was not kept before. Where it fails it can be tried again."""
        if upload.file is not None:
            return upload.file, False
        described = await _kept(self._index.described(upload.id))
        if described is None:
            await self._describe(upload)
            described = await _kept(self._index.described(upload.id))
        if described is None:
            raise gone()
        try:
            for key in (preview_key(upload.id), upload.id) if described[2] is not None else (upload.id,):
                await _kept(self._blobs.put(key, self._staging.path(key)))
        except FileNotFoundError:
            raise gone() from None
        file = await _kept(self._index.keep(upload.id, sender, time.time()))
        if file is None:
            await self._delete([(upload.id, described[2] is not None)])
            raise gone()
        return file, True

    async def _describe(self, upload: Upload) -> None:
        kind = await self.check_type(upload)
        sha256 = await _kept(self._staging.sha256(upload.id))
        preview = None
        if kind in TYPES:
            path = self._staging.path
            preview = await self._previews.make(path(upload.id), path(preview_key(upload.id)))
        await _kept(self._index.describe(upload.id, kind, sha256, preview))

    async def abandon(self, upload: Upload) -> None:
        """It is given up. One that is kept already stays."""
        if upload.file is None:
            await _kept(self._forget(index.named(upload.id)))

    # --- kept ---

    async def page(
        self, room: str, reader: ParticipantId | None, *, before: int | None = None, limit: int = 100
    ) -> FilePage:
        """Files that `reader` (None: the server) may see: the last, or the nearest of numbers below `before`."""
        return await _kept(self._index.page(room, reader, before, limit))

    async def get(self, room: str, ids: Sequence[str], reader: ParticipantId | None) -> tuple[SharedFile, ...]:
        """Those of these that are there, and that `reader` may see."""
        return await _kept(self._index.get(room, ids, reader))

    async def read(self, file: SharedFile, start: int, end: int, *, preview: bool = False) -> AsyncGenerator[bytes]:
        """The bytes from `start` up to before `end`; of a preview, all. The first of them have been read when this returns."""
        key = preview_key(file.id) if preview else file.id
        chunks = self._blobs.read(key, start, end)
        try:
            first = await anext(chunks, b"")
        except FileNotFoundError:
            raise gone() from None
        except OSError as error:
            raise _failed(error) from error

        async def all_of_it() -> AsyncGenerator[bytes]:
            async with contextlib.aclosing(chunks):
                yield first
                async for chunk in chunks:
                    yield chunk

        return all_of_it()

    async def preview(self, file: SharedFile) -> bytes:
        """Raises no_such_file where there is none. It is bounded by how it was made."""
        return b"".join([chunk async for chunk in await self.read(file, 0, PREVIEW_BYTES, preview=True)])

    async def delete(self, file: SharedFile) -> None:
        await _kept(self._forget(index.named(file.id)))

    # --- forgotten ---

    async def run(self, retention: float) -> None:
        """Forgets what is older than `retention` seconds, and uploads that nobody goes on with, until it is cancelled. 0: files go with
        their rooms, and what a killed server has left goes now."""
        await self.look(time.time(), 0.0 if retention == 0 else retention)
        while True:
            await asyncio.sleep(min(EVERY, self.limits.expiry))
            await self.look(time.time(), retention or None)

    async def look(self, now: float, retention: float | None) -> None:
        """Forgets what is too old at this time, in seconds since 1970. `retention` None: no file is. What fails is logged, and tried
        again."""
        try:
            await self._index.condemn(index.stale(now - self.limits.expiry))
            if retention is not None:
                await self._index.condemn(index.older(now - retention))
            await self._sweep()
            await self._forget_orphans(now)
        except (SQLAlchemyError, OSError) as error:
            log.error("old files could not be deleted", error=str(error)[:500])

    def forget_room(self, room: str) -> None:
        """Deletes the room's files, when its turn comes. What fails is logged, and tried again with what is too old."""

        async def forget(until: float) -> None:
            try:
                await self._forget(index.of_room(room, until))
            except (SQLAlchemyError, OSError) as error:
                _failed(error)

        task = asyncio.create_task(forget(time.time()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forget(self, *which: ColumnElement[bool]) -> None:
        await self._index.condemn(*which)
        await self._sweep()

    async def _sweep(self) -> None:
        while condemned := await self._index.condemned(DELETED_AT_ONCE):
            await self._delete(condemned)
            if len(condemned) < DELETED_AT_ONCE:
                return

    async def _delete(self, condemned: Sequence[tuple[str, bool]]) -> None:
        """The bytes first: as long as there is a row they are not forgotten."""
        for id, has_preview in condemned:
            await self._staging.forget(id)
            await self._blobs.delete(id)
            if has_preview:
                await self._staging.forget(preview_key(id))
                await self._blobs.delete(preview_key(id))
        await self._index.drop([id for id, _ in condemned])

    async def _forget_orphans(self, now: float) -> None:
        """What a database that was lost, or one in memory, has left of uploads."""
        names = await self._staging.names()
        known = await self._index.known([name.removesuffix(PREVIEW) for name in names]) if names else set()
        for name in names:
            path = self._staging.path(name)
            if name.removesuffix(PREVIEW) not in known and await _age(path, now) > ORPHANED_AFTER:
                await self._staging.forget(name)


PREVIEW: Final = ".preview"
PREVIEW_BYTES: Final = 2 * 1024 * 1024


def preview_key(id: str) -> str:
    return id + PREVIEW


def gone() -> UserError:
    return UserError(Code.NO_SUCH_FILE, "there is no such file, or no more")


async def _age(path: Path, now: float) -> float:
    try:
        return now - (await asyncio.to_thread(path.stat)).st_mtime
    except FileNotFoundError:
        return 0.0


async def _kept(work: Awaitable[T]) -> T:
    """What the database or the place of the bytes raises becomes store_failed; what has a code keeps it."""
    try:
        return await work
    except FileNotFoundError:
        raise
    except TertuliaError:
        raise
    except (SQLAlchemyError, OSError) as error:
        raise _failed(error) from error


def _failed(error: BaseException) -> Unavailable:
    log.error("files could not be kept", error=str(error)[:500], kind=type(error).__name__)
    return Unavailable(Code.STORE_FAILED, "this could not be kept; try again in a moment")
