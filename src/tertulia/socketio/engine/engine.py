"""An Engine.IO server as an ASGI app."""

import secrets
from collections.abc import Callable

import structlog
from starlette.types import Receive, Scope, Send

from tertulia.net import Connections, Link, WebSocket
from tertulia.socketio.engine import handshake, polling, websocket
from tertulia.socketio.engine.connection import Connection, Listener
from tertulia.socketio.engine.cors import Cors
from tertulia.socketio.engine.handshake import Handshake
from tertulia.socketio.engine.refusal import (
    BadMethod,
    BadRequest,
    Forbidden,
    Full,
    Refused,
    UnknownSession,
    UnknownTransport,
    UnsupportedVersion,
)
from tertulia.socketio.options import Options

log = structlog.get_logger(__name__)

REFUSED = 1008
"""Close code for a WebSocket that never becomes one."""


class Engine:
    """Answers every request and WebSocket that it is given; which paths those are is its caller's business."""

    def __init__(
        self,
        options: Options,
        connected: Callable[[Connection, Handshake], Listener],
        *,
        places: Connections | None = None,
    ) -> None:
        """`connected` is called for each new session, and gives who listens to it. `places`: counts sessions in place of the options'
        limits, for those who share them with other sockets. Raises ValueError for transports that there are not."""
        unknown = set(options.transports) - {"polling", "websocket"}
        if unknown or not options.transports:
            raise ValueError(f"transports are polling and websocket, not {sorted(unknown)}")
        self._options = options
        self._connected = connected
        self._cors = Cors(options.allow_origins, credentials=options.credentials)
        limits = options.limits
        self._places = places or Connections(limits.connections, limits.connections_per_address)
        self._open: dict[str, Connection] = {}
        self.stopping = False
        """New sessions are refused."""

    @property
    def connections(self) -> list[Connection]:
        return list(self._open.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["method"] == "OPTIONS" and self._cors.allows(scope):
            await _answer(send, 204, b"", self._cors.preflight(scope))
        else:
            await self._http(scope, receive, send)

    # --- long-polling ---

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[tuple[bytes, bytes]] = []
        try:
            query, connection = self._find(scope)
            headers = self._cors.headers(scope)
            if query["transport"] != "polling":
                raise BadRequest
            body = await self._polled(connection, query, scope, receive)
        except Refused as refusal:
            headers += [(b"content-type", b"application/json")]
            if refusal.status == 503:
                headers += [(b"retry-after", b"5")]
            await _answer(send, refusal.status, refusal.body, headers)
        except polling.Gone:
            pass
        else:
            await _answer(send, 200, body, [*headers, (b"content-type", b"text/plain; charset=UTF-8")])

    async def _polled(
        self, connection: Connection | None, query: dict[str, str], scope: Scope, receive: Receive
    ) -> bytes:
        if connection is None:
            if scope["method"] != "GET":
                raise BadMethod
            connection = self._begin(handshake.read(scope, query), None)
            return await polling.get(connection, receive)
        if scope["method"] == "GET":
            return await polling.get(connection, receive)
        if scope["method"] != "POST":
            raise BadRequest
        options = self._options
        await polling.post(connection, scope, receive, limit=options.max_payload, timeout=options.limits.body_timeout)
        return b"ok"

    # --- WebSocket ---

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        try:
            query, connection = self._find(scope)
            if query["transport"] != "websocket":
                raise BadRequest
            if connection is None:
                self._check_places(socket.address)
        except Refused as refusal:
            await socket.refuse(REFUSED, refusal.message)
            return
        await socket.accept()
        if connection is not None and connection.may_upgrade:
            await websocket.take_over(connection, socket, self._options)
            return
        link = Link(socket, on_broken=lambda _: None)
        try:
            if connection is not None:
                raise BadRequest
            connection = self._begin(handshake.read(scope, query), link)
        except Refused as refusal:
            # Of this session there is a WebSocket already; or others were quicker while this one was accepted.
            link.close(REFUSED, refusal.message)
            await link.finished()
            return
        await websocket.serve(connection, socket, link, self._options)

    # --- both ---

    def _find(self, scope: Scope) -> tuple[dict[str, str], Connection | None]:
        """What is asked for, and of which session; None: a new one. Raises Refused."""
        if not self._cors.allows(scope):
            raise Forbidden
        try:
            query = handshake.query_of(scope)
        except ValueError:
            raise BadRequest from None
        if query.get("transport") not in self._options.transports:
            raise UnknownTransport
        if query.get("EIO") != "4":
            raise UnsupportedVersion
        sid = query.get("sid")
        if sid is None:
            return query, None
        connection = self._open.get(sid)
        if connection is None:
            raise UnknownSession
        return query, connection

    def _check_places(self, address: str) -> None:
        if self.stopping or not self._places.enter(address):
            raise Full
        self._places.leave(address)

    def _begin(self, shake: Handshake, link: Link | None) -> Connection:
        if self.stopping or not self._places.enter(shake.address):
            raise Full
        connection = Connection(secrets.token_urlsafe(15), shake.address, self._options, self._gone, link)
        self._open[connection.sid] = connection
        connection.listener = self._connected(connection, shake)
        return connection

    def _gone(self, connection: Connection) -> None:
        self._places.leave(connection.address)
        del self._open[connection.sid]


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", b"%d" % len(body))
    # Answers hold what was said to one person; no cache may keep them.
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, length, (b"cache-control", b"no-store")],
        }
    )
    await send({"type": "http.response.body", "body": body})
