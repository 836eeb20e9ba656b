"""The browser's bundles, as the npm package socket.io-client has them."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

FOLDER = Path(__file__).parent.parent / "static" / "socketio"
_BUNDLES = ("socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js")
NAMES = frozenset({*_BUNDLES, *(f"{name}.map" for name in _BUNDLES)})
_HEADERS = {
    # It is nobody's secret, and a module script of another origin is only loaded with its server's leave.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


class Files:
    """ASGI app for those names."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = StaticFiles(directory=folder, check_dir=False)

    async def serve(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._response(name, scope)
        response.headers.update(_HEADERS)
        await response(scope, receive, send)

    async def _response(self, name: str, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("method not allowed\n", status_code=405, headers={"allow": "GET, HEAD"})
        try:
            return await self._files.get_response(name, scope)
        except HTTPException:
            return PlainTextResponse(
                "The client is not built. From a source tree: `make setup` builds it.\n", status_code=404
            )
