"""Events for whoever iterates over them."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

E = TypeVar("E")

CAPACITY = 1000
"""Events that may wait for a reader."""


class EventStream(Generic[E]):
    """`async for event in stream`. It begins when it is made, so nothing is lost before the first iteration, and ends with the room
    or with the server.

    A reader that does not keep up loses the oldest events rather than holding up the room: `missed` counts them.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.missed = 0
        self._waiting: deque[E] = deque()
        self._capacity = capacity
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, event: E) -> None:
        """For whoever makes the events."""
        if self._closed:
            return
        if len(self._waiting) >= self._capacity:
            self._waiting.popleft()
            self.missed += 1
        self._waiting.append(event)
        self._arrived.set()

    def close(self) -> None:
        """No more events; those that wait can still be read."""
        self._closed = True
        self._arrived.set()

    def __aiter__(self) -> "EventStream[E]":
        return self

    async def __anext__(self) -> E:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()
