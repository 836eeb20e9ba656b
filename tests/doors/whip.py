"""What WHIP and WHEP clients send, spoken to a server in this process over media that is none."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette

from tertulia.auth.admission import Admission
from tertulia.auth.ice_servers import IceServers
from tertulia.auth.tokens import TokenVerifier
from tertulia.core.ids import ParticipantId
from tertulia.core.model import RoomSettings
from tertulia.doors.whip import Options, WhipDoor
from tertulia.media.fake import FakeMedia
from tertulia.media.port import ConnectionId
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.hub import Hub
from tests.media.offers import media, offer

SENDS = offer(media("audio", "0", "sendonly"), media("video", "1", "sendonly"))
SENDS_PICTURE = offer(media("video", "0", "sendonly"))
RECEIVES = offer(media("audio", "0", "recvonly"), media("video", "1", "recvonly"))
FRAGMENT = "application/trickle-ice-sdpfrag"
CANDIDATE = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:"
    + "p" * 22
    + "\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
)
RESTART = "a=ice-ufrag:efgh\r\na=ice-pwd:" + "q" * 22 + "\r\n"


class Http:
    """A client of `/whip` or `/whep`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def ask(self, method: str, path: str, content: Any = None, **headers: str) -> httpx.Response:
        """Headers are named as Python can: `if_match`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, content=content, headers=given)

    async def post(self, path: str, sdp: Any = SENDS, *, token: str | None = None, **headers: str) -> httpx.Response:
        headers = {"content_type": "application/sdp", **headers}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return await self.ask("POST", path, sdp, **headers)

    async def patch(self, path: str, fragment: Any = RESTART, **headers: str) -> httpx.Response:
        return await self.ask("PATCH", path, fragment, **{"content_type": FRAGMENT, **headers})


@asynccontextmanager
async def http(app: Any, *, address: str = "10.0.0.1") -> AsyncIterator[Http]:
    transport = httpx.ASGITransport(app, client=(address, 1), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield Http(client)


class Stage:
    """The door alone, with options of the test's own, in rooms that are open."""

    def __init__(self, options: Options, ice_servers: IceServers, **settings: Any) -> None:
        self.media = FakeMedia()
        self.ahead = 0.0
        """Seconds that the rooms' clock is ahead of the real one."""
        self.hub = Hub(self.media, lambda name: RoomSettings(name, **settings), clock=self._clock)
        self.door = WhipDoor(self.hub, Admission(TokenVerifier(), open=True), options, ice_servers)
        self.app = Starlette(routes=self.door.routes())

    def _clock(self) -> float:
        return time.monotonic() + self.ahead

    def people(self, room: str = "studio") -> list[str]:
        found = self.hub.find(room)
        return [] if found is None else [who.id for who in found.room.participants]


@asynccontextmanager
async def stage(
    options: Options | None = None, *, ice_servers: IceServers | None = None, **settings: Any
) -> AsyncIterator[tuple[Stage, Http]]:
    made = Stage(options or Options(), ice_servers or IceServers(), **settings)
    async with http(made.app) as client:
        yield made, client
    await made.hub.stop(1.0)


def actor(app: Any, room: str = "studio") -> RoomActor:
    """A room of a whole server."""
    found = app._running.hub.find(room)
    assert isinstance(found, RoomActor)
    return found


def door(app: Any) -> WhipDoor:
    """Of a whole server."""
    found = app._running.whip
    assert isinstance(found, WhipDoor)
    return found


def connection(app: Any, room: str, who: str) -> ConnectionId:
    """Of somebody in a room of a whole server."""
    seat = actor(app, room).seat(ParticipantId(who))
    assert seat is not None
    return seat.connection


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Its status and code; the body has the form that is promised."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    return answer.status_code, body["code"]
