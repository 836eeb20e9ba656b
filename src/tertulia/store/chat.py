"""What was said in all rooms."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from tertulia.core.chat_changes import ChatChange, Edit, no_such_message
from tertulia.core.ids import ParticipantId
from tertulia.core.model import ChatMessage
from tertulia.core.read_marks import KEPT_MARKS
from tertulia.errors import Code, TertuliaError, Unavailable
from tertulia.store.chat_batch import Batch, Clear, Entry, Kept, Outcome
from tertulia.store.chat_rows import message_of
from tertulia.store.database import Database
from tertulia.store.tables import chat, chat_cleared, chat_read

log = structlog.get_logger(__name__)

BATCH: Final = 500
"""Messages and changes in one transaction; as many marks of how far people have read."""
PAGE_BYTES: Final = 256 * 1024
"""UTF-8 bytes of the texts of one page together; a single message is never too much."""
WAITING: Final = 10_000
"""Messages and changes that may wait to be kept; above it more are refused. As many marks; above it more are passed over."""
NUL: Final = "\0"
REPLACEMENT: Final = "\ufffd"
"""In its place: PostgreSQL takes no NUL in a text, and would refuse all that is in the same transaction."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a room that opens knows of what was said in it."""

    messages: tuple[ChatMessage, ...]
    """The last ones to everybody, oldest first."""
    number: int
    """The highest that was given away."""
    cleared: int = 0
    """All that was said up to this number was deleted at once."""
    read_marks: tuple[tuple[ParticipantId, int], ...] = ()
    """How far people have read; who has read furthest is the last."""


@dataclass(frozen=True, slots=True)
class Page:
    messages: tuple[ChatMessage, ...]
    """Oldest first; where changes were asked for, the one that was changed first."""
    more: bool
    """There are others in the direction that was asked for."""


class ChatLog:
    """Messages and changes are kept in the order in which they are given, as many in one transaction as came while the last one ran."""

    def __init__(self, database: Database, *, outlives_rooms: bool = True) -> None:
        """`outlives_rooms`: what was said in a room is there again when it opens anew."""
        self.outlives_rooms = outlives_rooms
        self._database = database
        self._waiting: list[tuple[Entry, asyncio.Future[Any]]] = []
        self._marks: dict[tuple[str, str], int] = {}
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def keep(self, room: str, message: ChatMessage) -> "asyncio.Future[Kept]":
        """Done when the message is committed, in order with all others. Fails with Unavailable (`store_failed`)."""
        return self._put((room, _storable(message)))

    def change(self, room: str, change: ChatChange) -> "asyncio.Future[Kept]":
        """Done when the change is committed, in the same order. Fails also with what `chat_changes.changed` raises."""
        if NUL in change.message:
            return _refused(no_such_message())
        if isinstance(change.what, Edit):
            change = replace(change, what=Edit(change.what.text.replace(NUL, REPLACEMENT)))
        return self._put((room, change))

    def clear(self, room: str, number: int) -> "asyncio.Future[None]":
        """Deletes all that was said in a room up to this number, in the same order. Fails with Unavailable (`store_failed`)."""
        return self._put((room, Clear(number)))

    def mark_read(self, room: str, who: ParticipantId, number: int) -> None:
        """Somebody has read up to this number. Kept soon; nobody waits for it."""
        if (room, who) in self._marks or len(self._marks) < WAITING:
            self._marks[room, who] = number
            self._go()

    async def flush(self) -> None:
        """Until everything is kept, or forgotten, that was given so far."""
        while running := [task for task in (self._task, *self._tasks) if task is not None]:
            await asyncio.wait(running)

    async def recall(self, room: str, limit: int) -> Recalled:
        """The last `limit` messages to everybody, and where the numbers are. Raises Unavailable (`store_failed`)."""
        to_all = select(chat).where(chat.c.room == room, chat.c.recipient.is_(None))
        highest = select(func.max(chat.c.number), func.max(chat.c.change)).where(chat.c.room == room)
        marks = select(chat_read.c.identity, chat_read.c.number).where(chat_read.c.room == room)
        try:
            async with self._database.reading() as connection:
                rows = (await connection.execute(to_all.order_by(chat.c.number.desc()).limit(limit))).all()
                numbers = (await connection.execute(highest)).one()
                cleared = await connection.scalar(select(chat_cleared.c.number).where(chat_cleared.c.room == room))
                read = (await connection.execute(marks.order_by(chat_read.c.number.desc()).limit(KEPT_MARKS))).all()
        except (SQLAlchemyError, OSError) as error:
            raise _failed(error) from error
        number = max(it or 0 for it in (*numbers, cleared))
        read_marks = tuple((ParticipantId(it.identity), it.number) for it in reversed(read))
        return Recalled(tuple(map(message_of, reversed(rows))), number, cleared or 0, read_marks)

    async def page(
        self,
        room: str,
        reader: ParticipantId | None,
        *,
        before: int | None = None,
        after: int | None = None,
        changed: int | None = None,
        words: str = "",
        limit: int = 100,
    ) -> Page:
        """Messages that `reader` may see (None: all), of numbers below `before` or above `after`, the nearest `limit` of them; or those
        whose last change has a number above `changed`, in the order of these. With `words` only those that have all of these in them,
        whatever their case. Raises Unavailable (`store_failed`)."""
        wanted = select(chat).where(chat.c.room == room, *_seen_by(reader), *_with_words(words))
        if after is not None:
            wanted = wanted.where(chat.c.number > after)
        if before is not None:
            wanted = wanted.where(chat.c.number < before)
        if changed is not None:
            wanted = wanted.where(chat.c.change > changed).order_by(chat.c.change)
        elif after is not None and before is None:
            wanted = wanted.order_by(chat.c.number)
        else:
            wanted = wanted.order_by(chat.c.number.desc())
        try:
            async with self._database.reading() as connection:
                rows = (await connection.execute(wanted.limit(limit + 1))).all()
        except (SQLAlchemyError, OSError) as error:
            raise _failed(error) from error
        messages: list[ChatMessage] = []
        size = 0
        for message in map(message_of, rows[:limit]):
            size += len(message.text.encode())
            if messages and size > PAGE_BYTES:
                break
            messages.append(message)
        more = len(rows) > len(messages)
        if changed is None:
            messages.sort(key=lambda message: message.number)
        return Page(tuple(messages), more)

    async def forget_before(self, moment: float) -> int:
        """Deletes what was said before (seconds since 1970); how many messages that were."""
        number = int(moment * 1000)
        async with self._database.writing() as connection:
            for table in (chat_read, chat_cleared):
                await connection.execute(delete(table).where(table.c.number < number))
            return (await connection.execute(delete(chat).where(chat.c.time < moment))).rowcount

    def forget_room(self, room: str, number: int) -> None:
        """Deletes what was said in a room, up to this number, when its turn comes. A database that fails is logged."""
        task = asyncio.create_task(self._forget_room(room, number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forget_room(self, room: str, number: int) -> None:
        try:
            async with self._database.writing() as connection:
                for table in (chat, chat_read, chat_cleared):
                    await connection.execute(delete(table).where(table.c.room == room, table.c.number <= number))
        except (SQLAlchemyError, OSError) as error:
            _failed(error)

    def _put(self, entry: Entry) -> "asyncio.Future[Any]":
        if len(self._waiting) >= WAITING:
            return _refused(not_kept())
        result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, result))
        self._go()
        return result

    def _go(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._waiting or self._marks:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                marks = {key: self._marks.pop(key) for key in list(self._marks)[:BATCH]}
                outcomes: list[Outcome]
                try:
                    async with self._database.writing() as connection:
                        outcomes = await Batch().write(connection, [entry for entry, _ in batch], marks)
                except Exception as error:
                    # A driver raises what it likes. Whoever waits is told, and the next batch is tried.
                    outcomes = [_failed(error)] * len(batch)
                for (_, result), outcome in zip(batch, outcomes, strict=True):
                    _settle(result, outcome)
        finally:
            self._task = None


def not_kept() -> Unavailable:
    return Unavailable(Code.STORE_FAILED, "this could not be kept; try again in a moment")


def _refused(error: TertuliaError) -> "asyncio.Future[Any]":
    result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    result.set_exception(error)
    return result


def _settle(result: "asyncio.Future[Any]", outcome: Outcome) -> None:
    if result.done():
        return
    if isinstance(outcome, TertuliaError):
        result.set_exception(outcome)
    else:
        result.set_result(outcome)


def _failed(error: BaseException) -> Unavailable:
    log.error("the database failed", error=str(error)[:500], kind=type(error).__name__)
    return not_kept()


def _storable(message: ChatMessage) -> ChatMessage:
    if NUL not in message.text + message.name + message.key:
        return message
    text, name, key = (it.replace(NUL, REPLACEMENT) for it in (message.text, message.name, message.key))
    return replace(message, text=text, name=name, key=key)


def _seen_by(reader: ParticipantId | None) -> Iterable[ColumnElement[bool]]:
    if reader is not None:
        yield or_(chat.c.recipient.is_(None), chat.c.recipient == reader, chat.c.sender == reader)


def _with_words(words: str) -> Iterable[ColumnElement[bool]]:
    for word in words.replace(NUL, " ").split():
        yield chat.c.text.icontains(word, autoescape=True)
