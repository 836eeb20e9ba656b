"""A server in this process, and clients that speak to it as an ASGI server would."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tertulia.app import Tertulia
from tertulia.media.fake import FakeMedia
from tertulia.net import Binary
from tertulia.wire.native import pack, unpack

WITHIN = 30.0
"""Seconds after which something that should happen has not."""
SECRET = "a secret that only tests know, and long enough"


class Closed(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Client:
    """One socket. `hold` makes it a peer that does not read."""

    def __init__(
        self, app: Any, *, path: str = "/ws", headers: dict[str, str] | None = None, address: str = "10.0.0.1"
    ) -> None:
        self.scope = {
            "type": "websocket",
            "path": path,
            "root_path": "",
            "headers": [
                (name.encode(), value.encode()) for name, value in ({"host": "testserver"} | (headers or {})).items()
            ],
            "subprotocols": ["tertulia.v1"],
            "client": (address, 1234),
            "query_string": b"",
            # As our own server has it; others have neither.
            "extensions": {"tertulia.abort": self.drop, "tertulia.write": self._write_now},
        }
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._readable = asyncio.Event()
        self._readable.set()
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self._ids = 0
        self.last_seq = 0
        self.seqs: list[int] = []
        self.seen: list[dict[str, Any]] = []
        """All that was received."""
        self.session: dict[str, Any] = {}
        self.me = ""
        self.aborted = False

    async def open(self) -> "Client":
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(self.scope, self._to_app.get, self._send))
        first = await asyncio.wait_for(self._from_app.get(), WITHIN)
        if first["type"] == "websocket.close":
            raise Closed(first["code"], first.get("reason", ""))
        assert first == {"type": "websocket.accept", "subprotocol": "tertulia.v1"}
        return self

    async def _send(self, message: dict[str, Any]) -> None:
        await self._readable.wait()
        self._from_app.put_nowait(message)

    def _write_now(self, frame: bytes) -> bool:
        if not self._readable.is_set() or self.aborted:
            return False
        kind = {"bytes": bytes(frame)} if isinstance(frame, Binary) else {"text": frame.decode()}
        self._from_app.put_nowait({"type": "websocket.send", **kind})
        return True

    def hold(self) -> None:
        self._readable.clear()

    def release(self) -> None:
        self._readable.set()

    def drop(self) -> None:
        """The network breaks."""
        self.aborted = True
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def ended(self) -> None:
        assert self._task
        await asyncio.wait_for(asyncio.shield(self._task), WITHIN)

    def send_raw(self, text: str) -> None:
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        self._to_app.put_nowait({"type": "websocket.receive", "bytes": data})

    def send(self, type: str, **fields: Any) -> int:
        """A request; gives its id."""
        self._ids += 1
        self.send_raw(json.dumps({"type": type, "id": self._ids, **fields}))
        return self._ids

    def send_with_bytes(self, type: str, payload: bytes, **fields: Any) -> int:
        """A request in a binary frame; gives its id."""
        self._ids += 1
        self.send_bytes(pack(json.dumps({"type": type, "id": self._ids, **fields}).encode(), payload))
        return self._ids

    async def receive(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self._from_app.get(), WITHIN)
        if message["type"] == "websocket.close":
            raise Closed(message["code"], message.get("reason", ""))
        parsed: dict[str, Any]
        if "bytes" in message:
            text, payload = unpack(message["bytes"])
            parsed = {**json.loads(text), "bytes": payload}
        else:
            parsed = json.loads(message["text"])
        self.seen.append(parsed)
        if "seq" in parsed:
            self.last_seq = parsed["seq"]
            self.seqs.append(parsed["seq"])
        if parsed["type"] in ("joined", "resumed"):
            self.session = parsed["session"]
        return parsed

    async def until(self, wanted: str | Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message of a type, or that a condition holds of; others are passed over."""
        while True:
            message = await self.receive()
            if message["type"] == wanted if isinstance(wanted, str) else wanted(message):
                return message

    async def reply(self, id: int) -> dict[str, Any]:
        return await self.until(lambda message: message.get("id") == id)

    async def ask(self, type: str, **fields: Any) -> dict[str, Any]:
        return await self.reply(self.send(type, **fields))

    async def closed(self) -> Closed:
        """Reads on until the socket closes."""
        try:
            while True:
                await self.receive()
        except Closed as closed:
            return closed

    async def join(self, room: str = "standup", name: str = "Ana", **fields: Any) -> dict[str, Any]:
        joined = await self.ask("join", room=room, name=name, **fields)
        assert joined["type"] == "joined", joined
        self.me = joined["you"]["id"]
        return joined

    def resume_text(self, *, last_seq: int | None = None, token: str | None = None) -> str:
        """What another socket says to go on with this one's session."""
        return json.dumps(
            {
                "type": "resume",
                "session": self.session["id"],
                "token": token or self.session["token"],
                "lastSeq": self.last_seq if last_seq is None else last_seq,
            }
        )

    async def resume(self, old: "Client", *, last_seq: int | None = None) -> dict[str, Any]:
        """Goes on with the session of another client, which takes no further part."""
        self.send_raw(old.resume_text(last_seq=last_seq))
        resumed = await self.receive()
        assert resumed["type"] == "resumed", resumed
        self.me, self._ids = old.me, old._ids
        return resumed

    async def settle(self) -> list[dict[str, Any]]:
        """Everything that the server has sent so far: what came before the answer to a ping sent now."""
        self.send_raw('{"type":"ping","ack":0,"time":4.5}')
        messages = []
        while (message := await self.receive())["type"] != "pong":
            messages.append(message)
        return messages

    def waiting(self) -> int:
        return self._from_app.qsize()


async def person(app: Any, name: str, room: str = "standup", **fields: Any) -> Client:
    """Somebody who has joined."""
    client = await Client(app).open()
    await client.join(room, name, **fields)
    return client


@asynccontextmanager
async def server(**settings: Any) -> AsyncIterator[tuple[Tertulia, FakeMedia]]:
    media = FakeMedia()
    given = {"open": True, "drain_timeout": 1.0, **settings}
    tertulia = Tertulia(media=media, **given)
    async with tertulia.lifespan():
        yield tertulia, media


async def eventually(condition: Callable[[], Any]) -> None:
    """Waits for a condition, not for a time."""
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110 - any condition, of objects that announce nothing
            await asyncio.sleep(0)
