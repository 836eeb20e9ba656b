"""How a request fails: with a status, and a body that says the same in the words of every other door (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tertulia.errors import Code, TertuliaError

MEDIA_TYPE: Final = "application/problem+json"
_STATUS: Final[Mapping[Code, int]] = {
    Code.MALFORMED: 400,
    Code.BAD_OFFER: 400,
    Code.TOKEN_REQUIRED: 401,
    Code.TOKEN_INVALID: 401,
    Code.TOKEN_EXPIRED: 401,
    Code.WRONG_ROOM: 403,
    Code.DENIED: 403,
    Code.NOT_ALLOWED: 403,
    Code.ROOM_LOCKED: 403,
    Code.SESSION_GONE: 404,
    Code.JOIN_TIMEOUT: 408,
    Code.IDENTITY_TAKEN: 409,
    Code.TOO_LARGE: 413,
    Code.INVALID: 422,
    Code.NO_COMMON_CODEC: 422,
    Code.TOO_MANY_PUBLICATIONS: 422,
    Code.TOO_MANY_SECTIONS: 422,
    Code.TOO_MANY_MESSAGES: 429,
    Code.ROOM_FULL: 503,
    Code.ROOM_ENDED: 503,
    Code.TOO_MANY_CONNECTIONS: 503,
    Code.TOO_MANY_ROOMS: 503,
    Code.MEDIA_UNAVAILABLE: 503,
    Code.SERVER_STOPPING: 503,
}
"""Whatever is not here cannot be met by HTTP: it would be our fault."""
_RETRY_AFTER: Final = {409: 10, 429: 1, 503: 5}
"""Seconds. The place of an encoder that has crashed is free when its silence is noticed, after 20 s at most."""
_OF_HTTP: Final = {404: "not_found", 405: "method_not_allowed"}


class Problem(msgspec.Struct):
    """RFC 9457; `code` is ours."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class Refused(Exception):
    """What HTTP alone has to say no to."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def status_of(code: Code) -> int:
    return _STATUS.get(code, 500)


def of(error: Exception) -> tuple[str, Response]:
    """The code, and what to answer."""
    match error:
        case Refused():
            return error.code, _answer(error.status, error.code, error.message, error.headers)
        case TertuliaError():
            return error.code.value, _answer(status_of(error.code), error.code.value, error.message)
        case HTTPException():
            code = _OF_HTTP.get(error.status_code, "invalid")
            return code, _answer(error.status_code, code, error.detail.lower(), error.headers)
        case _:
            return Code.INTERNAL.value, _answer(500, Code.INTERNAL.value, "internal error")


def _answer(status: int, code: str, message: str, extra: Mapping[str, str] | None = None) -> Response:
    headers = {"cache-control": "no-store", **(extra or {})}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if status in _RETRY_AFTER:
        headers["retry-after"] = str(_RETRY_AFTER[status])
    problem = Problem("about:blank", HTTPStatus(status).phrase, status, message, code)
    return Response(msgspec.json.encode(problem), status, headers, MEDIA_TYPE)
