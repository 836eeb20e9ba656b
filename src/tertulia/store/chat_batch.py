"""What is to be kept of several rooms' chat, put together and written in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tertulia.core.chat_changes import ChatChange, changed, no_such_message
from tertulia.core.model import ChatMessage
from tertulia.errors import TertuliaError
from tertulia.store.chat_rows import changeable, message_of, row_of
from tertulia.store.tables import chat, chat_cleared, chat_read


@dataclass(frozen=True, slots=True)
class Kept:
    """It is committed."""

    message: ChatMessage
    """As it is now."""
    is_new: bool
    """False: nothing has become different. A message with this key was kept before, and this is that one; or a change changes nothing."""


@dataclass(frozen=True, slots=True)
class Clear:
    """All that was said in a room up to this number is to be deleted."""

    number: int


Entry = tuple[str, ChatMessage | ChatChange | Clear]
"""For a room."""
Outcome = Kept | TertuliaError | None
"""None: of a `Clear`."""
Marks = Mapping[tuple[str, str], int]
"""How far somebody has read, by room and identity."""


class Batch:
    """Each entry is judged by what those before it have left; what comes of all of them is written once."""

    def __init__(self) -> None:
        self._messages: dict[str, tuple[str, ChatMessage]] = {}
        """With their rooms, by id."""
        self._keys: dict[tuple[str, str], str] = {}
        self._new: dict[str, None] = {}
        self._changed: dict[str, None] = {}
        self._cleared: dict[str, int] = {}

    async def write(self, connection: AsyncConnection, entries: Iterable[Entry], marks: Marks) -> list[Outcome]:
        """What came of each entry, in their order."""
        entries = list(entries)
        await self._load(connection, entries)
        outcomes = [self._take(room, what) for room, what in entries]
        await self._store(connection)
        await _store_marks(connection, marks)
        return outcomes

    async def _load(self, connection: AsyncConnection, entries: list[Entry]) -> None:
        ids = {what.message for _, what in entries if isinstance(what, ChatChange)}
        keyed = [
            and_(chat.c.room == room, chat.c.key == what.key)
            for room, what in entries
            if isinstance(what, ChatMessage) and what.key
        ]
        for wanted in ([chat.c.id.in_(ids)] if ids else [], keyed):
            if wanted:
                for row in await connection.execute(select(chat).where(or_(*wanted))):
                    self._know(row.room, message_of(row))

    def _know(self, room: str, message: ChatMessage) -> None:
        self._messages[message.id] = (room, message)
        if message.key:
            self._keys[room, message.key] = message.id

    def _take(self, room: str, what: ChatMessage | ChatChange | Clear) -> Outcome:
        match what:
            case ChatMessage():
                return self._say(room, what)
            case ChatChange():
                return self._change(room, what)
            case Clear(number):
                self._clear(room, number)
                return None

    def _say(self, room: str, message: ChatMessage) -> Kept:
        known = self._keys.get((room, message.key)) if message.key else None
        if known is not None:
            return Kept(self._messages[known][1], is_new=False)
        self._know(room, message)
        self._new[message.id] = None
        return Kept(message, is_new=True)

    def _change(self, room: str, change: ChatChange) -> Kept | TertuliaError:
        where, before = self._messages.get(change.message, (None, None))
        if before is None or where != room:
            return no_such_message()
        try:
            after = changed(before, change)
        except TertuliaError as error:
            return error
        if after is before:
            return Kept(before, is_new=False)
        self._messages[after.id] = (room, after)
        if after.id not in self._new:
            self._changed[after.id] = None
        return Kept(after, is_new=True)

    def _clear(self, room: str, number: int) -> None:
        for id, (where, message) in list(self._messages.items()):
            if where == room and message.number <= number:
                del self._messages[id]
                self._keys.pop((room, message.key), None)
                self._new.pop(id, None)
                self._changed.pop(id, None)
        self._cleared[room] = number

    async def _store(self, connection: AsyncConnection) -> None:
        for room, number in self._cleared.items():
            await connection.execute(delete(chat).where(chat.c.room == room, chat.c.number <= number))
            await connection.execute(delete(chat_cleared).where(chat_cleared.c.room == room))
            await connection.execute(insert(chat_cleared), [{"room": room, "number": number}])
        if self._new:
            await connection.execute(insert(chat), [row_of(*self._messages[id]) for id in self._new])
        if self._changed:
            rows = [{"its": id, **changeable(self._messages[id][1])} for id in self._changed]
            await connection.execute(update(chat).where(chat.c.id == bindparam("its")), rows)


async def _store_marks(connection: AsyncConnection, marks: Marks) -> None:
    if not marks:
        return
    theirs = delete(chat_read).where(chat_read.c.room == bindparam("its"), chat_read.c.identity == bindparam("whose"))
    await connection.execute(theirs, [{"its": room, "whose": identity} for room, identity in marks])
    rows = [{"room": room, "identity": identity, "number": number} for (room, identity), number in marks.items()]
    await connection.execute(insert(chat_read), rows)
