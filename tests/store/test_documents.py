"""What is kept of what people write together."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import event

from tertulia.errors import Code, Unavailable
from tertulia.store import Database, DocumentLog, Retention


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def database(make_database: Callable[[], Database]) -> AsyncIterator[Database]:
    opened = make_database()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(database: Database, clock: Clock) -> DocumentLog:
    return DocumentLog(database, clock=clock)


async def kept(log: DocumentLog, name: str = "notes", room: str = "standup") -> list[bytes]:
    parts = await log.load(room, name)
    log.release(room, name)
    return parts


async def test_updates_come_back_in_their_order_after_the_snapshot(log: DocumentLog) -> None:
    assert await kept(log) == []
    for number in range(300):
        log.append("standup", "notes", b"%d" % number)
    assert await kept(log) == [b"%d" % number for number in range(300)]
    log.replace("standup", "notes", b"all")
    log.append("standup", "notes", b"more")
    assert await kept(log) == [b"all", b"more"]


async def test_documents_and_rooms_are_kept_apart(log: DocumentLog) -> None:
    await asyncio.gather(
        log.append("standup", "notes", b"1"), log.append("standup", "board", b"2"), log.append("other", "notes", b"3")
    )
    assert [await kept(log), await kept(log, "board"), await kept(log, "notes", "other")] == [[b"1"], [b"2"], [b"3"]]


async def test_a_room_that_is_forgotten_takes_what_was_given_before_with_it(log: DocumentLog) -> None:
    log.append("standup", "notes", b"1")
    log.append("other", "notes", b"2")
    log.forget_room("standup")
    log.append("standup", "notes", b"3")
    assert await kept(log) == [b"3"]
    assert await kept(log, room="other") == [b"2"]


async def test_what_was_not_changed_for_long_and_is_not_open_is_forgotten(log: DocumentLog, clock: Clock) -> None:
    await log.append("standup", "old", b"1")
    await log.append("standup", "open", b"2")
    clock.now = 200.0
    await log.append("standup", "new", b"3")
    await log.load("standup", "open")
    retention = Retention(log, 50.0, what="documents")
    assert await retention.look(201.0) == 1
    assert [await kept(log, name) for name in ("old", "open", "new")] == [[], [b"2"], [b"3"]]
    log.release("standup", "open")
    assert await retention.look(201.0) == 1
    assert await kept(log, "open") == []


async def test_a_database_that_fails_is_told_to_who_waits_and_tried_again(log: DocumentLog, database: Database) -> None:
    fails = True

    def break_it(*_: object) -> None:
        if fails:
            raise OSError("disk full")

    event.listen(database._engine.sync_engine, "before_cursor_execute", break_it)
    with pytest.raises(Unavailable) as caught:
        await log.append("standup", "notes", b"lost")
    assert caught.value.code is Code.STORE_FAILED
    with pytest.raises(Unavailable):
        await log.load("standup", "notes")
    fails = False
    await log.replace("standup", "notes", b"all of it")
    assert await kept(log) == [b"all of it"]
    assert not log._open, "what could not be loaded is not open"


async def test_a_document_is_loaded_after_what_was_given_before(log: DocumentLog) -> None:
    log.append("standup", "notes", b"just now")
    assert await kept(log) == [b"just now"]
