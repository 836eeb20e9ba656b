"""Just enough of WHIP (RFC 9725) to let somebody publish straight into the engine."""

from __future__ import annotations

import asyncio
import socket
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tertulia.errors import TertuliaError
from tertulia.media.engine import EngineMedia
from tertulia.media.outline import outline
from tertulia.media.port import ConnectionId, PublicationKey

PUBLISHER = ConnectionId("whip")


class Whip:
    """`async with Whip(media, room) as whip`: POST an offer to `whip.url`. Publications are named by their kind."""

    def __init__(self, media: EngineMedia, room: str) -> None:
        self._media = media
        self._room = room
        routes = [Route("/whip", self._post, methods=["POST"]), Route("/whip/1", self._delete, methods=["DELETE"])]
        config = uvicorn.Config(Starlette(routes=routes), log_level="warning", lifespan="off")
        self._server = uvicorn.Server(config)
        self.url = ""
        self.offers: list[str] = []
        self.deleted = asyncio.Event()

    async def __aenter__(self) -> Whip:
        listening = socket.create_server(("127.0.0.1", 0))
        self._task = asyncio.create_task(self._server.serve([listening]))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/whip"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        await self._task

    async def _post(self, request: Request) -> Response:
        if request.headers["content-type"] != "application/sdp":
            return Response(status_code=415)
        offer = (await request.body()).decode()
        self.offers.append(offer)
        publications = {section.mid: PublicationKey(section.kind) for section in outline(offer) if section.sends}
        try:
            answer = self._media.answer(PUBLISHER, self._room, 1, offer, publications)
        except TertuliaError as error:
            return Response(error.code.value, status_code=422)
        return Response(answer, 201, {"location": "/whip/1"}, "application/sdp")

    async def _delete(self, request: Request) -> Response:
        self._media.close(PUBLISHER)
        self.deleted.set()
        return Response()
