"""Events for whoever wants them."""

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

from tertulia.errors import Code, Unavailable
from tertulia.wire.native import Message

Event = TypeVar("Event", bound=Message)


class EventStream(Generic[Event]):
    """Messages of the server in their order, from when it was made. Iterate; it ends with the session, after `bye`.

    One that isn't read keeps at most `limit` events and then raises Unavailable (`too_slow`): nothing is ever left out silently, but where
    only what is new matters.
    """

    def __init__(
        self,
        hub: "Events",
        types: tuple[type[Event], ...],
        limit: int,
        wanted: Callable[[Event], bool] | None = None,
        *,
        drops_oldest: bool = False,
    ) -> None:
        """`wanted` chooses among the events of these types. `drops_oldest`: what is over the limit costs the oldest; `missed` counts."""
        self._hub = hub
        self._types = types
        self._limit = limit
        self._wanted = wanted
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()
        self._overflow = False
        self._drops_oldest = drops_oldest
        self._ended = False
        self.missed = 0

    def __aiter__(self) -> "EventStream[Event]":
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if self._overflow:
                raise Unavailable(Code.TOO_SLOW, f"more than {self._limit} events were waiting to be read")
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()

    async def next(self, timeout: float | None = None) -> Event:
        """The next event. Raises TimeoutError after `timeout` seconds, EOFError when the session is over."""
        async with asyncio.timeout(timeout):
            try:
                return await anext(self)
            except StopAsyncIteration:
                raise EOFError("the session is over") from None

    def waiting(self) -> list[Event]:
        """Takes what is there already, without waiting."""
        events = list(self._events)
        self._events.clear()
        return events

    def close(self) -> None:
        """Stops listening; what came before can still be read."""
        self._hub.forget(self)
        self.end()

    def __enter__(self) -> "EventStream[Event]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def put(self, message: Message) -> None:
        """Called by the hub."""
        if not isinstance(message, self._types) or (self._wanted is not None and not self._wanted(message)):
            return
        if len(self._events) < self._limit:
            self._events.append(message)
        elif self._drops_oldest:
            self._events.popleft()
            self._events.append(message)
            self.missed += 1
        else:
            self._overflow = True
            self._hub.forget(self)
        self._news.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._news.set()


class Events:
    """Hands every event to all streams."""

    def __init__(self) -> None:
        self._streams: list[EventStream[Message]] = []
        self._ended = False

    def stream(
        self,
        types: tuple[type[Event], ...],
        limit: int,
        wanted: Callable[[Event], bool] | None = None,
        *,
        drops_oldest: bool = False,
    ) -> EventStream[Event]:
        stream: EventStream[Event] = EventStream(self, types, limit, wanted, drops_oldest=drops_oldest)
        if self._ended:
            stream.end()
        else:
            self._streams.append(stream)  # type: ignore[arg-type]  # it is given what is of its types only
        return stream

    def publish(self, message: Message) -> None:
        for stream in list(self._streams):
            stream.put(message)

    def forget(self, stream: EventStream[Event]) -> None:
        self._streams = [other for other in self._streams if other is not stream]

    def end(self) -> None:
        self._ended = True
        for stream in self._streams:
            stream.end()
        self._streams = []
