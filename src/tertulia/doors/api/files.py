"""The files of a room, over the API: also of one that nobody is in."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from tertulia.core.files import SharedFile
from tertulia.doors.api import types
from tertulia.doors.api.failure import Refused
from tertulia.errors import Code, TertuliaError
from tertulia.runtime.files import FileDesk

_STATUS = {Code.NO_SUCH_FILE: 404, Code.STORE_FAILED: 503}


class FilesEndpoint:
    def __init__(self, desk: Callable[[], FileDesk | None]) -> None:
        """`desk`: None while the server does not run."""
        self._desk = desk

    async def list(self, request: Request) -> Response:
        asked = _query(request)
        try:
            page = await self._running().page(_room(request), None, before=asked.before, limit=asked.limit)
        except TertuliaError as error:
            raise _refused(error) from None
        answer = types.Files([_file(it) for it in page.files], page.more)
        return Response(
            msgspec.json.encode(answer), media_type="application/json", headers={"cache-control": "no-store"}
        )

    async def delete(self, request: Request) -> Response:
        try:
            await self._running().delete(_room(request), request.path_params["id"], None)
        except TertuliaError as error:
            raise _refused(error) from None
        return Response(status_code=204)

    def _running(self) -> FileDesk:
        desk = self._desk()
        if desk is None:
            raise Refused(503, Code.SERVER_STOPPING, "the server is stopping")
        return desk


class _Query(msgspec.Struct):
    before: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 100


def _query(request: Request) -> _Query:
    try:
        return msgspec.convert(dict(request.query_params), _Query, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(400, Code.INVALID, f"before and limit (1 to 100) are numbers: {error}") from None


def _room(request: Request) -> str:
    name: str = request.path_params["name"]
    return name


def _refused(error: TertuliaError) -> Refused:
    return Refused(_STATUS.get(error.code, 500), error.code, error.message)


def _file(it: SharedFile) -> types.File:
    return types.File(
        id=it.id,
        sender=it.sender,
        sender_name=it.sender_name,
        name=it.name,
        size=it.size,
        media_type=it.type,
        sha256=it.sha256,
        to=it.to,
        time=it.time,
        number=it.number,
    )
