"""A WebSocket as a door sees it, on whatever ASGI server: opened, read, written by a link, closed."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from starlette.types import Receive, Scope, Send

from tertulia.errors import Code, ProtocolError
from tertulia.net.frame import Binary
from tertulia.net.link import Link, cannot

ABORT = "tertulia.abort"
"""ASGI extension of our own server: a callable that cuts the TCP connection, whatever is still buffered."""
WRITE = "tertulia.write"
"""ASGI extension of our own server: a callable that writes a frame at once, if the peer reads; see `Socket.write_now`."""
KEEP_ALIVE = "tertulia.keep_alive"
"""ASGI extension of our own server: a callable that begins to ping the peer every so many seconds, and gives it up when no answer comes."""


class WebSocket:
    """One socket, before it is accepted and after. After `accept` only its link writes to it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        extensions: dict[str, Any] = scope.get("extensions") or {}
        self._abort: Callable[[], None] | None = extensions.get(ABORT)
        self.write_now: Callable[[bytes], bool] = extensions.get(WRITE) or cannot
        """See `Socket`. Not a method, for it is called for every message to everybody."""
        self._keep_alive: Callable[[float], None] | None = extensions.get(KEEP_ALIVE)
        self._connected = False
        self.left_with: int | None = None
        """The close code that `read` has ended with; 1006 where the connection broke, None while it stands."""

    @property
    def address(self) -> str:
        """The client's IP address; empty where the server does not know it."""
        client = self.scope.get("client")
        return client[0] if client else ""

    @property
    def subprotocols(self) -> list[str]:
        """What the client offers, the one that it likes best first."""
        return list(self.scope.get("subprotocols") or ())

    async def accept(self, subprotocol: str | None = None, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        await self._connect()
        message: dict[str, Any] = {"type": "websocket.accept", "subprotocol": subprotocol}
        if added := list(headers):
            message["headers"] = added
        await self._send(message)

    async def refuse(self, code: int, reason: str) -> None:
        """Instead of `accept`: the client gets HTTP 403, and only the server's log the reason."""
        await self._connect()
        await self.close(code, reason)

    async def read(self) -> str | bytes | None:
        """The next message: a text, or a binary frame's bytes. None: the socket is closed.

        A server that has the next message ready lets nobody else run in between; who reads without awaiting anything else must.
        """
        event = await self._receive()
        if event["type"] != "websocket.receive":
            self.left_with = event.get("code", 1005)
            return None
        text: str | None = event.get("text")
        if text is not None:
            return text
        data: bytes = event.get("bytes") or b""
        return data

    def keep_alive(self, seconds: float) -> None:
        """From now on a peer that is gone without a word is noticed within two of these intervals. Elsewhere than on our own server that is
        the server's business; uvicorn's default is to ping every 20 seconds."""
        if self._keep_alive is not None:
            self._keep_alive(seconds)

    # --- for its link ---

    async def write(self, frame: bytes) -> None:
        if isinstance(frame, Binary):
            await self._send({"type": "websocket.send", "bytes": frame})
        else:
            await self._send({"type": "websocket.send", "text": frame.decode()})

    async def close(self, code: int, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    def abort(self) -> None:
        if self._abort is not None:
            self._abort()

    async def _connect(self) -> None:
        if not self._connected:
            self._connected = True
            await self._receive()


async def talk(link: Link, reading: Coroutine[Any, Any, None]) -> None:
    """The life of an accepted socket: until `reading` returns or the link has ended. A link that was told to close writes its last words
    first. Nothing of either runs when this returns; raises what `reading` raised."""
    reader = asyncio.ensure_future(reading)
    try:
        await asyncio.wait([reader, link.ended], return_when=asyncio.FIRST_COMPLETED)
        if not link.closing:
            link.stop()
        await link.finished()
    finally:
        link.stop()
        reader.cancel()
        await asyncio.wait([reader])
    if not reader.cancelled():
        reader.result()


def utf8(message: str | bytes, limit: int) -> bytes:
    """The bytes of a text. Raises ProtocolError: malformed (a binary frame, not UTF-8), too_large (more than `limit` bytes)."""
    if not isinstance(message, str):
        raise ProtocolError(Code.MALFORMED, "messages are texts, not binary frames")
    # Characters first: a text far over the limit need not be encoded to know it.
    if len(message) <= limit:
        try:
            data = message.encode()
        except UnicodeEncodeError:
            raise ProtocolError(Code.MALFORMED, "not UTF-8") from None
        if len(data) <= limit:
            return data
    raise ProtocolError(Code.TOO_LARGE, f"a message has at most {limit} bytes")
