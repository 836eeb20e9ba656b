"""What happens to connections that have not said what they are. See also tests/cli/test_gate.py, with a server behind the gate."""

import asyncio
import contextlib
import errno
import os
import resource
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from tertulia.net import gate, listen
from tertulia.net.gate import FirstBytes, Gate, StreamKind

WITHIN = 30.0
WORDS: dict[bytes, FirstBytes] = {
    b"GET ": "http",
    b"turn": "turn",
    b"ice!": "ice",
    b"tls!": "tls",
    b"alpn": "tls_http",
}
"""In place of the engine's protocols: four bytes tell."""


class Behind:
    """What is behind the gate: tells the words apart, and keeps what is passed on."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, socket.socket]] = []
        self.looks = 0

    def classify(self, first_bytes: bytes) -> FirstBytes:
        self.looks += 1
        if any(word.startswith(first_bytes) for word in WORDS if len(first_bytes) < len(word)):
            return "more"
        return WORDS.get(first_bytes[:4], "unknown")

    def adopt(self, connection: socket.socket, kind: StreamKind) -> None:
        self.taken.append((kind, connection))

    def http(self, connection: socket.socket, tls: bool) -> None:
        self.taken.append(("https" if tls else "http", connection))


class Place:
    def __init__(self, gate: Gate, behind: Behind, port: int) -> None:
        self.gate = gate
        self.behind = behind
        self.port = port
        self._clients: list[socket.socket] = []

    async def connect(self, first: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
        client = socket.socket()
        self._clients.append(client)
        client.setblocking(False)
        client.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", self.port))
        if first:
            client.send(first)
        return client

    async def taken(self, count: int = 1) -> list[tuple[str, socket.socket]]:
        await until(lambda: len(self.behind.taken) >= count)
        return self.behind.taken

    async def undecided(self, count: int) -> None:
        await until(lambda: self.gate.undecided == count)

    def leave(self) -> None:
        for connection in [*self._clients, *(connection for _, connection in self.behind.taken)]:
            connection.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110  what happens is in the kernel, and has no event
            await asyncio.sleep(0.002)


async def answer(client: socket.socket) -> bytes:
    """All that comes until the other side ends."""
    loop = asyncio.get_running_loop()
    said = b""
    async with asyncio.timeout(WITHIN):
        # Whoever closes with something unread resets.
        with contextlib.suppress(ConnectionResetError):
            while part := await loop.sock_recv(client, 4096):
                said += part
    return said


@asynccontextmanager
async def place(*, tls: bool = False, http: bool = True, listeners: list[Any] | None = None) -> AsyncIterator[Place]:
    behind = Behind()
    there = listen("127.0.0.1", 0) if listeners is None else listeners
    opened = Gate(behind, behind.http if http else None, tls=tls)
    opened.open(there)
    at = Place(opened, behind, there[0].getsockname()[1])
    try:
        yield at
    finally:
        opened.close()
        at.leave()


@pytest.mark.parametrize(
    ("tls", "word", "taken_as"),
    [
        (False, b"GET ", "http"),
        (False, b"turn", "turn"),
        (False, b"ice!", "ice"),
        (True, b"turn", "turn"),
        (True, b"ice!", "ice"),
        (True, b"tls!", "tls"),
        (True, b"alpn", "https"),
    ],
)
async def test_a_connection_goes_where_it_belongs_with_nothing_of_it_read(
    tls: bool, word: bytes, taken_as: str
) -> None:
    async with place(tls=tls) as at:
        await at.connect(word + b" and more")
        [(kind, connection)] = await at.taken()
        assert kind == taken_as
        assert connection.recv(100) == word + b" and more"
        assert at.gate.undecided == 0


@pytest.mark.parametrize(
    ("options", "said", "answered"),
    [
        ({"tls": True}, b"GET / HTTP/1.1\r\n\r\n", "https://"),
        ({"http": False}, b"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404"),
        ({"http": False, "tls": True}, b"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404"),
        ({}, b"HELO example.org\r\n", "HTTP/1.1 400"),
        ({"tls": True}, b"HELO example.org\r\n", "HTTP/1.1 400"),
        ({}, b"\xff\x00\x01\x02", ""),
        ({}, b"He\xff\x00", ""),
        ({}, b"tls!", ""),
        ({}, b"alpn", ""),
        ({"http": False, "tls": True}, b"alpn", ""),
    ],
)
async def test_what_has_no_place_here_is_told_so_where_it_can_read(
    options: dict[str, Any], said: bytes, answered: str
) -> None:
    async with place(**options) as at:
        client = await at.connect(said)
        text = (await answer(client)).decode()
        assert answered in text if answered else not text
        if text:
            head, body = text.split("\r\n\r\n")
            assert f"content-length: {len(body)}\r\n" in head
        assert not at.behind.taken


async def test_bytes_that_come_one_by_one_are_waited_for_without_looking_again_and_again() -> None:
    async with place() as at:
        client = await at.connect()
        await at.undecided(1)
        for seen, byte in enumerate(b"tur", start=1):
            client.send(bytes([byte]))
            await until(lambda seen=seen: at.behind.looks >= seen)  # type: ignore[misc]
            for _ in range(20):
                await asyncio.sleep(0)
            assert at.behind.looks <= 2 * seen, "it does not spin"
            assert not at.behind.taken
        client.send(b"n")
        [(kind, connection)] = await at.taken()
        assert (kind, connection.recv(100)) == ("turn", b"turn")
        client.send(b"!")
        await until(lambda: _has_bytes(connection))
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT) == 1, "one byte wakes whoever has it now"


def _has_bytes(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False


async def test_too_many_pieces_are_an_attack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PIECES", 2)
    async with place() as at:
        client = await at.connect()
        for pieces, byte in enumerate(b"tur", start=1):
            client.send(bytes([byte]))
            await until(lambda pieces=pieces: at.behind.looks >= pieces)  # type: ignore[misc]
        await answer(client)
        assert not at.behind.taken


@pytest.mark.parametrize("first", [b"", b"GE"])
async def test_whoever_ends_before_it_has_said_what_it_is_is_forgotten(first: bytes) -> None:
    async with place() as at:
        client = await at.connect(first)
        await at.undecided(1)
        client.shutdown(socket.SHUT_WR)
        assert await answer(client) == b""
        assert at.gate.undecided == 0
        # At once, before it is looked at for the first time.
        client = await at.connect()
        client.close()
        await at.connect(b"turn")
        await at.taken()
        await at.undecided(0)


async def test_the_silent_are_let_go_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.05)
    async with place() as at:
        clients = [await at.connect(first) for first in (b"", b"G", b"")]
        assert [await answer(client) for client in clients] == [b""] * 3
        assert at.gate.undecided == 0
        late = await at.connect()
        assert await answer(late) == b"", "also those who come when all others have gone"


async def test_the_silent_ones_of_one_address_cost_others_nothing() -> None:
    async with place() as at:
        silent = [await at.connect() for _ in range(gate.UNDECIDED_PER_ADDRESS + 44)]
        await at.undecided(gate.UNDECIDED_PER_ADDRESS)
        assert await answer(silent[0]) == b"", "the oldest had to go"
        await at.connect(source="127.0.0.2")
        await at.undecided(gate.UNDECIDED_PER_ADDRESS + 1)
        await at.connect(b"GET / HTTP/1.1\r\n\r\n")
        assert [kind for kind, _ in await at.taken()] == ["http"]
        silent[-1].send(b"turn")
        assert [kind for kind, _ in await at.taken(2)] == ["http", "turn"]


async def test_the_silent_ones_of_many_addresses_cost_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "UNDECIDED", 8)
    async with place() as at:
        silent = [await at.connect(source=f"127.0.1.{number}") for number in range(1, 13)]
        await at.undecided(8)
        assert [await answer(client) for client in silent[:4]] == [b""] * 4
        await at.connect(b"turn")
        assert [kind for kind, _ in await at.taken()] == ["turn"]


@pytest.mark.parametrize(("descriptors", "kept"), [(resource.RLIM_INFINITY, 6), (16, 4), (2, 1)])
async def test_the_silent_leave_descriptors_for_others(
    monkeypatch: pytest.MonkeyPatch, descriptors: int, kept: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda what: (descriptors, descriptors))
    async with place() as at:
        silent = [await at.connect() for _ in range(6)]
        for client in silent[: 6 - kept]:
            assert await answer(client) == b""
        await at.undecided(kept)
        await at.connect(b"turn")
        await at.taken()


async def test_a_closed_gate_lets_nobody_in_and_keeps_nobody_waiting() -> None:
    async with place() as at:
        silent = await at.connect()
        await at.undecided(1)
        at.gate.close()
        at.gate.close()
        assert await answer(silent) == b""
        with pytest.raises(ConnectionRefusedError):
            await at.connect()


class Exhausted(socket.socket):
    """A listener where there is no descriptor for a connection, for some time."""

    failures = 3

    def accept(self) -> Any:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


async def test_without_descriptors_it_rests_complains_once_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "REST", 0.02)
    [listener] = listen("127.0.0.1", 0)
    exhausted = Exhausted(fileno=listener.detach())
    with capture_logs() as logs:
        async with place(listeners=[exhausted]) as at:
            await at.connect(b"turn")
            assert [kind for kind, _ in await at.taken()] == ["turn"]
    assert exhausted.failures == 0
    assert [(line["log_level"], line["reason"]) for line in logs] == [("error", "too many open files")]


async def test_it_can_be_closed_while_it_rests() -> None:
    [listener] = listen("127.0.0.1", 0)
    exhausted = Exhausted(fileno=listener.detach())
    exhausted.failures = 1_000_000
    async with place(listeners=[exhausted]) as at:
        await at.connect(b"turn")
        await until(lambda: exhausted.failures < 1_000_000)
        at.gate.close()
        assert exhausted.fileno() == -1
        assert exhausted.failures == 999_999
