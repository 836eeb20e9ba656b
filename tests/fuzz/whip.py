"""The bodies of WHIP and WHEP, spoken to the whole door by HTTP; below it is all but an engine."""

import asyncio
from functools import cache
from typing import Final

import httpx
from starlette.applications import Starlette

from tertulia.auth.admission import Admission
from tertulia.auth.ice_servers import IceServers
from tertulia.auth.tokens import TokenVerifier
from tertulia.core.model import RoomSettings
from tertulia.doors.whip import Options, WhipDoor
from tertulia.errors import Code
from tertulia.media.ice_fragment import parse_fragment
from tertulia.media.sdp_parse import parse
from tertulia.runtime.hub import Hub
from tests.doors.harness import eventually
from tests.doors.whip import Http, problem
from tests.fuzz.inputs import SEPARATOR
from tests.media.stage import Stage

FRAGMENTS: Final = 4
_ENDPOINTS: Final = ("/whip/studio/obs", "/whep/studio")
_OFFER_REFUSED: Final = {400, 422}
_FRAGMENT_REFUSED: Final = {400}


def whip(data: bytes) -> None:
    """An offer to both endpoints, then fragments to the session that it makes. What is refused is so for a reason of its own."""
    caller = _caller()
    caller.loop.run_until_complete(caller.talk(data))


@cache
def _caller() -> "_Caller":
    loop = asyncio.new_event_loop()
    return loop.run_until_complete(_Caller.begin(loop))


class _Caller:
    """One door for all inputs, on a loop of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._stage = Stage()
        hub = Hub(self._stage.media, RoomSettings)
        options = Options(requests_per_second=1e9)
        self._door = WhipDoor(hub, Admission(TokenVerifier(), open=True), options, IceServers())
        transport = httpx.ASGITransport(Starlette(routes=self._door.routes()), raise_app_exceptions=False)
        self._http = Http(httpx.AsyncClient(transport=transport, base_url="http://testserver"))

    @classmethod
    async def begin(cls, loop: asyncio.AbstractEventLoop) -> "_Caller":
        return cls(loop)

    async def talk(self, data: bytes) -> None:
        offer, *fragments = data.split(SEPARATOR)[: 1 + FRAGMENTS]
        for endpoint in _ENDPOINTS:
            await self._session(endpoint, offer, fragments)
        # One whose offer cannot be answered leaves in the room's turn.
        await eventually(lambda: not self._door.sessions)
        assert self._door.connections.open == 0
        self._stage.engine.take()

    async def _session(self, endpoint: str, offer: bytes, fragments: list[bytes]) -> None:
        made = await self._http.post(endpoint, offer)
        if made.status_code != 201:
            assert made.status_code in _OFFER_REFUSED, problem(made)
            return
        parse(made.text, Code.BAD_ANSWER)
        session = made.headers["location"]
        for fragment in fragments:
            changed = await self._http.patch(session, fragment, if_match="*")
            if changed.status_code == 200:
                assert parse_fragment(changed.text) is not None
            elif changed.status_code != 204:
                assert changed.status_code in _FRAGMENT_REFUSED, problem(changed)
        assert (await self._http.ask("DELETE", session)).status_code == 200
