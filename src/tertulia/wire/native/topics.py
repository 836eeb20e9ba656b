"""Topics of the server, whose names begin with a slash: they go through all rooms. Values come and go as `data`."""

from typing import Annotated

from msgspec import Meta

from tertulia.wire.native.base import Message, RequestId, TopicPattern


class TopicSubscribe(Message, frozen=True, tag="topic_subscribe"):
    """Asks for the values of a topic, or of all beneath a branch (`/quotes/*`); again: in place of what was asked before.
    Errors: not_allowed, too_many_subscriptions."""

    id: RequestId
    topic: TopicPattern
    every: Annotated[float, Meta(ge=0, le=3600)] = 0.0
    """At most one value of each topic in so many seconds, the newest. 0: each."""
    last: bool = False
    """The values that are retained come first."""


class TopicUnsubscribe(Message, frozen=True, tag="topic_unsubscribe"):
    """There was no such subscription: nothing happens."""

    id: RequestId
    topic: TopicPattern


ClientTopics = TopicSubscribe | TopicUnsubscribe
