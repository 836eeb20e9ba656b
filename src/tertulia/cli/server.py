"""uvicorn, with the few things that it leaves to us: a way to cut a connection, bounded buffers, a port shared with media, and a drain."""

import asyncio
import codecs
import contextlib
import functools
import os
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import Any, Protocol, cast

import structlog
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from tertulia.cli.decrypted import Address, Decrypted, Ends, tell
from tertulia.cli.writer import Writer
from tertulia.net import Gate
from tertulia.net import Streams as GateStreams
from tertulia.net.websocket import ABORT, KEEP_ALIVE, WRITE

WRITE_BUFFER = 64 * 1024
"""Bytes of one connection that may wait in this process before its writer waits instead."""
CLOSE_WITHIN = 3.0
"""Seconds that a peer has to answer a close frame."""
TLS_WITHIN = 10.0
"""Seconds that a TLS handshake may take."""

TICK = 1.0
"""Seconds for which the `Date` of responses is kept."""
DATE_TICK = 0
"""A number of uvicorn's ticks at which it is made anew."""

log = structlog.get_logger(__name__)

_Utf8 = codecs.getincrementaldecoder("utf-8")


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Lets the application write at once and cut the connection. Never buffers without end, neither for a peer that does not read nor of
    one that sends a message in a million pieces."""

    def __init__(self, *args: Any, ends: Ends | None = None, **options: Any) -> None:
        """`ends`: of a connection that the transport does not know."""
        super().__init__(*args, **options)
        self._ends = ends
        self.conn = _Conversation(
            extensions=self.conn.available_extensions, max_size=self.config.ws_max_size, logger=self.conn.logger
        )
        self._so_far = bytearray()
        self._utf8 = _Utf8()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._writer = Writer(self.transport)
        cast(_Conversation, self.conn).writer = self._writer
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self.close_timeout = CLOSE_WITHIN
        if self._ends is not None:
            tell(self, self._ends, "wss")

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions = cast("dict[str, object]", self.scope["extensions"])
            extensions[ABORT] = self.transport.abort
            extensions[WRITE] = self._writer.write
            extensions[KEEP_ALIVE] = self.keep_alive

    def keep_alive(self, seconds: float) -> None:
        """See `net.WebSocket`. Doors whose protocol has a heartbeat of its own do without."""
        self.ping_interval = self.ping_timeout = seconds
        self.start_keepalive()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.handshake_complete and self.conn.close_rcvd is None:
            # uvicorn reports 1005, as if the peer had taken its leave (RFC 6455, section 7.1.5).
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._writer.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._writer.resume()

    def handle_text(self, event: Frame) -> None:
        self._utf8.reset()
        if self._is_utf8(event):
            super().handle_text(event)

    def handle_cont(self, event: Frame) -> None:
        if self.curr_msg_data_type == "text" and not self._is_utf8(event):
            return
        # uvicorn keeps each fragment as an object, which takes forty times the memory where they are of one byte.
        if self.frames:
            self._so_far += self.frames.pop()
        self._so_far += event.data
        if event.fin:
            self.frames.append(bytes(self._so_far))
            self._so_far.clear()
            self.send_receive_event_to_app()

    def _is_utf8(self, event: Frame) -> bool:
        """Where not, the connection fails at that fragment (RFC 6455, section 8.1); uvicorn waits for the last one and logs a traceback."""
        try:
            self._utf8.decode(event.data, event.fin)
        except UnicodeDecodeError:
            self.conn.fail(CloseCode.INVALID_DATA, "not UTF-8")
            self.handle_parser_exception()
            return False
        return True

    def handle_ping(self) -> None:
        # Pongs are written whether the peer reads or not: one that only pings would fill our memory.
        output = self.conn.data_to_send()
        if self.transport.get_write_buffer_size() < WRITE_BUFFER and not self.transport.is_closing():
            self.transport.write(b"".join(output))


class _Conversation(ServerProtocol):
    """Tells the writer when it may write. Takes a close frame between the fragments of a message for what it is (RFC 6455, section 5.4:
    control frames may come there), not for a broken rule, so that the close code is echoed."""

    writer: Writer

    @property
    def state(self) -> State:
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        if state is State.OPEN:
            self.writer.begin(self if self.extensions else None)
        elif state is not State.CONNECTING:
            self.writer.end()

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class Streams(GateStreams, Protocol):
    """Who takes the connections that are not HTTP, and gives back those where HTTP was inside TLS."""

    def listen_http(self, listener: Callable[[socket.socket, Address, Address], None]) -> None: ...


class Server(uvicorn.Server):
    """Says when it is ready, drains before it closes, and goes at once at the second signal."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        on_ready: Callable[[], None],
        drain: Callable[[], Awaitable[None]],
        streams: Streams | None = None,
    ) -> None:
        """`streams`: shares the port with them. None: whatever comes is HTTP."""
        super().__init__(config)
        self._on_ready = on_ready
        self._drain = drain
        self._streams = streams
        self._gate: Gate | None = None
        self._connecting: set[asyncio.Task[Any]] = set()
        self._told_to_end: Callable[[], object] | None = None
        """Wakes the main loop; None before it runs."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._streams is None or sockets is None:
            await super().startup(sockets)
        else:
            # uvicorn listens on none of them: the gate does.
            await super().startup([])
            self._share(sockets, self._streams)
        if self.started and not self.should_exit:
            self._on_ready()

    def _share(self, sockets: list[socket.socket], streams: Streams) -> None:
        config = self.config
        protocol: Callable[..., Any] = config.http_protocol_class
        make = functools.partial(protocol, config=config, server_state=self.server_state, app_state=self.lifespan.state)

        def serve(connection: socket.socket, tls: bool) -> None:
            self._connect(make, connection, config.ssl if tls else None)

        def serve_decrypted(connection: socket.socket, client: Address, server: Address) -> None:
            self._connect(functools.partial(Decrypted, make, Ends(client, server)), connection)

        streams.listen_http(serve_decrypted)
        self._gate = Gate(streams, serve, tls=config.ssl is not None)
        self._gate.open(sockets)

    def _connect(
        self, make: Callable[[], asyncio.Protocol], connection: socket.socket, context: ssl.SSLContext | None = None
    ) -> None:
        connecting = asyncio.get_running_loop().connect_accepted_socket(
            make, connection, ssl=context, ssl_handshake_timeout=None if context is None else TLS_WITHIN
        )
        task = asyncio.create_task(connecting)
        self._connecting.add(task)
        task.add_done_callback(self._connected)

    def _connected(self, task: asyncio.Task[Any]) -> None:
        self._connecting.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, OSError):
            log.debug("no TLS", reason=str(error))
        elif error is not None:
            log.error("a connection was not taken over", exc_info=error)

    async def main_loop(self) -> None:
        """uvicorn's looks ten times a second whether it shall end, which costs more than all else that a quiet server does."""
        ending, loop = asyncio.Event(), asyncio.get_running_loop()
        self._told_to_end = lambda: loop.call_soon_threadsafe(ending.set)
        while not await self.on_tick(DATE_TICK):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), TICK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Nobody new may come while those who are here are told.
        if self._gate is not None:
            self._gate.close()
        for task in self._connecting:
            task.cancel()
        for server in self.servers:
            server.close()
        await self._drain()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            os._exit(128 + sig)
        self.should_exit = True
        if self._told_to_end is not None:
            self._told_to_end()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's, does not raise the signal again afterwards: a drained server has ended well."""
        before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)
