"""Requests about topics of the server, which are none of the room's business."""

from typing import TypeGuard

from tertulia.core.ids import ParticipantId
from tertulia.doors.native.payload import payload
from tertulia.runtime.broker import Broker, Subscriber
from tertulia.wire import native as wire

TopicRequest = wire.TopicSubscribe | wire.TopicUnsubscribe | wire.Data


def is_topic_request(message: wire.ClientMessage) -> TypeGuard[TopicRequest]:
    match message:
        case wire.TopicSubscribe() | wire.TopicUnsubscribe():
            return True
        case wire.Data():
            return message.topic.startswith("/")
        case _:
            return False


def carry_out(broker: Broker, who: Subscriber, message: TopicRequest) -> None:
    """Raises TertuliaError as the broker does, and ProtocolError (invalid) for a payload that is none."""
    match message:
        case wire.TopicSubscribe():
            broker.subscribe(who, message.topic, every=message.every, last=message.last)
        case wire.TopicUnsubscribe():
            broker.unsubscribe(who, message.topic)
        case wire.Data(to=None):
            broker.publish(message.topic, payload(message), who)
        case wire.Data(to=str() as to):
            broker.send(ParticipantId(to), message.topic, payload(message), who)
