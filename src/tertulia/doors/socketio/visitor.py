"""One socket of the main namespace: which room it is in, and what comes from it, one after the other."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import msgspec

from tertulia.core import commands as cmd
from tertulia.core.ids import ParticipantId
from tertulia.core.model import Dialect, OnDuplicate
from tertulia.doors.socketio import words
from tertulia.doors.socketio.session import SocketIoSession
from tertulia.doors.socketio.words import Args
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.net import Allowance, Rate
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.seat import Outcome
from tertulia.socketio import Socket
from tertulia.wire import native as wire

if TYPE_CHECKING:
    from tertulia.doors.socketio.door import SocketIoDoor

LOBBY = "lobby"
"""The room of those who name none."""
LOBBY_AFTER = 1.0
"""Seconds in which a page that has named no room may do so, before it is in the lobby."""
NAME = "Guest"
EARLY = 256
"""Events that wait for a socket that is not connected yet."""
_PAGE_LEFT = 1001
_COMES_BACK = frozenset({"transport close", "transport error", "ping timeout", "too slow"})


class Wish(msgspec.Struct, frozen=True):
    """Where somebody wants to go, and as whom."""

    room: wire.RoomName
    name: wire.Name = NAME
    token: str | None = None


class Visitor:
    """It outlives a connection that the library recovers: then it has another `Socket` with the same id."""

    def __init__(self, door: "SocketIoDoor", socket: Socket) -> None:
        self.door = door
        self.socket = socket
        self.session: SocketIoSession | None = None
        self._early: list[tuple[str, Args]] | None = []
        """What is to be said once the socket is connected; None: it is, or was."""
        self._here = False
        self._last: tuple[Code, str] | None = None
        """Why it was sent away."""
        self._turn = asyncio.Lock()
        self._rate = Rate(door.options.messages_per_second, asyncio.get_running_loop().time())
        self._timer: asyncio.TimerHandle | None = None
        self._to_lobby: asyncio.Task[None] | None = None

    # --- its life ---

    async def knock(self) -> None:
        """Goes where the handshake says, if it does. Raises a TertuliaError: it may not."""
        given = self._handshake()
        if "room" in given:
            await self._go(_wish(given))
            asyncio.get_running_loop().call_soon(self._leave_unless_here)
        elif "name" in given or "token" in given:
            _wish({"room": LOBBY} | given)

    def connected(self, socket: Socket) -> None:
        """The socket is there, or again."""
        self.socket = socket
        self._here = True
        early, self._early = self._early, None
        for event, args in early or ():
            self.emit(event, *args)
        if self._last is not None:
            self._say_goodbye(*self._last)
        elif self.session is not None:
            self.session.attach()
        else:
            self._timer = asyncio.get_running_loop().call_later(LOBBY_AFTER, self.settle)
            self.door.undecided.add(self)

    def gone(self, reason: str) -> None:
        """The socket is disconnected."""
        self._here = False
        self._decided()
        session = self.session
        if session is None or session.actor is None or session.over:
            return
        if reason in _COMES_BACK and self.socket.left_with != _PAGE_LEFT and session.admitted:
            session.detach()
        else:
            why = "left" if reason == "client namespace disconnect" else "connection_lost"
            session.actor.post(cmd.Leave(session.participant, why))

    def _leave_unless_here(self) -> None:
        """The connection ended while the room was asked."""
        session = self.session
        if not self._here and session is not None and session.actor is not None and not session.over:
            session.actor.post(cmd.Leave(session.participant, "connection_lost"))

    # --- what comes from it ---

    async def hear(self, event: str, args: Args) -> None:
        """Raises a TertuliaError for what is refused, which the page has been told by then."""
        match self._rate.spend(asyncio.get_running_loop().time()):
            case Allowance.REPORT:
                self.refuse(Code.TOO_MANY_MESSAGES, "slow down")
                raise ProtocolError(Code.TOO_MANY_MESSAGES, "slow down")
            case Allowance.DROP:
                self.door.count_refused(Code.TOO_MANY_MESSAGES.value)
                raise ProtocolError(Code.TOO_MANY_MESSAGES, "slow down")
            case Allowance.ABUSE:
                await self._put_out(Code.TOO_MANY_MESSAGES, "slow down")
                return
        async with self._turn:
            if not self._here:
                return
            try:
                await self._do(*words.read(event, args))
            except TertuliaError as error:
                self.refuse(error.code, error.message)
                raise

    async def _do(self, word: words.Word, to: str | None) -> None:
        match word:
            case words.AskAddress():
                server = self.socket.handshake.scope.get("server")
                self.emit(words.ADDRESS, server[0] if server else "")
                return
            case words.Enter():
                await self._enter(word)
                return
            case words.Leave():
                self._decided()
                await self._settled()
                await self._leave()
                return
        self.settle()
        await self._settled()
        session = self.session
        if session is None or session.over:
            if self._last is None:
                raise ProtocolError(Code.WRONG_ORDER, "you are in no room; join one")
            return
        match word:
            case words.ShapedDescription():
                await session.describe(word, self._whom(session, to))
            case words.ShapedCandidate():
                await session.trickle(word, self._whom(session, to))
            case words.Other() if not session.admitted:
                raise ProtocolError(Code.WRONG_ORDER, "not before you are let in")
            case words.Other():
                if session.room == LOBBY:
                    await self.door.settle_undecided()
                await session.pass_on(word.said, self._whom(session, to))

    def _whom(self, session: SocketIoSession, to: str | None) -> ParticipantId | None:
        """Somebody by identity or by the socket's id. The room's own name is everybody."""
        if to is None or to == session.room:
            return None
        other = self.door.visitor(to)
        if other is not None and other.session is not None and other.session.room == session.room:
            return other.session.participant
        return ParticipantId(to)

    # --- rooms ---

    def settle(self) -> None:
        """It has had its time to name a room: it is in the lobby now."""
        if self in self.door.undecided:
            self._decided()
            self._to_lobby = asyncio.create_task(self._go_to_lobby())

    async def settled(self) -> None:
        self.settle()
        await self._settled()

    async def _settled(self) -> None:
        if self._to_lobby is not None:
            await asyncio.wait([self._to_lobby])

    def _decided(self) -> None:
        self.door.undecided.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _go_to_lobby(self) -> None:
        try:
            await self._go(_wish({"room": LOBBY} | self._handshake()))
        except TertuliaError as error:
            self._send_away(error.code, error.message)
        except Exception:
            self._send_away(Code.INTERNAL, "internal error")
            raise

    async def _enter(self, word: words.Enter) -> None:
        """Raises a TertuliaError: it may not, and is where it was; a room without a place is told by `full` alone."""
        self._decided()
        await self._settled()
        given = self._handshake() | {"room": word.room}
        given |= {key: it for key, it in (("name", word.name), ("token", word.token)) if it}
        before = self.session
        if before is not None and not before.over and before.room == word.room:
            if before.admitted:
                self.emit("created" if before.first else "joined", before.room, before.participant)
            return
        if word.word == "create or join":
            self.emit("log", ["Message from server:", f"Received request to create or join room {word.room}"])
        try:
            await self._go(_wish(given), word.word)
        except TertuliaError as error:
            if error.code is not Code.ROOM_FULL:
                raise
            self.door.count_refused(error.code.value)
            self.emit("full", word.room)
            return
        if before is not None and not before.over:
            with contextlib.suppress(TertuliaError):
                await before.leave()

    async def _leave(self) -> None:
        session = self.session
        if session is not None and not session.over:
            await session.leave()

    async def _go(self, wish: Wish, word: str | None = None) -> None:
        """Into a room, as one more or as the only one. Raises a TertuliaError."""
        door, socket = self.door, self.socket
        entry = await door.admission.admit(
            room=wish.room, token=wish.token, name=wish.name, door="socketio", scope=socket.handshake.scope
        )
        # Who was not named by a token or the app is the one whom pages know by the socket's id.
        named = entry.on_duplicate is OnDuplicate.REPLACE
        participant = entry.participant if named else ParticipantId(socket.id)
        session = SocketIoSession(self, participant, wish.room, word, lambda over: door.hub.forget(over.connection))
        command = cmd.Join(
            participant=participant,
            name=entry.name,
            role=entry.role,
            rights=entry.rights,
            p2p=False,
            dialect=Dialect.PAGE,
            auto_subscribe=False,
            on_duplicate=entry.on_duplicate,
            bypass=entry.bypass,
            knock_only=entry.knock_only,
        )
        refusal: TertuliaError | None = None

        def replied(actor: RoomActor, outcome: Outcome) -> None:
            nonlocal refusal
            if isinstance(outcome, TertuliaError):
                refusal = outcome
                session.close()
                return
            session.entered(actor)
            self.session = session
            if self._early is None and not self._here:
                # The socket went while the join waited for its turn.
                actor.post(cmd.Leave(participant, "connection_lost"))

        try:
            await door.hub.join(wish.room, command, session, replied)
        except TertuliaError:
            session.close()
            raise
        if refusal is not None:
            raise refusal

    def _handshake(self) -> dict[str, Any]:
        """What it says of room, name and token; `auth` before the query."""
        shake = self.socket.handshake
        given = {key: it for key in ("room", "name", "token") if (it := shake.auth.get(key) or shake.query.get(key))}
        return given

    # --- what is said to it ---

    def emit(self, event: str, *args: Any) -> None:
        self.door.broadcast([self], words.Said(event, args))

    def wait_for(self, said: words.Said) -> bool:
        """Keeps it for a socket that is not connected yet. False: it is."""
        if self._early is None:
            return False
        if len(self._early) < EARLY:
            self._early.append((said.event, said.args))
        return True

    def refuse(self, code: Code, message: str) -> None:
        """Something that the page has asked for does not come about."""
        self.door.count_refused(code.value)
        self.emit("error", {"code": code.value, "message": message})

    def over(self, session: SocketIoSession, code: Code, message: str) -> None:
        """A session has ended by itself."""
        if session is self.session and code is not Code.LEFT:
            self._send_away(code, message)

    async def _put_out(self, code: Code, message: str) -> None:
        self.door.count_refused(code.value)
        session = self.session
        if session is None or session.actor is None or session.over:
            self._send_away(code, message)
            return
        with contextlib.suppress(TertuliaError):
            await session.leave("removed", code)

    def _send_away(self, code: Code, message: str) -> None:
        """Says why, and lets the socket go; one that stops with the server may come back by itself."""
        if self._last is None:
            self._last = (code, message)
            if self._early is None:
                self._say_goodbye(code, message)

    def _say_goodbye(self, code: Code, message: str) -> None:
        self.emit("error", {"code": code.value, "message": message})
        if code is not Code.SERVER_STOPPING:
            self.socket.disconnect(close=True)

    def stop_if_outside(self) -> None:
        """The server stops: says so where no room does."""
        if self.session is None or self.session.over:
            self._send_away(Code.SERVER_STOPPING, "the server is stopping")


def _wish(given: dict[str, Any]) -> Wish:
    """Raises ProtocolError (malformed)."""
    try:
        return msgspec.convert(given, Wish)
    except msgspec.ValidationError as problem:
        raise ProtocolError(Code.MALFORMED, f"room, name or token: {problem}") from None
