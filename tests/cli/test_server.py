"""Our WebSocket server where it differs from uvicorn's: writing at once, and what hostile peers send. See also tests/conformance."""

import asyncio
import base64
import logging
import os
import socket
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from tertulia.net import Binary
from tertulia.net.websocket import WRITE
from tests.conformance.echo import MESSAGE_BYTES, serving

WITHIN = 30.0
BAD_TEXT = b"\xc3\x28"


@asynccontextmanager
async def raw(
    url: str, *, receive_buffer: int | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """An upgraded connection, for frames made by hand."""
    where = urlsplit(url)
    assert where.hostname and where.port
    raw = socket.socket()
    if receive_buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (where.hostname, where.port))
    reader, writer = await asyncio.open_connection(sock=raw)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET / HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader, writer
    finally:
        writer.close()


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, MESSAGE_BYTES])
async def test_messages_of_every_length_of_header_come_back(size: int, deflate: bool) -> None:
    async with serving(deflate=deflate) as url, connect(url, max_size=None, compression="deflate") as client:
        for sent in ("é" * (size // 2) + "a" * (size % 2), (os.urandom(64) * (size // 64 + 1))[:size]):
            await client.send(sent)
            assert await asyncio.wait_for(client.recv(), WITHIN) == sent


@pytest.mark.parametrize(
    "after",
    [b"", frame(Opcode.CLOSE, b"\x03\xe8"), frame(Opcode.PING, b"?"), frame(Opcode.TEXT, b"good")],
    ids=["nothing", "close", "ping", "text"],  # a frame itself is masked anew each time
)
async def test_text_that_is_not_utf_8_fails_the_connection_whatever_follows(
    after: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as url, raw(url) as (reader, writer):
        writer.write(frame(Opcode.TEXT, BAD_TEXT) + after)
        answer = await asyncio.wait_for(reader.read(), WITHIN)
    assert answer[:1] in (b"\x88", b"\x8a"), "a close frame, perhaps after a pong; never an echo"
    assert not [it for it in caplog.records if it.levelno >= logging.WARNING], "not the server's trouble"


async def test_text_that_is_not_utf_8_fails_at_its_fragment() -> None:
    async with serving() as url, raw(url) as (reader, writer):
        writer.write(frame(Opcode.TEXT, "é".encode()[:1], fin=False) + frame(Opcode.CONT, "é".encode()[1:], fin=False))
        writer.write(frame(Opcode.CONT, BAD_TEXT, fin=False))
        answer = await asyncio.wait_for(reader.read(), WITHIN)
    assert answer[:4] == b"\x88" + bytes([len(answer) - 2]) + (1007).to_bytes(2, "big")


async def test_a_close_between_fragments_is_answered_with_its_code() -> None:
    async with serving() as url, raw(url) as (reader, writer):
        writer.write(frame(Opcode.TEXT, b"half", fin=False) + frame(Opcode.CLOSE, (1000).to_bytes(2, "big")))
        assert await asyncio.wait_for(reader.read(), WITHIN) == b"\x88\x02\x03\xe8"


async def test_a_message_in_many_pieces_takes_the_memory_of_one() -> None:
    pieces = 50_000
    start, piece, end = (
        frame(Opcode.BINARY, b"a", fin=False),
        frame(Opcode.CONT, b"a", fin=False),
        frame(Opcode.CONT, b"b"),
    )
    start += piece * pieces + frame(Opcode.PING, b"")
    async with serving() as url, raw(url) as (reader, writer):
        tracemalloc.start()
        try:
            writer.write(start)
            assert await asyncio.wait_for(reader.readexactly(2), WITHIN) == b"\x8a\x00", "it has read all of that"
            assert tracemalloc.get_traced_memory()[0] < 10 * pieces
        finally:
            tracemalloc.stop()
        writer.write(end)
        answer = await asyncio.wait_for(reader.readexactly(4 + pieces + 2), WITHIN)
    assert answer[4:] == b"a" * (pieces + 1) + b"b"


async def test_nothing_is_written_at_once_that_would_have_to_wait() -> None:
    """Before the handshake is over, while the peer does not read, and after the close."""
    said: list[bool] = []
    written = asyncio.Event()
    read = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        write: Callable[[bytes], bool] = scope["extensions"][WRITE]
        await receive()
        said.append(write(b"too early"))
        await send({"type": "websocket.accept"})
        number = 0
        while write(b"%d" % number + b"." * 10_000):
            number += 1
        said.append(write(Binary(b"not now")))
        await send_last(send, written, number)
        said.append(write(b"and again"))
        await send({"type": "websocket.close"})
        said.append(write(b"too late"))
        read.set()

    async def send_last(send: Send, written: asyncio.Event, number: int) -> None:
        written.set()
        await send({"type": "websocket.send", "text": f"{number} came last"})

    async with serving(app) as url, connect(url, compression=None) as client:
        await asyncio.wait_for(written.wait(), WITHIN)
        messages = [message async for message in client]
        await asyncio.wait_for(read.wait(), WITHIN)
    assert said == [False, False, True, False]
    numbers = [message.split(".")[0] for message in messages[:-2] if isinstance(message, str)]
    assert numbers == [str(n) for n in range(len(messages) - 2)]
    assert messages[-2:] == [f"{len(numbers)} came last", "and again"]
    assert client.close_code == 1000
