"""Clients that cost as little as can be: they read frames, count them, and answer pings."""

import asyncio
import base64
import os


class Client(asyncio.Protocol):
    """One WebSocket connection in the main namespace."""

    def __init__(self) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.events = 0
        self.lost = False
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._in_head = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        for waited_for in (self.ready, self.joined):
            if not waited_for.done():
                waited_for.set_exception(ConnectionError("the server closed the connection"))
                waited_for.exception()

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data
        at = 0
        if self._in_head:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = data
                return
            if b" 101 " not in data[:40]:
                self.ready.set_exception(ConnectionError(data[:end].decode()))
                return
            self._in_head = False
            at = end + 4
        while len(data) >= at + 2:
            length, head = data[at + 1] & 127, 2
            if length == 126:
                length, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            if len(data) < at + head + length:
                break
            self._frame(data[at + head : at + head + length])
            at += head + length
        self._buffer = data[at:]

    def _frame(self, payload: bytes) -> None:
        if payload[:2] == b"42":
            self.events += 1
        elif payload[:2] == b"43":
            self.joined.set_result(None)
        elif payload[:1] == b"2":
            self.say(b"3")
        elif payload[:1] == b"0":
            self.say(b"40")
        elif payload[:2] == b"40" and not self.ready.done():
            self.ready.set_result(None)

    def say(self, text: bytes) -> None:
        """A frame, masked with zeros (RFC 6455, section 5.3)."""
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        self._transport.write(b"\x81" + length + bytes(4) + text)

    def close(self) -> None:
        self._transport.abort()


async def connect(port: int) -> Client:
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    await client.ready
    return client
