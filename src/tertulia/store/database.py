"""A connection to SQLite or PostgreSQL, and the one place that knows that there are two."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from tertulia.store.tables import metadata

MEMORY = "sqlite://"
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
MIGRATING = 7_368_219
"""Of PostgreSQL's advisory locks, the one of who changes the tables."""
CONNECT_WITHIN = 10.0
"""Seconds in which a server has to take a connection."""


class CannotOpen(Exception):
    """The database cannot be used. The message is for who has chosen it: where, why, what to do."""


class Database:
    """Changes go through one writer, one transaction after another; reads run beside it."""

    def __init__(self, url: str = MEMORY) -> None:
        """`url`: `sqlite:///path`, `postgresql://user:password@host/name`, or `sqlite://` for one that is gone with the process.

        Raises ValueError for one that names no database we know.
        """
        self._url = url
        self._engine = _engine(url)
        self._writing = asyncio.Lock()

    @property
    def in_memory(self) -> bool:
        """It is gone with the process."""
        return self._url == MEMORY

    async def open(self) -> None:
        """Brings the tables to this version. Raises CannotOpen where there is no database, or one that a newer version has written."""
        try:
            self._find_file()
            async with self._engine.begin() as connection:
                await connection.run_sync(metadata.create_all if self.in_memory else _migrate)
        except BaseException as error:
            await self.close()
            if not isinstance(error, Exception):
                raise
            # A driver raises what it likes.
            raise CannotOpen(f"{self._engine.url.render_as_string(hide_password=True)}: {_why(error)}") from error

    def _find_file(self) -> None:
        """Where SQLite cannot open its file, aiosqlite leaves a thread behind that speaks up after the end of the loop."""
        url = self._engine.url
        if url.drivername == DRIVERS["sqlite"] and url.database is not None:
            sqlite3.connect(url.database).close()

    async def close(self) -> None:
        """Waits for a transaction that runs."""
        async with self._writing:
            await self._engine.dispose()

    @asynccontextmanager
    async def idle(self) -> AsyncIterator[None]:
        """Nobody writes within, and in memory nobody reads: who is cancelled here breaks off nothing.

        What is broken off takes its connection with it, and with that a database in memory is gone.
        """
        async with self._writing:
            yield

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed at the end of the block; nobody else writes meanwhile."""
        async with self._writing, self._engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Beside the writer; in memory in turn with it, for there is one connection only: whoever ended reading would take back what is not
        committed yet."""
        async with self._writing if self.in_memory else contextlib.nullcontext(), self._engine.connect() as connection:
            yield connection


def _engine(url: str) -> AsyncEngine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(f"{url!r} is no database: give sqlite:///path or postgresql://…") from None
    driver = DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise ValueError(f"a database is sqlite:///path or postgresql://…, not {parsed.get_backend_name()}")
    parsed = parsed.set(drivername=driver)
    if driver != DRIVERS["sqlite"]:
        return create_async_engine(parsed, pool_pre_ping=True, connect_args={"timeout": CONNECT_WITHIN})
    # A database in memory lives in its one connection.
    engine = create_async_engine(parsed, **({"poolclass": StaticPool} if parsed.database is None else {}))
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: Any) -> None:
    # SQLite's own knows ASCII only, and a search would not find "Ärger" by "ärger".
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    # With a write-ahead log readers and the writer do not wait for each other. A commit survives the process; the last ones
    # may not survive a power cut.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.execute("PRAGMA foreign_keys=ON")
    # What was deleted is not to be found in the file any more.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()


def _migrate(connection: Connection) -> None:
    # Not at the top: it takes long to load, and most commands do without.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATING})
    # It tells each step at the level that we keep for what an operator acts on.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise _Newer from error


class _Newer(Exception):
    def __str__(self) -> str:
        return "a newer version of Tertulia has written it; install that one again, or choose another database"


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing answers within {CONNECT_WITHIN:.0f} s"
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    text = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return text.splitlines()[0] if text else type(error).__name__
