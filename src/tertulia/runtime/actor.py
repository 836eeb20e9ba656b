"""One room at work: a task, an inbox and a timer. Nobody else calls `Room.handle`."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from tertulia.core import commands, events
from tertulia.core.chat import KEPT_MESSAGES
from tertulia.core.ids import ParticipantId
from tertulia.core.image import RoomImage
from tertulia.core.model import RoomSettings
from tertulia.core.room import Room
from tertulia.errors import Code, Internal, TertuliaError, Unavailable
from tertulia.media.port import Media
from tertulia.runtime.documents import Documents
from tertulia.runtime.effects import Effects
from tertulia.runtime.files import FileDesk
from tertulia.runtime.image import Frozen, LastingSeat
from tertulia.runtime.seat import Done, MediaRequest, Outcome, Reply, Request, Seat
from tertulia.store import ChatLog, DocumentLog, Kept, Page

log = structlog.get_logger(__name__)

INBOX = 1024
"""Requests that may wait; above it whoever asks waits too. Reports of media and of lost sockets always get in: they are few."""
SLICE = 16
"""Requests carried out before the sockets' writers get their turn, so that a burst is not taken for peers that do not read."""
MIN_TICK = 0.01
"""Seconds between two ticks, so that a deadline which a fault leaves in the past does not spin."""

T = TypeVar("T")
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
        chat: ChatLog | None = None,
        documents: DocumentLog | None = None,
        image: RoomImage | None = None,
        away: float = 0.0,
        files: FileDesk | None = None,
    ) -> None:
        """`observe` hears every event; `on_closed` is called once, when the room has ended. `chat`: where it is kept; without, `settings`
        must not ask for it to be kept. `documents`: where they are kept. `image`: what the room was `away` seconds ago in another process;
        `take_back` brings its people. Raises KeyError for one that does not fit together."""
        self.name = settings.name
        self.chat = chat
        now = clock()
        self.files = files
        self.room = Room(settings, now) if image is None else Room.restored(settings, image, now, away)
        self._closed = False
        self._clock = clock
        self._effects = Effects(self.room, settings, media, clock)
        self.documents = Documents(
            settings.name, documents, self._effects.show_to, lambda who: self._effects.seat(who) is not None
        )
        self._observe = observe
        self._on_closed = on_closed
        self._inbox: deque[_Job] = deque()
        self._keeping = 0
        """Messages that are being kept: they are shown, and answered, when they are."""
        self._freezing: asyncio.Future[Frozen | None] | None = None
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

    async def history(
        self,
        reader: ParticipantId | None,
        *,
        before: int | None = None,
        after: int | None = None,
        changed: int | None = None,
        words: str = "",
        limit: int = 100,
    ) -> Page:
        """See `ChatLog.page`. Not in the room's turn. Raises Unavailable (store_failed)."""
        if self.chat is not None:
            return await self.chat.page(
                self.name, reader, before=before, after=after, changed=changed, words=words, limit=limit
            )
        raise Unavailable(Code.STORE_FAILED, "nothing is kept of this chat")

    def take_back(self, seats: Mapping[ParticipantId, Seat]) -> None:
        """The sessions of the people of an image. Whoever observes hears of them as of people who come."""
        self._effects.take_back(seats)
        for who in self.room.participants:
            self._observe(self, events.ParticipantJoined((), who))
        for publication in self.room.publications:
            self._observe(self, events.PublicationAdded((), publication))

    async def freeze(self) -> Frozen | None:
        """Stops without a word to anybody, once all that was asked is carried out; those whose sessions cannot go on elsewhere leave.
        None: nobody is left who could. The room then goes on."""
        if self.closed:
            return None
        self._freezing = asyncio.get_running_loop().create_future()
        self._arrived.set()
        try:
            return await self._freezing
        finally:
            self._freezing = None

    def abandon(self) -> None:
        """Ends the task at once, without a word to anybody; for a server that has to go now."""
        self._task.cancel()
        self._close()

    def _put(self, job: _Job) -> None:
        self._inbox.append(job)
        self._arrived.set()

    async def _run(self) -> None:
        if self.chat is not None and self.chat.outlives_rooms:
            await self._recall(self.chat)
        self._carry_out(_Job(commands.Tick(), None, None, None, None))
        while not self.closed:
            if not self._inbox and not self._may_freeze():
                await self._wait()
            self._work()
            if self._may_freeze():
                self._freeze()
            await asyncio.sleep(0)

    async def _recall(self, chat: ChatLog) -> None:
        """What was said here before. Where it cannot be had people meet all the same."""
        try:
            recalled = await chat.recall(self.name, KEPT_MESSAGES)
        except TertuliaError:
            return
        recall = commands.RecallChat(recalled.messages, recalled.number, recalled.cleared, recalled.read_marks)
        self._carry_out(_Job(recall, None, None, None, None))

    def _may_freeze(self) -> bool:
        return self._freezing is not None and not (self._freezing.done() or self._inbox or self._keeping or self.closed)

    def _freeze(self) -> None:
        assert self._freezing is not None
        seats: dict[ParticipantId, LastingSeat] = {}
        for who, seat in list(self._effects.seats.items()):
            if isinstance(seat, LastingSeat) and seat.lasts:
                seats[who] = seat
            else:
                leave = commands.Leave(who, "server_stopping", Code.SERVER_STOPPING)
                self._carry_out(_Job(leave, None, None, None, None))
        if not seats:
            self._freezing.set_result(None)
            return
        image = self.room.image(self._clock())
        if self.chat is not None and self.chat.outlives_rooms:
            # The next process has them from there.
            image = replace(image, chat=replace(image.chat, messages=()))
        self._freezing.set_result(Frozen(image, seats, {who: seat.freeze() for who, seat in seats.items()}))
        self._close()

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
                if self._keep(happened, job.reply):
                    return
        except TertuliaError as error:
            outcome = error
        except Exception:
            # The room lives on: one person's bad luck must not end everybody's call.
            log.exception("request failed", room=self.name, request=repr(job.request)[:500])
            outcome = Internal()
        if job.reply is not None:
            job.reply(outcome)

    def _keep(self, happened: list[events.Event], reply: Reply | None) -> bool:
        """What is shown only once it is kept. True: the reply comes after that."""
        for event in happened:
            match event:
                case events.ChatAccepted(message):
                    self._then(self._store.keep(self.name, message), _show_message, reply)
                case events.ChangeAccepted(change):
                    self._then(self._store.change(self.name, change), _show_change, reply)
                case events.ClearAccepted(number):
                    self._then(self._store.clear(self.name, number), lambda _: commands.ShowCleared(number), reply)
                case events.ReadMarkSet(who, number) if self.chat is not None:
                    self.chat.mark_read(self.name, who, number)
                    continue
                case _:
                    continue
            return True
        return False

    @property
    def _store(self) -> ChatLog:
        assert self.chat is not None, "a room without a place to keep its chat does not ask for it"
        return self.chat

    def _then(self, kept: asyncio.Future[T], show: Callable[[T], commands.Command | None], reply: Reply | None) -> None:
        """Shows what is kept, and then replies."""

        def done(result: asyncio.Future[T]) -> None:
            self._keeping -= 1
            self._arrived.set()
            error = result.exception()
            if error is not None:
                _answer(reply, error if isinstance(error, TertuliaError) else Internal())
                return
            command = show(result.result())
            if command is None:
                _answer(reply, Done())
            elif self.closed:
                _answer(reply, Unavailable(Code.ROOM_ENDED, "the room has just ended"))
            else:
                self._put(_Job(command, reply, None, None, None))

        self._keeping += 1
        kept.add_done_callback(done)

    def _tell_observer(self, event: events.Event) -> None:
        self._observe(self, event)
        if isinstance(event, events.SessionEnded):
            self.documents.leave(event.participant)
        if isinstance(event, events.RoomEnded):
            self._close()

    def _close(self) -> None:
        if self.closed:
            return
        self._closed = True
        self.documents.stop()
        self._space.set()
        self._arrived.set()
        self._on_closed(self)
        while self._inbox:
            job = self._inbox.popleft()
            if job.gone is not None:
                job.gone()


def _show_message(kept: Kept) -> commands.Command | None:
    return commands.ShowChat(kept.message) if kept.is_new else None


def _show_change(kept: Kept) -> commands.Command | None:
    return commands.ShowChange(kept.message) if kept.is_new else None


def _answer(reply: Reply | None, outcome: Outcome) -> None:
    if reply is not None:
        reply(outcome)
