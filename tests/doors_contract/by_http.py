"""WHIP and WHEP: one request is all that one says, and whoever is put out finds his session gone."""

import asyncio
from typing import Any

from tests.doors.harness import WITHIN
from tests.doors.whip import CANDIDATE, RECEIVES, SENDS, http, problem
from tests.doors.whip import door as whip_door

from .people import Entrance, Guest, Refused


class _Session(Guest):
    def __init__(self, app: Any, location: str, token: str | None) -> None:
        self._app = app
        self._location = location
        self._headers = {} if token is None else {"authorization": f"Bearer {token}"}

    async def leave(self) -> None:
        async with http(self._app) as client:
            assert (await client.ask("DELETE", self._location, **self._headers)).status_code == 200

    async def vanish(self) -> None:
        session = whip_door(self._app).sessions[self._location.rpartition("/")[2]]
        session.leave("connection_lost")
        await self.learns("connection_lost")

    async def learns(self, code: str) -> None:
        async with asyncio.timeout(WITHIN), http(self._app) as client:
            while True:
                answer = await client.patch(self._location, CANDIDATE, if_match="*", **self._headers)
                if not answer.is_success:
                    assert problem(answer) == (404, "session_gone")
                    return
                await asyncio.sleep(0.01)


class _ByHttp(Entrance):
    offer: str

    async def enter(self, app: Any, id: str, room: str, token: str | None = None, address: str = "10.0.0.1") -> Guest:
        async with http(app, address=address) as client:
            answer = await client.post(self.path(room, id, token), self.offer, token=token)
        if answer.status_code != 201:
            raise Refused(problem(answer)[1])
        return _Session(app, answer.headers["location"], token)

    def path(self, room: str, id: str, token: str | None) -> str:
        return f"/{self.name}/{room}"


class Whip(_ByHttp):
    name = "whip"
    offer = SENDS

    def path(self, room: str, id: str, token: str | None) -> str:
        # With a token it is that which names the encoder.
        return super().path(room, id, token) + (f"/{id}" if token is None else "")


class Whep(_ByHttp):
    name = "whep"
    offer = RECEIVES
