"""A namespace: its sockets, their rooms, and what reaches them."""

import asyncio
from collections.abc import Collection
from typing import Any

from tertulia.errors import Code, Unavailable
from tertulia.socketio.broadcast import Broadcast
from tertulia.socketio.handlers import Handlers
from tertulia.socketio.options import Options
from tertulia.socketio.parser import Kind, encode
from tertulia.socketio.recovery import Memory, Remembered
from tertulia.socketio.rooms import Rooms
from tertulia.socketio.socket import Socket, check_name

RECOVERABLE = frozenset({"transport close", "transport error", "ping timeout", "too slow"})
"""Reasons after which a client may come back as who it was."""


class Namespace(Handlers):
    """Made by `Server.of`."""

    def __init__(self, name: str, options: Options, handlers: Handlers | None = None) -> None:
        super().__init__()
        self.name = name
        self.options = options
        self.handlers = handlers if handlers is not None else self
        """One that came about by a pattern has the pattern's."""
        self.rooms: Rooms[Socket] = Rooms()
        self.memory = None if options.recovery is None else Memory(options.recovery)
        self._sockets: dict[str, Socket] = {}
        self._by_secret: dict[str, Socket] = {}
        self.entering = 0
        """Clients that are being let in, or not."""

    @property
    def empty(self) -> bool:
        return not self._sockets and not self.entering

    @property
    def sockets(self) -> list[Socket]:
        """Those that are connected, who came first is first."""
        return list(self._sockets.values())

    def socket(self, id: str) -> Socket | None:
        return self._sockets.get(id)

    def to(self, *rooms: str) -> Broadcast:
        """Whoever is in any of these rooms; a socket's id is a room."""
        return Broadcast(self, frozenset(rooms))

    def except_(self, *rooms: str) -> Broadcast:
        return Broadcast(self, frozenset(), frozenset(rooms))

    def emit(self, event: str, *args: Any, volatile: bool = False) -> None:
        """To everybody; see Broadcast.emit."""
        self.deliver(event, args, frozenset(), frozenset(), volatile=volatile)

    # --- for sockets and broadcasts ---

    def deliver(
        self, event: str, args: tuple[Any, ...], rooms: frozenset[str], excluded: frozenset[str], *, volatile: bool
    ) -> None:
        data = [check_name(event), *args]
        if self.memory is None:
            frames = self.encode(Kind.EVENT, data)
        elif volatile:
            # A last argument that is no offset would be taken for one.
            frames = self.encode(Kind.EVENT, [*data, str(self.memory.offset)])
        else:
            frames = self.encode(Kind.EVENT, [*data, str(self.memory.offset + 1)])
            self.memory.keep(frames, rooms, excluded, asyncio.get_running_loop().time())
        for socket in self.select(rooms, excluded):
            connection = socket._client.connection
            if not volatile or connection.idle:
                connection.send(frames)

    def encode(self, kind: Kind, data: Any, id: int | None = None) -> tuple[bytes, ...]:
        return encode(kind, self.name, data, id, max_attachments=self.options.limits.attachments)

    def select(self, rooms: Collection[str], excluded: Collection[str]) -> list[Socket]:
        return self.rooms.select(rooms, excluded, self._sockets.values())

    def join(self, socket: Socket, rooms: tuple[str, ...]) -> None:
        new = set(rooms) - self.rooms.of(socket)
        if self.rooms.count(socket) + len(new) > self.options.limits.rooms:
            raise Unavailable(
                Code.TOO_MANY_ROOMS, f"a socket can be in {self.options.limits.rooms} rooms, its own included"
            )
        for room in new:
            self.rooms.join(socket, room)

    # --- for clients ---

    def add(self, socket: Socket, secret: str | None) -> None:
        """From now on the socket gets what is sent. `secret`: by which it can be recovered."""
        self._sockets[socket.id] = socket
        self.rooms.join(socket, socket.id)
        socket.connected = True
        if secret is not None and self.memory is not None:
            socket._secret = secret
            socket._start = self.memory.offset
            self._by_secret[secret] = socket

    def remove(self, socket: Socket, reason: str) -> None:
        socket.connected = False
        del self._sockets[socket.id]
        if socket._secret is not None and self.memory is not None:
            del self._by_secret[socket._secret]
            if reason in RECOVERABLE:
                now = asyncio.get_running_loop().time()
                was = Remembered(socket.id, socket.rooms, socket.data, socket._start, now)
                self.memory.remember(socket._secret, was)
        self.rooms.forget(socket)

    def recover(self, secret: object, offset: object) -> Remembered | None:
        """Whoever this was, if it can be again."""
        if self.memory is None or not isinstance(secret, str):
            return None
        live = self._by_secret.get(secret)
        if live is not None:
            # The client knows of its loss before we do.
            live._client.connection.drop("transport close")
        return self.memory.recover(secret, offset, asyncio.get_running_loop().time())
