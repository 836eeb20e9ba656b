"""A page's Socket.IO client, as an ASGI server would pass on what it says."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

from .harness import WITHIN, Client, Closed


class SocketIoPage(Client):
    """One WebSocket with the main namespace. What it receives has a `type`: connect, connect_error, disconnect, event, ack."""

    def __init__(
        self,
        app: Any,
        *,
        auth: dict[str, Any] | None = None,
        address: str = "10.0.0.1",
        headers: dict[str, str] | None = None,
        namespace: str = "/",
        **query: str,
    ) -> None:
        super().__init__(app, path="/socket.io/", address=address, headers=headers)
        asked = {"EIO": "4", "transport": "websocket", **query}
        self.scope |= {
            "subprotocols": [],
            "query_string": urlencode(asked).encode(),
            "extensions": {"tertulia.abort": self.drop},
            "server": ("10.0.0.99", 3000),
        }
        self._auth = auth or {}
        self._place = "" if namespace == "/" else f"{namespace},"
        self.sid = ""
        self.pid = ""
        self.offset = ""

    async def open(self) -> "SocketIoPage":
        """Asks to come in. Raises Closed where there is no session to be had."""
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(self.scope, self._to_app.get, self._send))
        first = await asyncio.wait_for(self._from_app.get(), WITHIN)
        if first["type"] == "websocket.close":
            raise Closed(first["code"], first.get("reason", ""))
        assert (await self._frame()).startswith("0{")
        self.send_raw(f"40{self._place}{json.dumps(self._auth)}")
        return self

    async def enter(self) -> "SocketIoPage":
        """Comes in."""
        await self.open()
        connected = await self.receive()
        assert connected["type"] == "connect", connected
        return self

    def emit(self, event: str, *args: Any, ack: int | None = None) -> None:
        number = "" if ack is None else str(ack)
        self.send_raw(f"42{number}{json.dumps([event, *args])}")

    def emit_bytes(self, event: str, data: bytes) -> None:
        self.send_raw(f"451-{json.dumps([event, {'_placeholder': True, 'num': 0}])}")
        self.send_bytes(data)

    def disconnect(self) -> None:
        """As `socket.disconnect()` does."""
        self.send_raw("41")
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1005})

    def close(self, code: int) -> None:
        """The socket ends without a word of Socket.IO: 1001 where the page is left."""
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": code})

    async def _frame(self) -> Any:
        message = await asyncio.wait_for(self._from_app.get(), WITHIN)
        if message["type"] == "websocket.close":
            raise Closed(message["code"], message.get("reason", ""))
        return message["text"] if message.get("text") is not None else message["bytes"]

    async def receive(self) -> dict[str, Any]:
        while (frame := await self._frame()) == "2":
            self.send_raw("3")
        parsed = await self._parse(frame)
        self.seen.append(parsed)
        return parsed

    async def _parse(self, frame: str) -> dict[str, Any]:
        kind, body = frame[:2], frame[2:].removeprefix(self._place)
        match kind:
            case "40":
                told = json.loads(body)
                self.sid, self.pid = told["sid"], told.get("pid", "")
                return {"type": "connect", **told}
            case "44":
                return {"type": "connect_error", **json.loads(body)}
            case "41":
                return {"type": "disconnect"}
            case "43":
                number, _, args = body.partition("[")
                return {"type": "ack", "id": int(number), "args": json.loads("[" + args)}
            case "45":
                count, _, body = body.partition("-")
                parts = [await self._frame() for _ in range(int(count))]
                event = json.loads(body, object_hook=lambda it: parts[it["num"]] if "_placeholder" in it else it)
            case _:
                assert kind == "42", frame
                event = json.loads(body)
        # So that the client can come back, each event ends with a number of the server's.
        self.offset = event.pop()
        return {"type": "event", "event": event[0], "args": event[1:]}

    async def hear(self, event: str) -> list[Any]:
        """The arguments of the next event, which has this name."""
        received = await self.receive()
        assert received["type"] == "event" and received["event"] == event, received
        args: list[Any] = received["args"]
        return args

    async def wait_for(self, event: str) -> list[Any]:
        """The arguments of the next event of this name; others are passed over."""
        received = await self.until(lambda it: it.get("event") == event)
        args: list[Any] = received["args"]
        return args

    async def nothing(self) -> None:
        """Fails where something waits to be read once everything that is under way has been carried out."""
        for _ in range(50):
            await asyncio.sleep(0)
        assert self.waiting() == 0, await self.receive()
