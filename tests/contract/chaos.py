"""People who go on while connections break and the server ends, again and again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from tertulia.client import ChatStream, Client, EventStream, Status
from tertulia.errors import Code, TertuliaError
from tertulia.wire import native

from .door import Door
from .server import Server

WITHIN = 30.0
"""Seconds in which everybody is back, and in which what is known to some has come to all."""
EVERY = 0.15
"""Seconds between what one person does."""
END = "the end"


class Activity(Protocol):
    """Something that everybody does all the time. What comes of it is looked at in the end."""

    def begin(self, clients: Sequence[Client]) -> None: ...
    async def act(self, person: int, client: Client) -> None:
        """Once more; returns when the server has answered."""

    async def check(self, clients: Sequence[Client]) -> None:
        """Everybody has done the last; raises AssertionError where something is lost."""


class Talk(Activity):
    """Every message arrives once, in one order, at everybody."""

    def __init__(self) -> None:
        self.said: list[list[str]] = []

    def begin(self, clients: Sequence[Client]) -> None:
        self.said = [[] for _ in clients]
        self._listening = [asyncio.create_task(self._listen(client.messages(limit=10_000))) for client in clients]

    async def act(self, person: int, client: Client) -> None:
        text = f"{person}:{len(self.said[person])}"
        await client.chat(text)
        self.said[person].append(text)

    async def check(self, clients: Sequence[Client]) -> None:
        await clients[0].chat(END)
        async with asyncio.timeout(WITHIN):
            heard = await asyncio.gather(*self._listening)
        assert all(one == heard[0] for one in heard), "all have one order"
        for person, lines in enumerate(self.said):
            assert [text for text in heard[0] if text.startswith(f"{person}:")] == lines

    async def _listen(self, stream: ChatStream) -> list[str]:
        heard: list[str] = []
        async for message in stream:
            if message.text == END:
                break
            heard.append(message.text)
        return heard


class Count(Activity):
    """All count on together, by compare-and-set on what the room shares."""

    def __init__(self, *, forgotten: bool) -> None:
        """`forgotten`: a server is killed, and what a room shares is gone with it; else not one is left out or counted twice."""
        self._forgotten = forgotten
        self._counted = 0

    def begin(self, clients: Sequence[Client]) -> None:
        """They begin with the first."""

    async def act(self, person: int, client: Client) -> None:
        try:
            await client.shared.update("count", lambda n: (n or 0) + 1)
        except TertuliaError as error:
            # Of a session that is gone nobody can tell whether that was counted.
            if not self._forgotten or error.code is not Code.SESSION_GONE:
                raise
        self._counted += 1

    async def check(self, clients: Sequence[Client]) -> None:
        version = await clients[0].shared.set("end", END)
        for client in clients:
            await client.until(lambda c: (end := c.shared.get("end")) is not None and end.version == version, WITHIN)
        everybody = [client.shared.all for client in clients]
        assert all(one == everybody[0] for one in everybody)
        if not self._forgotten:
            assert everybody[0]["count"].value == self._counted


class Sessions:
    """How often people came back to their session, and how often they had to begin another."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._streams: list[EventStream[native.Joined | native.Resumed]] = [
            client.events(native.Joined, native.Resumed, limit=100_000) for client in clients
        ]

    def count(self) -> Counter[str]:
        return Counter(type(event).__name__ for stream in self._streams for event in stream.waiting())


async def chaos(
    door: Door,
    server: Server,
    room: str,
    *,
    people: int,
    ends: Sequence[signal.Signals],
    activities: Sequence[Activity],
    pause: float = 0.15,
) -> Counter[str]:
    """Before each of these ends of the server a third of the sockets is cut, twice. Gives how often something was done, and happened."""
    stop = asyncio.Event()
    done: Counter[str] = Counter()

    async def go_on(person: int, client: Client, activity: Activity) -> None:
        while not stop.is_set():
            await activity.act(person, client)
            done[type(activity).__name__] += 1
            # Slower than what is kept for somebody who is the last to come back: after more than that a session is begun anew.
            await asyncio.sleep(EVERY)

    async with contextlib.AsyncExitStack() as everybody:
        clients = [
            await everybody.enter_async_context(door.client(server.url, room=room, name=f"Person {number}"))
            for number in range(people)
        ]
        sessions = Sessions(clients)
        for activity in activities:
            activity.begin(clients)
        going_on = [
            asyncio.create_task(go_on(person, client, activity))
            for person, client in enumerate(clients)
            for activity in activities
        ]
        for number, how in enumerate(ends):
            for cut in range(2):
                await asyncio.sleep(pause)
                for client in clients[(2 * number + cut) % 3 :: 3]:
                    client.reconnect()
                    done["cut"] += 1
            await asyncio.to_thread(server.stop, how)
            await asyncio.to_thread(server.start)
            done[how.name] += 1
            for client in clients:
                await client.until(lambda c: c.status is Status.JOINED, WITHIN)
        await asyncio.sleep(pause)
        stop.set()
        async with asyncio.timeout(WITHIN):
            await asyncio.gather(*going_on)
        for activity in activities:
            await activity.check(clients)
        names = {client.identity: client.room.you.name for client in clients}
        for client in clients:
            others = {identity: person.name for identity, person in client.room.participants.items()}
            assert {**others, client.identity: client.room.you.name} == names, "nobody is there twice"
        return done + sessions.count()
