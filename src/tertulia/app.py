"""The one place that builds Tertulia's objects and wires them to each other."""

import asyncio
import os
import secrets
import shutil
import socket
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog
from pydantic import SecretStr
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from tertulia import config
from tertulia.auth.admission import Admission
from tertulia.auth.authorize import Hook
from tertulia.auth.file_tickets import FileTickets
from tertulia.auth.ice_servers import IceServers
from tertulia.auth.tokens import TokenSigner, TokenVerifier
from tertulia.auth.turn import TurnSecret
from tertulia.core.model import Policy, RoomSettings, Sound
from tertulia.doors import pages
from tertulia.doors.api import Access, Api, ChatEndpoint, FilesEndpoint, IceServersEndpoint
from tertulia.doors.files import FilesDoor
from tertulia.doors.files import Options as FileOptions
from tertulia.doors.guard import Guard, is_from_this_machine
from tertulia.doors.health import Health
from tertulia.doors.native import FileRequests, NativeDoor, Options, Restart
from tertulia.doors.peerjs import PeerDoor
from tertulia.doors.session import PageOptions
from tertulia.doors.signaling import SignalingDoor, SignalingOptions
from tertulia.doors.socketio import SocketIoDoor, SocketIoOptions
from tertulia.doors.testing import TestCommands
from tertulia.doors.whip import Options as WhipOptions
from tertulia.doors.whip import WhipDoor
from tertulia.media import addresses
from tertulia.media.engine import EngineMedia, Relay, create_engine
from tertulia.media.port import Media
from tertulia.media.public_address import Finder
from tertulia.media.roads import Roads, find_roads
from tertulia.net import Connections, Gate, listen
from tertulia.runtime.archive import Archive
from tertulia.runtime.broker import Broker
from tertulia.runtime.event_emitter import EventEmitter
from tertulia.runtime.feed import Feed
from tertulia.runtime.hub import Hub
from tertulia.runtime.statistics import Statistics
from tertulia.runtime.topics import Topics
from tertulia.runtime.views import Room
from tertulia.store import MEMORY, ChatLog, Database, DocumentLog, Images, Retention
from tertulia.store.files import Blobs, Bucket, FileStore, Folder, Limits
from tertulia.topic_rule import TopicRule
from tertulia.wire import native as wire

log = structlog.get_logger(__name__)

UDP_PORTS_TRIED = 20
SOCKETIO = "/socket.io"

A = TypeVar("A", bound=Hook)


class Tertulia(EventEmitter, Topics):
    """An ASGI app. Serve it, or mount it and use `lifespan`:

        rt = Tertulia(secret="…")
        app = FastAPI(lifespan=rt.lifespan)
        app.mount("/rt", rt)

    Instances share nothing. Each lives in one event loop at a time and may be started again after it was stopped.
    """

    def __init__(
        self,
        settings: config.Settings | None = None,
        *,
        media: Media | None = None,
        roads: Roads | None = None,
        **given: Any,
    ) -> None:
        """`given`: settings by name, see `config.Settings`. Raises ValueError for settings that do not go together.

        `media` takes the place of the compiled engine; whoever gives it away does not use it again. `roads`: where clients reach it.
        """
        EventEmitter.__init__(self, Feed())
        self.settings = with_turn_secret(settings if settings is not None else config.load(**given))
        Topics.__init__(self, Broker(map(TopicRule.parse, self.settings.topic)))
        secret = self.settings.secret
        self._verifier = TokenVerifier(
            secret=None if secret is None else secret.get_secret_value(), public_keys=self.settings.token_public_key
        )
        if not self._verifier and not self.settings.open:
            raise ValueError(
                "give a secret or a token_public_key to check tokens with, or open=True for rooms that need none"
            )
        self._signer = None if secret is None else TokenSigner(secret.get_secret_value())
        self._admission = Admission(self._verifier, open=self.settings.open, signer=self._signer)
        self._media = media
        self._roads = Roads() if roads is None else roads
        self._running: _Running | None = None

    def token(
        self,
        room: str,
        *,
        identity: str | None = None,
        name: str | None = None,
        role: str = "speaker",
        can: Iterable[str] | None = None,
        topics: Mapping[str, Collection[str]] | None = None,
        ttl: float = 24 * 3600,
    ) -> str:
        """A join token. `room` may be a pattern with `*`; `topics` are patterns by `subscribe` and `publish`; `ttl` is in seconds.
        Raises ValueError without a secret, or for bad claims."""
        return self._need_signer().sign(
            room=room, identity=identity, name=name, role=role, can=can, topics=topics, ttl=ttl
        )

    def admin_token(self, *, ttl: float = 3600) -> str:
        """A token for `/api/v1`, good for `ttl` seconds; it opens no room. Raises ValueError without a secret."""
        return self._need_signer().sign_admin(ttl=ttl)

    @property
    def rooms(self) -> tuple[Room, ...]:
        """Those that are open, the oldest first; none while it is not running."""
        return tuple(Room(actor, self._feed) for actor in self._running.hub.rooms.values()) if self._running else ()

    def room(self, name: str) -> Room | None:
        """None: no room of this name is open. A room opens when somebody comes."""
        actor = self._running.hub.find(name) if self._running else None
        return None if actor is None else Room(actor, self._feed)

    def authorize(self, hook: A) -> A:
        """Decorator: asks this async function before somebody joins. None: as the token says; a `Grant` lets in, with a token or without;
        `Refuse` sends away.

        It has 5 seconds. One that raises anything else, or takes longer, refuses with `internal`, and the log says why. Who resumes a lost
        connection is not asked again. Raises ValueError for a second hook, TypeError for a function that is not async.
        """
        self._admission.ask(hook)
        return hook

    @property
    def _archive(self) -> Archive:
        assert self._running is not None, "no request comes before it runs"
        return self._running.archive

    def _is_trusted(self, scope: Scope) -> bool:
        """Whoever can do everything in the rooms anyway, for they are open and no other machine reaches them."""
        return self.settings.open and self.settings.local_names_only and is_from_this_machine(scope)

    def _need_signer(self) -> TokenSigner:
        if self._signer is None:
            raise ValueError("without a secret there is nothing to sign tokens with")
        return self._signer

    @asynccontextmanager
    async def lifespan(self, app: Any = None) -> AsyncIterator[None]:
        """Runs the server's rooms and media; usable as the lifespan of a FastAPI or Starlette app.

        Raises RuntimeError when it runs already, OSError when a port cannot be bound or a file of `tls_cert` or `tls_key` cannot be read,
        ValueError for a certificate that cannot be used, `store.CannotOpen` for a database that cannot be, and
        `media.public_address.NotFound` where `public_ip` says whom to ask and nobody answers.
        """
        if self._running is not None:
            raise RuntimeError("this Tertulia runs already")
        with ExitStack() as closing:
            media, roads = self._open(closing, await self._with_public_addresses())
            ice_servers = _ice_servers(self.settings, roads)
            api = Api(
                lambda: self.rooms,
                self.room,
                Access(self._verifier, self._is_trusted),
                IceServersEndpoint(self._admission, ice_servers, self.settings.messages_per_second),
                ChatEndpoint(lambda: self._archive),
                FilesEndpoint(lambda: None if self._running is None else self._running.hub.files),
                self._broker,
                allow_origins=self.settings.allow_origin,
            )
            database = Database(self.settings.database or MEMORY)
            await database.open()
            lasting = self.settings.chat_retention > 0 and not database.in_memory
            chat = ChatLog(database, outlives_rooms=lasting)
            documents = DocumentLog(database, outlives_rooms=lasting)
            # Of a database in memory nothing is left for another process.
            images = None if database.in_memory else Images(database)
            try:
                files = open_files(closing, self.settings, database)
                await files.open()
            except BaseException:
                await database.close()
                raise
            self._running = running = _Running.build(
                self.settings, media, self._admission, api, ice_servers, chat, documents, self._broker, images, files
            )
            running.hub.observe(self._feed.observe)
            if running.restart is not None:
                await running.restart.take_back()
            tasks = [
                asyncio.create_task(Statistics(running.hub, media, self._feed.rated).run()),
                asyncio.create_task(Retention(chat, self.settings.chat_retention).run()),
                asyncio.create_task(Retention(documents, self.settings.chat_retention, what="documents").run()),
                asyncio.create_task(files.run(self.settings.chat_retention if files.outlives_rooms else 0.0)),
            ]
            try:
                yield
            finally:
                async with database.idle():
                    for task in tasks:
                        task.cancel()
                try:
                    await self.drain()
                    await self._feed.stop(timeout=1.0)
                    self._stop_topics()
                finally:
                    self._running = None
                    await chat.flush()
                    await documents.flush()
                    await files.flush()
                    await database.close()

    async def _with_public_addresses(self) -> config.Settings:
        """Asks for them where the settings name whom to ask; nothing is asked for media that somebody else has opened."""
        if self._media is not None:
            return self.settings
        found = await Finder(self.settings).find()
        return self.settings.model_copy(update={"public_ip": list(found)})

    def _open(self, closing: ExitStack, settings: config.Settings) -> tuple[Media, Roads]:
        """Media, and where clients reach it; with ports of its own where none was given."""
        if self._media is not None:
            closing.callback(self._media.stop)
            return self._media, self._roads
        listening = _listen(settings)
        for listener in listening:
            closing.callback(listener.close)
        certificate = None
        if listening and settings.tls_cert is not None and settings.tls_key is not None:
            certificate = (settings.tls_cert.read_bytes(), settings.tls_key.read_bytes())
        media, roads = open_media(settings, listening, certificate=certificate)
        closing.callback(media.stop)
        gate = Gate(media.streams, tls=roads.tls)
        closing.callback(gate.close)
        gate.open(listening)
        return media, roads

    async def drain(self) -> None:
        """No new joins; tells everybody that the server stops, and waits for their sockets. Harmless when it is not running."""
        if self._running is not None:
            await self._running.drain(self.settings.drain_timeout)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._own_lifespan(receive, send)
        elif self._running is None:
            await _not_started(scope, receive, send)
        else:
            await self._running.app(scope, receive, send)

    async def _own_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        started = False
        try:
            async with self.lifespan():
                started = True
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            kind = "shutdown" if started else "startup"
            log.exception(f"{kind} failed")
            await send({"type": f"lifespan.{kind}.failed", "message": str(error)})
        else:
            await send({"type": "lifespan.shutdown.complete"})


class _Door(Protocol):
    """A door on WebSockets."""

    refused: dict[str, int]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...
    def drain(self) -> None: ...
    async def drained(self) -> None: ...
    def drop_socket(self, room: str, participant: str) -> bool: ...


@dataclass
class _Running:
    """What there is between start and stop."""

    hub: Hub
    doors: tuple[_Door, ...]
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
    ) -> "_Running":
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
        doors: dict[str, _Door] = {
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
        running = cls(hub, doors_on_sockets, whip, files_door, connections, _not_started, Archive(hub, chat), restart)
        health = Health(hub, media, lambda: connections.open, running.refused, media_workers(settings), broker)
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


def open_media(
    settings: config.Settings,
    listening: Sequence[socket.socket] = (),
    *,
    certificate: tuple[bytes, bytes] | None = None,
) -> tuple[EngineMedia, Roads]:
    """Binds the UDP port and starts the media engine; with it comes where clients reach it.

    `listening`: the TCP sockets of a gate, which brings the engine what comes there. `certificate`: chain and key (PEM) of TLS on them.
    Raises OSError: the port that was asked for, or every one that is tried by default, is taken. ValueError: it is no good certificate.
    """
    first = config.DEFAULT_UDP_PORT if settings.udp_port is None else settings.udp_port
    tries = UDP_PORTS_TRIED if settings.udp_port is None else 1
    for port in range(first, first + tries):
        try:
            engine = create_engine(
                addresses.binding(settings.host, port),
                workers=media_workers(settings),
                room_share=settings.room_share,
                local_only=addresses.local_only(settings.host),
                relay=_relay(settings),
                public=settings.public_ip,
                loudest=settings.max_voices,
                test_commands=settings.test_commands,
            )
        except OSError:
            if port == first + tries - 1:
                raise
            continue
        if port != first:
            log.warning("UDP port taken, using the next free one", wanted=first, port=port)
        roads = find_roads(
            settings.host,
            engine.addresses(),
            [addresses.of_socket(listener) for listener in listening],
            public=settings.public_ip,
            tls=certificate is not None,
        )
        media = EngineMedia(engine, roads=roads, pictures=settings.max_pictures)
        if certificate is not None:
            try:
                media.streams.set_certificate(*certificate)
            except ValueError:
                media.stop()
                raise
        return media, roads
    raise AssertionError("unreachable")


def with_turn_secret(settings: config.Settings) -> config.Settings:
    """With a secret for TURN, made for this run where none is set."""
    if not settings.turn or settings.turn_secret is not None:
        return settings
    return settings.model_copy(update={"turn_secret": SecretStr(secrets.token_urlsafe(32))})


def _relay(settings: config.Settings) -> Relay | None:
    if not settings.turn or settings.turn_secret is None:
        return None
    return Relay(
        settings.turn_secret.get_secret_value(),
        allocations=settings.turn_allocations,
        per_user=settings.turn_per_user,
        per_address=settings.turn_per_address,
        bytes_per_second=settings.turn_bytes_per_second,
        allow_peers=settings.turn_allow_peer,
    )


def _listen(settings: config.Settings) -> list[socket.socket]:
    if settings.tcp_port is None:
        return []
    try:
        return listen(settings.host, settings.tcp_port)
    except OSError as error:
        where = f"tcp_port: cannot listen on {settings.host} port {settings.tcp_port}"
        raise OSError(error.errno, f"{where}: {(error.strerror or str(error)).lower()}") from error


def media_workers(settings: config.Settings) -> int:
    """How many media threads there are."""
    return settings.workers or os.cpu_count() or 1


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


def _ice_servers(settings: config.Settings, roads: Roads) -> IceServers:
    def shared(secret: SecretStr | None) -> TurnSecret | None:
        return None if secret is None else TurnSecret(secret.get_secret_value())

    return IceServers(
        udp=roads.udp,
        tcp=roads.tcp,
        tls=roads.tls,
        relay=shared(settings.turn_secret) if settings.turn else None,
        external=settings.ice_server,
        external_secret=shared(settings.ice_secret),
        direct=settings.p2p != "never",
        ttl=settings.ice_ttl,
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


def open_files(closing: ExitStack, settings: config.Settings, database: Database) -> FileStore:
    """Where the settings say. Raises ValueError for what names no place, ImportError where it needs what is not installed."""
    limits = Limits(
        file_bytes=settings.max_file_size,
        room_bytes=settings.max_room_files,
        uploads=settings.max_uploads,
        expiry=settings.upload_expiry,
        types=tuple(settings.file_type),
        refused=tuple(settings.refuse_file_type),
    )
    outlives_rooms = settings.files is not None and settings.chat_retention > 0 and not database.in_memory
    if settings.files is not None and settings.files.startswith("s3://"):
        blobs: Blobs = Bucket(settings.files)
        staging = settings.data_dir / "uploads"
    else:
        folder = _temporary_folder(closing) if settings.files is None else Path(settings.files)
        blobs, staging = Folder(folder / "kept"), folder / "uploads"
    return FileStore(database, blobs, staging, limits, outlives_rooms=outlives_rooms)


def _temporary_folder(closing: ExitStack) -> Path:
    folder = tempfile.mkdtemp(prefix="tertulia-files-")
    closing.callback(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _upgrade_required(kind: str) -> Callable[[Any], Awaitable[PlainTextResponse]]:
    """The answer to a plain GET."""

    async def answer(request: Any) -> PlainTextResponse:
        headers = {"upgrade": "websocket", "connection": "upgrade"}
        return PlainTextResponse(f"This is a WebSocket, {kind}.\n", status_code=426, headers=headers)

    return answer


async def _not_started(scope: Scope, receive: Receive, send: Send) -> None:
    text = (
        "Tertulia is not running: pass its lifespan to the app that it is mounted in, FastAPI(lifespan=rt.lifespan).\n"
    )
    if scope["type"] == "http":
        await PlainTextResponse(text, status_code=503)(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": 1013, "reason": "not running"})
