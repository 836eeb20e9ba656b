"""One WebSocket of a PeerJS client: the query says who comes, with which token."""

from typing import TYPE_CHECKING

import msgspec

from tertulia.core import commands as cmd
from tertulia.core.ids import ParticipantId
from tertulia.core.model import Dialect, OnDuplicate
from tertulia.doors.peerjs import messages
from tertulia.doors.peerjs.session import PeerSession
from tertulia.doors.session import PageConnection
from tertulia.errors import Code, NotAllowed, ProtocolError, TertuliaError
from tertulia.net import Link, WebSocket
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.seat import Outcome
from tertulia.wire import native as wire

if TYPE_CHECKING:
    from tertulia.doors.peerjs.door import PeerDoor

DEFAULT_KEY = "peerjs"
LOBBY = "lobby"
"""The room of the key that a client sends by itself."""
RELOAD_WAITS = 1.0
"""Seconds in which the old socket of a page that was loaded anew has to end. It was closed before, but may be heard of later."""
_TAKING_LEAVE = frozenset({1000, 1001, 1005})
"""Close codes of a client that disconnects, or of a page that is left."""


class _Query(msgspec.Struct):
    key: str
    id: str
    token: str


class _Room(msgspec.Struct):
    name: wire.RoomName


class PeerConnection(PageConnection):
    """Begins a session, or goes on with one."""

    def __init__(self, door: "PeerDoor", socket: WebSocket) -> None:
        super().__init__(door, socket)
        self._key_is_bad = False

    async def enter(self) -> None:
        query = self._query()
        room = self._room(query.key)
        session = self._session(room, query.id)
        if session is not None and self._is_hers(session, query.token) and await self._come_back(session, query.token):
            return
        token = query.token if _is_jwt(query.token) else None
        entry = await self.door.admission.admit(
            room=room, token=token, name=query.id, door="peerjs", scope=self.socket.scope, identity=query.id
        )
        if entry.participant != query.id:
            raise NotAllowed("a PeerJS client has the id that it names")
        if session is not None and entry.on_duplicate is OnDuplicate.REFUSE and self._comes_from_there(session):
            await session.parted(RELOAD_WAITS)
            session = self._session(room, query.id)
        command = cmd.Join(
            participant=entry.participant,
            name=entry.name,
            role=entry.role,
            rights=entry.rights,
            dialect=Dialect.CALLER,
            auto_subscribe=False,
            on_duplicate=OnDuplicate.REPLACE if self._follows(session) else entry.on_duplicate,
            bypass=entry.bypass,
            knock_only=entry.knock_only,
        )
        address = self.socket.address
        joining = PeerSession(
            entry.participant, query.token, address, lambda over: self.door.hub.forget(over.connection)
        )
        await self.join(room, command, joining)

    async def handle(self, message: str | bytes) -> None:
        word, recipient = messages.read(message)
        session = self.session
        assert isinstance(session, PeerSession)
        assert session.actor is not None
        match word:
            case messages.Leave():
                session.actor.post(cmd.Leave(session.participant))
            case messages.Relayed() if not session.admitted:
                raise ProtocolError(Code.WRONG_ORDER, "not before OPEN")
            case messages.Relayed():
                assert recipient is not None
                await session.pass_on(word, recipient)

    def error(self, code: Code, message: str) -> bytes:
        return messages.error(code, message, key_is_bad=self._key_is_bad)

    def _broken(self, link: Link) -> None:
        if isinstance(self.session, PeerSession) and self.session.link is link:
            self.session.took_leave = self.socket.left_with in _TAKING_LEAVE
        super()._broken(link)

    # --- who comes ---

    def _query(self) -> _Query:
        given = {name: value for name, value in self.query().items() if value}
        try:
            return msgspec.convert(given, _Query)
        except msgspec.ValidationError:
            raise ProtocolError(Code.MALFORMED, "a client names its key, its id and a token") from None

    def _room(self, key: str) -> str:
        """The room of a key. Raises ProtocolError (invalid) for one that cannot be a room's name."""
        try:
            return LOBBY if key == DEFAULT_KEY else msgspec.convert({"name": key}, _Room).name
        except msgspec.ValidationError:
            self._key_is_bad = True
            raise ProtocolError(Code.INVALID, "the key is the room's name, and this cannot be one") from None

    # --- who comes back ---

    def _session(self, room: str, id: str) -> PeerSession | None:
        actor = self.door.hub.find(room)
        seat = None if actor is None else actor.seat(ParticipantId(id))
        return seat if isinstance(seat, PeerSession) and not seat.over else None

    def _is_hers(self, session: PeerSession, token: str) -> bool:
        """A token that a client made for itself proves who it is. One that this server signed may be in many hands: with it one takes only
        the place of a socket that is gone."""
        return session.proves(token) and (session.link is None or not _is_jwt(token))

    def _follows(self, session: PeerSession | None) -> bool:
        """A page that was loaded anew has another token. Where its old socket is known to be gone it need not wait, if it comes from the
        same address; from elsewhere it might be somebody who wants to be taken for the one who was lost."""
        return session is not None and session.link is None and self._comes_from_there(session)

    def _comes_from_there(self, session: PeerSession) -> bool:
        return session.address == self.socket.address

    async def _come_back(self, session: PeerSession, token: str) -> bool:
        """False: the session is gone after all."""
        actor: RoomActor | None = session.actor
        if actor is None:
            return False

        def attached(outcome: Outcome) -> None:
            # Asked again, for another socket may have been quicker.
            if isinstance(outcome, TertuliaError) or session.over or not self._is_hers(session, token):
                return
            if self.link.closed:
                if session.link is None:
                    actor.post(cmd.Detach(session.participant))
                return
            session.come_back()
            session.address = self.socket.address
            if session.admitted:
                self.link.say(messages.OPEN)
            session.take_over(self.link)
            self.session = session

        try:
            await actor.request(cmd.Attach(session.participant), attached)
        except TertuliaError:
            return False
        return self.session is not None


def _is_jwt(token: str) -> bool:
    """Whether it could be one of this server's (RFC 7519, section 3); PeerJS clients make tokens of letters and digits."""
    return token.startswith("eyJ") and token.count(".") == 2
