"""Everybody gets everything, in order, whatever his connection is like: what is written at once, and what has to wait, are one row."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from .server import Server

WITHIN = 30.0
COUNT = 80
PAYLOAD = "." * 8000
"""All of them together are more than what a socket takes from the server, and less than what may wait for it."""
TOPIC = "/broadcast"


class Receiver:
    """Somebody in the room. What he reads has to have numbers without a gap."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._seq = 0
        self.data: list[int] = []
        self.values: list[int] = []

    async def read(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self._connection.recv())
        if "seq" in message:
            self._seq += 1
            assert message["seq"] == self._seq
        if message["type"] == "data":
            (self.values if message["topic"] == TOPIC else self.data).append(int(message["data"].split(".")[0]))
        return message

    async def until(self, done: Callable[[dict[str, Any]], bool]) -> None:
        async with asyncio.timeout(WITHIN):
            while not done(await self.read()):
                pass

    async def ask(self, **message: Any) -> None:
        await self._connection.send(json.dumps(message))
        await self.until(lambda it: it.get("id") == message["id"])

    async def hear_all(self) -> None:
        await self.until(lambda _: self.data[-1:] == [COUNT - 1])

    def cut(self) -> None:
        """Its network breaks."""
        self._connection.transport.abort()


Enter = Callable[..., Any]


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def server(request: pytest.FixtureRequest, fresh: Callable[..., Server], tmp_path: Path) -> Server:
    arguments = ("--tls", "self-signed") if request.param else ()
    return fresh(
        *arguments,
        "--topic",
        f"{TOPIC};publish=everyone;rate=1000",
        data_dir=tmp_path,
        deflate=True,
        messages_per_second=1000,
    )


@pytest.fixture
async def enter(server: Server, tmp_path: Path, room: str) -> AsyncIterator[Enter]:
    """`await enter("Ana", compresses=False, receive_buffer=None)`"""
    where = urlsplit(server.url)
    assert where.hostname and where.port
    options: dict[str, Any] = {}
    if where.scheme == "https":
        options = {
            "ssl": ssl.create_default_context(cafile=str(tmp_path / "self-signed.crt")),
            "server_hostname": where.hostname,
        }
    async with contextlib.AsyncExitStack() as stack:

        async def come(name: str, *, compresses: bool = False, receive_buffer: int | None = None) -> Receiver:
            raw = socket.socket()
            if receive_buffer is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            raw.setblocking(False)
            await asyncio.get_running_loop().sock_connect(raw, (where.hostname, where.port))
            opening = connect(
                f"ws{server.url.removeprefix('http')}/ws", sock=raw, subprotocols=[Subprotocol("tertulia.v1")], max_size=None,
                # With a queue of one the library reads no further than the test does.
                compression="deflate" if compresses else None, max_queue=1, ping_interval=None, close_timeout=1, **options,
            )  # fmt: skip
            connection = await stack.enter_async_context(opening)
            assert bool(connection.protocol.extensions) is compresses
            receiver = Receiver(connection)
            await receiver.ask(type="join", id=1, room=room, name=name, p2p=False)
            return receiver

        yield come


async def test_fast_slow_compressed_and_broken_ones_hear_the_same(enter: Enter) -> None:
    speaker = await enter("Speaker")
    fast, compressing = await enter("Fast"), await enter("Compressing", compresses=True)
    slow, broken = await enter("Slow", receive_buffer=4096), await enter("Broken")
    readers = [asyncio.create_task(it.hear_all()) for it in (fast, compressing)]
    newcomer: Receiver | None = None
    for number in range(COUNT):
        await speaker.ask(type="data", id=number + 10, topic="draw", data=f"{number}{PAYLOAD}")
        if number == COUNT // 4:
            broken.cut()
        if number == COUNT // 2:
            # The system may give it the descriptor that was the broken one's.
            newcomer = await enter("Newcomer")
            readers.append(asyncio.create_task(newcomer.hear_all()))
    readers.append(asyncio.create_task(slow.hear_all()))
    await asyncio.gather(*readers)
    assert newcomer is not None
    everything = list(range(COUNT))
    assert fast.data == compressing.data == slow.data == everything
    assert newcomer.data == everything[COUNT // 2 + 1 :]
    assert not speaker.data


async def test_of_a_topic_the_slow_get_the_newest_and_never_an_older_one_after_it(enter: Enter) -> None:
    speaker = await enter("Speaker")
    fast, compressing = await enter("Fast"), await enter("Compressing", compresses=True)
    slow = await enter("Slow", receive_buffer=4096)
    for one in (fast, compressing, slow):
        await one.ask(type="topic_subscribe", id=2, topic=TOPIC)
    last = COUNT * 4 - 1
    readers = [asyncio.create_task(it.until(lambda _, it=it: it.values[-1:] == [last])) for it in (fast, compressing)]
    for number in range(last + 1):
        await speaker.ask(type="data", id=number + 10, topic=TOPIC, data=f"{number}{PAYLOAD}")
    readers.append(asyncio.create_task(slow.until(lambda _: slow.values[-1:] == [last])))
    await asyncio.gather(*readers)
    for one in (fast, compressing, slow):
        assert one.values == sorted(set(one.values))
    assert len(slow.values) < last, "it was behind, or nothing was tried"
