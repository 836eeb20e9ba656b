"""The API's routes."""

from collections.abc import Awaitable, Callable, Iterable

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from tertulia.doors.api import failure, types
from tertulia.doors.api.access import Access
from tertulia.doors.api.chat import ChatEndpoint
from tertulia.doors.api.failure import Refused
from tertulia.doors.api.files import FilesEndpoint
from tertulia.doors.api.hooks import HooksEndpoint
from tertulia.doors.api.ice_servers import IceServersEndpoint
from tertulia.doors.api.openapi import document
from tertulia.doors.api.state import StateEndpoint
from tertulia.doors.api.statistics import statistics
from tertulia.doors.api.topics import TopicsEndpoint
from tertulia.errors import Code, TertuliaError
from tertulia.runtime.broker import Broker
from tertulia.runtime.views import Participant, Publication, Room

PATH = "/api/v1"
Endpoint = Callable[[Request], Awaitable[Response]]


class Api:
    """Shows and closes rooms, what was said in them and what they share; publishes on topics, and takes webhooks for them; tells of
    STUN and TURN servers."""

    def __init__(
        self,
        rooms: Callable[[], tuple[Room, ...]],
        find: Callable[[str], Room | None],
        access: Access,
        ice_servers: IceServersEndpoint,
        chat: ChatEndpoint,
        files: FilesEndpoint,
        broker: Broker,
        hooks: HooksEndpoint,
        *,
        allow_origins: Iterable[str] = (),
    ) -> None:
        """`allow_origins`: whose pages may read the answers, besides the same origin."""
        self._rooms = rooms
        self._find = find
        self._access = access
        self._ice_servers = ice_servers
        self._app = Starlette(
            routes=[
                Route("/rooms", self._checked(self._list)),
                Route("/rooms/{name}", self._checked(self._show), methods=["GET"]),
                Route("/rooms/{name}", self._checked(self._close), methods=["DELETE"]),
                Route("/rooms/{name}/statistics", self._checked(self._measure)),
                Route("/rooms/{name}/chat", self._checked(chat.show), methods=["GET"]),
                Route("/rooms/{name}/chat", self._checked(chat.clear), methods=["DELETE"]),
                Route("/rooms/{name}/chat/{message}", self._checked(chat.delete), methods=["DELETE"]),
                *StateEndpoint(self._room).routes(self._checked),
                *TopicsEndpoint(broker).routes(self._checked),
                Route("/rooms/{name}/files", self._checked(files.list)),
                Route("/rooms/{name}/files/{id}", self._checked(files.delete), methods=["DELETE"]),
                hooks.route(),
                Route("/ice-servers", self._tell_ice_servers),
                Route("/openapi.json", self._describe),
            ],
            middleware=[
                Middleware(
                    CORSMiddleware,
                    allow_origins=list(allow_origins),
                    allow_methods=["GET", "POST", "PUT", "DELETE"],
                    allow_headers=["authorization", "content-type", "if-match", "if-none-match"],
                    expose_headers=["etag"],
                )
            ],
            exception_handlers={
                Refused: failure.refused,
                HTTPException: failure.not_routed,
                Exception: failure.internal,
            },
        )

    def route(self) -> Mount:
        return Mount(PATH, self._app)

    def _checked(self, endpoint: Endpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            self._access.check(request)
            return await endpoint(request)

        return checked

    async def _list(self, request: Request) -> Response:
        return _json(types.Rooms([_summary(room) for room in self._rooms()]))

    async def _show(self, request: Request) -> Response:
        return _json(_detail(self._room(request)))

    async def _measure(self, request: Request) -> Response:
        return _json(statistics(self._room(request)))

    async def _close(self, request: Request) -> Response:
        room = self._room(request)
        try:
            await room.end()
        except TertuliaError as error:
            if error.code is not Code.ROOM_ENDED:
                raise
        return Response(status_code=204)

    async def _tell_ice_servers(self, request: Request) -> Response:
        return _json(await self._ice_servers.answer(request))

    async def _describe(self, request: Request) -> Response:
        return Response(
            msgspec.json.encode(document(request.scope["root_path"])),
            media_type="application/json",
            headers={"cache-control": "no-cache"},
        )

    def _room(self, request: Request) -> Room:
        name = request.path_params["name"]
        room = self._find(name)
        if room is None:
            raise Refused(404, "no_such_room", f"no room {name} is open")
        return room


def _summary(room: Room) -> types.RoomSummary:
    return types.RoomSummary(
        name=room.name,
        participants=len(room.participants),
        waiting=len(room.waiting),
        publications=len(room.publications),
        locked=room.locked,
        waiting_room=room.waiting_room,
    )


def _detail(room: Room) -> types.Room:
    tracks = room.publications
    return types.Room(
        name=room.name,
        locked=room.locked,
        waiting_room=room.waiting_room,
        max_participants=room.max_participants,
        spotlight=room.spotlight,
        participants=[_person(who, [it for it in tracks if it.participant == who.id]) for who in room.participants],
        waiting=[types.Waiting(who.id, who.name) for who in room.waiting],
    )


def _person(who: Participant, tracks: list[Publication]) -> types.Participant:
    return types.Participant(
        id=who.id,
        name=who.name,
        role=who.role,
        rights=list(who.rights),
        connected=who.connected,
        hand=who.hand,
        metadata=who.metadata,
        publications=[types.Publication(it.id, it.source, it.kind, it.muted, it.width, it.height) for it in tracks],
        connection_quality=who.connection_quality,
        connection_score=who.connection_score,
    )


def _json(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json", headers={"cache-control": "no-store"})
