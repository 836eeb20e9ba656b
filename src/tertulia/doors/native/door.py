"""The door on `/ws`: an ASGI app for WebSockets, and the sessions that came through it."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tertulia.auth.admission import Admission
from tertulia.auth.ice_servers import IceServers
from tertulia.core.ids import ParticipantId
from tertulia.doors.native.connection import Connection
from tertulia.doors.native.files import FileRequests
from tertulia.doors.native.incoming import CHAT_BYTES, MESSAGE_BYTES
from tertulia.doors.native.session import NativeSession, Terms
from tertulia.doors.session import WebSocketDoor
from tertulia.net import Connections, LaneTotals, WebSocket
from tertulia.runtime.broker import Broker
from tertulia.runtime.hub import Hub
from tertulia.runtime.image import SessionImage
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
        self,
        hub: Hub,
        admission: Admission,
        options: Options,
        connections: Connections,
        ice_servers: IceServers,
        broker: Broker,
        files: FileRequests | None = None,
    ) -> None:
        super().__init__(hub, admission, connections)
        self.options = options
        self.files = files
        self.sessions: dict[str, NativeSession] = {}
        """Those that can be resumed, by id."""
        self.hushed = False
        """Nothing more is read: the server stops, and its sessions go on in the next process."""
        self._busy = 0
        self._quiet = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
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
            broker=broker,
            lanes=LaneTotals(),
        )

    def connection(self, socket: WebSocket) -> Connection:
        return Connection(self, socket)

    def forget(self, session: NativeSession) -> None:
        """It is over."""
        self.sessions.pop(session.id, None)
        self.terms.broker.leave(session)
        self.hub.forget(session.connection)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """A request is carried out in this block."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            if self._busy == 0:
                self._quiet.set()

    def run(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        """To its end, whoever waits for it."""
        task = asyncio.ensure_future(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def hush(self, within: float) -> None:
        """Reads nothing more, and waits until what was read is carried out; at most `within` seconds."""
        self.hushed = True
        if self._busy:
            self._quiet.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._quiet.wait(), within)

    def restore(self, participant: ParticipantId, image: SessionImage) -> NativeSession:
        """A session that another process has left. Raises ValueError for one that does not fit together."""
        return NativeSession.restored(participant, image, self.terms, self.forget)

    async def _run(self, work: Coroutine[None, None, None]) -> None:
        with self.busy():
            await work
