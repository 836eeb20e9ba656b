"""The server: an ASGI app, and the namespaces that it serves."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, overload

import structlog
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tertulia.net import Connections
from tertulia.socketio.broadcast import Broadcast
from tertulia.socketio.client import Client
from tertulia.socketio.dynamic import DynamicNamespace, Matcher
from tertulia.socketio.engine.connection import Connection
from tertulia.socketio.engine.engine import Engine
from tertulia.socketio.engine.handshake import Handshake
from tertulia.socketio.files import NAMES, Files
from tertulia.socketio.handlers import F
from tertulia.socketio.namespace import Namespace
from tertulia.socketio.options import Options
from tertulia.socketio.socket import Socket

log = structlog.get_logger(__name__)


class Server:
    """Serve it, mount it, or send it what comes below its path:

        sio = Server()

        @sio.on("message")
        async def message(socket: Socket, text: str) -> str:
            socket.broadcast.emit("message", text)
            return "passed on"

    It lives in one event loop, and in one process. What it has of `Namespace` is that of the main namespace, `/`.
    """

    def __init__(self, options: Options | None = None, *, places: Connections | None = None) -> None:
        """`places`: counts clients in place of the options' limits, for those who share them with other sockets. Raises ValueError for
        options that make no sense."""
        self.options = options if options is not None else Options()
        if not self.options.path.startswith("/") or self.options.path.endswith("/"):
            raise ValueError(f"the path is as /socket.io, not {self.options.path!r}")
        self._engine = Engine(self.options, self._connected, places=places)
        self._files = Files() if self.options.serve_client else None
        self._main = Namespace("/", self.options)
        self._namespaces = {"/": self._main}
        self._dynamic: list[DynamicNamespace] = []
        self._tasks: set[asyncio.Task[None]] = set()

    # --- for the application ---

    @overload
    def of(self, name: str) -> Namespace: ...
    @overload
    def of(self, name: Matcher) -> DynamicNamespace: ...
    def of(self, name: str | Matcher) -> Namespace | DynamicNamespace:
        """The namespace of this name, made if need be; or those that a pattern (for the whole name) or a function of name and auth lets
        come about when clients ask for them."""
        if not isinstance(name, str):
            dynamic = DynamicNamespace(name, self.options)
            self._dynamic.append(dynamic)
            return dynamic
        name = name if name.startswith("/") else "/" + name
        if name not in self._namespaces:
            self._namespaces[name] = Namespace(name, self.options)
        return self._namespaces[name]

    def on(self, event: str) -> Callable[[F], F]:
        """Decorator, see Handlers.on."""
        return self._main.on(event)

    def use(self, function: F) -> F:
        """Decorator, see Handlers.use."""
        return self._main.use(function)

    def emit(self, event: str, *args: Any, volatile: bool = False) -> None:
        self._main.emit(event, *args, volatile=volatile)

    def to(self, *rooms: str) -> Broadcast:
        return self._main.to(*rooms)

    def except_(self, *rooms: str) -> Broadcast:
        return self._main.except_(*rooms)

    @property
    def sockets(self) -> list[Socket]:
        return self._main.sockets

    def socket(self, id: str) -> Socket | None:
        return self._main.socket(id)

    @property
    def connections(self) -> int:
        """Sessions that are open, whatever namespaces they are in."""
        return len(self._engine.connections)

    async def stop(self, timeout: float = 3.0) -> None:
        """No new clients; lets those who are here go, and waits for handlers that still run, for so many seconds."""
        self._engine.stopping = True
        for connection in self._engine.connections:
            connection.close("server shutting down", 1001)
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while self._tasks and (left := until - loop.time()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        for task in self._tasks:
            task.cancel()

    # --- ASGI ---

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        place = self._place(scope)
        if place == "":
            await self._engine(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "no Socket.IO here"})
        elif place in NAMES and self._files is not None:
            await self._files.serve(place, scope, receive, send)
        else:
            await PlainTextResponse("not found\n", status_code=404)(scope, receive, send)

    def _place(self, scope: Scope) -> str | None:
        """What is asked for below the path; the path itself is empty. None: nothing of ours.

        An app that is mounted at the path gets it in `root_path` or, in older frameworks, not at all.
        """
        root: str = scope.get("root_path", "").rstrip("/")
        asked: str = scope["path"]
        if root and asked.startswith(root):
            asked = asked.removeprefix(root)
        path = self.options.path
        if asked == path or asked.startswith(path + "/"):
            return asked.removeprefix(path).strip("/")
        return asked.strip("/") if root.endswith(path) else None

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})

    # --- for clients ---

    def _connected(self, connection: Connection, handshake: Handshake) -> Client:
        return Client(self, connection, handshake)

    def known(self, name: str) -> Namespace | None:
        """One that the application made."""
        return self._namespaces.get(name)

    async def match(self, name: str, auth: dict[str, Any]) -> Namespace | None:
        """One that may come about; None: it may not. Raises what a matcher of the application raises."""
        for dynamic in self._dynamic:
            found = await dynamic.match(name, auth)
            if found is not None:
                return found
        return None

    def tidy(self, namespace: Namespace) -> None:
        """Somebody left it."""
        if not isinstance(namespace.handlers, DynamicNamespace) or not namespace.empty:
            return
        recovery = self.options.recovery
        if recovery is None:
            namespace.handlers.forget(namespace)
        else:
            asyncio.get_running_loop().call_later(recovery.duration, namespace.handlers.forget, namespace)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """In a task of its own."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
