"""The stream of what is said, with what has become of it, over the loss of a session."""

from collections.abc import Callable
from typing import Any

import msgspec

from tertulia.client import ChatStream, EventStream
from tertulia.client.events import Events
from tertulia.wire import native

from .scripted import joined


def message(number: int, text: str = "hi", change: int = 0) -> native.ChatMessage:
    return native.ChatMessage(
        id=f"m{number}", sender="bo", name="Bo", text=text, to=None, time=0.0, number=number, change=change
    )


class Past:
    """A server's history: answers from what there is now."""

    def __init__(self) -> None:
        self.messages: list[native.ChatMessage] = []
        self.asked: list[dict[str, Any]] = []

    async def page(self, **asked: Any) -> native.ChatPage:
        self.asked.append(asked)
        if "changed" in asked:
            found = [it for it in self.messages if it.change > asked["changed"] and it.number < asked["before"]]
            found.sort(key=lambda it: it.change)
        else:
            found = [it for it in self.messages if it.number > asked["after"]]
        return native.ChatPage(id=1, messages=found[:2], more=len(found) > 2)


def stage(known: list[native.ChatMessage]) -> tuple[Past, Callable[..., None], ChatStream]:
    events, past = Events(), Past()
    received: EventStream[Any] = events.stream((native.Joined, native.ChatReceived, native.ChatChanged), 100)
    return past, events.publish, ChatStream(received, known, past.page, changes=True)


def again() -> native.Joined:
    return msgspec.convert(joined(), native.Joined)


async def take(stream: ChatStream, count: int) -> list[tuple[int, str]]:
    return [(it.number, it.text) for it in [await anext(stream) for _ in range(count)]]


async def test_what_was_missed_comes_first_then_what_has_changed() -> None:
    past, tell, stream = stage([message(1), message(2)])
    tell(native.ChatReceived(message=message(3)))
    past.messages = [message(1, "edited", 9), message(2), message(3, "", 8), *(message(n) for n in (4, 5, 6))]
    tell(again())
    assert await take(stream, 6) == [(3, "hi"), (4, "hi"), (5, "hi"), (6, "hi"), (3, ""), (1, "edited")]
    assert past.asked[0] == {"after": 3}
    assert past.asked[-1] == {"changed": 3, "before": 4}


async def test_a_change_that_comes_twice_is_given_once() -> None:
    past, tell, stream = stage([message(1)])
    past.messages = [message(1, "edited", 9)]
    tell(again())
    tell(native.ChatChanged(message=message(1, "edited", 9)))
    tell(native.ChatChanged(message=message(1, "again", 10)))
    assert await take(stream, 2) == [(1, "edited"), (1, "again")]


async def test_what_is_new_is_given_as_it_is_now_and_not_again_as_a_change() -> None:
    past, tell, stream = stage([message(1)])
    past.messages = [message(1), message(5, "edited", 7)]
    tell(again())
    tell(native.ChatChanged(message=message(5, "edited", 7)))
    tell(native.ChatReceived(message=message(8)))
    assert await take(stream, 2) == [(5, "edited"), (8, "hi")]
    tell(again())
    tell(native.ChatReceived(message=message(9)))
    past.messages = [message(1), message(5, "edited", 7), message(8)]
    assert await take(stream, 1) == [(9, "hi")]
