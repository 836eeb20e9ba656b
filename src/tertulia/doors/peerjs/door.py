"""The door on `/peerjs`: WebSockets, and the two requests that a PeerJS client makes besides."""

import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tertulia.auth.admission import Admission
from tertulia.core.model import Dialect
from tertulia.doors.peerjs.connection import DEFAULT_KEY, LOBBY, PeerConnection
from tertulia.doors.session import PageDoor, PageOptions
from tertulia.net import Connections, WebSocket
from tertulia.runtime.hub import Hub

CLIENT = Path(__file__).parents[2] / "static" / "peerjs" / "peerjs.min.js"
"""As the npm package has it."""
ANY_ORIGIN = {"access-control-allow-origin": "*", "cache-control": "no-store"}
"""Neither a fresh id nor the client is anybody's secret."""


class PeerDoor(PageDoor):
    """For clients of the npm package `peerjs`."""

    def __init__(
        self, hub: Hub, admission: Admission, options: PageOptions, connections: Connections, *, lists_peers: bool
    ) -> None:
        """`lists_peers`: whoever asks is told who is in a room."""
        super().__init__(hub, admission, options, connections)
        self._lists_peers = lists_peers

    def connection(self, socket: WebSocket) -> PeerConnection:
        return PeerConnection(self, socket)

    def routes(self) -> list[Route]:
        """A client whose `path` is `/` asks for `/peerjs/id`, one whose path is `/peerjs` for `/peerjs/{key}/id`."""
        return [
            Route("/peerjs/peerjs.min.js", self._client),
            Route("/peerjs/id", self._id),
            Route("/peerjs/{key}/id", self._id),
            Route("/peerjs/peers", self._peers),
            Route("/peerjs/{key}/peers", self._peers),
        ]

    async def _client(self, request: Request) -> Response:
        if not CLIENT.is_file():
            return PlainTextResponse("The client is not built: `make setup` builds it.\n", status_code=404)
        headers = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
        safe = {"x-content-type-options": "nosniff", "cache-control": "no-cache"}
        return FileResponse(CLIENT, media_type="text/javascript", headers=headers | safe)

    async def _id(self, request: Request) -> Response:
        return PlainTextResponse(secrets.token_hex(16), headers=ANY_ORIGIN)

    async def _peers(self, request: Request) -> Response:
        if not self._lists_peers:
            return PlainTextResponse("this server does not tell who is there\n", status_code=401)
        key = request.path_params.get("key", DEFAULT_KEY)
        actor = self.hub.find(LOBBY if key == DEFAULT_KEY else key)
        people = () if actor is None else actor.room.participants
        ids = [who.id for who in people if who.dialect is Dialect.CALLER and who.connected]
        return JSONResponse(ids, headers={"cache-control": "no-store"})
