"""Topics that go through all rooms of a server, as Python code declares, publishes and hears them."""

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, ProtocolError
from tertulia.runtime.broker import Broker
from tertulia.runtime.listener import TopicMessage, listen
from tertulia.runtime.payload import encoded
from tertulia.runtime.streams import EventStream
from tertulia.runtime.views import Participant
from tertulia.topic_rule import RATE, Reader, TopicRule, Writer


class Topics:
    """Of one server. Nothing here waits; all but `topic` belongs to the event loop that serves the app."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._listening: weakref.WeakSet[EventStream[TopicMessage]] = weakref.WeakSet()

    def topic(
        self,
        pattern: str,
        *,
        subscribe: Reader = "everyone",
        publish: Writer = "server",
        retain: bool = False,
        rate: float = RATE,
    ) -> None:
        """Declares a topic of the server (`/quotes/AAPL`), or a branch of them (`/quotes/*`). What nobody declared is refused, but to those
        whose token grants it. Of several that fit, the one that says most counts.

        `subscribe`, `publish`: who may, besides the server. `retain`: the last value of each topic is kept for who comes later. `rate`:
        values a second that one person may publish. Raises ValueError for what makes no sense, or is declared already.
        """
        self._broker.declare(TopicRule(pattern, subscribe, publish, retain, rate))

    def publish(self, topic: str, data: Any) -> int:
        """A JSON value or bytes, to all who subscribe to this topic, in whatever rooms. To how many subscribers it goes.

        Raises ValueError for what is no topic of the server, or for more than 16 kB, TypeError for what is no JSON.
        """
        with _checked():
            return self._broker.publish(topic, encoded(data))

    def send(self, to: Participant | str, topic: str, data: Any) -> int:
        """To all sessions of one identity, in whatever rooms, whether they subscribe to the topic or not; it comes, and in order. How many
        sessions those are. Raises as `publish` does; where nobody of this identity is here, TertuliaError with no_such_participant."""
        identity = ParticipantId(to.id if isinstance(to, Participant) else to)
        with _checked():
            return self._broker.send(identity, topic, encoded(data))

    def subscribe(self, pattern: str, *, every: float = 0.0, last: bool = False) -> EventStream[TopicMessage]:
        """What is published from now on on a topic of the server, or on a branch of them, also by the server itself.

        `every`: at most one value of each topic in so many seconds. `last`: the values that are retained come first. It ends with the
        server, and when nobody has the stream any more. Raises ValueError for what is no topic.
        """
        with _checked():
            stream = listen(self._broker, pattern, every=every, last=last)
        self._listening.add(stream)
        return stream

    def _stop_topics(self) -> None:
        """The event loop may end."""
        for stream in list(self._listening):
            stream.close()
        self._broker.stop()


@contextlib.contextmanager
def _checked() -> Iterator[None]:
    """A name that is wrong is a bug of whoever wrote it down, and not of a client's."""
    try:
        yield
    except ProtocolError as error:
        if error.code is Code.INVALID:
            raise ValueError(error.message) from None
        raise
