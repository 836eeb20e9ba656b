"""What apps say to each other."""

import asyncio
import contextlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import msgspec

from tertulia.client.events import EventStream
from tertulia.wire import native


@dataclass(frozen=True, slots=True)
class Received:
    """What somebody sent."""

    sender: str
    """`server` for the server's own code."""
    data: Any
    """Bytes, or what the JSON stands for."""


class DataStream:
    """What comes on one topic, in its order, from when it was made. Iterate; it ends with the session.

    What cannot be read, such as a number that Python's floats cannot hold, is passed over: it is not for its sender to end the reader's
    loop. One that isn't read keeps at most its limit and then raises Unavailable (`too_slow`).
    """

    def __init__(self, events: EventStream[native.DataReceived]) -> None:
        self._events = events

    def __aiter__(self) -> "DataStream":
        return self

    async def __anext__(self) -> Received:
        async for event in self._events:
            with contextlib.suppress(ValueError, RecursionError):
                return Received(event.sender, decoded(event))
        raise StopAsyncIteration

    async def next(self, timeout: float | None = None) -> Received:
        """The next one. Raises TimeoutError after `timeout` seconds, EOFError when the session is over."""
        async with asyncio.timeout(timeout):
            try:
                return await anext(self)
            except StopAsyncIteration:
                raise EOFError("the session is over") from None

    def close(self) -> None:
        """Stops listening; what came before can still be read."""
        self._events.close()

    def __enter__(self) -> "DataStream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def encoded(data: Any) -> tuple[msgspec.Raw, native.Encoding]:
    """As it goes on the wire: bytes as base64, all else as JSON. Raises TypeError for what JSON has no form for."""
    if isinstance(data, bytes | bytearray | memoryview):
        return msgspec.Raw(b'"' + b64encode(data) + b'"'), "base64"
    return msgspec.Raw(msgspec.json.encode(data)), "json"


def readable(json: msgspec.Raw) -> Any:
    """What it stands for; None where it cannot be read: that is not for its sender to end anything."""
    try:
        return msgspec.json.decode(json)
    except (ValueError, RecursionError):
        return None


def decoded(message: native.DataReceived) -> Any:
    """What was sent. Raises ValueError where it cannot be read."""
    if message.encoding == "base64":
        return b64decode(msgspec.json.decode(message.data, type=str), validate=True)
    return msgspec.json.decode(message.data)
