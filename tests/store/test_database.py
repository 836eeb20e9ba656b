"""Opening, and bringing to this version."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from tertulia.core.ids import ParticipantId
from tertulia.core.model import ChatMessage
from tertulia.store import CannotOpen, ChatLog, Database
from tertulia.store.tables import metadata


@asynccontextmanager
async def no_thread_left() -> AsyncIterator[None]:
    """Those of the driver end by themselves, a moment later."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()


async def test_migrations_lead_to_the_tables_that_the_code_knows(url: str) -> None:
    database = Database(url)
    await database.open()

    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_what_was_kept_is_there_after_a_restart(url: str) -> None:
    said = ChatMessage("m1", None, "", "hi", 1.0, None, 1000)
    for expected in ((), (said,)):
        database = Database(url)
        await database.open()
        log = ChatLog(database)
        assert (await log.recall("standup", 10)).messages == expected
        if not expected:
            await log.keep("standup", said)
        await database.close()


@pytest.mark.parametrize("in_memory", [True, False])
async def test_who_reads_takes_nothing_back_of_what_is_being_written(in_memory: bool, tmp_path: Path) -> None:
    database = Database("sqlite://" if in_memory else f"sqlite:///{tmp_path / 'test.db'}")
    await database.open()
    written = asyncio.Event()

    async def read() -> None:
        await written.wait()
        async with database.reading() as connection:
            await connection.execute(text("SELECT 1"))

    reader = asyncio.create_task(read())
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE things (name TEXT)"))
        await connection.execute(text("INSERT INTO things VALUES ('one')"))
        written.set()
        await asyncio.wait([reader], timeout=0.2)
    await reader
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT name FROM things"))).scalars().all() == ["one"]
    await database.close()


async def test_a_newer_versions_database_is_left_alone(url: str) -> None:
    database = Database(url)
    await database.open()
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    async with no_thread_left():
        with pytest.raises(CannotOpen, match="a newer version of Tertulia has written it"):
            await Database(url).open()


async def test_a_database_of_the_first_version_keeps_what_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    with sqlite3.connect(file) as connection:
        connection.executescript(
            """
            CREATE TABLE chat (
                id VARCHAR(64) NOT NULL, room VARCHAR(64) NOT NULL, number BIGINT NOT NULL, "key" VARCHAR(64), sender VARCHAR(64),
                name VARCHAR(64) NOT NULL, recipient VARCHAR(64), text TEXT NOT NULL, time FLOAT NOT NULL,
                CONSTRAINT pk_chat PRIMARY KEY (id), CONSTRAINT uq_chat_room_key UNIQUE (room, "key")
            );
            CREATE INDEX ix_chat_time ON chat (time);
            CREATE INDEX ix_chat_room_number ON chat (room, number);
            INSERT INTO chat VALUES ('m1', 'standup', 1000, NULL, 'ana', 'Ana', NULL, 'hi', 1.0);
            CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
            INSERT INTO alembic_version VALUES ('0001');
            """
        )
    database = Database(f"sqlite:///{file}")
    await database.open()
    recalled = await ChatLog(database).recall("standup", 10)
    assert recalled.messages == (ChatMessage("m1", ParticipantId("ana"), "Ana", "hi", 1.0, None, 1000),)
    await database.close()


async def test_no_database_there() -> None:
    async with no_thread_left():
        with pytest.raises(CannotOpen, match="unable to open database file"):
            await Database("sqlite:////nowhere/at/all.db").open()


async def test_no_server_there(unused_tcp_port: int) -> None:
    with pytest.raises(CannotOpen) as caught:
        await Database(f"postgresql://ana:hush@127.0.0.1:{unused_tcp_port}/x").open()
    assert "refused" in str(caught.value) or "connect" in str(caught.value)
    assert "hush" not in str(caught.value), "a password is for nobody"


async def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.store.database.CONNECT_WITHIN", 0.2)
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(CannotOpen, match="nothing answers within"):
            await Database(f"postgresql://ana@127.0.0.1:{port}/x").open()


@pytest.mark.parametrize("url", ["", "nothing", "mysql://localhost/x", "http://example.org"])
def test_what_is_no_database(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite"):
        Database(url)


@pytest.mark.parametrize("steps", range(12))
async def test_who_is_cancelled_while_it_is_idle_takes_nothing_along(steps: int) -> None:
    database = Database()
    await database.open()
    log = ChatLog(database)

    async def write() -> None:
        while True:
            await log.forget_before(1.0)
            await log.recall("standup", 10)

    writing = asyncio.create_task(write())
    for _ in range(steps):
        await asyncio.sleep(0)
    async with database.idle():
        writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert (await log.recall("standup", 10)).messages == ()
    await database.close()
