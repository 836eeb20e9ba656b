"""The web app, its files and the browser SDK."""

import html
from collections.abc import Iterable, Mapping
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUILT_IN = Path(__file__).parent.parent / "static"
SAFETY = {
    # What a page that loads ours in a frame delegates to it; without a frame these are the defaults.
    "permissions-policy": (
        "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), autoplay=(self), fullscreen=(self), "
        "picture-in-picture=(self), screen-wake-lock=(self), clipboard-write=(self)"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
SDK = {
    # A module script of another origin is only loaded with its server's leave; the SDK is nobody's secret.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}
NOT_BUILT = (
    "The web client is not built.\n\nFrom a source tree: `make setup` builds it. Or name another folder: `tertulia serve --web DIR`.\n"
    "The server itself works: programs can connect to /ws.\n"
)


def routes(web: Path | None, *, allow_origins: Iterable[str] = ()) -> list[BaseRoute]:
    """`web`: a folder to serve in place of the built-in app. `allow_origins`: whose pages may frame ours, besides the same origin.

    Comes after all other routes, for it takes every path that is left.
    """
    sdk = BUILT_IN / "sdk"
    sdk_route: BaseRoute = (
        Mount("/sdk", _Files(directory=sdk, headers=SDK)) if sdk.is_dir() else _not_built("/sdk/{file}")
    )
    if web is not None:
        # Somebody else's pages: what they may load and run is theirs to say.
        return [sdk_route, Mount("/", _Files(directory=web, html=True, headers={"x-content-type-options": "nosniff"}))]
    app = BUILT_IN / "app"
    headers = {**SAFETY, "content-security-policy": _content_security_policy(allow_origins)}
    room, live = _Page(app / "index.html", headers), _Page(app / "live.html", headers)
    files = [Mount("/", _Files(directory=app, headers=headers))] if app.is_dir() else []
    return [
        sdk_route,
        Route("/", room.show),
        Route("/doctor", room.show),
        Route("/r/{room}", room.show),
        Route("/live/{room}", live.show),
        *files,
    ]


def _content_security_policy(allow_origins: Iterable[str]) -> str:
    ancestors = " ".join(["'self'", *allow_origins])
    return (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "media-src 'self' blob: mediastream:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss:; "
        f"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {ancestors}"
    )


def _not_built(path: str) -> Route:
    async def show(request: Request) -> Response:
        return PlainTextResponse(NOT_BUILT, status_code=503, headers={"cache-control": "no-store"})

    return Route(path, show)


class _Page:
    """A page with its base set, so that one build works at `/` and below any mount prefix."""

    def __init__(self, path: Path, headers: Mapping[str, str]) -> None:
        self._path = path
        self._headers = headers
        self._read: tuple[int, str] | None = None

    async def show(self, request: Request) -> Response:
        text = self._text()
        if text is None:
            return PlainTextResponse(NOT_BUILT, status_code=503, headers={**self._headers, "cache-control": "no-store"})
        base = html.escape(request.scope.get("root_path", "").rstrip("/") + "/", quote=True)
        page = text.replace("<head>", f'<head><base href="{base}">', 1)
        return HTMLResponse(page, headers={**self._headers, "cache-control": "no-cache"})

    def _text(self) -> str | None:
        """Read again when a new build has been put there."""
        try:
            changed = self._path.stat().st_mtime_ns
            if self._read is None or self._read[0] != changed:
                self._read = (changed, self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return self._read[1]


class _Files(StaticFiles):
    """A file whose name holds its hash never changes; all others are asked for again."""

    def __init__(self, *, directory: Path, headers: Mapping[str, str], html: bool = False) -> None:
        super().__init__(directory=directory, html=html)
        self._headers = headers

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            return PlainTextResponse("not found\n", status_code=error.status_code, headers=self._headers)
        hashed = path.startswith("assets/") and response.status_code in (200, 206, 304)
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        response.headers.update(self._headers)
        return response
