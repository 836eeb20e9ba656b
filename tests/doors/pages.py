"""Pages that bring their own signalling, as an ASGI server would pass on what they say."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

from tertulia import Room, Tertulia
from tertulia.app.running import Running
from tertulia.core.ids import ParticipantId
from tertulia.doors.session import Session

from .harness import WITHIN, Client, Closed

SDP = "v=0\r\no=- {session} {version} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
SECTION = (
    "m={kind} 9 UDP/TLS/RTP/SAVPF {payload}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\n"
    "a=rtpmap:{payload} {codec}\r\na=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\na=setup:actpass\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AA"] * 32) + "\r\n"
)


def sdp(*, audio: str = "sendrecv", video: str = "sendrecv", session: int = 1, version: int = 1) -> str:
    """A description with one section for sound and one for pictures, in these directions."""
    sound = SECTION.format(kind="audio", payload=111, mid="0", direction=audio, codec="opus/48000/2")
    picture = SECTION.format(kind="video", payload=96, mid="1", direction=video, codec="VP8/90000")
    return SDP.format(session=session, version=version) + sound + picture


def the_room(app: Tertulia, name: str = "lobby") -> Room:
    """One that is open."""
    room = app.room(name)
    assert room is not None
    return room


def running(app: Tertulia) -> Running:
    """The inside of a server."""
    assert app._running is not None
    return app._running


def session(app: Tertulia, participant: str, room: str = "lobby") -> Session:
    """Of somebody who is there."""
    seat: Any = running(app).hub.rooms[room].seat(ParticipantId(participant))
    assert isinstance(seat, Session)
    return seat


def connected(app: Tertulia, participant: str) -> bool:
    """Whether somebody in the lobby has signalling."""
    who = the_room(app).participant(participant)
    assert who is not None
    return who.connected


class Page(Client):
    """One socket of a page, which says whatever JSON it likes."""

    def __init__(self, app: Any, path: str = "/signaling", *, address: str = "10.0.0.1", **query: Any) -> None:
        super().__init__(app, path=path, address=address)
        self.scope |= {"subprotocols": [], "query_string": urlencode(query).encode()}

    async def open(self) -> "Page":
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(self.scope, self._to_app.get, self._send))
        first = await asyncio.wait_for(self._from_app.get(), WITHIN)
        if first["type"] == "websocket.close":
            raise Closed(first["code"], first.get("reason", ""))
        assert first == {"type": "websocket.accept", "subprotocol": None}
        return self

    def say(self, **message: Any) -> None:
        self.send_raw(json.dumps(message))

    def leave(self, code: int = 1001) -> None:
        """The page closes its socket."""
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": code})

    async def receive(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self._from_app.get(), WITHIN)
        if message["type"] == "websocket.close":
            raise Closed(message["code"], message.get("reason", ""))
        parsed: dict[str, Any] = json.loads(message["text"])
        self.seen.append(parsed)
        return parsed

    async def nothing(self) -> None:
        """Fails where something waits to be read once everything that is under way has been carried out."""
        for _ in range(50):
            await asyncio.sleep(0)
        assert self.waiting() == 0, await self.receive()
