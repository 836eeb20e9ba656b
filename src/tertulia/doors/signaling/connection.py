"""One WebSocket on `/signaling`: the query says who comes, and every text after that is a message."""

import secrets
from typing import TYPE_CHECKING

import msgspec

from tertulia.auth.reached import reached
from tertulia.core import commands as cmd
from tertulia.core.ids import PublicationId
from tertulia.core.model import Dialect
from tertulia.doors.session import PageConnection
from tertulia.doors.signaling import words
from tertulia.doors.signaling.session import SignalingSession, error
from tertulia.errors import Code, ProtocolError
from tertulia.net import WebSocket
from tertulia.wire import native as wire

if TYPE_CHECKING:
    from tertulia.doors.signaling.door import SignalingDoor

LOBBY = "lobby"
"""The room of those who name none."""
NAME = "Guest"


class _Query(msgspec.Struct):
    """Fields that are unknown are the page's own."""

    room: wire.RoomName = LOBBY
    name: wire.Name = NAME
    token: str | None = None
    events: bool = False


class SignalingConnection(PageConnection):
    """Ends its session when the socket ends: such a page has no way to come back to it."""

    def __init__(self, door: "SignalingDoor", socket: WebSocket) -> None:
        super().__init__(door, socket)
        self._rings_for = door.rings_for
        self._ice_servers = door.ice_servers

    async def enter(self) -> None:
        try:
            query = msgspec.convert({k: v for k, v in self.query().items() if v}, _Query, strict=False)
        except msgspec.ValidationError as problem:
            raise ProtocolError(Code.MALFORMED, f"query: {problem}") from None
        entry = await self.door.admission.admit(
            room=query.room, token=query.token, name=query.name, door="signaling", scope=self.socket.scope
        )
        session = SignalingSession(
            entry.participant,
            tells_people=query.events,
            ice_servers=lambda: self._ice_servers.issue(reached(self.socket.scope)).either,
            rings_for=self._rings_for,
            new_id=_new_publication,
            on_over=lambda over: self.door.hub.forget(over.connection),
        )
        command = cmd.Join(
            participant=entry.participant,
            name=entry.name,
            role=entry.role,
            rights=entry.rights,
            dialect=Dialect.PAGE,
            auto_subscribe=False,
            on_duplicate=entry.on_duplicate,
            bypass=entry.bypass,
            knock_only=entry.knock_only,
        )
        await self.join(query.room, command, session)

    async def handle(self, message: str | bytes) -> None:
        word, to = words.read(message)
        assert isinstance(self.session, SignalingSession)
        await self.session.say(word, to)

    def error(self, code: Code, message: str) -> bytes:
        return msgspec.json.encode(error(code, message))


def _new_publication() -> PublicationId:
    return PublicationId(secrets.token_urlsafe(9))
