"""What everybody in a room shares, over HTTP. A version is an entity tag (RFC 9110, section 8.8.3)."""

import re
from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tertulia.core.state import VALUE_BYTES, StateEntry
from tertulia.doors.api import body, types
from tertulia.doors.api.failure import Refused
from tertulia.errors import Code, Conflict, TertuliaError
from tertulia.runtime.views import Room

_TAG = re.compile(r'"(\d{1,16})"')
Endpoint = Callable[[Request], Awaitable[Response]]


class StateEndpoint:
    """Reads, sets and deletes keys."""

    def __init__(self, find: Callable[[Request], Room]) -> None:
        """`find` raises Refused where there is no such room."""
        self._find = find

    def routes(self, checked: Callable[[Endpoint], Endpoint]) -> list[Route]:
        path = "/rooms/{name}/state"
        return [
            Route(path, checked(self._list)),
            Route(path + "/{key:path}", checked(self._get), methods=["GET"]),
            Route(path + "/{key:path}", checked(self._put), methods=["PUT"]),
            Route(path + "/{key:path}", checked(self._delete), methods=["DELETE"]),
        ]

    async def _list(self, request: Request) -> Response:
        entries = self._find(request).shared.entries
        state = types.State([types.StateEntry(it.key, msgspec.Raw(it.value), it.version) for it in entries])
        return Response(
            msgspec.json.encode(state), media_type="application/json", headers={"cache-control": "no-store"}
        )

    async def _get(self, request: Request) -> Response:
        entry = self._find(request).shared.entry(request.path_params["key"])
        if entry is None:
            raise Refused(404, "no_such_key", "there is no such key")
        headers = _tag(entry.version)
        if f'"{entry.version}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(entry.value, media_type="application/json", headers=headers)

    async def _put(self, request: Request) -> Response:
        room = self._find(request)
        expected = _expected(request)
        value = await body.read_json(request, VALUE_BYTES)
        try:
            version = await room.shared.set_json(request.path_params["key"], value, expected)
        except (TertuliaError, ValueError) as error:
            raise _refused(error) from None
        return Response(status_code=204, headers=_tag(version))

    async def _delete(self, request: Request) -> Response:
        room = self._find(request)
        try:
            await room.shared.delete(request.path_params["key"], version=_expected(request))
        except (TertuliaError, ValueError) as error:
            raise _refused(error) from None
        return Response(status_code=204)


def _expected(request: Request) -> int | None:
    """The version that has to be there, 0: none may be; None: any."""
    wanted, unwanted = request.headers.get("if-match"), request.headers.get("if-none-match")
    if unwanted is not None:
        if unwanted != "*" or wanted is not None:
            raise Refused(400, Code.INVALID, "If-None-Match takes a * here, and no If-Match beside it")
        return 0
    if wanted is None:
        return None
    tag = _TAG.fullmatch(wanted)
    if tag is None:
        raise Refused(400, Code.INVALID, 'If-Match takes one version: "7"')
    return int(tag[1])


def _tag(version: int) -> dict[str, str]:
    return {"etag": f'"{version}"', "cache-control": "no-cache"}


def _refused(error: TertuliaError | ValueError) -> Refused:
    match error:
        case Conflict():
            present = error.present
            now = f"version {present.version}" if isinstance(present, StateEntry) else "no such key"
            return Refused(412, error.code, f"somebody else was quicker: there is {now} now")
        case TertuliaError(code=Code.TOO_LARGE):
            return Refused(413, error.code, error.message)
        case TertuliaError(code=Code.ROOM_ENDED):
            return Refused(404, "no_such_room", error.message)
        case TertuliaError():
            raise error
        case _:
            return Refused(400, Code.INVALID, str(error))
