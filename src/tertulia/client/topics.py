"""Topics that go through all rooms of a server."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tertulia.client.data import decoded, encoded
from tertulia.client.events import EventStream
from tertulia.client.requests import Ask
from tertulia.wire import native

if TYPE_CHECKING:
    from tertulia.client.session import Session


@dataclass(frozen=True, slots=True)
class TopicMessage:
    """A value on a topic."""

    topic: str
    sender: str
    """`server` for the server's own code."""
    data: Any
    """Bytes, or what the JSON stands for."""


class Topic:
    """Of the server, and in all its rooms. Requests raise TertuliaError as those of `Client` do."""

    def __init__(self, name: str, session: "Session", ask: Ask) -> None:
        self.name = name
        self._session = session
        self._ask = ask

    async def publish(self, data: Any, *, to: str | None = None) -> None:
        """To all who subscribe, or `to` all sessions of one identity, whether they do or not: bytes, or what can be JSON."""
        body, encoding = encoded(data)

        def make(n: int) -> native.Message:
            return native.Data(id=n, topic=self.name, data=body, encoding=encoding, to=to)

        await self._ask(make, native.Ok)

    async def subscribe(self, *, every: float = 0.0, last: bool = False, limit: int = 1024) -> "TopicStream":
        """The values from now on.

        `every`: at most one value of each topic in so many seconds, the newest; where this client subscribes more than once to the same,
        what was said last counts. `last`: the values that are retained come first. At most `limit` wait; then the oldest gives way.
        """
        session = self._session
        events: EventStream[native.DataReceived] = session.events.stream(
            (native.DataReceived,), limit, lambda event: _names(self.name, event.topic), drops_oldest=True
        )
        session.subscriptions.add(self.name, every)
        stream = TopicStream(events, self._closed)
        try:
            await self._ask(lambda n: native.TopicSubscribe(id=n, topic=self.name, every=every, last=last), native.Ok)
        except BaseException:
            stream.close()
            raise
        return stream

    def _closed(self) -> None:
        session = self._session
        if session.subscriptions.remove(self.name) and session.error is None:
            session.requests.add(lambda n: native.TopicUnsubscribe(id=n, topic=self.name))


class TopicStream:
    """The values of a topic, or of a branch of them, from when it was made; also after the room was joined anew. Iterate; it ends with the
    session.

    While a reader is away values give way to newer ones: here the oldest that wait, at most the limit; `missed` counts them.
    """

    def __init__(self, events: EventStream[native.DataReceived], closed: Callable[[], None]) -> None:
        self._events = events
        self._closed = closed
        self._open = True

    @property
    def missed(self) -> int:
        return self._events.missed

    def __aiter__(self) -> "TopicStream":
        return self

    async def __anext__(self) -> TopicMessage:
        async for event in self._events:
            # What cannot be read is passed over: it is not for its sender to end the reader's loop.
            with contextlib.suppress(ValueError, RecursionError):
                return TopicMessage(event.topic, event.sender, decoded(event))
        raise StopAsyncIteration

    async def next(self, timeout: float | None = None) -> TopicMessage:
        """The next one. Raises TimeoutError after `timeout` seconds, EOFError when the session is over."""
        async with asyncio.timeout(timeout):
            try:
                return await anext(self)
            except StopAsyncIteration:
                raise EOFError("the session is over") from None

    def close(self) -> None:
        """Stops listening, and tells the server so; what came before can still be read. May be called twice."""
        if self._open:
            self._open = False
            self._events.close()
            self._closed()

    def __enter__(self) -> "TopicStream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Subscriptions:
    """What this client has asked for, so that it can be asked for again."""

    def __init__(self) -> None:
        self._streams: dict[str, int] = {}
        self._every: dict[str, float] = {}

    def add(self, topic: str, every: float) -> None:
        """One more reads it."""
        self._streams[topic] = self._streams.get(topic, 0) + 1
        self._every[topic] = every

    def remove(self, topic: str) -> bool:
        """One fewer reads it. True: nobody does any more."""
        self._streams[topic] = self._streams.get(topic, 1) - 1
        if self._streams[topic] > 0:
            return False
        del self._streams[topic]
        self._every.pop(topic, None)
        return True

    def again(self) -> list[Callable[[int], native.Message]]:
        """After a new session, or after a loss in which values may have gone."""

        def make(topic: str, every: float) -> Callable[[int], native.Message]:
            return lambda n: native.TopicSubscribe(id=n, topic=topic, every=every, last=True)

        return [make(topic, every) for topic, every in self._every.items()]


def _names(pattern: str, topic: str) -> bool:
    """Whether the topic is the one that the pattern names, or in its branch."""
    return topic == pattern or (pattern.endswith("/*") and topic.startswith(pattern[:-1]))
