"""Requests that wait for their replies, and are sent again after a loss."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from tertulia.client.pace import Pace
from tertulia.client.socket import Socket
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.wire.native import WITH_BYTES, Message, encode, pack

Reply = TypeVar("Reply", bound=Message)


class Ask(Protocol):
    """Makes a request with the id that it is given, and waits for the reply."""

    def __call__(self, make: Callable[[int], Message], reply: type[Reply]) -> Awaitable[Reply]: ...


class Requests:
    """The requests of one session, in the order of their ids.

    A caller that is cancelled no longer waits for the reply, but a request that has its id is carried out all the same: without it the
    server could not tell what is missing.
    """

    def __init__(self, limit: int) -> None:
        """`limit`: how many may wait for a reply; more callers wait their turn."""
        self._places = asyncio.Semaphore(limit)
        self._last_id = 0
        self._waiting: dict[int, tuple[bytes, bool, asyncio.Future[Message]]] = {}
        self._unsent: deque[int] = deque()
        self._more = asyncio.Event()
        self._error: TertuliaError | None = None
        self.max_bytes: int | None = None
        """What the server takes. A larger request would cut the socket, and again each time it is sent again."""

    async def ask(self, make: Callable[[int], Message], expected: type[Reply]) -> Reply:
        """Sends the request that `make(id)` gives, in its turn. Raises the TertuliaError that comes in place of the reply."""
        async with self._places:
            reply = await asyncio.shield(self.add(make))
        if not isinstance(reply, expected):
            raise ProtocolError(Code.WRONG_ORDER, f"the reply was {type(reply).__name__}, not {expected.__name__}")
        return reply

    def add(self, make: Callable[[int], Message]) -> asyncio.Future[Message]:
        """Gives the request its id and queues it."""
        if self._error:
            raise self._error
        request_id = self._last_id + 1
        message: Any = make(request_id)
        body, binary = encode(message), type(message) in WITH_BYTES
        if binary:
            body = pack(body, message.bytes)
        if self.max_bytes is not None and len(body) > self.max_bytes:
            raise ProtocolError(Code.TOO_LARGE, f"a message has at most {self.max_bytes} bytes")
        self._last_id = request_id
        future = asyncio.get_running_loop().create_future()
        # A caller that was cancelled never looks at the error.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._waiting[request_id] = body, binary, future
        self._unsent.append(request_id)
        self._more.set()
        return future

    def settle(self, request_id: int, reply: Message) -> None:
        """A reply came."""
        if waiting := self._waiting.pop(request_id, None):
            waiting[2].set_result(reply)

    def refuse(self, request_id: int, error: TertuliaError) -> None:
        """An error came in its place."""
        if waiting := self._waiting.pop(request_id, None):
            waiting[2].set_exception(error)

    def rewind(self, ack: int) -> None:
        """Everything above `ack` never arrived: it is to be sent again."""
        self._unsent = deque(request_id for request_id in self._waiting if request_id > ack)
        self._more.set()

    def fail(self, error: TertuliaError) -> None:
        """The session is over, so no reply will come."""
        self._error = error
        for request_id in list(self._waiting):
            self.refuse(request_id, error)

    async def send_next(self, socket: Socket) -> None:
        """Waits for a request that is not sent yet, and sends it. Raises Closed."""
        while not self._unsent:
            self._more.clear()
            await self._more.wait()
        request_id = self._unsent.popleft()
        if waiting := self._waiting.get(request_id):
            await socket.send(waiting[0], binary=waiting[1])

    async def send_all(self, socket: Socket, pace: Pace) -> None:
        """Sends what is there and what comes. Raises Closed; returns never."""
        while True:
            await pace.turn()
            await self.send_next(socket)
