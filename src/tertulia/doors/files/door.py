"""The door on `/files`: its routes, and what all of its requests have in common."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from tertulia.auth.admission import Admission
from tertulia.auth.file_tickets import FileTickets
from tertulia.doors.files.access import Access
from tertulia.doors.files.downloads import Downloads
from tertulia.doors.files.failure import PROBLEMS
from tertulia.doors.files.uploads import UPLOAD_METHODS, Uploads
from tertulia.errors import Code, ProtocolError, Unavailable
from tertulia.net import Allowance, Connections, Rates
from tertulia.runtime.files import FileDesk
from tertulia.wire import native as wire

log = structlog.get_logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]
ASKED = (
    "authorization", "content-type", "if-none-match", "if-range", "range", "tus-resumable", "upload-checksum", "upload-defer-length",
    "upload-length", "upload-metadata", "upload-offset", "x-http-method-override",
)  # fmt: skip
EXPOSED = (
    "accept-ranges", "content-disposition", "content-range", "etag", "location", "retry-after", "tertulia-file", "tus-checksum-algorithm",
    "tus-extension", "tus-max-size", "tus-resumable", "tus-version", "upload-expires", "upload-length", "upload-offset",
    "www-authenticate",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """How the door behaves. Times are in seconds."""

    allow_origins: tuple[str, ...] = ()
    """Whose pages may read the answers, besides the same origin."""
    requests_per_second: float = 50.0
    """For each address, with bursts of 4 s."""
    max_bodies: int = 1_000
    """That are received at a time."""
    max_bodies_per_address: int = 50
    patience: float = 30.0
    """Without a byte of a body."""


class FilesDoor:
    """Origin and Host are checked before it is reached."""

    def __init__(self, desk: FileDesk, tickets: FileTickets, admission: Admission, options: Options) -> None:
        self.options = options
        self.refused: dict[str, int] = {}
        """How many requests were refused, by code."""
        self._rates = Rates(options.requests_per_second)
        self._bodies = Connections(options.max_bodies, options.max_bodies_per_address)
        access = Access(desk, tickets, admission)
        self._uploads = Uploads(desk, access, self._bodies, patience=options.patience)
        self._downloads = Downloads(desk, tickets, is_shared=bool(options.allow_origins))

    def routes(self) -> list[BaseRoute]:
        up, down = self._uploads, self._downloads
        routes = [
            Route("/{room}", self._answered(up.endpoint), methods=["POST", "OPTIONS"]),
            Route("/{room}/upload/{key}", self._answered(up.upload), methods=list(UPLOAD_METHODS)),
            Route("/{room}/preview/{id}", self._answered(down.preview), methods=["GET", "HEAD"]),
            Route("/{room}/{id}/{name}", self._answered(down.file), methods=["GET", "HEAD"]),
        ]
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(self.options.allow_origins),
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
            allow_headers=list(ASKED),
            expose_headers=list(EXPOSED),
        )
        handlers = {HTTPException: self._not_routed}
        return [Mount("/files", Starlette(routes=routes, middleware=[cors], exception_handlers=handlers))]

    def _answered(self, handler: Handler) -> Handler:
        async def answered(request: Request) -> Response:
            try:
                self._spend(request)
                _check_room(request)
                return await handler(request)
            except ClientDisconnect:
                return Response(status_code=400)
            except Exception as error:
                return self._refuse(error)

        return answered

    def _refuse(self, error: Exception) -> Response:
        code, response = PROBLEMS.answer_to(error)
        if code == Code.INTERNAL.value:
            log.exception("request failed", exc_info=error)
        self.refused[code] = self.refused.get(code, 0) + 1
        response.headers.setdefault("tus-resumable", "1.0.0")
        return response

    async def _not_routed(self, request: Request, error: Exception) -> Response:
        return self._refuse(error)

    def _spend(self, request: Request) -> None:
        address = "" if request.client is None else request.client.host
        if self._rates.spend(address, time.monotonic()) is not Allowance.PASS:
            raise Unavailable(Code.TOO_MANY_MESSAGES, "slow down")


def _check_room(request: Request) -> None:
    """Raises ProtocolError (invalid)."""
    try:
        msgspec.convert(request.path_params["room"], wire.RoomName)
    except msgspec.ValidationError as error:
        raise ProtocolError(Code.INVALID, f"not the name of a room: {error}") from None
