"""uvicorn, with the few things that it leaves to us: a way to cut a connection, bounded buffers, and a drain."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import cast

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from tertulia.doors.native.connection import ABORT

WRITE_BUFFER = 64 * 1024
"""Bytes of one connection that may wait in this process before its writer waits instead."""
CLOSE_WITHIN = 3.0
"""Seconds that a peer has to answer a close frame."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Lets the application cut the connection, and never buffers without end for a peer that does not read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self.close_timeout = CLOSE_WITHIN

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions = cast("dict[str, object]", self.scope["extensions"])
            extensions[ABORT] = self.transport.abort

    def handle_ping(self) -> None:
        # Pongs are written whether the peer reads or not: one that only pings would fill our memory.
        output = self.conn.data_to_send()
        if self.transport.get_write_buffer_size() < WRITE_BUFFER:
            self.transport.write(b"".join(output))


class Server(uvicorn.Server):
    """Says when it is ready, drains before it closes, and goes at once at the second signal."""

    def __init__(
        self, config: uvicorn.Config, *, on_ready: Callable[[], None], drain: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._drain = drain

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Nobody new may come while those who are here are told.
        for server in self.servers:
            server.close()
        await self._drain()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            os._exit(128 + sig)
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's, does not raise the signal again afterwards: a drained server has ended well."""
        before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)
