"""permessage-deflate (RFC 7692): what is small on the wire and large in memory ends its sender, and costs nobody else anything."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.typing import Subprotocol

from tertulia.client import Client
from tertulia.client.socket import socket_url
from tests.contract.server import Server

WITHIN = 30.0
MEBIBYTE = 1 << 20
FRAME = MEBIBYTE
"""What `tertulia serve` takes, after decompressing."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server("--open", deflate=True).start()
    yield server
    server.stop()
    assert server.faults() == []


@asynccontextmanager
async def joined(server: Server, room: str) -> AsyncIterator[ClientConnection]:
    """A client that compresses all that it says."""
    options: dict[str, Any] = {"compression": "deflate", "max_size": None, "ping_interval": None}
    async with connect(socket_url(server.url), subprotocols=[Subprotocol("tertulia.v1")], **options) as socket:
        (extension,) = socket.protocol.extensions
        assert isinstance(extension, PerMessageDeflate)
        await socket.send(json.dumps({"type": "join", "id": 1, "room": room, "name": "Mallory"}))
        assert (await hears(socket, "joined"))["you"]["name"] == "Mallory"
        yield socket


async def hears(socket: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] == kind:
                return message


async def close_code(socket: ClientConnection) -> int:
    async with asyncio.timeout(WITHIN):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            return socket.close_code or 0


def most_memory(server: Server) -> int:
    """Bytes that the process has ever had at once."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


BOMBS: dict[str, Callable[[], str | list[str]]] = {
    "one frame": lambda: "x" * (64 * MEBIBYTE),
    "just too large": lambda: "x" * (FRAME + 1),
    "fragments": lambda: ["x" * (FRAME // 2)] * 3,
    "a fragment too many": lambda: ["x" * FRAME, "x", ""],
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_what_grows_beyond_the_limit_ends_its_sender_alone(server: Server, bomb: str) -> None:
    room = f"room-{uuid.uuid4().hex[:8]}"
    async with Client(server.url, room=room, name="Ana") as ana, joined(server, room) as mallory:
        before = most_memory(server)
        with suppress(ConnectionClosed):  # it may end in the middle of it
            await mallory.send(BOMBS[bomb]())
        assert await close_code(mallory) == 1009
        assert most_memory(server) - before < 8 * MEBIBYTE
        await ana.until(lambda c: [it.connected for it in c.room.participants.values()] == [False], WITHIN)
        await ana.chat("all is well")


async def test_a_message_within_the_frame_and_over_the_protocols_limit_is_refused_with_a_code(server: Server) -> None:
    async with joined(server, f"room-{uuid.uuid4().hex[:8]}") as mallory:
        await mallory.send(json.dumps({"type": "chat", "id": 2, "text": "x" * 900_000}))
        assert (await hears(mallory, "error"))["code"] == "too_large"
        await mallory.send(json.dumps({"type": "chat", "id": 3, "text": "small"}))
        assert (await hears(mallory, "chat"))["message"]["text"] == "small"


async def test_data_that_is_not_compressed_as_it_says_ends_its_sender(server: Server) -> None:
    async with joined(server, f"room-{uuid.uuid4().hex[:8]}") as mallory:
        # A final text frame with RSV1, masked with zeros, of a block type that does not exist.
        mallory.transport.write(b"\xc1\x84" + bytes(4) + b"\x07\xff\xff\xff")
        assert await close_code(mallory) == 1002


async def test_nothing_is_compressed_that_was_not_asked_for() -> None:
    server = Server("--open").start()
    try:
        options: dict[str, Any] = {"compression": "deflate", "subprotocols": [Subprotocol("tertulia.v1")]}
        async with connect(socket_url(server.url), **options) as socket:
            assert socket.protocol.extensions == []
    finally:
        server.stop()
