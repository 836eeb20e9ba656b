"""One client in one namespace."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tertulia.errors import Code, Unavailable
from tertulia.socketio.broadcast import Broadcast
from tertulia.socketio.engine.handshake import Handshake
from tertulia.socketio.parser import RESERVED, Kind

if TYPE_CHECKING:
    from tertulia.socketio.client import Client
    from tertulia.socketio.namespace import Namespace


class Socket:
    """Belongs to the event loop that serves it; nothing here waits but `call`."""

    __slots__ = (
        "_calls",
        "_client",
        "_held",
        "_numbers",
        "_secret",
        "_start",
        "connected",
        "data",
        "handshake",
        "id",
        "namespace",
        "recovered",
    )

    def __init__(self, id: str, namespace: "Namespace", client: "Client", handshake: Handshake) -> None:
        self.id = id
        """Not the session's: everybody may know it. It is also the name of a room in which only this socket is."""
        self.namespace = namespace
        self.handshake = handshake
        self.data: dict[str, Any] = {}
        """The application's own; kept when the socket is recovered."""
        self.recovered = False
        """It had lost its connection, and has its id, rooms and data again, and what it missed."""
        self.connected = False
        self._client = client
        self._calls: dict[int, asyncio.Future[list[Any]]] = {}
        self._numbers = 0
        self._held: deque[Callable[[], None]] | None = deque()
        self._secret: str | None = None
        self._start = 0

    # --- to this client ---

    def emit(self, event: str, *args: Any, volatile: bool = False) -> None:
        """Sends an event; to one that is disconnected nothing. Bytes in the arguments go as attachments.

        Raises ValueError for a reserved name and for what clients do not accept, TypeError for what JSON cannot say.
        """
        self.namespace.deliver(event, args, frozenset((self.id,)), frozenset(), volatile=volatile)

    async def call(self, event: str, *args: Any, timeout: float = 10.0) -> Any:
        """Sends an event and waits for its acknowledgement: its argument, a tuple of several, or None for none.

        Raises TimeoutError after so many seconds, ConnectionError when the socket is or gets disconnected, Unavailable (too_many_messages)
        when too many calls wait, and as `emit` does.
        """
        if not self.connected:
            raise ConnectionError("the socket is disconnected")
        if len(self._calls) >= self.namespace.options.limits.pending_calls:
            raise Unavailable(Code.TOO_MANY_MESSAGES, "too many calls wait for their acknowledgements")
        number = self._numbers
        frames = self.namespace.encode(Kind.EVENT, [check_name(event), *args], number)
        self._numbers += 1
        answer = self._calls[number] = asyncio.get_running_loop().create_future()
        try:
            self._client.connection.send(frames)
            async with asyncio.timeout(timeout):
                said = await answer
        finally:
            self._calls.pop(number, None)
        return said[0] if len(said) == 1 else tuple(said) or None

    def disconnect(self, *, close: bool = False) -> None:
        """Leaves the namespace; the client does not come back by itself. `close`: all of the client's namespaces, and its connection."""
        if close:
            self._client.disconnect()
        elif self.connected:
            self._client.leave(self, "server namespace disconnect", tell=True)

    def drop(self) -> None:
        """Ends the client's connection without a word, as a network does that breaks: the client tries to come back."""
        self._client.connection.drop("transport close", 1012)

    @property
    def left_with(self) -> int | None:
        """The close code with which the client's WebSocket ended: 1001 is a page that was left, 1006 a connection that broke. None: it is
        there, polls, or was let go."""
        return self._client.connection.left_with

    # --- to others ---

    def to(self, *rooms: str) -> Broadcast:
        """Everybody else in these rooms."""
        return Broadcast(self.namespace, frozenset(rooms), frozenset((self.id,)))

    def except_(self, *rooms: str) -> Broadcast:
        """Everybody else in the namespace but for those in these rooms."""
        return self.broadcast.except_(*rooms)

    @property
    def broadcast(self) -> Broadcast:
        """Everybody else in the namespace."""
        return Broadcast(self.namespace, frozenset(), frozenset((self.id,)))

    # --- rooms ---

    def join(self, *rooms: str) -> None:
        """One that is disconnected joins nothing. Raises Unavailable (too_many_rooms), and has joined none then."""
        if self.connected:
            self.namespace.join(self, rooms)

    def leave(self, *rooms: str) -> None:
        for room in rooms:
            self.namespace.rooms.leave(self, room)

    @property
    def rooms(self) -> frozenset[str]:
        return self.namespace.rooms.of(self)

    def __repr__(self) -> str:
        return f"<Socket {self.id} in {self.namespace.name}>"


def check_name(event: str) -> str:
    """Raises ValueError for a name that clients use themselves."""
    if event in RESERVED:
        raise ValueError(f"{event!r} is reserved")
    return event
