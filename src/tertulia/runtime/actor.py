"""One room at work: a task, an inbox and a timer. Nobody else calls `Room.handle`."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from tertulia.core import commands, events
from tertulia.core.ids import ParticipantId
from tertulia.core.model import RoomSettings
from tertulia.core.room import Room
from tertulia.errors import Code, Internal, TertuliaError, Unavailable
from tertulia.media.port import Media
from tertulia.runtime.effects import Effects
from tertulia.runtime.seat import Done, MediaRequest, Outcome, Reply, Request, Seat

log = structlog.get_logger(__name__)

INBOX = 1024
"""Requests that may wait; above it whoever asks waits too. Reports of media and of lost sockets always get in: they are few."""
SLICE = 16
"""Requests carried out before the sockets' writers get their turn, so that a burst is not taken for peers that do not read."""
MIN_TICK = 0.01
"""Seconds between two ticks, so that a deadline which a fault leaves in the past does not spin."""

Observer = Callable[["RoomActor", events.Event], None]


@dataclass(slots=True)
class _Job:
    request: Request
    reply: Reply | None
    seat: Seat | None
    check: Callable[[Room], None] | None
    gone: Callable[[], None] | None


class RoomActor:
    """A room, who is in it by which session, and its place in the hub."""

    def __init__(
        self,
        settings: RoomSettings,
        media: Media,
        *,
        clock: Callable[[], float] = time.monotonic,
        observe: Observer,
        on_closed: Callable[["RoomActor"], None],
    ) -> None:
        """`observe` hears every event; `on_closed` is called once, when the room has ended."""
        self.name = settings.name
        self.room = Room(settings, clock())
        self._closed = False
        self._effects = Effects(self.room, settings.name, media)
        self._clock = clock
        self._observe = observe
        self._on_closed = on_closed
        self._inbox: deque[_Job] = deque()
        self._rest_until = 0.0
        self._arrived = asyncio.Event()
        self._space = asyncio.Event()
        self._space.set()
        self._task = asyncio.create_task(self._run(), name=f"room {settings.name}")

    async def request(
        self,
        request: Request,
        reply: Reply | None = None,
        *,
        seat: Seat | None = None,
        check: Callable[[Room], None] | None = None,
    ) -> Outcome:
        """Carries something out in its turn. `reply` is called in that turn; the same is returned later.

        `seat` is the session that a `Join` brings; `check` looks at the room just before and may raise a TertuliaError.
        Raises Unavailable (room_ended) when the room is gone before its turn came; then nothing was done and `reply` is not called.
        """
        while len(self._inbox) >= INBOX and not self.closed:
            self._space.clear()
            await self._space.wait()
        result: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()

        def answer(outcome: Outcome) -> None:
            if reply is not None:
                reply(outcome)
            if not result.done():
                result.set_result(outcome)

        def gone() -> None:
            if not result.done():
                result.set_result(None)

        if self.closed:
            gone()
        else:
            self._put(_Job(request, answer, seat, check, gone))
        outcome = await result
        if outcome is None:
            raise Unavailable(Code.ROOM_ENDED, "the room has just ended")
        return outcome

    def post(self, request: Request, reply: Reply | None = None) -> None:
        """Has something carried out that nobody waits for: reports of media, of lost sockets, of handlers. `reply` as with `request`; it is
        not called when the room is gone before its turn."""
        if not self.closed:
            self._put(_Job(request, reply, None, None, None))

    @property
    def closed(self) -> bool:
        """The room has ended."""
        return self._closed

    @property
    def effects(self) -> Effects:
        return self._effects

    def seat(self, participant: ParticipantId) -> Seat | None:
        return self._effects.seat(participant)

    async def stopped(self) -> None:
        """Until the room has ended and its task with it."""
        await asyncio.wait([self._task])

    def abandon(self) -> None:
        """Ends the task at once, without a word to anybody; for a server that has to go now."""
        self._task.cancel()
        self._close()

    def _put(self, job: _Job) -> None:
        self._inbox.append(job)
        self._arrived.set()

    async def _run(self) -> None:
        self._carry_out(_Job(commands.Tick(), None, None, None, None))
        while not self.closed:
            if not self._inbox:
                await self._wait()
            self._work()
            await asyncio.sleep(0)

    def _work(self) -> None:
        for _ in range(min(SLICE, len(self._inbox))):
            if self._inbox:
                self._carry_out(self._inbox.popleft())
        if len(self._inbox) < INBOX:
            self._space.set()
        deadline = self._deadline()
        if deadline is not None and deadline <= self._clock():
            self._rest_until = self._clock() + MIN_TICK
            self._carry_out(_Job(commands.Tick(), None, None, None, None))

    async def _wait(self) -> None:
        """Until something arrives or the room's next deadline has come."""
        self._arrived.clear()
        deadline = self._deadline()
        if deadline is None:
            await self._arrived.wait()
            return
        try:
            async with asyncio.timeout(max(0.0, deadline - self._clock())):
                await self._arrived.wait()
        except TimeoutError:
            return

    def _deadline(self) -> float | None:
        deadline = self.room.deadline
        return None if deadline is None else max(deadline, self._rest_until)

    def _carry_out(self, job: _Job) -> None:
        outcome: Outcome
        try:
            if job.check is not None:
                job.check(self.room)
            if isinstance(job.request, MediaRequest):
                outcome = Done(answer=self._effects.negotiate(job.request))
            else:
                happened = self.room.handle(job.request, self._clock())
                outcome = Done()
                self._effects.carry_out(happened, job.seat)
                for event in happened:
                    self._tell_observer(event)
        except TertuliaError as error:
            outcome = error
        except Exception:
            # The room lives on: one person's bad luck must not end everybody's call.
            log.exception("request failed", room=self.name, request=repr(job.request)[:500])
            outcome = Internal()
        if job.reply is not None:
            job.reply(outcome)

    def _tell_observer(self, event: events.Event) -> None:
        self._observe(self, event)
        if isinstance(event, events.RoomEnded):
            self._close()

    def _close(self) -> None:
        if self.closed:
            return
        self._closed = True
        self._space.set()
        self._arrived.set()
        self._on_closed(self)
        while self._inbox:
            job = self._inbox.popleft()
            if job.gone is not None:
                job.gone()
