"""A PeerJS client's session: its id is its identity, and the token that came with it is what it comes back by."""

import asyncio
import contextlib
from collections.abc import Callable

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId
from tertulia.doors.peerjs import messages
from tertulia.doors.peerjs.mailbox import Mailbox
from tertulia.doors.peerjs.messages import Relayed
from tertulia.doors.peerjs.server_calls import ServerCalls
from tertulia.doors.session import PageSession, close_code
from tertulia.errors import Code, TertuliaError
from tertulia.net import Link, Outbox
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.seat import Entered, Notice, Outcome, Reply

_STAYS_CONNECTED = frozenset({"left", "connection_lost"})
"""Whoever goes for these reasons keeps his connections to others: PeerJS says so of its `disconnect()`. All others lose them."""


class PeerSession(PageSession):
    """Passes messages on, and translates what it is shown."""

    def __init__(
        self, participant: ParticipantId, token: str, address: str, on_over: Callable[["PeerSession"], None]
    ) -> None:
        """`token`: what proves that it is the same client who comes back."""
        super().__init__(participant)
        self.token = token
        self.address = address
        """From where it came."""
        self.took_leave = False
        """Its socket was closed, rather than lost."""
        self._parted = asyncio.Event()
        """It has no socket now, or has ended."""
        self._on_over = on_over
        self._mailbox = Mailbox()
        self._calls = ServerCalls(participant, self.send)
        self._timer: asyncio.TimerHandle | None = None
        self.admitted = False

    def entered(self, actor: RoomActor) -> None:
        super().entered(actor)
        if self.admitted:
            self._calls.start(actor)

    def when_lost(self) -> cmd.Command:
        return cmd.Leave(self.participant) if self.took_leave else cmd.Detach(self.participant)

    def take_over(self, link: Link) -> None:
        super().take_over(link)
        self._parted.clear()

    def detach(self, link: Link | None) -> None:
        super().detach(link)
        if self.link is None:
            self._parted.set()

    async def parted(self, within: float) -> None:
        """Until its socket has ended, or so many seconds have passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._parted.wait()

    def come_back(self) -> None:
        """Another socket follows. What waited is still there, unless it was too much to keep."""
        if self.outbox.lost:
            self.outbox = Outbox(self._written)

    # --- what the client says ---

    async def pass_on(self, message: Relayed, recipient: ParticipantId) -> None:
        """Raises a TertuliaError where the room is gone."""
        assert self.actor is not None
        if message.type == "OFFER":
            self._calls.calls_itself()
        request = cmd.Signal(self.participant, recipient, message)
        await self.actor.request(request, self._reply(message, recipient))

    def _reply(self, message: Relayed, recipient: ParticipantId) -> Reply:
        def reply(outcome: Outcome) -> None:
            if isinstance(outcome, TertuliaError) and message.type not in ("LEAVE", "EXPIRE"):
                self._not_passed_on(message, recipient, outcome.code)

        return reply

    def _not_passed_on(self, message: Relayed, recipient: ParticipantId, code: Code) -> None:
        if code is Code.NO_SUCH_PARTICIPANT and self._mailbox.keep(message, recipient, self._now()):
            self._set_timer()
        elif code is Code.NOT_ALLOWED and self._calls.take(message, recipient):
            return
        elif message.type == "OFFER":
            # Once for each connection: its answer and candidates go the way of its offer.
            self.send(messages.expire(recipient, code))

    def _forward_waiting(self, newcomer: ParticipantId) -> None:
        assert self.actor is not None
        for message in self._mailbox.take(newcomer):
            self.actor.post(cmd.Signal(self.participant, newcomer, message), self._reply(message, newcomer))
        self._set_timer()

    def _expire(self) -> None:
        for recipient in self._mailbox.expired(self._now()):
            self.send(messages.expire(recipient, Code.NO_SUCH_PARTICIPANT))
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._mailbox.deadline
        self._timer = None if due is None else asyncio.get_running_loop().call_at(due, self._expire)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    # --- what it is shown ---

    def deliver(self, notice: Notice) -> None:
        event = notice.event
        match event:
            case Entered():
                self.admitted = True
                self.send(messages.OPEN)
                if self.actor is not None:
                    self._calls.start(self.actor)
            case ev.Denied():
                self._end(Code.DENIED, event.message)
            case ev.SessionEnded():
                self._end(event.code, event.message)
            case ev.Signalled() if isinstance(event.payload, Relayed):
                self.send(messages.relayed(event.payload, event.sender, self.participant))
            case ev.ParticipantJoined():
                self._forward_waiting(event.participant.id)
            case ev.ParticipantLeft():
                who = event.participant
                if event.reason not in _STAYS_CONNECTED or who in self._calls:
                    self.send(notice.once("peerjs", lambda _: messages.leave(who)))
        self._calls.see(event)

    def _end(self, code: Code, message: str) -> None:
        self._parted.set()
        self._calls.close()
        if self._timer is not None:
            self._timer.cancel()
        self.say_goodbye(messages.error(code, message), code, close_code(code))
        self._on_over(self)
