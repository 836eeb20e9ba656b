"""One connection's packets, and the sockets that it has in namespaces."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from tertulia.errors import TertuliaError
from tertulia.socketio.engine.connection import Connection
from tertulia.socketio.engine.handshake import Handshake
from tertulia.socketio.handlers import Handler
from tertulia.socketio.namespace import Namespace
from tertulia.socketio.parser import BadPacket, Decoder, Kind, Packet, encode
from tertulia.socketio.recovery import Remembered
from tertulia.socketio.refusal import ConnectRefused, acknowledgement, connect_error
from tertulia.socketio.socket import Socket

if TYPE_CHECKING:
    from tertulia.socketio.server import Server

log = structlog.get_logger(__name__)


class Client:
    """Listens to a connection."""

    __slots__ = (
        "_attachments",
        "_connecting",
        "_decoder",
        "_free",
        "_handshake",
        "_running",
        "_server",
        "_sockets",
        "_waiting",
        "connection",
    )

    def __init__(self, server: "Server", connection: Connection, handshake: Handshake) -> None:
        self.connection = connection
        self._server = server
        self._handshake = handshake
        self._decoder = Decoder(server.options.limits)
        self._sockets: dict[str, Socket] = {}
        self._connecting: set[str] = set()
        self._running = 0
        self._free: asyncio.Future[None] | None = None
        self._attachments: asyncio.TimerHandle | None = None
        # None: it has asked for a namespace.
        self._waiting: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(
            server.options.connect_timeout, self._give_up
        )

    # --- from the connection ---

    async def heard(self, message: str | bytes) -> None:
        try:
            packet = self._decoder.add(message, asyncio.get_running_loop().time())
        except BadPacket as error:
            self._break_off(str(error))
            return
        self._watch_attachments()
        if packet is None:
            return
        if packet.kind is Kind.CONNECT:
            self._connect(packet)
            return
        socket = self._sockets.get(packet.namespace)
        if socket is None:
            # It may have been sent before the client knew that it was disconnected; but nothing comes before the first connect.
            if self._waiting is not None and not self._connecting:
                self._break_off("not connected")
            return
        match packet.kind:
            case Kind.EVENT:
                await self._room_for_one_more()
                if socket.connected:
                    self._event(socket, packet)
            case Kind.ACK:
                answer = socket._calls.pop(packet.id, None) if packet.id is not None else None
                if answer is not None and not answer.done():
                    answer.set_result(packet.data)
            case _:
                self.leave(socket, "client namespace disconnect")

    def ended(self, reason: str) -> None:
        for timer in (self._waiting, self._attachments):
            if timer is not None:
                timer.cancel()
        self._decoder.clear()
        for socket in list(self._sockets.values()):
            self.leave(socket, reason)
        self._wake_reader()

    def _break_off(self, why: str) -> None:
        log.debug("socket.io client broke the protocol", why=why, address=self.connection.address)
        self.connection.drop("parse error", 1002)

    def _give_up(self) -> None:
        if self._sockets:
            self._waiting = None
        else:
            self.connection.close("connect timeout", 1002)

    def _watch_attachments(self) -> None:
        due = self._decoder.due
        if due is None and self._attachments is not None:
            self._attachments.cancel()
            self._attachments = None
        elif due is not None and self._attachments is None:
            self._attachments = asyncio.get_running_loop().call_at(due, self._break_off, "attachments did not come")

    # --- getting in ---

    def _connect(self, packet: Packet) -> None:
        name, auth = packet.namespace, packet.data or {}
        if name in self._sockets or name in self._connecting:
            self._break_off("connected already")
            return
        if len(self._sockets) + len(self._connecting) >= self._server.options.limits.namespaces:
            self._refuse(name, ConnectRefused("Too many namespaces"))
            return
        known = self._server.known(name)
        if known is not None and not known.handlers.middleware:
            self._begin(*self._identify(known, auth))
            return
        self._connecting.add(name)
        self._server.spawn(self._admit(name, auth))

    async def _admit(self, name: str, auth: dict[str, Any]) -> None:
        try:
            namespace = self._server.known(name) or await self._server.match(name, auth)
            if namespace is None:
                raise ConnectRefused("Invalid namespace")
            namespace.entering += 1
            try:
                await self._enter(namespace, auth)
            finally:
                namespace.entering -= 1
                self._server.tidy(namespace)
        except ConnectRefused as error:
            self._refuse(name, error)
        except Exception as error:
            if not isinstance(error, TertuliaError):
                log.exception("socket.io middleware failed", namespace=name)
            self._refuse(name, error)
        finally:
            self._connecting.discard(name)

    async def _enter(self, namespace: Namespace, auth: dict[str, Any]) -> None:
        socket, secret, was = self._identify(namespace, auth)
        recovery = self._server.options.recovery
        if was is None or recovery is None or not recovery.skip_middleware:
            for ask in namespace.handlers.middleware:
                answer = ask(socket)
                if answer is not None:
                    await answer
        if not self.connection.closing:
            self._begin(socket, secret, was)

    def _identify(self, namespace: Namespace, auth: dict[str, Any]) -> tuple[Socket, str | None, Remembered | None]:
        """A new socket or one that was here before, and the secret by which it can come back."""
        if namespace.memory is None:
            return Socket(secrets.token_urlsafe(15), namespace, self, replace(self._handshake, auth=auth)), None, None
        auth = dict(auth)
        secret, offset = auth.pop("pid", None), auth.pop("offset", None)
        was = namespace.recover(secret, offset)
        shake = replace(self._handshake, auth=auth)
        if was is None:
            return Socket(secrets.token_urlsafe(15), namespace, self, shake), secrets.token_urlsafe(18), None
        socket = Socket(was.id, namespace, self, shake)
        socket.data, socket.recovered = was.data, True
        return socket, secret, was

    def _begin(self, socket: Socket, secret: str | None, was: Remembered | None) -> None:
        namespace = socket.namespace
        namespace.add(socket, secret)
        self._sockets[namespace.name] = socket
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        told = {"sid": socket.id} if secret is None else {"sid": socket.id, "pid": secret}
        self.connection.send(namespace.encode(Kind.CONNECT, told))
        if was is not None:
            socket._start = was.start
            for room in was.rooms:
                namespace.rooms.join(socket, room)
            for frames in was.missed:
                self.connection.send(frames)
        handler = namespace.handlers.life("connect")
        if handler is None:
            self._ready(socket)
        elif handler.is_async:
            self._server.spawn(self._greet(socket, handler))
        else:
            try:
                handler(socket)
            except Exception:
                log.exception("socket.io handler failed", handler="connect", namespace=namespace.name)
            self._ready(socket)

    async def _greet(self, socket: Socket, handler: Handler) -> None:
        try:
            await handler(socket)
        except Exception:
            log.exception("socket.io handler failed", handler="connect", namespace=socket.namespace.name)
        finally:
            self._ready(socket)

    def _ready(self, socket: Socket) -> None:
        """What came while `connect` was handled has waited for it."""
        while socket._held:
            socket._held.popleft()()
        socket._held = None

    def _refuse(self, namespace: str, error: Exception) -> None:
        self.connection.send(encode(Kind.CONNECT_ERROR, namespace, connect_error(error)))

    # --- events ---

    def _event(self, socket: Socket, packet: Packet) -> None:
        handler, args = socket.namespace.handlers.find(packet.data[0], packet.data[1:])
        if handler is None:
            return
        self._running += 1

        def run() -> None:
            self._run(socket, handler, args, packet)

        if socket._held is None:
            run()
        else:
            socket._held.append(run)

    def _run(self, socket: Socket, handler: Handler, args: list[Any], packet: Packet) -> None:
        if not handler.takes(len(args)):
            log.info("socket.io event with other arguments than its handler takes", socketio_event=packet.data[0])
            self._acknowledge(socket, packet, ConnectRefused("wrong number of arguments", {"code": "invalid"}))
            self._done()
        elif handler.is_async:
            self._server.spawn(self._wait_for(socket, handler, args, packet))
        else:
            try:
                self._acknowledge(socket, packet, handler(socket, *args))
            except Exception as error:
                self._failed(socket, packet, error)
            finally:
                self._done()

    async def _wait_for(self, socket: Socket, handler: Handler, args: list[Any], packet: Packet) -> None:
        try:
            self._acknowledge(socket, packet, await handler(socket, *args))
        except Exception as error:
            self._failed(socket, packet, error)
        finally:
            self._done()

    def _failed(self, socket: Socket, packet: Packet, error: Exception) -> None:
        if not isinstance(error, TertuliaError):
            log.exception("socket.io handler failed", handler=packet.data[0], namespace=packet.namespace)
        self._acknowledge(socket, packet, error)

    def _acknowledge(self, socket: Socket, packet: Packet, result: Any) -> None:
        if packet.id is None or not socket.connected:
            return
        if isinstance(result, Exception):
            data: list[Any] = [acknowledgement(result)]
        else:
            data = [] if result is None else list(result) if isinstance(result, tuple) else [result]
        self.connection.send(socket.namespace.encode(Kind.ACK, data, packet.id))

    def _done(self) -> None:
        self._running -= 1
        self._wake_reader()

    async def _room_for_one_more(self) -> None:
        while self._running >= self._server.options.limits.running_handlers and not self.connection.closing:
            if self._free is None:
                self._free = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._free])

    def _wake_reader(self) -> None:
        if self._free is not None:
            self._free.set_result(None)
            self._free = None

    # --- getting out ---

    def leave(self, socket: Socket, reason: str, *, tell: bool = False) -> None:
        """One namespace. `tell`: the client does not know it."""
        namespace = socket.namespace
        if self._sockets.get(namespace.name) is not socket:
            return
        del self._sockets[namespace.name]
        namespace.remove(socket, reason)
        if tell:
            self.connection.send(namespace.encode(Kind.DISCONNECT, None))
        for answer in socket._calls.values():
            if not answer.done():
                answer.set_exception(ConnectionError(reason))
        self._server.tidy(namespace)
        handler = namespace.handlers.life("disconnect")
        if handler is None:
            return
        run = self._farewell(socket, handler, reason)
        if socket._held is None:
            run()
        else:
            socket._held.append(run)

    def _farewell(self, socket: Socket, handler: Handler, reason: str) -> Callable[[], None]:
        """Never within whatever made the socket leave, which may be another one's emit."""

        async def call() -> None:
            try:
                done = handler(socket, reason)
                if done is not None:
                    await done
            except Exception:
                log.exception("socket.io handler failed", handler="disconnect", namespace=socket.namespace.name)

        return lambda: self._server.spawn(call())

    def disconnect(self) -> None:
        """Every namespace, and the connection."""
        for socket in list(self._sockets.values()):
            self.leave(socket, "server namespace disconnect", tell=True)
        self.connection.close("forced server close")
