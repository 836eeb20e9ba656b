"""What is compared: how each server is started, and what its clients have to say."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.deliveries.client import Dialect

ROOT = Path(__file__).resolve().parent.parent.parent
SERVERS = Path(__file__).resolve().parent / "servers"
TOPIC = "/bench"
START_WITHIN = 120.0
"""Seconds; other work may have the machine."""
STOP_WITHIN = 30.0


@dataclass(frozen=True)
class Server:
    """A process, and what the kernel says of it."""

    pid: int
    port: int

    def cpu(self) -> float:
        """Seconds that all its threads have run, in the kernel and outside."""
        return sum(int(it.read_text().split()[0]) for it in Path(f"/proc/{self.pid}/task").glob("*/schedstat")) / 1e9

    def kilobytes(self) -> int:
        """Resident."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


@dataclass(frozen=True)
class Subject:
    name: str
    command: tuple[str, ...]
    """Prints its port, or `ready` as `tertulia serve --log json` does."""
    dialect: Dialect
    sizes: tuple[int, ...] = (10, 100, 1000)
    """People in the rooms that it is measured with."""
    is_crowded: bool = True
    """Whether it is measured how people join, and what they cost when they are silent."""

    @contextmanager
    def started(self, core: int) -> Iterator[Server]:
        """On that core alone. What it prints goes to a file, so that it never waits for a reader."""
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder, "log")
            with log.open("w") as output:
                process = subprocess.Popen(
                    ["taskset", "--cpu-list", str(core), *self.command],
                    cwd=ROOT,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={
                        **os.environ,
                        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
                        "PYTHONUNBUFFERED": "1",
                        "TERTULIA_DATA_DIR": folder,
                    },
                )
            try:
                yield Server(process.pid, _port(process, log))
            finally:
                process.terminate()
                try:
                    process.wait(STOP_WITHIN)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    until = time.monotonic() + START_WITHIN
    while process.poll() is None and time.monotonic() < until:
        for line in log.read_text().splitlines():
            if line.isdecimal():
                return int(line)
            if line.startswith("{") and (entry := json.loads(line))["event"] == "ready":
                return int(entry["url"].rsplit(":", 1)[1])
        time.sleep(0.05)
    raise RuntimeError(f"{process.args} did not start: {log.read_text()}")


class Native:
    """`tertulia.v1`, `data` to the room."""

    subprotocol: str | None = "tertulia.v1"

    def path(self, room: str) -> str:
        return "/ws"

    def answer(self, heard: bytes, room: str, *, speaks: bool) -> Sequence[bytes] | None:
        if not heard:
            role = {} if speaks else {"role": "viewer"}
            return [_json({"type": "join", "id": 1, "room": room, "name": "Somebody", "p2p": False, **role})]
        return None if b'"type":"joined"' in heard[:100] else ()

    def message(self, room: str, number: int, text: str) -> bytes:
        return b'{"type":"data","id":%d,"topic":"bench","data":"%s"}' % (number + 9, text.encode())


class Topic(Native):
    """`tertulia.v1`, a topic of the server to which everybody has subscribed."""

    def answer(self, heard: bytes, room: str, *, speaks: bool) -> Sequence[bytes] | None:
        if heard and super().answer(heard, room, speaks=speaks) is None:
            return [_json({"type": "topic_subscribe", "id": 2, "topic": TOPIC})]
        if heard:
            return None if heard.endswith(b'"type":"ok","id":2}') else ()
        return super().answer(heard, room, speaks=False)

    def message(self, room: str, number: int, text: str) -> bytes:
        return b'{"type":"data","id":%d,"topic":"%s","data":"%s"}' % (number + 9, TOPIC.encode(), text.encode())


class SocketIo:
    """Socket.IO 5 on a WebSocket; the servers of this folder join who asks for it, and pass on what is said."""

    subprotocol: str | None = None

    def path(self, room: str) -> str:
        return "/socket.io/?EIO=4&transport=websocket"

    def answer(self, heard: bytes, room: str, *, speaks: bool) -> Sequence[bytes] | None:
        if heard == b"2":
            return [b"3"]
        if heard.startswith(b"0"):
            return [b"40"]
        if heard.startswith(b"40"):
            return [b'420["join","%s"]' % room.encode()]
        return None if heard.startswith(b"430") else ()

    def message(self, room: str, number: int, text: str) -> bytes:
        return b'42["say","%s","%s"]' % (room.encode(), text.encode())


class Bare:
    """ws: the path is the room, and whoever has opened it is in."""

    subprotocol: str | None = None

    def path(self, room: str) -> str:
        return f"/{room}"

    def answer(self, heard: bytes, room: str, *, speaks: bool) -> Sequence[bytes] | None:
        return () if heard else None

    def message(self, room: str, number: int, text: str) -> bytes:
        return b'{"topic":"bench","number":%d,"data":"%s"}' % (number, text.encode())


def _json(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode()


def _python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"bench.deliveries.servers.{module}")


_TERTULIA = (
    *(sys.executable, "-m", "tertulia", "serve", "--port", "0", "--udp-port", "0", "--log", "json", "--open"),
    *("--p2p", "never", "--workers", "1", "--max-room-size", "1000", "--topic", f"{TOPIC};publish=everyone;rate=10000"),
)
SUBJECTS = (
    Subject("Tertulia, a room", _TERTULIA, Native()),
    Subject("Tertulia, a topic", _TERTULIA, Topic(), sizes=(1000,), is_crowded=False),
    Subject("Tertulia's Socket.IO", _python("tertulia_socketio"), SocketIo()),
    Subject("ws (Node)", ("node", str(SERVERS / "ws.js")), Bare()),
    Subject("Socket.IO (Node)", ("node", str(SERVERS / "socket_io.js")), SocketIo()),
    Subject("python-socketio", _python("python_socketio"), SocketIo()),
)
