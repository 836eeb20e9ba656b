"""The rows of files. Where their bytes are it does not know."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from tertulia.core.files import Picture, SharedFile
from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, Unavailable, UserError
from tertulia.store.database import Database
from tertulia.store.files.model import FilePage, Limits, Sender, Upload
from tertulia.store.tables import files

UPLOADING, KEPT, GONE = "uploading", "kept", "gone"
ACTIVE = 300.0
"""Seconds since something of an upload came last, in which it counts for its owner."""


class FileIndex:
    """Raises what the database raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, upload: Upload, owner: str, limits: Limits) -> None:
        """Raises UserError (storage_full) for a room that is full, Unavailable (too_many_uploads)."""
        async with self._database.writing() as connection:
            there = files.c.room == upload.room
            taken = await connection.scalar(select(func.sum(files.c.size)).where(there, files.c.state != GONE)) or 0
            if taken + upload.size > limits.room_bytes:
                raise UserError(Code.STORAGE_FULL, "this room has no place for so large a file")
            # One that was left alone, by a page that is gone, is in nobody's way.
            active = and_(files.c.state == UPLOADING, files.c.time > upload.time - ACTIVE)
            own = select(func.count()).where(there, active, files.c.owner == owner)
            if (await connection.scalar(own) or 0) >= limits.uploads:
                raise Unavailable(Code.TOO_MANY_UPLOADS, f"{limits.uploads} uploads are open already")
            await connection.execute(insert(files), [_row(upload, owner)])

    async def upload(self, room: str, key: str) -> Upload | None:
        async with self._database.reading() as connection:
            wanted = select(files).where(files.c.upload == key, files.c.room == room, files.c.state != GONE)
            row = (await connection.execute(wanted)).one_or_none()
        return None if row is None else _upload(row)

    async def touch(self, id: str, now: float) -> None:
        """Something of it came."""
        async with self._database.writing() as connection:
            await connection.execute(update(files).where(files.c.id == id, files.c.state == UPLOADING).values(time=now))

    async def described(self, id: str) -> tuple[str, str, Picture | None] | None:
        """Type, sha256 and preview, where these have been found out."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(files).where(files.c.id == id))).one_or_none()
        return None if row is None or not row.sha256 else (row.type, row.sha256, _picture(row))

    async def describe(self, id: str, type: str, sha256: str, preview: Picture | None) -> None:
        values: dict[str, object] = {"type": type, "sha256": sha256}
        if preview is not None:
            values |= {"preview_width": preview.width, "preview_height": preview.height}
        async with self._database.writing() as connection:
            await connection.execute(update(files).where(files.c.id == id).values(**values))

    async def keep(self, id: str, sender: Sender, now: float) -> SharedFile | None:
        """Its bytes are where they belong; it gets its place in the room. None: it was deleted meanwhile."""
        async with self._database.writing() as connection:
            row = (await connection.execute(select(files).where(files.c.id == id))).one_or_none()
            if row is None or row.state == GONE:
                return None
            if row.state == KEPT:
                return _file(row)
            last = await connection.scalar(select(func.max(files.c.number)).where(files.c.room == row.room)) or 0
            values = {
                "state": KEPT,
                "sender": sender.id,
                "sender_name": sender.name,
                "time": now,
                "number": max(last + 1, int(now * 1000)),
            }
            await connection.execute(update(files).where(files.c.id == id).values(**values))
            return _file((await connection.execute(select(files).where(files.c.id == id))).one())

    async def get(self, room: str, ids: Sequence[str], reader: ParticipantId | None) -> tuple[SharedFile, ...]:
        """Those that are there and that `reader` (None: the server) may see."""
        wanted = select(files).where(
            files.c.room == room, files.c.id.in_(ids), files.c.state == KEPT, *_seen_by(reader)
        )
        async with self._database.reading() as connection:
            return tuple(map(_file, (await connection.execute(wanted)).all()))

    async def page(self, room: str, reader: ParticipantId | None, before: int | None, limit: int) -> FilePage:
        wanted = select(files).where(files.c.room == room, files.c.state == KEPT, *_seen_by(reader))
        if before is not None:
            wanted = wanted.where(files.c.number < before)
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted.order_by(files.c.number.desc()).limit(limit + 1))).all()
        return FilePage(tuple(map(_file, reversed(rows[:limit]))), len(rows) > limit)

    async def condemn(self, *which: ColumnElement[bool]) -> None:
        """Nobody sees these any more; their bytes are to be deleted, and then the rows (`condemned`, `drop`)."""
        async with self._database.writing() as connection:
            await connection.execute(update(files).where(*which).values(state=GONE, upload=None))

    async def condemned(self, limit: int) -> list[tuple[str, bool]]:
        """Ids, and whether there is a preview."""
        async with self._database.reading() as connection:
            wanted = select(files.c.id, files.c.preview_width).where(files.c.state == GONE).limit(limit)
            return [(row.id, row.preview_width > 0) for row in await connection.execute(wanted)]

    async def drop(self, ids: Iterable[str]) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(files).where(files.c.id.in_(list(ids)), files.c.state == GONE))

    async def known(self, ids: Sequence[str]) -> set[str]:
        """Those of which there is a row."""
        async with self._database.reading() as connection:
            return set((await connection.scalars(select(files.c.id).where(files.c.id.in_(ids)))).all())


def named(id: str) -> ColumnElement[bool]:
    return files.c.id == id


def stale(before: float) -> ColumnElement[bool]:
    """Uploads of which nothing came since (seconds since 1970)."""
    return and_(files.c.state == UPLOADING, files.c.time < before)


def older(before: float) -> ColumnElement[bool]:
    return files.c.time < before


def of_room(room: str, until: float) -> ColumnElement[bool]:
    """What came until then."""
    return and_(files.c.room == room, files.c.time <= until)


def _seen_by(reader: ParticipantId | None) -> Iterable[ColumnElement[bool]]:
    if reader is not None:
        yield or_(files.c.recipient.is_(None), files.c.recipient == reader, files.c.sender == reader)


def _row(it: Upload, owner: str) -> dict[str, object]:
    return {
        "id": it.id,
        "upload": it.key,
        "room": it.room,
        "owner": owner,
        "sender": None,
        "sender_name": "",
        "recipient": it.to,
        "name": it.name,
        "size": it.size,
        "type": "",
        "sha256": "",
        "preview_width": 0,
        "preview_height": 0,
        "state": UPLOADING,
        "time": it.time,
        "number": 0,
    }


def _upload(row: Any) -> Upload:
    file = _file(row) if row.state == KEPT else None
    return Upload(row.id, row.upload, row.room, row.name, row.size, row.recipient, row.time, file)


def _file(row: Any) -> SharedFile:
    return SharedFile(
        id=row.id,
        sender=row.sender,
        sender_name=row.sender_name,
        name=row.name,
        size=row.size,
        type=row.type,
        sha256=row.sha256,
        preview=_picture(row),
        time=row.time,
        number=row.number,
        to=row.recipient,
    )


def _picture(row: Any) -> Picture | None:
    return Picture(row.preview_width, row.preview_height) if row.preview_width else None
