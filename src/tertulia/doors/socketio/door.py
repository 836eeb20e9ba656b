"""The door on `/socket.io/`."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.types import Receive, Scope, Send

from tertulia.auth.admission import Admission
from tertulia.core.ids import ParticipantId
from tertulia.doors.session import PageOptions
from tertulia.doors.socketio.session import SocketIoSession
from tertulia.doors.socketio.visitor import Visitor
from tertulia.doors.socketio.words import Said
from tertulia.errors import Code, TertuliaError
from tertulia.net import Connections, WebSocket
from tertulia.net.outbox import WAITING_BYTES, WAITING_MESSAGES
from tertulia.runtime.hub import Hub
from tertulia.socketio import ConnectRefused, Limits, Options, Recovery, Server, Socket

log = structlog.get_logger(__name__)

VISITOR = "visitor"
"""Where a socket has its `Visitor`, which is kept when it is recovered."""
MISSED_EVENTS = 10_000
MISSED_BYTES = 8 << 20
"""Kept, for the sockets of all rooms together."""
RUNNING = 16
"""Events of one socket that wait for their turn."""
ENDURED = 100
"""Times the allowed rate: what comes faster than that is only read later."""


@dataclass(frozen=True, slots=True)
class SocketIoOptions(PageOptions):
    grace: float = 30.0
    """Seconds in which somebody whose connection broke can come back."""
    allow_origins: tuple[str, ...] = ()
    """Whose pages may connect besides the same origin's; `*`: all."""


class SocketIoDoor:
    """For pages of Socket.IO without a protocol of ours. An ASGI app, written on the library as any other."""

    def __init__(self, hub: Hub, admission: Admission, options: SocketIoOptions, connections: Connections) -> None:
        """`connections` counts for all doors of a server together."""
        self.hub = hub
        self.admission = admission
        self.options = options
        self.refused: dict[str, int] = {}
        """How many events and entries were refused, by code."""
        self.undecided: set[Visitor] = set()
        """Those who have named no room, and may yet."""
        self.sio = Server(_library_options(options), places=connections)
        self.sio.use(self._admit)
        self.sio.on("connect")(self._connected)
        self.sio.on("disconnect")(self._disconnected)
        self.sio.on("*")(self._hear)
        self.sio.of(_no_namespace)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.hub.stopping and scope["type"] == "websocket":
            await WebSocket(scope, receive, send).refuse(1013, Code.SERVER_STOPPING.value)
        else:
            await self.sio(scope, receive, send)

    def drain(self) -> None:
        """Tells those who are not in a room that the server stops; the rooms tell the others."""
        for visitor in self._visitors():
            visitor.stop_if_outside()

    async def drained(self) -> None:
        """Until every socket has ended."""
        await self.sio.stop()

    def drop_socket(self, room: str, participant: str) -> bool:
        """Cuts somebody's connection without a word, as a broken network does. False: there is none."""
        actor = self.hub.find(room)
        seat = None if actor is None else actor.seat(ParticipantId(participant))
        if not isinstance(seat, SocketIoSession) or not seat.visitor.socket.connected:
            return False
        seat.visitor.socket.drop()
        return True

    def count_refused(self, code: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1

    def visitor(self, socket: str) -> Visitor | None:
        """By the socket's id."""
        found = self.sio.socket(socket)
        return None if found is None else _visitor(found)

    async def settle_undecided(self) -> None:
        """Something is said in the lobby: who would come into it by waiting is there to hear it."""
        if self.undecided:
            await asyncio.gather(*(visitor.settled() for visitor in tuple(self.undecided)), return_exceptions=True)

    def broadcast(self, visitors: Iterable[Visitor], said: Said) -> None:
        """One event, encoded once."""
        ids = [visitor.socket.id for visitor in visitors if not visitor.wait_for(said)]
        if not ids:
            return
        try:
            self.sio.to(*ids).emit(said.event, *said.args)
        except (TypeError, ValueError) as problem:
            # Nested as deeply as other doors allow, and one level more by the event around it.
            log.info("data that Socket.IO cannot carry", socketio_event=said.event, problem=str(problem))

    def _visitors(self) -> list[Visitor]:
        return [found for socket in self.sio.sockets if (found := _visitor(socket)) is not None]

    # --- what the library calls ---

    async def _admit(self, socket: Socket) -> None:
        visitor = socket.data[VISITOR] = Visitor(self, socket)
        try:
            await visitor.knock()
        except TertuliaError as error:
            self.count_refused(error.code.value)
            raise

    def _connected(self, socket: Socket) -> None:
        socket.data[VISITOR].connected(socket)

    def _disconnected(self, socket: Socket, reason: str) -> None:
        visitor: Visitor = socket.data[VISITOR]
        if visitor.socket is socket:
            visitor.gone(reason)

    async def _hear(self, socket: Socket, event: str, *args: Any) -> None:
        await socket.data[VISITOR].hear(event, args)


def _visitor(socket: Socket) -> Visitor | None:
    found = socket.data.get(VISITOR)
    return found if isinstance(found, Visitor) else None


def _no_namespace(name: str, auth: dict[str, Any]) -> bool:
    raise ConnectRefused("there is only the main namespace, /; rooms are named by `room`", {"code": "invalid"})


def _library_options(options: SocketIoOptions) -> Options:
    limits = Limits(
        waiting_messages=WAITING_MESSAGES,
        waiting_bytes=WAITING_BYTES,
        events_per_second=options.messages_per_second * ENDURED,
        running_handlers=RUNNING,
    )
    recovery = Recovery(duration=options.grace, packets=MISSED_EVENTS, bytes=MISSED_BYTES)
    return Options(
        allow_origins=options.allow_origins,
        ping_interval=options.heartbeat,
        ping_timeout=options.heartbeat,
        recovery=recovery,
        limits=limits,
    )
