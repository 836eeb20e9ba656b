"""A WebSocket without a client, for what a client would never do."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tertulia.client.socket import socket_url

WITHIN = 5.0


class Raw:
    def __init__(self, url: str) -> None:
        self._url = url
        self._id = 1

    async def __aenter__(self) -> Raw:
        self.connection: ClientConnection = await connect(
            socket_url(self._url), subprotocols=[Subprotocol("tertulia.v1")], compression=None, ping_interval=None
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
