"""How a request fails: always with a JSON body."""

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tertulia.doors.api.types import Failure, Problem

_CODES = {404: "not_found", 405: "method_not_allowed"}
_HEADERS = {401: {"www-authenticate": "Bearer"}, 429: {"retry-after": "1"}}


class Refused(Exception):
    """Answered with this status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _answer(error.status, error.code, error.message, _HEADERS.get(error.status))


async def not_routed(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself."""
    assert isinstance(error, HTTPException)
    return _answer(error.status_code, _CODES.get(error.status_code, "invalid"), error.detail.lower(), error.headers)


async def internal(request: Request, error: Exception) -> Response:
    return _answer(500, "internal", "internal error")


def _answer(status: int, code: str, message: str, headers: object = None) -> Response:
    body = msgspec.json.encode(Failure(Problem(code, message)))
    extra = headers if isinstance(headers, dict) else {}
    return Response(body, status, {"cache-control": "no-store", **extra}, "application/json")
