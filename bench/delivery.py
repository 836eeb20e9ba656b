"""What it costs to deliver a message of 200 bytes to each of the people in a room, or to each subscriber of a topic.

One of them sends, the others listen, over real sockets. Beside Tertulia's native protocol, once through a room and once on a topic of the
server, stand two floors that only broadcast: uvicorn
with a bare ASGI app, and Node's ws (brought by npm into a temporary folder). Server and clients have a core each; runs alternate.

    python bench/delivery.py [--clients 100] [--rate 40] [--seconds 10] [--runs 3]
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop
from stalled_reader import frame

HERE = Path(__file__).resolve().parent
ROOM = "plaza"
PAYLOAD = "." * 200
ENVELOPE = "." * 85
"""What Tertulia's protocol puts around it (type, number, sender, topic), so that all carry the same bytes."""
MARK = b"bench"
"""In each message that is counted, and in no other."""
TOPIC = "/bench"
WARM_UP = 2.0
WITHIN = 30.0
NODE_PACKAGE = "ws@8"
CORES = sorted(os.sched_getaffinity(0))
"""The first is the server's, the last the clients'."""


@dataclass(frozen=True)
class Server:
    pid: int
    url: str

    def cpu(self) -> float:
        """Seconds that all its threads have run, in the kernel and outside."""
        return sum(int(it.read_text().split()[0]) for it in Path(f"/proc/{self.pid}/task").glob("*/schedstat")) / 1e9


@dataclass(frozen=True)
class Subject:
    name: str
    start: Callable[[ExitStack], Server]
    join: tuple[str, ...]
    """What a client says first."""
    message: str
    """With a place for its number."""
    subprotocol: str | None = None


class Listener(asyncio.Protocol):
    """A client: counts what it hears, and does as little else as possible, for it shares the machine with the server."""

    def __init__(self, subject: Subject, netloc: str, path: str) -> None:
        self._subject = subject
        self._netloc = netloc
        self._path = path
        self._buffer = bytearray()
        self._open = False
        self.transport: asyncio.Transport
        self.ready = asyncio.get_running_loop().create_future()
        """Something came after the handshake; where nothing is said first, the handshake."""
        self.heard = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET {self._path} HTTP/1.1\r\nHost: {self._netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        )
        if self._subject.subprotocol:
            head += f"Sec-WebSocket-Protocol: {self._subject.subprotocol}\r\n"
        self.transport.write(f"{head}\r\n".encode())

    def say(self, text: str) -> None:
        self.transport.write(frame(text.encode()))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._open:
            if b"\r\n\r\n" not in buffer:
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                raise RuntimeError(buffer.decode())
            del buffer[: buffer.index(b"\r\n\r\n") + 4]
            self._open = True
            if not self._subject.join:
                self.ready.set_result(None)
            for text in self._subject.join:
                self.say(text)
        at = 0
        while len(buffer) >= at + 4:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < start + size:
                break
            if buffer.find(MARK, start, start + size) >= 0:
                self.heard += 1
            elif not self.ready.done():
                self.ready.set_result(None)
            at = start + size
        del buffer[:at]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(RuntimeError("let go before it was in"))


def tertulia(stack: ExitStack) -> Server:
    pid, lines = started(stack, sys.executable, "-m", "tertulia", "serve", *TERTULIA)
    return Server(
        pid, next(json.loads(line)["url"] for line in lines if '"event":"ready"' in line.replace(" ", "")) + "/ws"
    )


def asgi(stack: ExitStack) -> Server:
    pid, lines = started(
        stack, sys.executable, "-m", "uvicorn", "floor:app", "--app-dir", str(HERE / "delivery"), *UVICORN
    )
    return Server(pid, next(line.split(" on ")[1].split()[0] for line in lines if "running on" in line))


def node(stack: ExitStack) -> Server:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "floor.mjs").write_text((HERE / "delivery" / "floor.mjs").read_text())
    subprocess.run(["npm", "install", "--silent", "--prefix", folder, NODE_PACKAGE], check=True)
    pid, lines = started(stack, "node", str(folder / "floor.mjs"))
    return Server(pid, f"http://127.0.0.1:{int(next(lines))}")


TERTULIA = [
    *[
        "--port",
        "0",
        "--udp-port",
        "0",
        "--log",
        "json",
        "--open",
        "--p2p",
        "never",
        "--workers",
        "1",
        "--max-room-size",
        "1000",
        "--topic",
        f"{TOPIC};publish=everyone;rate=10000",
    ]
]
UVICORN = [
    *[
        "--ws",
        "websockets-sansio",
        "--loop",
        "uvloop",
        "--port",
        "0",
        "--ws-per-message-deflate",
        "false",
        "--lifespan",
        "off",
    ]
]


def started(stack: ExitStack, *command: str) -> tuple[int, Iterator[str]]:
    """A process on the first core until the stack ends, and the lines that it prints; they go to a file, so that it never waits for a
    reader."""
    log = Path(stack.enter_context(tempfile.TemporaryDirectory()), "log")
    with log.open("w") as output:
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(CORES[0]), *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    stack.callback(process.wait, 15)
    stack.callback(process.terminate)
    return process.pid, tail(process, log)


def tail(process: subprocess.Popen[bytes], path: Path) -> Iterator[str]:
    until = time.monotonic() + WITHIN
    with path.open() as lines:
        while process.poll() is None and time.monotonic() < until:
            if line := lines.readline():
                yield line
            else:
                time.sleep(0.02)
    raise RuntimeError(f"{process.args} did not start: {path.read_text()}")


BROADCAST = json.dumps({"topic": MARK.decode(), "number": "%d", "data": PAYLOAD, "envelope": ENVELOPE})
SUBJECTS = (
    Subject(
        "Tertulia, `/ws`",
        tertulia,
        (json.dumps({"type": "join", "id": 1, "room": ROOM, "name": "Somebody", "p2p": False}),),
        '{"type":"data","id":%d,"topic":"' + MARK.decode() + '","data":"' + PAYLOAD + '"}',
        "tertulia.v1",
    ),
    Subject(
        "Tertulia, a topic",
        tertulia,
        (
            json.dumps({"type": "join", "id": 1, "room": ROOM, "name": "Somebody", "p2p": False, "role": "viewer"}),
            json.dumps({"type": "topic_subscribe", "id": 2, "topic": TOPIC}),
        ),
        '{"type":"data","id":%d,"topic":"' + TOPIC + '","data":"' + PAYLOAD + '"}',
        "tertulia.v1",
    ),
    Subject("floor: uvicorn, bare ASGI", asgi, (), BROADCAST),
    Subject("floor: Node, ws", node, (), BROADCAST),
)


async def measure(subject: Subject, clients: int, rate: float, seconds: float) -> dict[str, Any]:
    with ExitStack() as stack:
        server = subject.start(stack)
        where = urlsplit(server.url)
        loop = asyncio.get_running_loop()
        people: list[Listener] = []
        for _ in range(clients):
            _, one = await loop.create_connection(
                lambda: Listener(subject, where.netloc, where.path or "/"), where.hostname, where.port
            )
            await asyncio.wait_for(one.ready, WITHIN)
            people.append(one)
        sender, others = people[0], people[1:]
        await asyncio.sleep(WARM_UP)
        for one in others:
            one.heard = 0
        cpu, began = server.cpu(), loop.time()
        count = int(rate * seconds)
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            sender.say(subject.message % (number + 10))
        async with asyncio.timeout(WITHIN):
            while any(one.heard < count for one in others):  # noqa: ASYNC110 - a hundred sockets without one event
                await asyncio.sleep(0.001)
        took = server.cpu() - cpu
        for one in people:
            one.transport.abort()
    if any(one.heard != count for one in others):
        raise RuntimeError("somebody heard something twice")
    return {"us": took / (count * len(others)) * 1e6, "deliveries": count * len(others)}


async def run(clients: int, rate: float, seconds: float, runs: int, only: str) -> None:
    subjects = [subject for subject in SUBJECTS if only.lower() in subject.name.lower()]
    figures: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    deliveries = 0
    for _ in range(runs):
        for subject in subjects:
            result = await measure(subject, clients, rate, seconds)
            figures[subject.name].append(result["us"])
            deliveries = result["deliveries"]
    print(
        f"{time.strftime('%Y-%m-%d')}: {clients} people, {rate:g} messages/s, {deliveries:,} deliveries a run, {runs} runs\n"
    )
    print("| server | CPU-µs per delivery, median | lowest and highest |\n|---|---|---|")
    for name, values in figures.items():
        print(f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} to {max(values):.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--rate", type=float, default=40.0, help="messages a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", metavar="NAME", help="servers with this in their name")
    given = parser.parse_args()
    os.sched_setaffinity(0, {CORES[-1]})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(given.clients, given.rate, given.seconds, given.runs, given.only))


if __name__ == "__main__":
    main()
