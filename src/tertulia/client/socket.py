"""One WebSocket that carries messages."""

import asyncio
import contextlib
from urllib.parse import urlsplit, urlunsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from tertulia.errors import Code, ProtocolError
from tertulia.wire.native import SERVER_MESSAGES, SUBPROTOCOL, ServerMessage, unpack, with_bytes

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes; `joined` of a large room is the longest."""
MAX_QUEUED = 64
"""Messages that wait in memory before the socket is left unread."""

_decoder = msgspec.json.Decoder(SERVER_MESSAGES)


class Closed(ConnectionError):
    """The socket is gone. `code` is that of the close frame, 1006 where there was none."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"socket closed: {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, url: str, timeout: float) -> "Socket":
        """Raises OSError, ConnectionError where the server is none of ours, TimeoutError after `timeout` seconds."""
        try:
            connection = await connect(
                socket_url(url),
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                compression=None,
                open_timeout=timeout,
                close_timeout=1,
                ping_interval=None,  # the protocol has its own heartbeat
                max_size=MAX_MESSAGE,
                max_queue=MAX_QUEUED,
            )
        except InvalidHandshake as error:
            raise ConnectionError(str(error)) from error
        if connection.subprotocol != SUBPROTOCOL:
            connection.transport.abort()
            raise ConnectionError(f"the server does not speak {SUBPROTOCOL}")
        return cls(connection)

    async def send(self, body: bytes, *, binary: bool = False) -> None:
        """Waits while the network takes no more. Raises Closed."""
        try:
            await self._connection.send(body, text=not binary)
        except ConnectionClosed:
            raise self._closed() from None

    async def receive(self) -> ServerMessage:
        """The next message. Raises Closed; ProtocolError for what this version of the protocol doesn't have."""
        try:
            data = await self._connection.recv()
        except ConnectionClosed:
            raise self._closed() from None
        try:
            message: ServerMessage = _read(data)
        except ValueError as error:
            raise ProtocolError(Code.MALFORMED, f"the server sent what cannot be read: {error}") from error
        return message

    def abort(self) -> None:
        """Cuts it, without a farewell."""
        self._connection.transport.abort()

    async def close(self) -> None:
        """In good order, within a second."""
        with contextlib.suppress(ConnectionClosed, asyncio.TimeoutError):
            await self._connection.close()

    def _closed(self) -> Closed:
        code = self._connection.close_code
        return Closed(1006 if code is None else code, self._connection.close_reason or "")


def _read(data: str | bytes) -> ServerMessage:
    message: ServerMessage
    if isinstance(data, str):
        message = _decoder.decode(data)
    else:
        text, payload = unpack(data)
        message = with_bytes(_decoder.decode(text), payload)
    return message


def socket_url(url: str) -> str:
    """`http://host:3000` or `http://host/rt` (a mount prefix) becomes `ws://host…/ws`; a WebSocket URL stays as it is."""
    parts = urlsplit(url)
    if parts.scheme in ("ws", "wss"):
        return url
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{url!r} is not an http:, https:, ws: or wss: URL")
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/ws", parts.query, ""))
