"""The door on `/ws`: an ASGI app for WebSockets, and the sessions that came through it."""

from dataclasses import dataclass

from tertulia.auth.admission import Admission
from tertulia.auth.ice_servers import IceServers
from tertulia.doors.native.connection import Connection
from tertulia.doors.native.incoming import CHAT_BYTES, MESSAGE_BYTES
from tertulia.doors.native.session import NativeSession, Terms
from tertulia.doors.session import WebSocketDoor
from tertulia.net import Connections, WebSocket
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


class NativeDoor(WebSocketDoor):
    """Serves `tertulia.v1`."""

    def __init__(
        self, hub: Hub, admission: Admission, options: Options, connections: Connections, ice_servers: IceServers
    ) -> None:
        super().__init__(hub, admission, connections)
        self.options = options
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
            ice_servers=ice_servers,
        )

    def connection(self, socket: WebSocket) -> Connection:
        return Connection(self, socket)

    def forget(self, session: NativeSession) -> None:
        """It is over."""
        self.sessions.pop(session.id, None)
        self.hub.forget(session.connection)
