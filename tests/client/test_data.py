"""What apps say to each other, on its way through the client."""

import msgspec
import pytest

from tertulia.client.data import DataStream, encoded
from tertulia.client.events import Events
from tertulia.errors import Code, Unavailable
from tertulia.wire import native


def heard(data: bytes, encoding: native.Encoding = "json", topic: str = "t") -> native.DataReceived:
    return native.DataReceived(sender="bo", topic=topic, data=msgspec.Raw(data), encoding=encoding)


def topic(events: Events, limit: int = 10) -> DataStream:
    return DataStream(events.stream((native.DataReceived,), limit, lambda event: event.topic == "t"))


@pytest.mark.parametrize("unreadable", [b"1e999", b'"\\ud800 "', b"[" * 100_000 + b"]" * 100_000])
async def test_what_cannot_be_read_ends_nobodys_loop(unreadable: bytes) -> None:
    events = Events()
    stream = topic(events)
    for event in (heard(unreadable), heard(b"[1]"), heard(b'"?"', "base64"), heard(b'"QQ=="', "base64")):
        events.publish(event)
    events.end()
    assert [received.data async for received in stream] == [[1], b"A"]


async def test_other_topics_take_no_place() -> None:
    events = Events()
    stream = topic(events, limit=2)
    for number in range(5):
        events.publish(heard(b"0", topic="other"))
        if number < 2:
            events.publish(heard(b"%d" % number))
    assert [(await stream.next(1)).data for _ in range(2)] == [0, 1]
    for _ in range(3):
        events.publish(heard(b"2"))
    await stream.next(1)
    await stream.next(1)
    with pytest.raises(Unavailable) as late:
        await stream.next(1)
    assert late.value.code is Code.TOO_SLOW


async def test_closed_is_over_after_what_came() -> None:
    events = Events()
    with topic(events) as stream:
        events.publish(heard(b"1"))
    events.publish(heard(b"2"))
    assert [received.data async for received in stream] == [1]


@pytest.mark.parametrize("data", [b"A", bytearray(b"A"), memoryview(b"A")])
def test_bytes_go_as_base64(data: object) -> None:
    assert encoded(data) == (msgspec.Raw(b'"QQ=="'), "base64")


def test_what_is_no_json_is_not_sent() -> None:
    with pytest.raises(TypeError):
        encoded(object())
