"""One WebSocket of a page: its person comes in as it opens, and goes, or may come back, when it ends."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import structlog

from tertulia.core import commands as cmd
from tertulia.core.room import Room
from tertulia.doors.session.closing import close_code
from tertulia.doors.session.page import PageSession
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.net import Allowance, Link, Rate, WebSocket, talk
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.seat import Outcome

if TYPE_CHECKING:
    from tertulia.doors.session.door import PageDoor

log = structlog.get_logger(__name__)

QUERY_BYTES = 8 * 1024
"""Longer than any token that a URL carries well."""


class PageConnection(ABC):
    """Reads one socket. It writes only through its link."""

    def __init__(self, door: "PageDoor", socket: WebSocket) -> None:
        self.door = door
        self.socket = socket
        self.link: Link
        self.session: PageSession | None = None
        self.ended = asyncio.Event()
        """Set by the door when `run` has returned."""

    # --- what each protocol says in its own way ---

    @abstractmethod
    async def enter(self) -> None:
        """Brings the person into a room, or back to a session. Raises a TertuliaError where it cannot."""

    @abstractmethod
    async def handle(self, message: str | bytes) -> None:
        """One message within the session. Raises a TertuliaError for one that is refused."""

    @abstractmethod
    def error(self, code: Code, message: str) -> bytes:
        """A refused message, or a refused entry."""

    # --- its life ---

    async def run(self) -> None:
        socket, connections = self.socket, self.door.connections
        admitted = connections.enter(socket.address)
        try:
            await socket.accept()
            self.link = Link(socket, on_broken=self._broken)
            await talk(self.link, self._read() if admitted else self._turn_away())
        finally:
            if admitted:
                connections.leave(socket.address)
            if hasattr(self, "link"):
                self._broken(self.link)

    def query(self) -> dict[str, str]:
        """What the URL says; of a name that comes twice the first. Raises ProtocolError (too_large, malformed)."""
        text: bytes = self.socket.scope.get("query_string", b"")
        if len(text) > QUERY_BYTES:
            raise ProtocolError(Code.TOO_LARGE, f"a query has at most {QUERY_BYTES} bytes")
        try:
            pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=32)
        except ValueError:
            raise ProtocolError(Code.MALFORMED, "the query cannot be read") from None
        return dict(reversed(pairs))

    def stop_if_outside(self) -> None:
        """The server stops: says so where no room does."""
        if self.session is None and hasattr(self, "link"):
            self.dismiss(Code.SERVER_STOPPING, "the server is stopping")

    def dismiss(self, code: Code, message: str) -> None:
        """Closes a socket that has no session, saying why."""
        self.door.count_refused(code.value)
        self.link.say(self.error(code, message))
        self.link.close(close_code(code), code.value)

    def refuse(self, code: Code, message: str) -> None:
        """One message is refused; the session goes on."""
        self.door.count_refused(code.value)
        if self.session is not None:
            self.session.send(self.error(code, message))

    async def join(self, room: str, command: cmd.Join, session: PageSession) -> None:
        """Brings a session into a room. Raises a TertuliaError where the room, or the server, does not take it."""
        refusal: TertuliaError | None = None

        def begin(_: Room) -> None:
            # From here on the session hears of the room.
            self.session = session
            session.take_over(self.link)

        def replied(actor: RoomActor, outcome: Outcome) -> None:
            nonlocal refusal
            if isinstance(outcome, TertuliaError):
                refusal = outcome
                self.session = None
                session.give_up_link()
                return
            session.entered(actor)
            if self.link.closed:
                # The socket went while the join waited for its turn.
                actor.post(cmd.Leave(session.participant, "connection_lost"))

        await self.door.hub.join(room, command, session, replied, begin)
        if refusal is not None:
            raise refusal

    def _broken(self, link: Link) -> None:
        if self.session is not None:
            self.session.detach(link)

    async def _turn_away(self) -> None:
        self.dismiss(Code.TOO_MANY_CONNECTIONS, "too many connections are open")

    async def _read(self) -> None:
        try:
            await self.enter()
            self.socket.keep_alive(self.door.options.heartbeat)
            await self._serve()
        except asyncio.CancelledError:
            raise
        except TertuliaError as error:
            self.dismiss(error.code, error.message)
        except Exception:
            log.exception("connection failed")
            self.dismiss(Code.INTERNAL, "internal error")

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        rate = Rate(self.door.options.messages_per_second, loop.time())
        while self.session is not None and self.session.link is self.link:
            message = await self.socket.read()
            if message is None:
                return
            match rate.spend(loop.time()):
                case Allowance.PASS:
                    try:
                        await self.handle(message)
                    except TertuliaError as error:
                        self.refuse(error.code, error.message)
                case Allowance.REPORT:
                    self.refuse(Code.TOO_MANY_MESSAGES, "slow down")
                case Allowance.DROP:
                    self.door.count_refused(Code.TOO_MANY_MESSAGES.value)
                    # A server that has the next message ready would not let anybody else run in between.
                    await asyncio.sleep(0)
                case Allowance.ABUSE:
                    await self._send_away(self.session, Code.TOO_MANY_MESSAGES)
                    return

    async def _send_away(self, session: PageSession, code: Code) -> None:
        """Ends the session for a broken rule."""
        self.door.count_refused(code.value)
        assert session.actor is not None
        with contextlib.suppress(TertuliaError):
            await session.actor.request(cmd.Leave(session.participant, "removed", code))
