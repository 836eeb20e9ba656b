"""Rooms that do not let one in, and doors that are none."""

import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from tertulia.doctor.site import Site
from tertulia.doctor.visit import Visit, visit

JOINED = json.dumps({"type": "joined", "id": 1})
REFUSED = json.dumps({"type": "error", "id": 1, "code": "room_full", "message": "no place"})
ANSWER = "a=ice-ufrag:ab\r\na=ice-pwd:cd\r\na=candidate:1 1 udp 1 192.0.2.1 3478 typ host\r\n"
ANSWERED = json.dumps({"type": "answered", "id": 2, "serial": 1, "sdp": ANSWER})
NEWS = json.dumps({"type": "participant_left", "participant": "ana", "reason": "left"})


class Door:
    """Says these things after each message that it hears, one list after the other; then `bye`."""

    def __init__(self, *says: list[str], protocol: str = "tertulia.v1") -> None:
        self.heard: list[dict[str, object]] = []
        self._says = list(says)
        self._protocol = protocol

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Site]:
        async with serve(self._talk, "127.0.0.1", 0, subprotocols=[Subprotocol(self._protocol)]) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            yield Site.parse(f"http://127.0.0.1:{port}", within=0.5)

    async def _talk(self, socket: ServerConnection) -> None:
        async for message in socket:
            self.heard.append(json.loads(message))
            for words in self._says.pop(0) if self._says else [json.dumps({"type": "bye", "code": "left"})]:
                await socket.send(words)


async def visited(door: Door, token: str | None = None) -> Visit:
    async with door.serving() as site, visit(site, "standup", token) as found:
        return found


async def test_a_visit_and_a_farewell() -> None:
    door = Door([NEWS, JOINED], [NEWS, ANSWERED])
    found = await visited(door, "a-token")
    assert [finding.code for finding in found.findings] == ["websocket_ok"]
    assert [it.address for it in found.candidates] == ["192.0.2.1"]
    assert found.credentials is not None
    assert (found.credentials.theirs, found.credentials.password) == ("ab", "cd")
    assert [message["type"] for message in door.heard] == ["join", "offer", "leave"]
    assert (door.heard[0]["room"], door.heard[0]["name"], door.heard[0]["token"]) == ("standup", "Doctor", "a-token")


@pytest.mark.parametrize(
    ("door", "codes"),
    [
        (Door([REFUSED]), ["websocket_ok", "media_udp_not_asked"]),
        (Door([]), ["websocket_ok", "media_udp_not_asked"]),
        (Door(["nonsense"]), ["websocket_ok", "media_udp_not_asked"]),
        (Door(["[]"]), ["websocket_ok", "media_udp_not_asked"]),
        (Door([JOINED], [REFUSED]), ["websocket_ok", "media_udp_refused"]),
        (Door([JOINED], []), ["websocket_ok", "media_udp_refused"]),
        (
            Door([JOINED], [json.dumps({"type": "bye", "code": "internal", "message": "m"})]),
            ["websocket_ok", "media_udp_refused"],
        ),
    ],
)
async def test_what_a_room_says_instead(door: Door, codes: list[str]) -> None:
    found = await visited(door)
    assert [finding.code for finding in found.findings] == codes
    assert found.credentials is None


async def test_another_protocol() -> None:
    found = await visited(Door(protocol="chat"))
    assert [finding.code for finding in found.findings] == ["websocket_refused"]
