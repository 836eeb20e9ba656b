"""One laboratory for all tests: two browsers and a server take seconds to start."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from bench.laboratory.lab import Laboratory


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def laboratory() -> AsyncIterator[Laboratory]:
    async with Laboratory() as made:
        yield made
