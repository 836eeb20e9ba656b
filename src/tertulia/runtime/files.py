"""The files of rooms: who may share and delete them, and how a room hears of it."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tertulia.core import commands
from tertulia.core.files import SharedFile
from tertulia.core.ids import ParticipantId
from tertulia.core.model import Participant, Right
from tertulia.core.permissions import require
from tertulia.errors import Code, NotAllowed, ProtocolError, UserError
from tertulia.store.files import FilePage, FileStore, Part, Sender, Upload

if TYPE_CHECKING:
    from tertulia.runtime.actor import RoomActor

COPIED_AT_ONCE: Final = 1024 * 1024
"""Bytes."""


class FileDesk:
    """Between rooms and the place of their files. What it raises is named at `FileStore`, besides what is said here."""

    def __init__(self, find_room: "Callable[[str], RoomActor | None]", store: FileStore) -> None:
        self._find_room = find_room
        self.store = store

    def uploader(self, room: str, who: ParticipantId) -> Sender:
        """Somebody who is in the room, with the right to share files. Raises NotAllowed."""
        person = self._person(room, who)
        if person is None:
            raise NotAllowed("only who is in the room shares files there")
        require(person, Right.DATA)
        return Sender(person.id, person.name)

    def is_closed(self, room: str) -> bool:
        """Nobody comes in now without being let in."""
        actor = self._find_room(room)
        return actor is not None and (actor.room.state.locked or actor.room.state.waiting_room)

    async def begin(self, room: str, owner: str, name: str, size: int, to: ParticipantId | None) -> Upload:
        """Raises also room_ended where nobody is in the room, and nothing outlives it; no_such_participant for the one it is for."""
        self._check_open(room)
        if to is not None and self._person(room, to) is None:
            raise ProtocolError(Code.NO_SUCH_PARTICIPANT, "nobody with this identity is in the room")
        return await self.store.begin(room, owner, name, size, to)

    async def share(self, upload: Upload, sender: Sender) -> SharedFile:
        """All of an upload has come: it becomes a file, and the room is told. In the upload's turn. Once, however often it is asked for."""
        self._check_open(upload.room)
        file, is_new = await self.store.finish(upload, sender)
        actor = self._find_room(upload.room)
        if is_new and actor is not None:
            actor.post(commands.ShareFile(file))
        return file

    async def find(self, room: str, id: str, reader: ParticipantId | None = None) -> SharedFile:
        """Raises no_such_file, also for one that `reader` may not see."""
        found = await self.store.get(room, [id], reader)
        if not found:
            raise UserError(Code.NO_SUCH_FILE, "there is no such file, or no more")
        return found[0]

    async def get(self, room: str, ids: Sequence[str], reader: ParticipantId | None) -> tuple[SharedFile, ...]:
        return await self.store.get(room, ids, reader)

    async def page(
        self, room: str, reader: ParticipantId | None, *, before: int | None = None, limit: int = 100
    ) -> FilePage:
        return await self.store.page(room, reader, before=before, limit=limit)

    async def delete(self, room: str, id: str, by: ParticipantId | None) -> None:
        """`by`: None is the server. Raises not_allowed for what is somebody else's, but not to a moderator."""
        file = await self.find(room, id, by)
        if by is not None and file.sender != by:
            person = self._person(room, by)
            if person is None or not person.may(Right.MODERATE):
                raise NotAllowed("only its sender and moderators delete a file")
        await self.store.delete(file)
        actor = self._find_room(room)
        if actor is not None:
            actor.post(commands.WithdrawFile(file))

    async def add(self, room: str, source: Path, name: str, to: ParticipantId | None = None) -> SharedFile:
        """Shares a file of this machine as the server; a copy of it is kept. Raises OSError where it cannot be read."""
        size = (await asyncio.to_thread(source.stat)).st_size
        upload = await self.begin(room, "", name, size, to)
        try:
            async with self.store.turn(upload):
                part = await self.store.part(upload)
                try:
                    await _copy(source, part, size)
                finally:
                    await part.close()
                return await self.share(upload, Sender(None, ""))
        except BaseException:
            await self.store.abandon(upload)
            raise

    def _check_open(self, room: str) -> None:
        if not self.store.outlives_rooms and self._find_room(room) is None:
            raise UserError(Code.ROOM_ENDED, "nobody is in this room, and nothing is kept of it")

    def _person(self, room: str, who: ParticipantId) -> Participant | None:
        actor = self._find_room(room)
        return None if actor is None else next((it for it in actor.room.participants if it.id == who), None)


async def _copy(source: Path, part: Part, size: int) -> None:
    file = await asyncio.to_thread(source.open, "rb", buffering=0)
    try:
        while chunk := await asyncio.to_thread(file.read, COPIED_AT_ONCE):
            await part.write(chunk)
    finally:
        file.close()
    if part.offset != size:
        raise OSError(f"{source} changed while it was read")
