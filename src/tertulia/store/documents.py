"""What people have written together: of each document a snapshot, and the updates after it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import ColumnElement, Table, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from tertulia.errors import Code, Unavailable
from tertulia.store.database import Database
from tertulia.store.tables import document, document_update

log = structlog.get_logger(__name__)

BATCH = 200
"""Changes in one transaction."""


@dataclass(frozen=True, slots=True)
class _Change:
    room: str
    name: str
    data: bytes | None
    """None: there is no such document any more; without a name no document of this room."""
    whole: bool
    """It takes the place of all that there is."""
    result: "asyncio.Future[None]"


class DocumentLog:
    """Changes are kept in the order in which they are given, as many in one transaction as came while the last one ran."""

    def __init__(
        self, database: Database, *, outlives_rooms: bool = True, clock: Callable[[], float] = time.time
    ) -> None:
        """`outlives_rooms`: a document is there again when its room opens anew. `clock`: seconds since 1970."""
        self.outlives_rooms = outlives_rooms
        self._database = database
        self._clock = clock
        self._waiting: list[_Change] = []
        self._task: asyncio.Task[None] | None = None
        self._open: dict[tuple[str, str], int] = {}

    async def load(self, room: str, name: str) -> list[bytes]:
        """Snapshot and updates; nothing where there is no such document. It is not forgotten before it is released as often as it was
        loaded. Raises Unavailable (`store_failed`)."""
        self._open[room, name] = self._open.get((room, name), 0) + 1
        try:
            await self.flush()
            async with self._database.reading() as connection:
                parts = await _parts(connection, room, name)
        except (SQLAlchemyError, OSError) as error:
            self.release(room, name)
            raise _failed(error) from error
        except BaseException:
            self.release(room, name)
            raise
        return parts

    def release(self, room: str, name: str) -> None:
        """Nobody has it open any more."""
        left = self._open[room, name] - 1
        if left:
            self._open[room, name] = left
        else:
            del self._open[room, name]

    def append(self, room: str, name: str, data: bytes) -> "asyncio.Future[None]":
        """An update, after all that there is. Done when it is kept; fails with Unavailable (`store_failed`)."""
        return self._put(room, name, data, whole=False)

    def replace(self, room: str, name: str, snapshot: bytes) -> "asyncio.Future[None]":
        """The whole document, in place of all that there is. Done as with `append`."""
        return self._put(room, name, snapshot, whole=True)

    def forget_room(self, room: str) -> None:
        """Deletes all documents of a room, after what was given before."""
        self._put(room, "", None, whole=True)

    async def forget_before(self, moment: float) -> int:
        """Deletes what was last changed before (seconds since 1970) and is not open; how many documents that were."""
        async with self._database.writing() as connection:
            rows = await connection.execute(select(document.c.room, document.c.name).where(document.c.changed < moment))
            old = [(row.room, row.name) for row in rows if (row.room, row.name) not in self._open]
            for room, name in old:
                await _forget(connection, room, name)
        return len(old)

    async def flush(self) -> None:
        """Until everything is kept that was given so far."""
        while self._task is not None:
            await asyncio.wait([self._task])

    def _put(self, room: str, name: str, data: bytes | None, *, whole: bool) -> "asyncio.Future[None]":
        result: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Whoever does not wait for it never looks at the error; it is logged.
        result.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._waiting.append(_Change(room, name, data, whole, result))
        if self._task is None:
            self._task = asyncio.create_task(self._write())
        return result

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                try:
                    async with self._database.writing() as connection:
                        for change in batch:
                            await self._apply(connection, change)
                except Exception as error:
                    # A driver raises what it likes. Whoever waits is told, and the next batch is tried.
                    failed = _failed(error)
                    for change in batch:
                        if not change.result.done():
                            change.result.set_exception(failed)
                    continue
                for change in batch:
                    if not change.result.done():
                        change.result.set_result(None)
        finally:
            self._task = None

    async def _apply(self, connection: AsyncConnection, change: _Change) -> None:
        room, name, data = change.room, change.name, change.data
        if data is None:
            await _forget(connection, room, name or None)
            return
        values: dict[str, object] = {"changed": self._clock()}
        if change.whole:
            values["snapshot"] = data
        changed = update(document).where(document.c.room == room, document.c.name == name).values(**values)
        if not (await connection.execute(changed)).rowcount:
            await connection.execute(insert(document).values(**{"room": room, "name": name, "snapshot": b"", **values}))
        if change.whole:
            await connection.execute(delete(document_update).where(*_of(document_update, room, name)))
        else:
            await connection.execute(insert(document_update).values(room=room, name=name, data=data))


async def _parts(connection: AsyncConnection, room: str, name: str) -> list[bytes]:
    snapshot = await connection.scalar(select(document.c.snapshot).where(*_of(document, room, name)))
    it = document_update.c
    rows = await connection.execute(select(it.data).where(*_of(document_update, room, name)).order_by(it.number))
    return [part for part in (snapshot, *(row.data for row in rows)) if part]


async def _forget(connection: AsyncConnection, room: str, name: str | None) -> None:
    for table in (document_update, document):
        await connection.execute(delete(table).where(*_of(table, room, name)))


def _of(table: Table, room: str, name: str | None) -> list[ColumnElement[bool]]:
    here = [table.c.room == room]
    return here if name is None else [*here, table.c.name == name]


def _failed(error: BaseException) -> Unavailable:
    log.error("the database failed", error=str(error)[:500], kind=type(error).__name__)
    return Unavailable(Code.STORE_FAILED, "this could not be kept; try again in a moment")
