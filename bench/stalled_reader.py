"""What one client that does not read costs the others, and the server.

A hundred clients chat in a room; then one more joins that reads nothing (with a small receive buffer, so that the kernel hides little).
Prints the server's memory and the others' delivery delay before and while it is there, and the server's CPU time per delivery.

    PYTHONPATH=src python bench/stalled_reader.py [--clients 100] [--every 2] [--seconds 60]
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tertulia.client import Client
from tertulia.wire import native

RECEIVE_BUFFER = 4096
"""Bytes; the kernel doubles it."""
FILLER = "." * 200
WARM_UP = 5
"""Seconds before anything is measured."""


class Server:
    """`tertulia serve` in a process of its own, and what the kernel says of it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tertulia",
                "serve",
                "--port",
                "0",
                "--udp-port",
                "0",
                "--log",
                "json",
                "--open",
                "--max-room-size",
                "1000",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.url = ""

    def start(self) -> "Server":
        assert self._process.stdout
        for line in self._process.stdout:
            entry = json.loads(line)
            if entry["event"] == "ready":
                self.url = entry["url"]
                return self
        raise RuntimeError("the server ended")

    def megabytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kilobytes) / 1024

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(15)


class Deliveries:
    """Delays of what all clients hear, in seconds."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    async def listen(self, client: Client) -> None:
        with client.events(native.ChatReceived) as chats:
            async for chat in chats:
                self.delays.append(time.perf_counter() - float(chat.message.text.split()[0]))

    def take(self) -> list[float]:
        """Those since the last time, sorted."""
        delays, self.delays = sorted(self.delays), []
        return delays


async def talk(client: Client, every: float, offset: float) -> None:
    """One message each so many seconds; clients are spread over the time."""
    loop = asyncio.get_running_loop()
    due = loop.time() + offset
    while True:
        await asyncio.sleep(max(0.0, due - loop.time()))
        await client.chat(f"{time.perf_counter()} {FILLER}")
        due += every


@contextlib.asynccontextmanager
async def stalled(url: str, room: str) -> AsyncIterator[None]:
    """A socket that joins and then reads nothing any more."""
    host = urlsplit(url)
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        raw.setblocking(False)
        await loop.sock_connect(raw, (host.hostname, host.port))
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET /ws HTTP/1.1\r\nHost: {host.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tertulia.v1\r\n\r\n"
        )
        await loop.sock_sendall(raw, request.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += await loop.sock_recv(raw, 1)
        if b" 101 " not in head:
            raise RuntimeError(head.decode())
        join = json.dumps({"type": "join", "id": 1, "room": room, "name": "Stalled", "p2p": False}).encode()
        await loop.sock_sendall(raw, frame(join))
        start = await loop.sock_recv(raw, 64)
        if b"joined" not in start:
            raise RuntimeError(f"not joined: {start!r}")
        yield


def frame(text: bytes) -> bytes:
    """A masked text frame (RFC 6455) of less than 64 KiB."""
    mask = os.urandom(4)
    length = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0x80 | 126]) + len(text).to_bytes(2, "big")
    return b"\x81" + length + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))


async def measure(server: Server, deliveries: Deliveries, seconds: float) -> dict[str, float]:
    """Over so long."""
    deliveries.take()
    memory = most = server.megabytes()
    cpu, began = server.cpu(), time.perf_counter()
    while time.perf_counter() - began < seconds:
        await asyncio.sleep(0.5)
        most = max(most, server.megabytes())
    delays = deliveries.take()
    return {
        "deliveries": len(delays),
        "p50_ms": round(delays[len(delays) // 2] * 1000, 2),
        "p99_ms": round(delays[len(delays) * 99 // 100] * 1000, 2),
        "max_ms": round(delays[-1] * 1000, 2),
        "cpu_us_per_delivery": round((server.cpu() - cpu) / len(delays) * 1e6, 1),
        "rss_mb": round(memory, 1),
        "rss_most_mb": round(most, 1),
    }


async def run(clients: int, every: float, seconds: float) -> dict[str, Any]:
    server = Server().start()
    deliveries = Deliveries()
    room = "plaza"
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(server.stop)
        people = [
            await stack.enter_async_context(Client(server.url, room=room, name=f"Person {n}")) for n in range(clients)
        ]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(deliveries.listen(person)) for person in people]
            tasks += [group.create_task(talk(person, every, n * every / clients)) for n, person in enumerate(people)]
            await asyncio.sleep(WARM_UP)
            before = await measure(server, deliveries, seconds)
            gone = people[0].events(native.ParticipantUpdated, native.ParticipantLeft)
            async with stalled(server.url, room):
                noticed = asyncio.create_task(gone.next())
                during = await measure(server, deliveries, seconds)
                let_go = noticed.done()
                noticed.cancel()
            after = await measure(server, deliveries, min(seconds, 15))
            for task in tasks:
                task.cancel()
        for person in people:  # all at once would be a storm of farewells
            await person.close()
    return {
        "clients": clients,
        "messages_per_second": clients / every,
        "before": before,
        "during": during,
        "after": after,
        "let_go": let_go,
        "rss_growth_mb": round(during["rss_most_mb"] - before["rss_most_mb"], 1),
        "p99_change_ms": round(during["p99_ms"] - before["p99_ms"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two messages of a client")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each of the two measurements")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(run(given.clients, given.every, given.seconds)), indent=2))


if __name__ == "__main__":
    main()
