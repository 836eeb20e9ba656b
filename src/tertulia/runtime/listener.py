"""Python code that hears topics of the server."""

import asyncio
import contextlib
import weakref
from dataclasses import dataclass
from typing import Any

from tertulia.core.ids import ParticipantId
from tertulia.runtime.broker import Broker
from tertulia.runtime.payload import decoded
from tertulia.runtime.seat import Notice, Published
from tertulia.runtime.streams import EventStream
from tertulia.topic_rule import TopicGrants


@dataclass(frozen=True, slots=True)
class TopicMessage:
    """A value on a topic. `sender` is None for the server's own."""

    topic: str
    sender: str | None
    data: Any
    """A JSON value, or `bytes`."""

    @classmethod
    def of(cls, it: Published) -> "TopicMessage":
        return cls(it.topic, it.sender, decoded(it.data))


class Listener:
    """A subscriber that may hear everything. It holds nothing of its stream: one that nobody reads any more ends by itself."""

    participant = ParticipantId("server")
    grants = TopicGrants(subscribe=("/*",))

    def __init__(self, stream: EventStream[TopicMessage]) -> None:
        self._stream = weakref.ref(stream)

    def pass_on(self, notice: Notice) -> int:
        stream = self._stream()
        if stream is None:
            return 0
        assert isinstance(notice.event, Published)
        missed = stream.missed
        stream.put(TopicMessage.of(notice.event))
        return stream.missed - missed

    def push(self, notice: Notice) -> None:
        self.pass_on(notice)


def listen(broker: Broker, pattern: str, *, every: float, last: bool) -> EventStream[TopicMessage]:
    """Must be called in the broker's event loop. Raises ProtocolError (invalid) for what is no topic."""
    stream: EventStream[TopicMessage] = EventStream()
    listener = Listener(stream)
    broker.enter(listener)
    try:
        broker.subscribe(listener, pattern, every=every, last=last)
    except BaseException:
        broker.leave(listener)
        raise
    loop = asyncio.get_running_loop()

    def forget() -> None:
        # A collection may come while the broker goes through its subscribers.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(broker.leave, listener)

    weakref.finalize(stream, forget).atexit = False
    return stream
