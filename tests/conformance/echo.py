"""A plain echo on the connection core of `/ws`: the same server class, socket and link. The conformance suites talk to it.

python -m tests.conformance.echo [--deflate] [--port N]
"""

import argparse
import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from tertulia.cli.server import Server, WebSocketProtocol
from tertulia.net import Binary, Link, WebSocket, talk

MESSAGE_BYTES = 16 << 20


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI app: says everything again that it hears, texts as texts and binary frames as binary frames."""
    websocket = WebSocket(scope, receive, send)
    await websocket.accept()
    link = Link(websocket, on_broken=lambda link: None)

    async def repeat() -> None:
        while (message := await websocket.read()) is not None:
            link.say(message.encode() if isinstance(message, str) else Binary(message))

    await talk(link, repeat())


@contextlib.asynccontextmanager
async def serving(app: ASGIApp = echo, *, deflate: bool = False) -> AsyncIterator[str]:
    """Serves the echo, or another app, in this loop, as `tertulia serve` would. Gives its URL."""
    ready = asyncio.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    server = _server(app, deflate=deflate, on_ready=ready.set)
    serve = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await ready.wait()
        yield _url(listener)
    finally:
        server.should_exit = True
        await serve


async def main() -> None:
    parser = argparse.ArgumentParser(description="A WebSocket echo.")
    parser.add_argument("--deflate", action="store_true", help="offer permessage-deflate")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", given.port))
    server = _server(echo, deflate=given.deflate, on_ready=lambda: print(_url(listener), flush=True))
    await server.serve(sockets=[listener])


def _server(app: ASGIApp, *, deflate: bool, on_ready: Callable[[], None]) -> Server:
    return Server(
        uvicorn.Config(
            app,
            ws=WebSocketProtocol,
            ws_max_size=MESSAGE_BYTES,
            ws_per_message_deflate=deflate,
            ws_ping_interval=None,
            access_log=False,
            log_config=None,
            lifespan="off",
        ),
        on_ready=on_ready,
        drain=_nobody,
    )


def _url(listener: socket.socket) -> str:
    return f"ws://127.0.0.1:{listener.getsockname()[1]}"


async def _nobody() -> None:
    """There is nobody to wait for."""


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
