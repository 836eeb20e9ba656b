"""A server that says what a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

WITHIN = 30.0
YOU = {"id": "ana", "name": "Ana", "role": "speaker", "connected": True, "metadata": "", "hand": 0, "publications": []}
OK = {"type": "ok"}


def session(heartbeat: float = 15.0, token: str = "t1") -> dict[str, Any]:
    return {"id": "s", "token": token, "grace": 30.0, "heartbeat": heartbeat}


def joined(heartbeat: float = 15.0) -> dict[str, Any]:
    return {
        "type": "joined",
        "id": 1,
        "session": session(heartbeat),
        "room": {"name": "r", "locked": False, "waitingRoom": False, "maxParticipants": 9, "spotlight": None},
        "you": YOU,
        "rights": ["chat"],
        "participants": [],
        "knocking": [],
        "messages": [],
        "chat": {"cleared": 0, "read": []},
        "presence": [],
        "state": [],
        "topology": {"mode": "sfu", "phase": "commit", "epoch": 1, "peers": []},
        "iceServers": {"sfu": [], "direct": []},
        "limits": {"messageBytes": 2000, "messagesPerSecond": 50.0, "chatBytes": 100, "publications": 8},
    }


def resumed(ack: int, heartbeat: float = 15.0) -> dict[str, Any]:
    return {"type": "resumed", "session": session(heartbeat, "t2"), "ack": ack, "iceServers": {"sfu": [], "direct": []}}


class Visit:
    """One socket, seen from the server."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection

    async def hears(self, kind: str) -> dict[str, Any]:
        """The next message of this type; pings of a client are passed over."""
        async with asyncio.timeout(WITHIN):
            while True:
                message: dict[str, Any] = json.loads(await self.connection.recv())
                if message["type"] == kind:
                    return message
                assert message["type"] == "ping", message

    async def says(self, message: dict[str, Any], seq: int | None = None) -> None:
        await self.connection.send(json.dumps(message if seq is None else {"seq": seq, **message}))

    def cut(self) -> None:
        self.connection.transport.abort()

    async def gone(self) -> None:
        """Waits until the client has closed."""
        async with asyncio.timeout(WITHIN):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()


class Scripted:
    def __init__(self) -> None:
        self._visits: asyncio.Queue[Visit] = asyncio.Queue()
        self.url = ""

    async def visit(self) -> Visit:
        """The next socket that a client opens."""
        return await asyncio.wait_for(self._visits.get(), WITHIN)

    async def _take(self, connection: ServerConnection) -> None:
        self._visits.put_nowait(Visit(connection))
        await connection.wait_closed()


@contextlib.asynccontextmanager
async def scripted() -> AsyncIterator[Scripted]:
    server = Scripted()
    async with serve(
        server._take,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol("tertulia.v1")],
        ping_interval=None,
    ) as listener:
        port = next(iter(listener.sockets)).getsockname()[1]
        server.url = f"http://127.0.0.1:{port}"
        yield server
