"""What browser tests need: sockets lost and workers crashed at will. Only with `--test-commands`, and only for this machine."""

import ipaddress
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tertulia.media.port import Media
from tertulia.runtime.hub import Hub


class TestCommands:
    """Under `/_test/`."""

    __test__ = False  # pytest

    def __init__(self, hub: Hub, media: Media, drop_socket: Callable[[str, str], bool]) -> None:
        """`drop_socket(room, participant)` says whether there was one."""
        self._hub = hub
        self._media = media
        self._drop_socket = drop_socket

    def routes(self) -> list[Route]:
        return [
            Route("/_test/drop-socket", self._drop, methods=["POST"]),
            Route("/_test/crash", self._crash, methods=["POST"]),
            Route("/_test/rooms", self._rooms, methods=["GET", "POST"]),
        ]

    async def _drop(self, request: Request) -> Response:
        if not _is_local(request):
            return Response(status_code=403)
        dropped = self._drop_socket(request.query_params.get("room", ""), request.query_params.get("participant", ""))
        return Response(status_code=204 if dropped else 404)

    async def _crash(self, request: Request) -> Response:
        if not _is_local(request):
            return Response(status_code=403)
        crash: Callable[[int], None] | None = getattr(self._media, "crash", None)
        worker = request.query_params.get("worker", "0")
        if crash is None or not worker.isdecimal():
            return Response(status_code=404)
        crash(int(worker))
        return Response(status_code=204)

    async def _rooms(self, request: Request) -> Response:
        if not _is_local(request):
            return Response(status_code=403)
        rooms = {}
        for name, actor in self._hub.rooms.items():
            people = actor.room.participants
            rooms[name] = {
                "participants": [
                    {"id": who.id, "name": who.name, "role": who.role, "connected": who.connected, "media": who.media}
                    for who in people
                ],
                "waiting": [who.id for who in actor.room.waiting],
                "publications": [
                    {"id": it.id, "owner": it.owner, "source": it.source, "muted": it.muted}
                    for it in actor.room.publications
                ],
                "topology": None if not people else _topology(actor.room.snapshot(people[0].id).topology),
            }
        return JSONResponse(rooms)


def _topology(it: object) -> dict[str, object]:
    return {name: getattr(it, name) for name in ("mode", "phase", "epoch")}


def _is_local(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
