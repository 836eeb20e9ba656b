"""Servers for other people's TURN clients, each test its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from .server import TurnServer

Serve = Callable[..., Awaitable[TurnServer]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """`await serve(tls=True)` starts one; it is stopped after the test."""
    async with AsyncExitStack() as stack:

        async def start(*arguments: str, **options: Any) -> TurnServer:
            server = TurnServer(tmp_path, *arguments, **options)
            await server.start()
            stack.push_async_callback(server.stop)
            return server

        yield start
