"""A WebSocket client that costs as little as can be: it says what it is told to, and counts what it hears."""

import asyncio
import base64
import os
from collections.abc import Sequence
from typing import Protocol, cast

MARK = b"....."
"""In each message that is counted, and in no other."""


class Dialect(Protocol):
    """What a server expects of those who come."""

    subprotocol: str | None

    def path(self, room: str) -> str:
        """Where the WebSocket is."""

    def answer(self, heard: bytes, room: str, *, speaks: bool) -> Sequence[bytes] | None:
        """What to say to a message that is not counted; to none, as the socket opens. None: the client is in the room.

        `speaks`: it will say something; the others only listen."""

    def message(self, room: str, number: int, text: str) -> bytes:
        """What `text` is said with. `number` rises by one from 1 with each message of a client."""


class Client(asyncio.Protocol):
    def __init__(self, dialect: Dialect, host: str, room: str, *, speaks: bool) -> None:
        self._dialect = dialect
        self._host = host
        self._room = room
        self._speaks = speaks
        self._buffer = b""
        self._upgraded = False
        self._transport: asyncio.Transport
        self.inside: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when it is in the room; an error where it is let go before that."""
        self._said = 0
        self.heard = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET {self._dialect.path(self._room)} HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        )
        if self._dialect.subprotocol:
            head += f"Sec-WebSocket-Protocol: {self._dialect.subprotocol}\r\n"
        transport.write(f"{head}\r\n".encode())

    def say(self, text: str) -> None:
        """To the others in the room."""
        self._said += 1
        self._write(self._dialect.message(self._room, self._said, text))

    def leave(self) -> None:
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.inside.done():
            self.inside.set_exception(ConnectionError("let go before it was in"))

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data
        at = 0
        if not self._upgraded:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = data
                return
            if b" 101 " not in data[:40]:
                self.inside.set_exception(ConnectionError(data[:end].decode()))
                return
            self._upgraded = True
            at = end + 4
            self._answer(b"")
        while len(data) >= at + 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if len(data) < start + length:
                break
            if data.find(MARK, start, start + length) >= 0:
                self.heard += 1
            else:
                self._answer(data[start : start + length])
            at = start + length
        self._buffer = data[at:]

    def _answer(self, heard: bytes) -> None:
        answer = self._dialect.answer(heard, self._room, speaks=self._speaks)
        if answer is None:
            self.inside.set_result(None)
            return
        for text in answer:
            self._write(text)

    def _write(self, text: bytes) -> None:
        """A text frame, masked with zeros (RFC 6455, section 5.3)."""
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        self._transport.write(b"\x81" + length + bytes(4) + text)


async def connect(port: int, dialect: Dialect, room: str, *, speaks: bool = True, address: str = "127.0.0.1") -> Client:
    """A client that is in the room. `address`: its own. Raises ConnectionError where it is not let in."""
    _, client = await asyncio.get_running_loop().create_connection(
        lambda: Client(dialect, f"127.0.0.1:{port}", room, speaks=speaks), "127.0.0.1", port, local_addr=(address, 0)
    )
    await client.inside
    return client
