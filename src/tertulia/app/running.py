"""What there is between start and stop: rooms, and doors to them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from tertulia import config
from tertulia.app.opening import media_workers
from tertulia.auth.admission import Admission
from tertulia.auth.file_tickets import FileTickets
from tertulia.auth.ice_servers import IceServers
from tertulia.core.model import Policy, RoomSettings, Sound
from tertulia.doors import pages
from tertulia.doors.api import Api
from tertulia.doors.files import FilesDoor
from tertulia.doors.files import Options as FileOptions
from tertulia.doors.guard import Guard
from tertulia.doors.health import Health
from tertulia.doors.native import FileRequests, NativeDoor, Options, Restart
from tertulia.doors.peerjs import PeerDoor
from tertulia.doors.session import PageOptions
from tertulia.doors.signaling import SignalingDoor, SignalingOptions
from tertulia.doors.socketio import SocketIoDoor, SocketIoOptions
from tertulia.doors.testing import TestCommands
from tertulia.doors.whip import Options as WhipOptions
from tertulia.doors.whip import WhipDoor
from tertulia.media.port import Media
from tertulia.net import Connections
from tertulia.runtime.archive import Archive
from tertulia.runtime.broker import Broker
from tertulia.runtime.hub import Hub
from tertulia.store import ChatLog, DocumentLog, Images
from tertulia.store.files import FileStore
from tertulia.wire import native as wire

log = structlog.get_logger(__name__)

SOCKETIO = "/socket.io"


class Door(Protocol):
    """A door on WebSockets."""

    refused: dict[str, int]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...
    def drain(self) -> None: ...
    async def drained(self) -> None: ...
    def drop_socket(self, room: str, participant: str) -> bool: ...


@dataclass
class Running:
    """What there is between start and stop."""

    hub: Hub
    doors: tuple[Door, ...]
    whip: WhipDoor
    files: FilesDoor
    connections: Connections
    app: ASGIApp
    archive: Archive
    restart: Restart | None = None

    @classmethod
    def build(
        cls,
        settings: config.Settings,
        media: Media,
        admission: Admission,
        api: Api,
        ice_servers: IceServers,
        chat: ChatLog,
        documents: DocumentLog,
        broker: Broker,
        images: Images | None,
        files: FileStore,
    ) -> "Running":
        hub = Hub(
            media,
            lambda name: _room_settings(settings, name),
            max_rooms=settings.max_rooms,
            chat=chat,
            documents=documents,
            files=files,
        )
        desk = hub.files
        assert desk is not None
        tickets = FileTickets(None if settings.secret is None else settings.secret.get_secret_value())
        connections = Connections(settings.max_connections, settings.max_connections_per_address)
        native = NativeDoor(
            hub, admission, _options(settings), connections, ice_servers, broker, FileRequests(desk, tickets)
        )
        signaling = SignalingDoor(hub, admission, _signaling_options(settings), connections, ice_servers)
        peerjs = PeerDoor(hub, admission, _page_options(settings), connections, lists_peers=settings.peerjs_peers)
        socketio = SocketIoDoor(hub, admission, _socketio_options(settings), connections)
        doors: dict[str, Door] = {
            "/ws": native,
            "/signaling": signaling,
            "/peerjs": peerjs,
            "/peerjs/peerjs": peerjs,
            SOCKETIO: socketio,
        }
        whip = WhipDoor(hub, admission, _whip_options(settings), ice_servers)
        restart = None if images is None else Restart(hub, native, images, grace=settings.grace)
        files_door = FilesDoor(desk, tickets, admission, _file_options(settings))
        doors_on_sockets = (native, signaling, peerjs, socketio)
        running = cls(hub, doors_on_sockets, whip, files_door, connections, not_started, Archive(hub, chat), restart)
        health = Health(
            hub, media, lambda: connections.open, running.refused, media_workers(settings), broker, native.terms.lanes
        )
        routes: list[BaseRoute] = [
            *health.routes(),
            Route("/ws", _upgrade_required(f"subprotocol {wire.SUBPROTOCOL}")),
            Route("/signaling", _upgrade_required("JSON messages without a subprotocol")),
            api.route(),
            *whip.routes(),
            *files_door.routes(),
            *peerjs.routes(),
        ]
        if settings.test_commands:
            routes += TestCommands(hub, media, running.drop_socket).routes()
        routes += pages.routes(settings.web, allow_origins=settings.allow_origin)
        running.app = Guard(
            _Dispatch(doors, socketio, Router(routes)),
            allow_origins=settings.allow_origin,
            local_only=settings.local_names_only,
        )
        return running

    def refused(self) -> Mapping[str, int]:
        """How many messages and requests were refused at all doors, by code."""
        total: Counter[str] = Counter(self.whip.refused)
        total.update(self.files.refused)
        for door in self.doors:
            total.update(door.refused)
        return total

    def drop_socket(self, room: str, participant: str) -> bool:
        """Cuts somebody's socket without a word. False: there is none."""
        return any(door.drop_socket(room, participant) for door in self.doors)

    async def drain(self, timeout: float) -> None:
        self.hub.stopping = True
        if self.restart is not None:
            self.restart.prepare()
        for door in self.doors:
            door.drain()
        if self.restart is not None:
            await self.restart.keep(timeout)
        await self.hub.stop(timeout)
        try:
            async with asyncio.timeout(timeout):
                for door in self.doors:
                    await door.drained()
        except TimeoutError:
            log.warning("sockets left open when the server stopped", count=self.connections.open)


class _Dispatch:
    """Sends WebSockets to their door, without a framework on their way, and everything else to the routes."""

    def __init__(self, doors: Mapping[str, ASGIApp], polling: ASGIApp, web: Router) -> None:
        """`doors`: by path, without a slash at its end. `polling` gets the requests of Socket.IO, whose clients need no WebSocket."""
        self._doors = doors
        self._polling = polling
        self._web = web

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/")
        if scope["type"] == "http":
            is_polling = path == SOCKETIO or path.startswith(SOCKETIO + "/")
            await (self._polling if is_polling else self._web)(scope, receive, send)
            return
        door = self._doors.get(path)
        if door is not None:
            await door(scope, receive, send)
        else:
            await receive()
            known = ", ".join(self._doors)
            await send({"type": "websocket.close", "code": 1008, "reason": f"no WebSocket here; there is {known}"})


def _room_settings(settings: config.Settings, name: str) -> RoomSettings:
    return RoomSettings(
        name=name,
        max_participants=settings.max_room_size,
        policy=Policy(settings.p2p),
        eldest_moderates=settings.open,
        max_publications=settings.max_publications,
        max_listed_viewers=settings.max_listed_viewers,
        grace=settings.grace,
        sound=Sound(fec=settings.audio_fec, dtx=settings.audio_dtx, red=settings.audio_red),
    )


def _options(settings: config.Settings) -> Options:
    return Options(
        grace=settings.grace,
        heartbeat=settings.heartbeat,
        join_timeout=settings.join_timeout,
        messages_per_second=settings.messages_per_second,
        max_publications=settings.max_publications,
    )


def _page_options(settings: config.Settings) -> PageOptions:
    return PageOptions(heartbeat=settings.heartbeat, messages_per_second=settings.messages_per_second)


def _signaling_options(settings: config.Settings) -> SignalingOptions:
    return SignalingOptions(
        heartbeat=settings.heartbeat,
        messages_per_second=settings.messages_per_second,
        rings_for=settings.ring_timeout,
    )


def _socketio_options(settings: config.Settings) -> SocketIoOptions:
    return SocketIoOptions(
        heartbeat=settings.heartbeat,
        messages_per_second=settings.messages_per_second,
        grace=settings.grace,
        allow_origins=tuple(settings.allow_origin),
    )


def _whip_options(settings: config.Settings) -> WhipOptions:
    return WhipOptions(
        allow_origins=tuple(settings.allow_origin),
        requests_per_second=settings.messages_per_second,
        max_sessions=settings.max_connections,
        max_sessions_per_address=settings.max_connections_per_address,
    )


def _file_options(settings: config.Settings) -> FileOptions:
    return FileOptions(allow_origins=tuple(settings.allow_origin), requests_per_second=settings.messages_per_second)


def _upgrade_required(kind: str) -> Callable[[Any], Awaitable[PlainTextResponse]]:
    """The answer to a plain GET."""

    async def answer(request: Any) -> PlainTextResponse:
        headers = {"upgrade": "websocket", "connection": "upgrade"}
        return PlainTextResponse(f"This is a WebSocket, {kind}.\n", status_code=426, headers=headers)

    return answer


async def not_started(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers for a server that nobody has started."""
    text = (
        "Tertulia is not running: pass its lifespan to the app that it is mounted in, FastAPI(lifespan=rt.lifespan).\n"
    )
    if scope["type"] == "http":
        await PlainTextResponse(text, status_code=503)(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": 1013, "reason": "not running"})
