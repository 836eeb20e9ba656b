"""Carries out what a `PageCall` wants: asks the room, tells the page, keeps its time."""

import asyncio
import contextlib
from collections.abc import Callable

from tertulia.core.ids import ParticipantId
from tertulia.doors.page_call.call import PageCall
from tertulia.doors.page_call.output import Ask, Output, Problem, Tell
from tertulia.errors import TertuliaError
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.seat import Description, IceCandidate, Outcome, Reply, Request, Shown


class Driver:
    """Lives as long as the page's session. Left to the caller: to `start` it once the room is known, and to `close` it."""

    def __init__(self, call: PageCall, show: Callable[[Tell | Problem], None]) -> None:
        """`show` is told what is for the page."""
        self._call = call
        self._show = show
        self._actor: RoomActor | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._early: list[Request] = []
        self._loop = asyncio.get_running_loop()
        self._closed = False

    def start(self, actor: RoomActor) -> None:
        """What was seen before counts."""
        self._actor = actor
        early, self._early = self._early, []
        for request in early:
            actor.post(request, self._reply(request))

    async def say(self, what: Description | IceCandidate, to: ParticipantId | None) -> None:
        """What the page says. Returns when the room has had its turn with it, so that a page cannot ask faster than the room can do."""
        outputs = self._call.say(what, to, self._loop.time())
        asked = [output.request for output in outputs if isinstance(output, Ask)]
        self._carry_out([output for output in outputs if not isinstance(output, Ask)])
        for request in asked:
            if self._actor is None:
                self._early.append(request)
                continue
            with contextlib.suppress(TertuliaError):  # the room has ended, and has told the session
                await self._actor.request(request, self._reply(request))

    def hang_up(self) -> None:
        """The page ends its call."""
        self._carry_out(self._call.hang_up())

    def see(self, event: Shown) -> None:
        """Something that the seat is shown; whatever it is."""
        self._carry_out(self._call.see(event, self._loop.time()))

    def close(self) -> None:
        """The session is over: nothing is asked or told any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _reply(self, request: Request) -> Reply:
        def reply(outcome: Outcome) -> None:
            self._carry_out(self._call.outcome(request, outcome, self._loop.time()))

        return reply

    def _tick(self) -> None:
        self._carry_out(self._call.tick(self._loop.time()))

    def _carry_out(self, outputs: list[Output]) -> None:
        if self._closed:
            return
        for output in outputs:
            if not isinstance(output, Ask):
                self._show(output)
            elif self._actor is None:
                self._early.append(output.request)
            else:
                self._actor.post(output.request, self._reply(output.request))
        if self._timer is not None:
            self._timer.cancel()
        due = self._call.deadline
        self._timer = None if due is None else self._loop.call_at(due, self._tick)
