"""A real server, a real call on it, and its own account of what it dropped."""

from __future__ import annotations

import asyncio
import contextlib
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.contract.server import Server
from tests.hostile.attacker import Attacker
from tests.hostile.call import Call

WITHIN = 30.0


class Target:
    """`tertulia serve`, and its figures."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url
        (ready,) = (line for line in server.lines if line.get("event") == "ready")
        self.udp_port = int(ready["udp_port"])

    async def figures(self) -> dict[str, float]:
        """Every sample of /metrics without labels, its `tertulia_` and `_total` cut off."""

        def fetch() -> str:
            with urllib.request.urlopen(self.url + "/metrics", timeout=10) as answer:
                return str(answer.read().decode())

        text = await asyncio.to_thread(fetch)
        samples = (line.split(" ") for line in text.splitlines() if line and line[0] != "#" and "{" not in line)
        return {name.removeprefix("tertulia_").removesuffix("_total"): float(value) for name, value in samples}

    @contextlib.asynccontextmanager
    async def counts(self, **expected: int) -> AsyncIterator[None]:
        """What is done within is counted: each figure grows by this much, no less, within seconds.

        Names joined by `__or__` count together: which of them grows depends on the number of media threads.
        """
        before = await self.figures()

        def grown(now: dict[str, float], names: str) -> float:
            return sum(now[name] - before[name] for name in names.split("__or__"))

        yield
        now = before
        try:
            async with asyncio.timeout(WITHIN):
                while not all(grown(now, names) >= count for names, count in expected.items()):
                    now = await self.figures()
        except TimeoutError:
            differences = {name: value - before[name] for name, value in now.items() if value != before[name]}
            pytest.fail(f"expected {expected}, but {differences}")


@pytest.fixture(scope="session", params=[1, 2], ids=lambda workers: f"{workers}-workers")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """One media thread looks nothing up in front; several do."""
    server = Server("--workers", str(request.param), "--p2p", "never").start()
    yield Target(server)
    server.stop()
    assert server.faults() == []


@pytest.fixture
async def attacker(target: Target) -> AsyncIterator[Attacker]:
    async with Attacker(target.udp_port) as attacker:
        yield attacker


@pytest.fixture
async def call(target: Target) -> AsyncIterator[Call]:
    call = Call(target.url, f"room-{uuid.uuid4().hex[:8]}")
    try:
        await asyncio.wait_for(call.start(), 30)
        yield call
    finally:
        await call.stop()
