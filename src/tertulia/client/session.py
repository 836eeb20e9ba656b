"""A session and the sockets that carry it, one after another."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from enum import StrEnum
from functools import partial
from typing import Any, NoReturn

import msgspec
from msgspec.structs import replace

from tertulia.client.backoff import Backoff
from tertulia.client.events import Events
from tertulia.client.failure import from_message
from tertulia.client.heartbeat import Heartbeat
from tertulia.client.pace import Pace
from tertulia.client.requests import Requests
from tertulia.client.room import Room
from tertulia.client.socket import Closed, Socket
from tertulia.client.topics import Subscriptions
from tertulia.errors import Code, Internal, TertuliaError, UserError
from tertulia.wire import native

READ_EVERY = 0.1
"""Seconds between two words on how much media has come by the socket."""
MAX_UNANSWERED = 128
"""Requests in flight; below the burst that the usual limits allow, so that sending them again is no offence."""

REPLIES = (
    native.Ok
    | native.Joined
    | native.Published
    | native.Invited
    | native.Answered
    | native.ChatPage
    | native.StateStored
    | native.FileGranted
    | native.FilePage
    | native.FileLinked
)
TAKEN_OVER = 1000
"""Close code without a `bye` before it: somebody else has this session now."""

_log = logging.getLogger("tertulia.client")


class Status(StrEnum):
    CONNECTING = "connecting"
    WAITING = "waiting"
    """In the waiting room."""
    JOINED = "joined"
    LOST = "lost"
    """The socket is gone; the session will be resumed, or the room joined anew."""
    ENDED = "ended"


class _SessionGone(Exception):
    """It cannot be resumed."""


class Session:
    """Joins, keeps what the room is like, comes back after losses."""

    def __init__(self, url: str, join: native.Join, *, connect_timeout: float) -> None:
        self.events = Events()
        self.requests = Requests(MAX_UNANSWERED)
        self.subscriptions = Subscriptions()
        self.presence: msgspec.Raw | None = None
        """What it said of itself last; said again in a new session."""
        self.room: Room | None = None
        self.status = Status.CONNECTING
        self.error: TertuliaError | OSError | None = None
        """Why it ended."""
        self._url = url
        self._join = join
        self._connect_timeout = connect_timeout
        self._credentials: native.Session | None = None
        self._last_seq = 0
        self._backoff = Backoff()
        self._hurry = asyncio.Event()
        self._socket: Socket | None = None
        self._heartbeat: Heartbeat | None = None
        self._watchers: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def run(self) -> None:
        """Until the session ends; `error` says why. Cancelling it drops the connection without leaving."""
        error: TertuliaError | OSError = UserError(Code.LEFT, "the client was closed")
        try:
            await self._live()
        except (TertuliaError, OSError) as ending:
            error = ending
        except Exception as fault:
            _log.exception("fault in the client")
            error = Internal(f"fault in the client: {fault}")
        finally:
            self.end(error)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Looks at the condition after each message. Raises what ended the session if it comes before."""
        if condition():
            return
        if self.error:
            raise self.error
        future = asyncio.get_running_loop().create_future()
        watcher = (condition, future)
        self._watchers.append(watcher)
        try:
            await future
        finally:
            self._watchers = [other for other in self._watchers if other is not watcher]

    @property
    def round_trip_time(self) -> float | None:
        """Of the present socket."""
        return None if self._heartbeat is None or self._socket is None else self._heartbeat.round_trip_time

    def reconnect(self) -> None:
        """Drops the socket, if there is one, and comes back at once."""
        self._hurry.set()
        if self._socket:
            self._socket.abort()

    async def _live(self) -> NoReturn:
        while True:
            try:
                await self._one_socket()
            except _SessionGone:
                self._credentials = None
                continue  # join at once: the server was reached
            except TertuliaError as error:
                # Only somebody who was in comes back without being asked.
                if self.room is None or not error.retryable:
                    raise
                self._credentials = None
                self._lost(error)
            except OSError as error:
                if isinstance(error, Closed) and error.code == TAKEN_OVER:
                    raise UserError(Code.REPLACED, "the session was resumed on another socket") from None
                if self.room is None:
                    raise
                self._lost(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._backoff.next())
            self._hurry.clear()  # one attempt without a pause, not all of them

    async def _one_socket(self) -> NoReturn:
        self._socket = socket = await Socket.open(self._url, self._connect_timeout)
        self._hurry.clear()
        tasks: list[asyncio.Task[None]] = []
        try:
            with contextlib.suppress(Closed):  # what the server said before it closed is still to be read
                await self._greet(socket)
            chunks, told = 0, 0.0
            while True:
                message = await socket.receive()
                if isinstance(message, native.MediaChunkCame):
                    chunks += 1
                    if (now := asyncio.get_running_loop().time()) >= told + READ_EVERY:
                        told = now
                        await socket.send(native.encode(native.MediaRead(count=chunks)))
                if isinstance(message, native.Joined | native.Resumed):
                    self._heartbeat = Heartbeat(message.session.heartbeat, lambda: self._last_seq)
                self._take(message)
                if isinstance(message, native.Joined | native.Resumed):
                    assert self._heartbeat and self.room
                    pace = Pace(self.room.limits.messages_per_second)
                    for work in (partial(self.requests.send_all, pace=pace), self._heartbeat.run):
                        tasks.append(asyncio.create_task(_abort_after(work, socket)))
        finally:
            self._socket = None
            for task in tasks:
                task.cancel()
            socket.abort()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def say(self, message: native.MediaChunk) -> None:
        """Nothing where there is no session on a socket now."""
        if self._socket is None or self.status is not Status.JOINED:
            return
        with contextlib.suppress(Closed):  # its reader sees to that
            await self._socket.send(native.pack(native.encode(message), message.bytes), binary=True)

    async def _greet(self, socket: Socket) -> None:
        if session := self._credentials:
            greeting = native.Resume(session=session.id, token=session.token, last_seq=self._last_seq)
            return await socket.send(native.encode(greeting))
        self.requests.fail(UserError(Code.SESSION_GONE, "the room was joined anew before this was answered"))
        self.requests = Requests(MAX_UNANSWERED)
        self._last_seq = 0
        self.requests.add(lambda request_id: replace(self._join, id=request_id))
        await self.requests.send_next(socket)

    def _take(self, message: native.ServerMessage) -> None:
        if not self._in_order(message):
            return
        match message:
            case native.Pong():
                if self._heartbeat:
                    self._heartbeat.answered(message)
                return
            case native.Error(id=None, code=Code.SESSION_GONE):
                raise _SessionGone
            case native.Error(id=request_id):
                self._refused(request_id, from_message(message))
            case native.Bye():
                self._bye(message)
            case native.Waiting():
                self.status = Status.WAITING
            case native.Joined():
                self.room = Room(message)
                self.requests.max_bytes = message.limits.message_bytes
                self._enter(message.session)
                self._subscribe_again()
                if self.presence is not None:
                    self.requests.add(partial(_presence, self.presence))
            case native.Resumed():
                self._enter(message.session)
                self.requests.rewind(message.ack)
                self._subscribe_again()
            case _:
                pass
        if self.room:
            self.room.apply(message)
        if isinstance(message, REPLIES):
            self.requests.settle(message.id, message)
        self.events.publish(message)
        self._wake()

    def _in_order(self, message: native.ServerMessage) -> bool:
        """False for what was received before. Raises Closed where something is missing."""
        if message.seq == 0:
            return True
        if message.seq > self._last_seq + 1:
            raise Closed(1006, f"message {message.seq} came after {self._last_seq}")
        if message.seq <= self._last_seq:
            return False
        self._last_seq = message.seq
        self._backoff.reset()
        return True

    def _enter(self, session: native.Session) -> None:
        self._credentials = session
        self.status = Status.JOINED

    def _subscribe_again(self) -> None:
        for make in self.subscriptions.again():
            self.requests.add(make)

    def _refused(self, request_id: int | None, error: TertuliaError) -> None:
        if request_id is not None:
            self.requests.refuse(request_id, error)
        if self._credentials is None:
            raise error  # the join itself; `bye` would say the same

    def _bye(self, message: native.Bye) -> NoReturn:
        self.events.publish(message)
        raise from_message(message)

    def _lost(self, error: Exception) -> None:
        _log.info("connection lost: %s", error)
        self.status = Status.LOST
        self._wake()

    def _wake(self) -> None:
        for condition, future in self._watchers:
            if future.done():
                continue
            try:
                if condition():
                    future.set_result(None)
            except Exception as error:
                future.set_exception(error)

    def end(self, error: TertuliaError | OSError) -> None:
        """Nothing more will come. The first reason stays."""
        if self.status is Status.ENDED:
            return
        self.status = Status.ENDED
        self.error = error
        self.requests.fail(error if isinstance(error, TertuliaError) else Internal(str(error)))
        self._wake()
        for _, future in self._watchers:
            if not future.done():
                future.set_exception(error)
        self.events.end()


def _presence(state: msgspec.Raw, request_id: int) -> native.Message:
    return native.PresenceSet(id=request_id, state=state)


async def _abort_after(work: Callable[[Socket], Coroutine[Any, Any, None]], socket: Socket) -> None:
    """However `work` ends, the socket is of no use without it; whoever reads it will see."""
    try:
        await work(socket)
    except Closed:
        pass
    finally:
        socket.abort()
