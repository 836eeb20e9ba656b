"""One TCP port for HTTP, TURN, ICE and TLS: learns what a connection is, and passes it on with nothing of it read."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog

from tertulia.net.budget import counted_as

log = structlog.get_logger(__name__)

StreamKind = Literal["turn", "ice", "tls"]
FirstBytes = Literal["http", "turn", "ice", "tls", "tls_http", "more", "unknown"]
"""`tls_http`: TLS whose ALPN names HTTP. `more`: these bytes do not tell yet."""
Http = Callable[[socket.socket, bool], None]
"""Takes over a connection that speaks HTTP, and is told whether it does so in TLS."""

PATIENCE = 10.0
"""Seconds in which a connection has to say what it is."""
UNDECIDED = 2048
"""Connections that have not said it yet. With one more the oldest of them goes: who means to talk does so at once."""
UNDECIDED_SHARE = 0.25
"""Of the descriptors that this process may have, for undecided connections, where that is less."""
UNDECIDED_PER_ADDRESS = 256
PEEK = 16 * 1024
"""As many bytes as are looked at: more tell nothing."""
PIECES = 64
"""In so many pieces the bytes that tell may come."""
ACCEPTED_AT_ONCE = 64
"""Then other connections have their turn."""
REST = 0.5
"""Seconds until we accept again when there is no descriptor left for a connection."""
COMPLAIN_EVERY = 60.0


class Streams(Protocol):
    """Who knows the first bytes, and takes what is not HTTP."""

    def classify(self, first_bytes: bytes) -> FirstBytes: ...
    def adopt(self, connection: socket.socket, kind: StreamKind) -> None: ...


@dataclass(slots=True, eq=False)
class _Undecided:
    connection: socket.socket
    address: str
    deadline: float
    seen: int = 0
    pieces: int = 0


class Gate:
    """Lives in one event loop. `close` it."""

    def __init__(self, streams: Streams, http: Http | None = None, *, tls: bool = False) -> None:
        """`http`: None refuses it. `tls`: TLS is spoken here; then plain HTTP is not."""
        self._streams = streams
        self._http = http
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._listeners: Sequence[socket.socket] = ()
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        is_limited = descriptors != resource.RLIM_INFINITY
        self._most = min(UNDECIDED, max(1, int(descriptors * UNDECIDED_SHARE))) if is_limited else UNDECIDED
        # The oldest first, for all have the same time.
        self._undecided: dict[_Undecided, None] = {}
        self._by_address: dict[str, dict[_Undecided, None]] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._resting: dict[socket.socket, asyncio.TimerHandle] = {}
        self._complained = -COMPLAIN_EVERY

    @property
    def undecided(self) -> int:
        """How many connections have not said yet what they are."""
        return len(self._undecided)

    def open(self, listeners: Sequence[socket.socket]) -> None:
        """Accepts on these from now on. They are the gate's then: `close` closes them."""
        self._listeners = listeners
        for listener in listeners:
            self._loop.add_reader(listener, self._accept, listener)

    def close(self) -> None:
        """Nobody new comes; those who have not said what they are go. Safe to call twice."""
        for listener in self._listeners:
            if (rest := self._resting.pop(listener, None)) is not None:
                rest.cancel()
            else:
                self._loop.remove_reader(listener)
            listener.close()
        self._listeners = ()
        for one in list(self._undecided):
            self._drop(one)
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, address = listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self._rest(listener, error)
                return
            connection.setblocking(False)
            try:
                first_bytes = connection.recv(PEEK, socket.MSG_PEEK)
            except (BlockingIOError, InterruptedError):
                self._wait(connection, address[0])
                continue
            except OSError:
                connection.close()
                continue
            kind = self._streams.classify(first_bytes)
            if kind == "more" and first_bytes:
                self._look(self._wait(connection, address[0]))
            else:
                self._pass_on(connection, kind, first_bytes)

    def _rest(self, listener: socket.socket, error: OSError) -> None:
        """The connection stays in the kernel's queue, and the listener ready: without a rest we would spin."""
        self._loop.remove_reader(listener)
        self._resting[listener] = self._loop.call_later(REST, self._wake, listener)
        if self._loop.time() - self._complained >= COMPLAIN_EVERY:
            self._complained = self._loop.time()
            log.error("cannot accept connections; trying again", reason=(error.strerror or str(error)).lower())

    def _wake(self, listener: socket.socket) -> None:
        del self._resting[listener]
        self._loop.add_reader(listener, self._accept, listener)

    def _wait(self, connection: socket.socket, address: str) -> _Undecided:
        address = counted_as(address)
        neighbours = self._by_address.setdefault(address, {})
        if len(neighbours) >= UNDECIDED_PER_ADDRESS:
            self._drop(next(iter(neighbours)))
        elif len(self._undecided) >= self._most:
            self._drop(next(iter(self._undecided)))
        one = _Undecided(connection, address, self._loop.time() + PATIENCE)
        # Not the same as `neighbours` where the one that went was the last of it.
        self._by_address.setdefault(address, {})[one] = None
        self._undecided[one] = None
        self._loop.add_reader(connection, self._look, one)
        if self._sweeper is None:
            self._sweeper = self._loop.call_at(one.deadline, self._sweep)
        return one

    def _sweep(self) -> None:
        now = self._loop.time()
        self._sweeper = None
        while self._undecided:
            oldest = next(iter(self._undecided))
            if oldest.deadline > now:
                self._sweeper = self._loop.call_at(oldest.deadline, self._sweep)
                return
            self._drop(oldest)

    def _look(self, one: _Undecided) -> None:
        connection = one.connection
        try:
            first_bytes = connection.recv(PEEK, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._drop(one)
            return
        if len(first_bytes) == one.seen:
            # Ready without a new byte: there will be none.
            self._drop(one)
            return
        kind = self._streams.classify(first_bytes)
        if kind == "more" and one.pieces < PIECES:
            one.seen = len(first_bytes)
            one.pieces += 1
            # What was peeked at is still there: without this the socket would be ready all the time.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, one.seen + 1)
            return
        self._forget(one)
        if one.seen:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        self._pass_on(connection, kind, first_bytes)

    def _drop(self, one: _Undecided) -> None:
        self._forget(one)
        one.connection.close()

    def _forget(self, one: _Undecided) -> None:
        self._loop.remove_reader(one.connection)
        del self._undecided[one]
        neighbours = self._by_address[one.address]
        del neighbours[one]
        if not neighbours:
            del self._by_address[one.address]

    def _pass_on(self, connection: socket.socket, kind: FirstBytes, first_bytes: bytes) -> None:
        if kind == "turn" or kind == "ice" or (kind == "tls" and self._tls):
            self._streams.adopt(connection, kind)
        elif self._http is not None and kind == ("tls_http" if self._tls else "http"):
            self._http(connection, self._tls)
        elif kind == "http" and self._http is not None:
            refuse(connection, "400 Bad Request", "This port speaks HTTPS: use https:// in place of http://.")
        elif kind == "http":
            refuse(connection, "404 Not Found", "There are no pages here: this port is for TURN and ICE.")
        elif kind == "unknown" and first_bytes.isascii() and first_bytes[:1].isalpha():
            # It may be a person who tries something by hand. Whoever sends other bytes is not one to understand the answer.
            refuse(connection, "400 Bad Request", "This is not HTTP.")
        else:
            connection.close()


def refuse(connection: socket.socket, status: str, text: str) -> None:
    """A short answer in HTTP, and the end; as much of it as goes without waiting."""
    body = f"{text}\n"
    head = f"HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    with contextlib.suppress(OSError):
        # Closing with something unread would be a reset, which may overtake the answer.
        connection.recv(PEEK)
        connection.send((head + body).encode())
        connection.shutdown(socket.SHUT_WR)
    connection.close()
