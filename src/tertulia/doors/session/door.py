"""What a door on WebSockets is, whatever is said on them."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from starlette.types import Receive, Scope, Send

from tertulia.auth.admission import Admission
from tertulia.core.ids import ParticipantId
from tertulia.doors.session.connection import PageConnection
from tertulia.net import Connections, WebSocket
from tertulia.runtime.hub import Hub
from tertulia.runtime.seat import Seat


class Connection(Protocol):
    """What reads one socket."""

    socket: WebSocket
    ended: asyncio.Event
    """Set by the door when `run` has returned."""

    @property
    def session(self) -> Seat | None:
        """Whose socket it is; None: nobody's in a room."""

    async def run(self) -> None: ...
    def stop_if_outside(self) -> None:
        """The server stops: says so where no room does."""


class WebSocketDoor(ABC):
    """An ASGI app for WebSockets. Origin and Host are checked before it is reached."""

    def __init__(self, hub: Hub, admission: Admission, connections: Connections) -> None:
        """`connections` counts for all doors of a server together."""
        self.hub = hub
        self.admission = admission
        self.connections = connections
        self.refused: dict[str, int] = {}
        """How many messages were refused, by code."""
        self._open: set[Connection] = set()

    @abstractmethod
    def connection(self, socket: WebSocket) -> Connection:
        """What reads this socket."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = self.connection(WebSocket(scope, receive, send))
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)
            connection.ended.set()

    def drain(self) -> None:
        """Tells those who are not in a room yet that the server stops; the rooms tell the others."""
        for connection in list(self._open):
            connection.stop_if_outside()

    async def drained(self) -> None:
        """Until every socket has ended."""
        for connection in list(self._open):
            await connection.ended.wait()

    def drop_socket(self, room: str, participant: str) -> bool:
        """Cuts somebody's socket without a word, as a broken network does. False: there is none."""
        actor = self.hub.find(room)
        seat = None if actor is None else actor.seat(ParticipantId(participant))
        for connection in list(self._open):
            if connection.session is not None and connection.session is seat:
                connection.socket.abort()
                return True
        return False

    def count_refused(self, code: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1


@dataclass(frozen=True, slots=True)
class PageOptions:
    """How a door for pages behaves. Times are in seconds."""

    heartbeat: float = 15.0
    """Between two pings of the WebSocket itself, which every browser answers."""
    messages_per_second: float = 50.0


class PageDoor(WebSocketDoor):
    """A door whose clients say all that it takes to come in with the URL of their WebSocket."""

    def __init__(self, hub: Hub, admission: Admission, options: PageOptions, connections: Connections) -> None:
        super().__init__(hub, admission, connections)
        self.options = options

    @abstractmethod
    def connection(self, socket: WebSocket) -> PageConnection:
        """What reads this socket."""
