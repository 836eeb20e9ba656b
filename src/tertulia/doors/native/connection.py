"""One WebSocket: first what may come before a session, then a session's requests."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Final

import structlog

from tertulia.auth.reached import reached
from tertulia.core import commands as cmd
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Role
from tertulia.core.room import Room
from tertulia.doors.native import documents, incoming, outgoing, topics
from tertulia.doors.native.chunks import ChunkReader, is_chunk
from tertulia.doors.native.files import REQUESTS
from tertulia.doors.native.session import NativeSession
from tertulia.doors.session import close_code
from tertulia.errors import Code, Conflict, TertuliaError, Unavailable
from tertulia.net import Allowance, Link, Rate, WebSocket, talk
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.seat import Done, Outcome, Reply
from tertulia.wire import native as wire

if TYPE_CHECKING:
    from tertulia.doors.native.door import NativeDoor

log = structlog.get_logger(__name__)

MESSAGES_BEFORE_JOIN = 5
BYTES_BEFORE_JOIN = 64 * 1024
LOST_AFTER_HEARTBEATS = 2.5
RESTARTING: Final = (1012, "restarting")
"""How a socket is closed whose session goes on in the next process: the close code, and why."""


WITHOUT_REPLY: Final = (wire.Ping, wire.Resume, wire.MediaRead, wire.MediaChunk)


class Connection:
    """Reads one socket. It writes only through its link."""

    def __init__(self, door: "NativeDoor", socket: WebSocket) -> None:
        self._door = door
        self.socket = socket
        self._link: Link
        self.ended = asyncio.Event()
        """Set by the door when `run` has returned."""
        self.session: NativeSession | None = None

    async def run(self) -> None:
        socket = self.socket
        if wire.SUBPROTOCOL not in socket.subprotocols:
            await socket.refuse(1002, f"the subprotocol is {wire.SUBPROTOCOL}")
            return
        admitted = self._door.connections.enter(socket.address)
        try:
            await socket.accept(wire.SUBPROTOCOL)
            self._link = Link(socket, on_broken=self._broken)
            await talk(self._link, self._read() if admitted else self._turn_away())
        finally:
            if admitted:
                self._door.connections.leave(socket.address)
            if hasattr(self, "_link"):
                self._broken(self._link)

    def stop_if_outside(self) -> None:
        """The server stops: says so where no room does."""
        if self.session is not None or not hasattr(self, "_link"):
            return
        if self._door.hushed:
            # It may be about to come back to a session that goes on in the next process.
            self._link.cut(*RESTARTING)
        else:
            self._dismiss(None, Code.SERVER_STOPPING, "the server is stopping")

    def _broken(self, link: Link) -> None:
        if self.session is not None:
            self.session.detach(link)

    async def _turn_away(self) -> None:
        self._dismiss(None, Code.TOO_MANY_CONNECTIONS, "too many connections are open")

    async def _read(self) -> None:
        try:
            if await self._get_in():
                await self._serve()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("connection failed")
            self._dismiss(None, Code.INTERNAL, "internal error")

    def _dismiss(self, id: int | None, code: Code, message: str) -> None:
        """Closes a socket that has no session, saying why."""
        self._door.count_refused(code.value)
        self._link.say(outgoing.error(id, code, message))
        self._link.say(outgoing.bye(code, message))
        self._link.close(close_code(code), code.value)

    # --- before a session ---

    async def _get_in(self) -> bool:
        """Reads until a session is there. False: it does not come about, and the socket ends."""
        budget = BYTES_BEFORE_JOIN
        try:
            async with asyncio.timeout(self._door.options.join_timeout):
                for _ in range(MESSAGES_BEFORE_JOIN):
                    received = await self.socket.read()
                    if received is None:
                        return False
                    try:
                        message, size = incoming.read(received, budget)
                    except incoming.Unreadable as error:
                        if error.code is Code.TOO_LARGE:
                            self._dismiss(error.id, error.code, error.message)
                            return False
                        budget -= len(received)
                        self._refuse_outside(error.id, error.code, error.message)
                        continue
                    budget -= size
                    match message:
                        case wire.Join():
                            break
                        case wire.Resume():
                            if await self._resume(message):
                                return True
                        case _:
                            self._refuse_outside(
                                getattr(message, "id", None), Code.WRONG_ORDER, "the first message is join or resume"
                            )
                else:
                    self._dismiss(None, Code.TOO_MANY_MESSAGES, "too many messages before join")
                    return False
        except TimeoutError:
            self._dismiss(None, Code.JOIN_TIMEOUT, "no join came in time")
            return False
        return await self._join(message)

    def _refuse_outside(self, id: int | None, code: Code, message: str) -> None:
        self._door.count_refused(code.value)
        self._link.say(outgoing.error(id, code, message))

    async def _join(self, join: wire.Join) -> bool:
        door = self._door
        try:
            entry = await door.admission.admit(
                room=join.room, token=join.token, name=join.name, door="native", scope=self.socket.scope
            )
            session = NativeSession(
                entry.participant, join.id, door.terms, reached(self.socket.scope), door.forget, entry.topics
            )
            command = cmd.Join(
                participant=entry.participant,
                name=entry.name,
                role=entry.role,
                rights=entry.rights,
                p2p=join.p2p,
                auto_subscribe=join.auto_subscribe,
                metadata=join.metadata,
                on_duplicate=entry.on_duplicate,
                bypass=entry.bypass,
                asked_role=None if join.role is None else Role(join.role),
                knock_only=entry.knock_only,
            )

            def begin(room: Room) -> None:
                # From here on the session hears of the room.
                self.session = session
                session.take_over(self._link)

            def replied(actor: RoomActor, outcome: Outcome) -> None:
                if isinstance(outcome, TertuliaError):
                    self.session = None
                    session.give_up_link()
                    self._dismiss(join.id, outcome.code, outcome.message)
                    return
                session.actor = actor
                if not session.over:
                    door.sessions[session.id] = session
                if self._link.closed:
                    # The socket went while the join waited for its turn: nobody has the token to come back with.
                    actor.post(cmd.Leave(session.participant, "connection_lost"))

            await door.hub.join(join.room, command, session, replied, begin)
        except TertuliaError as error:
            self._dismiss(join.id, error.code, error.message)
            return False
        return self.session is not None

    async def _resume(self, resume: wire.Resume) -> bool:
        """False: answered with session_gone, and the client may join on the same socket; or the server restarts."""
        session = self._door.sessions.get(resume.session)
        if session is None or session.actor is None or session.over or not session.proves(resume.token):
            self._refuse_outside(None, Code.SESSION_GONE, "this session cannot be resumed")
            return False

        def attached(outcome: Outcome) -> None:
            # Asked again, for another socket may have been quicker with the same token.
            if isinstance(outcome, TertuliaError) or session.over or not session.proves(resume.token):
                return
            if self._link.closed:
                session.lose(1000, "taken_over")
                return
            if not session.outbox.rewind(resume.last_seq):
                session.lose(1000, "taken_over")
                assert session.actor is not None
                session.actor.post(cmd.Leave(session.participant, "connection_lost", Code.SESSION_GONE))
                return
            session.rotate(resume.token)
            self._link.say(session.resumed(reached(self.socket.scope)))
            session.take_over(self._link)
            self.session = session

        with contextlib.suppress(TertuliaError):
            await session.actor.request(cmd.Attach(session.participant), attached)
        if self.session is None and self._door.hushed:
            self._link.cut(*RESTARTING)
        elif self.session is None:
            self._refuse_outside(None, Code.SESSION_GONE, "this session cannot be resumed")
        return self.session is not None

    # --- within a session ---

    async def _serve(self) -> None:
        session = self.session
        assert session is not None
        loop = asyncio.get_running_loop()
        options = self._door.options
        rate = Rate(options.messages_per_second, loop.time())
        chunks = ChunkReader(loop.time())
        patience = options.heartbeat * LOST_AFTER_HEARTBEATS
        while session.link is self._link:
            try:
                async with asyncio.timeout(patience):
                    received = await self.socket.read()
            except TimeoutError:
                session.lose(1013, Code.HEARTBEAT_LOST.value)
                return
            if received is None:
                return
            if self._door.hushed:
                # Not read: the client says it again in the next process. Its socket is about to be closed.
                await asyncio.wait([self._link.ended])
                return
            if session.link is self._link:
                session.confirm()
            if isinstance(received, bytes) and session.actor is not None and is_chunk(received):
                match chunks.take(session, session.actor, received):
                    case Allowance.PASS:
                        pass
                    case Allowance.ABUSE:
                        await self._send_away(session, Code.TOO_MANY_MESSAGES)
                        return
                    case _:
                        self._door.count_refused(Code.TOO_MANY_MESSAGES.value)
                # As below: whoever sends as fast as he can is not to keep others from running.
                await asyncio.sleep(0)
                continue
            match rate.spend(loop.time()):
                case Allowance.PASS:
                    with self._door.busy():
                        await self._handle(session, received)
                case Allowance.REPORT:
                    id = incoming.id_in(received) if len(received) <= incoming.SMALL_BYTES else None
                    self._refuse(session, id, Code.TOO_MANY_MESSAGES, "slow down, see limits.messagesPerSecond")
                case Allowance.DROP:
                    self._door.count_refused(Code.TOO_MANY_MESSAGES.value)
                    # A server that has the next message ready would not let anybody else run in between.
                    await asyncio.sleep(0)
                case Allowance.ABUSE:
                    await self._send_away(session, Code.TOO_MANY_MESSAGES)
                    return

    async def _handle(self, session: NativeSession, received: str | bytes) -> None:
        try:
            message, _ = incoming.read(received)
        except incoming.Unreadable as error:
            if error.id is not None and error.id > session.accepted:
                session.accepted = error.id
            self._refuse(session, error.id, error.code, error.message)
            return
        match message:
            case wire.Ping():
                session.outbox.ack(message.ack)
                session.renew_ice_servers()
                self._link.say(wire.encode(wire.Pong(ack=session.accepted, time=message.time)))
            case wire.MediaRead():
                session.read_chunks(message.count)
            case wire.Resume():
                self._refuse(session, None, Code.WRONG_ORDER, "this socket has its session")
            case _:
                await self._request(session, message)

    async def _request(self, session: NativeSession, message: wire.ClientMessage) -> None:
        assert not isinstance(message, WITHOUT_REPLY)
        if message.id <= session.accepted:
            self._refuse(session, message.id, Code.WRONG_ORDER, f"ids grow: the last one was {session.accepted}")
            return
        session.accepted = message.id
        if isinstance(message, wire.Join) or not (session.admitted or isinstance(message, wire.Leave)):
            self._refuse(session, message.id, Code.WRONG_ORDER, "not possible now")
            return
        actor = session.actor
        assert actor is not None
        try:
            if (aside := self._aside(session, actor, message)) is not None:
                # To its end, also where the socket is lost meanwhile: without the reply the client would wait for ever.
                await asyncio.shield(self._door.run(self._answer(session, message.id, aside)))
                return
            if isinstance(message, wire.MediaRefresh):
                session.refresh(PublicationId(message.publication))
                session.send(wire.encode(wire.Ok(id=message.id)))
                return
            if topics.is_topic_request(message):
                topics.carry_out(self._door.terms.broker, session, message)
                session.send(wire.encode(wire.Ok(id=message.id)))
                return
            session.count_candidates(message)
            command = incoming.command(session.participant, message)
            if command is None:
                session.send(wire.encode(wire.Ok(id=message.id)))
            else:
                await actor.request(command, self._reply(session, message, command))
        except TertuliaError as error:
            self._refuse(session, message.id, error.code, error.message)

    def _aside(
        self, session: NativeSession, actor: RoomActor, message: wire.ClientMessage
    ) -> Coroutine[None, None, wire.Message] | None:
        """The reply to what does not wait for the room's turn; None: it does. Raises Unavailable."""
        if isinstance(message, wire.ChatHistory):
            return _page(actor, session.participant, message)
        if isinstance(message, documents.MESSAGES):
            return documents.carry_out(actor, session.participant, message)
        if isinstance(message, REQUESTS):
            if self._door.files is None:
                raise Unavailable(Code.STORE_FAILED, "this server keeps no files")
            return self._door.files.answer(actor.name, session.participant, message)
        return None

    async def _answer(self, session: NativeSession, id: int, reply: Coroutine[None, None, wire.Message]) -> None:
        try:
            session.send(wire.encode(await reply))
        except TertuliaError as error:
            self._refuse(session, id, error.code, error.message)

    def _reply(self, session: NativeSession, message: wire.ClientMessage, command: object) -> Reply:
        """What to say when a request was carried out."""
        assert not isinstance(message, WITHOUT_REPLY)
        id = message.id

        def reply(outcome: Outcome) -> None:
            match outcome:
                case Conflict():
                    self._door.count_refused(outcome.code.value)
                    session.send(outgoing.conflict(id, outcome))
                case TertuliaError():
                    self._refuse(session, id, outcome.code, outcome.message)
                case Done() if isinstance(command, cmd.Publish):
                    track = wire.Publication(
                        command.publication,
                        command.source.value,
                        command.kind.value,
                        command.muted,
                        command.width,
                        command.height,
                    )
                    session.send(wire.encode(wire.Published(id=id, publication=track)))
                case Done() if isinstance(message, wire.Offer) and message.to == wire.SERVER:
                    session.send(wire.encode(wire.Answered(id=id, serial=message.serial, sdp=outcome.answer)))
                case Done() if isinstance(command, cmd.SetState):
                    assert session.actor is not None
                    # In the turn of the request, so it is still the one that was set.
                    version = session.actor.room.shared.version
                    session.send(wire.encode(wire.StateStored(id=id, version=version)))
                case Done() if isinstance(command, cmd.Invite):
                    assert session.actor is not None
                    invitation = self._door.admission.invite(session.actor.name, command.role)
                    session.send(wire.encode(wire.Invited(id=id, token=invitation.token, expires=invitation.expires)))
                case Done():
                    session.send(wire.encode(wire.Ok(id=id)))

        return reply

    def _refuse(self, session: NativeSession, id: int | None, code: Code, message: str) -> None:
        self._door.count_refused(code.value)
        session.refuse(id, code, message)

    async def _send_away(self, session: NativeSession, code: Code) -> None:
        """Ends the session for a broken rule."""
        self._door.count_refused(code.value)
        assert session.actor is not None
        with contextlib.suppress(TertuliaError):
            await session.actor.request(cmd.Leave(session.participant, "removed", code))


async def _page(actor: RoomActor, who: ParticipantId, asked: wire.ChatHistory) -> wire.ChatPage:
    page = await actor.history(
        who, before=asked.before, after=asked.after, changed=asked.changed, words=asked.words, limit=asked.limit
    )
    messages = [outgoing.chat_message(message) for message in page.messages]
    return wire.ChatPage(id=asked.id, messages=messages, more=page.more)
