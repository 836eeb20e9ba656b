"""The door on `/ws`: an ASGI app for WebSockets, and the sessions that came through it."""

from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from tertulia.auth.admission import Admission
from tertulia.core.ids import ParticipantId
from tertulia.doors.native.connection import Connection
from tertulia.doors.native.incoming import CHAT_BYTES, MESSAGE_BYTES
from tertulia.doors.native.session import NativeSession, Terms
from tertulia.net import Connections
from tertulia.runtime.hub import Hub
from tertulia.wire import native as wire


@dataclass(frozen=True, slots=True)
class Options:
    """How the door behaves. Times are in seconds."""

    grace: float = 30.0
    heartbeat: float = 15.0
    join_timeout: float = 10.0
    messages_per_second: float = 50.0
    max_publications: int = 4
    ice_servers: tuple[wire.IceServer, ...] = ()


class NativeDoor:
    """Serves `tertulia.v1`. Origin and Host are checked before it is reached."""

    def __init__(self, hub: Hub, admission: Admission, options: Options, connections: Connections) -> None:
        """`connections` counts for all doors of a server together."""
        self.hub = hub
        self.admission = admission
        self.options = options
        self.connections = connections
        self.refused: dict[str, int] = {}
        """How many messages were refused, by code."""
        self.sessions: dict[str, NativeSession] = {}
        """Those that can be resumed, by id."""
        self.terms = Terms(
            grace=options.grace,
            heartbeat=options.heartbeat,
            limits=wire.Limits(
                message_bytes=MESSAGE_BYTES,
                messages_per_second=options.messages_per_second,
                chat_bytes=CHAT_BYTES,
                publications=options.max_publications,
            ),
            ice_servers=options.ice_servers,
        )
        self._open: set[Connection] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = Connection(self, scope, receive, send)
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

    def count_refused(self, code: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1

    def drop_socket(self, room: str, participant: str) -> bool:
        """Cuts somebody's socket without a word, as a broken network does. False: there is none."""
        actor = self.hub.find(room)
        seat = None if actor is None else actor.seat(ParticipantId(participant))
        for connection in list(self._open):
            if connection.session is not None and connection.session is seat:
                connection.abort()
                return True
        return False

    def forget(self, session: NativeSession) -> None:
        """It is over."""
        self.sessions.pop(session.id, None)
        self.hub.forget(session.connection)
