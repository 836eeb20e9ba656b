"""How a request over HTTP fails: with a status, and a body that says the same in the words of every other door (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tertulia.errors import Code, TertuliaError

MEDIA_TYPE: Final = "application/problem+json"
_OF_HTTP: Final = {404: "not_found", 405: "method_not_allowed"}
_PHRASES: Final = {460: "Checksum Mismatch"}
"""Of tus, which Python does not know."""


class Problem(msgspec.Struct):
    """RFC 9457; `code` is ours."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class Refused(Exception):
    """What HTTP, or a protocol over it, has to say no to by itself."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


class Problems:
    """The answers of one door."""

    def __init__(self, statuses: Mapping[Code, int], retry_after: Mapping[int, int]) -> None:
        """`statuses`: what is not among them cannot be met, and would be our fault. `retry_after`: seconds, by status."""
        self._statuses = statuses
        self._retry_after = retry_after

    def status_of(self, code: Code) -> int:
        return self._statuses.get(code, 500)

    def answer_to(self, error: Exception) -> tuple[str, Response]:
        """The code, and what to answer."""
        match error:
            case Refused():
                return error.code, self._answer(error.status, error.code, error.message, error.headers)
            case TertuliaError():
                return error.code.value, self._answer(self.status_of(error.code), error.code.value, error.message)
            case HTTPException():
                code = _OF_HTTP.get(error.status_code, "invalid")
                return code, self._answer(error.status_code, code, error.detail.lower(), error.headers)
            case _:
                return Code.INTERNAL.value, self._answer(500, Code.INTERNAL.value, "internal error")

    def _answer(self, status: int, code: str, message: str, extra: Mapping[str, str] | None = None) -> Response:
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", **(extra or {})}
        if status == 401:
            headers["www-authenticate"] = "Bearer"
        if status in self._retry_after:
            headers["retry-after"] = str(self._retry_after[status])
        title = _PHRASES.get(status) or HTTPStatus(status).phrase
        return Response(
            msgspec.json.encode(Problem("about:blank", title, status, message, code)), status, headers, MEDIA_TYPE
        )
