"""A Socket.IO server on a port of its own, in this loop, as `tertulia serve` would serve it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn

from tertulia.cli.server import Server, WebSocketProtocol


@contextlib.asynccontextmanager
async def serving(app: Any, *, ws: Any = WebSocketProtocol) -> AsyncIterator[str]:
    """Gives its URL. `ws`: another implementation of uvicorn's, to show that none of ours is needed."""
    ready = asyncio.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(
        uvicorn.Config(
            app,
            ws=ws,
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            access_log=False,
            log_config=None,
            lifespan="off",
        ),
        on_ready=ready.set,
        drain=_nobody,
    )
    serve = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await ready.wait()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await serve


async def _nobody() -> None:
    """Waits for nobody."""
