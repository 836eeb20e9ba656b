"""Rooms, and the people in them who came by this door, over a restart of the server."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tertulia.core.ids import ParticipantId
from tertulia.doors.native.connection import RESTARTING
from tertulia.doors.native.door import NativeDoor
from tertulia.doors.native.session import NativeSession
from tertulia.errors import Code
from tertulia.runtime.hub import Hub
from tertulia.runtime.image import Frozen, pack, unpack
from tertulia.store import Images, SavedImage

log = structlog.get_logger(__name__)

ROOM_BYTES: Final = 16 << 20
"""Largest image of one room."""
ALL_BYTES: Final = 128 << 20
"""Of all rooms together: what a server writes, and the next one reads, within a second or two."""
REST_WITHIN: Final = 5.0
"""Seconds that rooms have at least to carry out and keep what was asked already. A disk that others use, too, may need one or two."""
SAVED_WITHIN: Final = 5.0
"""Seconds that the database has."""


class Restart:
    """Between two processes that have the same database. A room that cannot be kept ends, as all do where there is none."""

    def __init__(
        self, hub: Hub, door: NativeDoor, images: Images, *, grace: float, clock: Callable[[], float] = time.time
    ) -> None:
        """`grace`: how old an image may be; `clock`: seconds since 1970."""
        self._hub = hub
        self._door = door
        self._images = images
        self._grace = grace
        self._clock = clock

    def prepare(self) -> None:
        """From now on nothing more is read; to be said before anybody is told that the server stops."""
        self._door.hushed = True

    async def keep(self, within: float) -> None:
        """Takes every room that can be kept out of the hub, and closes the sockets of its people. What is asked already has `within`
        seconds to be carried out, and a little longer where it is being kept."""
        await self._door.hush(within / 2)
        frozen = await self._hub.freeze(max(within / 2, REST_WITHIN))
        kept = _pack(frozen)
        if kept and not await self._save(kept):
            kept = {}
        for name, room in frozen.items():
            for session in room.seats.values():
                assert isinstance(session, NativeSession)
                if name in kept:
                    session.lose(*RESTARTING)
                else:
                    session.thaw()
                    session.say_goodbye(Code.SERVER_STOPPING, "the server is stopping")
        if kept:
            log.info("rooms kept for the next start", rooms=len(kept), bytes=sum(map(len, kept.values())))

    async def _save(self, images: dict[str, bytes]) -> bool:
        try:
            async with asyncio.timeout(SAVED_WITHIN):
                await self._images.save(images, self._clock())
        except (SQLAlchemyError, OSError) as error:  # TimeoutError is one, too
            log.error("no room can be kept over the restart", error=str(error)[:500], kind=type(error).__name__)
            return False
        return True

    async def take_back(self) -> None:
        """Opens the rooms that the process before has left. Whatever is wrong with one of them costs that one."""
        try:
            saved = await self._images.take()
        except (SQLAlchemyError, OSError) as error:
            log.error("the rooms of the process before cannot be read", error=str(error)[:500])
            return
        opened = sum(self._open(image) for image in saved)
        if saved:
            log.info("rooms go on", rooms=opened, thrown_away=len(saved) - opened)

    def _open(self, saved: SavedImage) -> bool:
        away = max(0.0, self._clock() - saved.saved)
        if away > self._grace:
            return False
        sessions: dict[ParticipantId, NativeSession] = {}
        try:
            room, images = unpack(saved.image)
            for who, image in images.items():
                sessions[who] = self._door.restore(who, image)
            actor = self._hub.restore(saved.room, room, sessions, away)
        except Exception:
            log.exception("a room of the process before cannot go on", room=saved.room)
            for session in sessions.values():
                self._door.forget(session)
            return False
        for session in sessions.values():
            session.actor = actor
            self._door.sessions[session.id] = session
        return True


def _pack(frozen: dict[str, Frozen]) -> dict[str, bytes]:
    """Those of which there is not too much."""
    packed: dict[str, bytes] = {}
    left = ALL_BYTES
    for name, room in frozen.items():
        image = pack(room.room, room.sessions)
        if len(image) > min(ROOM_BYTES, left):
            log.warning("a room is too large to be kept over the restart", room=name, bytes=len(image))
            continue
        left -= len(image)
        packed[name] = image
    return packed
