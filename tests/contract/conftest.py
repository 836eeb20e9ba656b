"""Servers that many tests share, rooms of one's own, people who are sent home after each test."""

import contextlib
import itertools
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tertulia.auth.tokens import TokenSigner
from tertulia.client import Client

from .door import DOORS, Door
from .server import SECRET, Server
from .support import Invite


@pytest.fixture(params=DOORS, ids=lambda door: str(door.name))
def door(request: pytest.FixtureRequest) -> Door:
    chosen: Door = request.param
    return chosen


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[..., Server]]:
    """A server with these arguments and settings, started once for all tests that ask for the same."""
    running: dict[object, Server] = {}

    def serve(*arguments: str, **settings: object) -> Server:
        key = (arguments, tuple(sorted(settings.items())))
        if key not in running:
            running[key] = Server(*arguments, **settings).start()  # type: ignore[arg-type]
        return running[key]

    yield serve
    for server in running.values():
        server.stop()
    assert [server.faults() for server in running.values()] == [[] for _ in running]


@pytest.fixture
def server(servers: Callable[..., Server]) -> Server:
    """Open to everybody, as on one's own machine."""
    return servers()


@pytest.fixture
def guarded(servers: Callable[..., Server]) -> Server:
    """Tokens only."""
    return servers("--secret", SECRET)


@pytest.fixture
def fresh() -> Iterator[Callable[..., Server]]:
    """A server for this test alone, to be stopped and the like."""
    started: list[Server] = []

    def serve(*arguments: str, **settings: Any) -> Server:
        server = Server(*arguments, **settings).start()
        started.append(server)
        return server

    yield serve
    for server in started:
        server.stop()


@pytest.fixture
def token() -> Callable[..., str]:
    return TokenSigner(SECRET).sign


@pytest.fixture
def room() -> str:
    return f"room-{uuid.uuid4().hex[:8]}"


@pytest.fixture
async def invite(door: Door, server: Server, room: str) -> AsyncIterator[Invite]:
    """`await invite("Ana")` is in the room; options as for Client, and `url`."""
    count = itertools.count()
    async with contextlib.AsyncExitStack() as everybody:

        async def person(name: str = "", **options: Any) -> Client:
            url = options.pop("url", server.url)
            client = door.client(url, **{"room": room, "name": name or f"Person {next(count)}", **options})
            return await everybody.enter_async_context(client)

        yield person
