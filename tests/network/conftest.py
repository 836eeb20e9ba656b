"""One town for all tests: three browsers and a server take seconds to start."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.conftest import describe
from tests.e2e.conftest import pytest_runtest_makereport as pytest_runtest_makereport

from .town import Town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def settled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with Town(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="session")
async def town(settled: Town, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    """Without pages of the test before."""
    yield settled
    if getattr(request.node, "failed", False):
        for caller in settled.callers:
            await describe(caller)
        print("--- servers", *settled.server_lines(), sep="\n")
    await settled.clear()
