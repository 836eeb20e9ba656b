"""STUN and TURN servers for pages and programs whose own protocol cannot tell them."""

import time

import msgspec
from starlette.requests import Request

from tertulia.auth.admission import Admission
from tertulia.auth.ice_servers import IceServers
from tertulia.auth.reached import reached
from tertulia.doors.api import types
from tertulia.doors.api.access import bearer
from tertulia.doors.api.failure import Refused
from tertulia.errors import Code, TertuliaError
from tertulia.net import Allowance, Rates
from tertulia.wire import native as wire

DOOR = "ice_servers"
"""What an app's `authorize` hook is told."""
_STATUS = {
    Code.TOKEN_REQUIRED: 401,
    Code.TOKEN_INVALID: 401,
    Code.TOKEN_EXPIRED: 401,
    Code.WRONG_ROOM: 403,
    Code.NOT_ALLOWED: 403,
    Code.DENIED: 403,
}
"""What may come of asking whether somebody may enter. Anything else would be our fault."""


class _Query(msgspec.Struct):
    room: wire.RoomName


class IceServersEndpoint:
    """Tells whoever may enter a room."""

    def __init__(self, admission: Admission, ice_servers: IceServers, requests_per_second: float) -> None:
        """`requests_per_second`: for each address, with bursts of 4 s."""
        self._admission = admission
        self._ice_servers = ice_servers
        self._rates = Rates(requests_per_second)

    async def answer(self, request: Request) -> types.IceServers:
        """Raises Refused."""
        address = "" if request.client is None else request.client.host
        if self._rates.spend(address, time.monotonic()) is not Allowance.PASS:
            raise Refused(429, Code.TOO_MANY_MESSAGES, "slow down")
        await self._check(request)
        issued = self._ice_servers.issue(reached(request.scope))
        return types.IceServers(
            ice_servers=[_server(it) for it in issued.either],
            sfu=[_server(it) for it in issued.sfu],
            expires=issued.expires,
        )

    async def _check(self, request: Request) -> None:
        try:
            room = msgspec.convert(dict(request.query_params), _Query).room
        except msgspec.ValidationError:
            raise Refused(400, Code.INVALID, "name a room: ?room=…") from None
        try:
            entry = await self._admission.admit(
                room=room, token=bearer(request), name="", door=DOOR, scope=request.scope
            )
        except TertuliaError as error:
            raise Refused(_STATUS.get(error.code, 500), error.code, error.message) from None
        if entry.knock_only:
            raise Refused(401, Code.TOKEN_REQUIRED, "send a join token for this room: Authorization: Bearer …")


def _server(it: wire.IceServer) -> types.IceServer:
    if it.username is None or it.credential is None:
        return types.IceServer(it.urls)
    return types.IceServer(it.urls, it.username, it.credential)
