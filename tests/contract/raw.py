"""A WebSocket without a client, for what a client would never do."""

from __future__ import annotations

import asyncio
import json
import socket
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tertulia.client.socket import socket_url

WITHIN = 30.0


class Raw:
    def __init__(self, url: str, *, stalled: bool = False) -> None:
        """`stalled`: takes little that isn't asked for, here and in the kernel."""
        self._url = socket_url(url)
        self._stalled = stalled
        self._id = 1

    async def __aenter__(self) -> Raw:
        options: dict[str, Any] = {}
        if self._stalled:
            parts = urlsplit(self._url)
            options["sock"] = small = socket.socket()
            options["max_queue"] = 1
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            small.connect((parts.hostname, parts.port))
        self.connection: ClientConnection = await connect(
            self._url, subprotocols=[Subprotocol("tertulia.v1")], compression=None, ping_interval=None, **options
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.transport.abort()

    async def send(self, message: dict[str, Any] | str | bytes) -> None:
        await self.connection.send(json.dumps(message) if isinstance(message, dict) else message)

    async def request(self, kind: str, **fields: Any) -> int:
        """Sends it with the next id; doesn't wait."""
        self._id += 1
        await self.send({"type": kind, "id": self._id, **fields})
        return self._id

    async def receive(self, kind: str = "", within: float = WITHIN) -> dict[str, Any]:
        """The next message, or the next of this type."""
        async with asyncio.timeout(within):
            while True:
                message: dict[str, Any] = json.loads(await self.connection.recv())
                if not kind or message["type"] == kind:
                    return message

    async def join(self, room: str, **fields: Any) -> dict[str, Any]:
        await self.send({"type": "join", "id": 1, "room": room, "name": "Raw", **fields})
        return await self.receive()

    async def resume(self, session: dict[str, Any], last_seq: int) -> dict[str, Any]:
        await self.send({"type": "resume", "session": session["id"], "token": session["token"], "lastSeq": last_seq})
        return await self.receive()

    async def closed(self, within: float = WITHIN) -> tuple[list[dict[str, Any]], int]:
        """Everything up to the close, and its code."""
        messages = []
        async with asyncio.timeout(within):
            while True:
                try:
                    messages.append(json.loads(await self.connection.recv()))
                except ConnectionClosed:
                    return messages, self.connection.close_code or 0
