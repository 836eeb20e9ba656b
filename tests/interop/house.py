"""A whole server with its engine, in this process, for other people's clients over HTTP."""

from __future__ import annotations

import asyncio
import socket
from types import TracebackType

import uvicorn

from tertulia import Tertulia
from tertulia.app import open_media
from tertulia.config import Settings
from tertulia.runtime.views import Participant


class House:
    """`async with House() as house`: open rooms at `house.url`."""

    def __init__(self) -> None:
        settings = Settings(open=True, udp_port=0)
        self.media, _ = open_media(settings)
        self.app = Tertulia(settings, media=self.media)
        self.url = ""
        self._server = uvicorn.Server(uvicorn.Config(self.app, log_level="warning"))

    async def __aenter__(self) -> House:
        listening = socket.create_server(("127.0.0.1", 0))
        self._task = asyncio.create_task(self._server.serve([listening]))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        await self._task

    def person(self, room: str, who: str) -> Participant | None:
        found = self.app.room(room)
        return None if found is None else found.participant(who)

    async def gone(self, room: str, who: str, within: float = 10) -> None:
        """Until this person has left."""
        found = self.app.room(room)
        if found is None:
            return
        left = found.events("participant_left")
        async with asyncio.timeout(within):
            while found.participant(who) is not None:
                await anext(left)
