"""What a server that stops leaves for the one that comes after it: of every room one row."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from tertulia.store.database import Database
from tertulia.store.tables import images


@dataclass(frozen=True, slots=True)
class SavedImage:
    room: str
    saved: float
    """Seconds since 1970."""
    image: bytes
    """Not read here."""


class Images:
    """Each is read once: a server that fails over one does not fail over it again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, by_room: Mapping[str, bytes], now: float) -> None:
        """In the place of all that were there, in one transaction. `now`: seconds since 1970. Raises what the driver raises."""
        rows = [{"room": room, "saved": now, "image": image} for room, image in by_room.items()]
        async with self._database.writing() as connection:
            await connection.execute(delete(images))
            if rows:
                await connection.execute(insert(images), rows)

    async def take(self) -> list[SavedImage]:
        """All of them, which are gone with that. Raises what the driver raises."""
        async with self._database.writing() as connection:
            rows = (await connection.execute(select(images).order_by(images.c.room))).all()
            if rows:
                await connection.execute(delete(images))
        return [SavedImage(row.room, row.saved, row.image) for row in rows]
