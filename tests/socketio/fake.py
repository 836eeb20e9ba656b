"""Clients that speak to the ASGI app as a server would, without one."""

import asyncio
import json
from typing import Any

WITHIN = 30.0
"""Seconds after which something that should happen has not."""


class Closed(Exception):
    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


def _scope(type: str, query: str, *, path: str, headers: dict[str, str], address: str) -> dict[str, Any]:
    return {
        "type": type,
        "path": path,
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(key.encode(), value.encode()) for key, value in ({"host": "testserver"} | headers).items()],
        "client": (address, 1234),
    }


class WebSocketClient:
    """`hold` makes it a peer that does not read."""

    def __init__(
        self,
        app: Any,
        query: str = "EIO=4&transport=websocket",
        *,
        path: str = "/socket.io/",
        headers: dict[str, str] | None = None,
        address: str = "10.0.0.1",
    ) -> None:
        self._scope = _scope("websocket", query, path=path, headers=headers or {}, address=address)
        self._scope |= {"subprotocols": [], "extensions": {"tertulia.abort": self.drop}}
        self._app = app
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._readable = asyncio.Event()
        self._readable.set()
        self._task: asyncio.Task[None] | None = None
        self.opening: dict[str, Any] = {}
        self.sid = ""
        """Of the main namespace's socket."""

    async def open(self) -> "WebSocketClient":
        """Raises Closed in place of being accepted."""
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(self._scope, self._to_app.get, self._send))
        first = await asyncio.wait_for(self._from_app.get(), WITHIN)
        if first["type"] != "websocket.accept":
            raise Closed(first["code"], first.get("reason", ""))
        return self

    async def enter(self, namespace: str = "/", auth: dict[str, Any] | None = None) -> dict[str, Any]:
        """Begins a session if need be, and connects to a namespace. Gives what the server says of it."""
        if not self.opening:
            self.opening = json.loads((await self.text())[1:])
        place = "" if namespace == "/" else f"{namespace},"
        self.say(f"40{place}" + ("" if auth is None else json.dumps(auth)))
        said = await self.text()
        assert said.startswith(f"40{place}"), said
        told: dict[str, Any] = json.loads(said[2 + len(place) :])
        self.sid = told["sid"]
        return told

    def say(self, frame: str | bytes) -> None:
        key = "text" if isinstance(frame, str) else "bytes"
        self._to_app.put_nowait({"type": "websocket.receive", key: frame})

    async def hear(self) -> str | bytes:
        """The next frame. Raises Closed."""
        event = await asyncio.wait_for(self._from_app.get(), WITHIN)
        if event["type"] == "websocket.close":
            raise Closed(event["code"], event.get("reason", ""))
        said: str | bytes = event["text"] if event.get("text") is not None else event["bytes"]
        return said

    async def text(self) -> str:
        """The next frame that is no ping."""
        while (said := await self.hear()) == "2":
            self.say("3")
        assert isinstance(said, str)
        return said

    async def event(self) -> list[Any]:
        """The next event of the main namespace."""
        said = await self.text()
        assert said.startswith("42["), said
        event: list[Any] = json.loads(said[2:])
        return event

    async def closed(self) -> Closed:
        while True:
            try:
                await self.hear()
            except Closed as closed:
                return closed

    @property
    def heard(self) -> int:
        """Frames that came and were not looked at."""
        return self._from_app.qsize()

    def hold(self) -> None:
        self._readable.clear()

    def release(self) -> None:
        self._readable.set()

    def drop(self) -> None:
        """The network breaks."""
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def ended(self) -> None:
        """Until the server has nothing of it any more."""
        assert self._task
        await asyncio.wait_for(asyncio.shield(self._task), WITHIN)

    async def _send(self, message: dict[str, Any]) -> None:
        await self._readable.wait()
        self._from_app.put_nowait(message)


class Answer:
    def __init__(self, start: dict[str, Any], body: bytes) -> None:
        self.status: int = start["status"]
        self.headers = {key.decode(): value.decode() for key, value in start["headers"]}
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()


class Request:
    """One HTTP request, whose body may come piece by piece."""

    def __init__(
        self,
        app: Any,
        method: str,
        query: str,
        *,
        path: str = "/socket.io/",
        headers: dict[str, str] | None = None,
        address: str = "10.0.0.1",
    ) -> None:
        scope = _scope("http", query, path=path, headers=headers or {}, address=address) | {"method": method}
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: list[dict[str, Any]] = []
        self._task = asyncio.create_task(app(scope, self._to_app.get, self._send))

    def body(self, part: bytes = b"", *, more: bool = False) -> None:
        self._to_app.put_nowait({"type": "http.request", "body": part, "more_body": more})

    def abort(self) -> None:
        self._to_app.put_nowait({"type": "http.disconnect"})

    async def answer(self) -> Answer:
        await asyncio.wait_for(self._task, WITHIN)
        return Answer(self._said[0], b"".join(part.get("body", b"") for part in self._said[1:]))

    async def answer_or_nothing(self) -> None:
        """Until the server has done with it."""
        await asyncio.wait_for(self._task, WITHIN)

    @property
    def answered(self) -> bool:
        return self._task.done()

    async def _send(self, message: dict[str, Any]) -> None:
        self._said.append(message)


class PollingClient:
    def __init__(self, app: Any, *, address: str = "10.0.0.1", headers: dict[str, str] | None = None) -> None:
        self._app = app
        self._given: dict[str, Any] = {"address": address, "headers": headers}
        self.query = "EIO=4&transport=polling"
        self.opening: dict[str, Any] = {}

    async def open(self) -> "PollingClient":
        self.opening = json.loads((await self.poll().answer()).text[1:])
        self.query += f"&sid={self.opening['sid']}"
        return self

    def poll(self) -> Request:
        request = Request(self._app, "GET", self.query, **self._given)
        request.body()
        return request

    async def hear(self) -> list[str]:
        """The packets of one poll, of which pings are answered and left out."""
        while True:
            answer = await self.poll().answer()
            assert answer.status == 200, answer.body
            packets = [packet for packet in answer.text.split("\x1e") if packet != "2"]
            if "2" in answer.text.split("\x1e"):
                await self.say("3")
            if packets:
                return packets

    async def say(self, *packets: str) -> Answer:
        request = Request(self._app, "POST", self.query, **self._given)
        request.body("\x1e".join(packets).encode())
        return await request.answer()


async def until(condition: Any) -> None:
    """Lets others run until it is true."""
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)
