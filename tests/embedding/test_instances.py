"""Several servers in one process, each with an engine of its own; and what is left when they have stopped."""

from __future__ import annotations

import asyncio
import gc
import threading

import psutil
from starlette.applications import Starlette
from starlette.routing import Mount

from tertulia import EventStream, Participant, ParticipantLeft, Room, Tertulia
from tests.doors.harness import Client, eventually, person

NORTH, SOUTH = "north " * 6, "south " * 6


def tertulia(secret: str) -> Tertulia:
    return Tertulia(secret=secret, udp_port=0, workers=2, drain_timeout=1.0)


async def refusal(app: Tertulia, token: str) -> str:
    client = await Client(app).open()
    return str((await client.ask("join", room="den", name="Ana", token=token))["code"])


async def test_two_in_one_app_know_nothing_of_each_other() -> None:
    north, south = tertulia(NORTH), tertulia(SOUTH)
    heard: list[str] = []

    @north.on("participant_joined")
    async def joined(room: Room, who: Participant) -> None:
        heard.append(who.name)

    async with north.lifespan(), south.lifespan():
        host = Starlette(routes=[Mount("/north", north), Mount("/south", south)])
        ana = await Client(host, path="/north/ws").open()
        await ana.join("den", "Ana", token=north.token("den", identity="ana"))
        ben = await Client(host, path="/south/ws").open()
        joined_south = await ben.join("den", "Ben", token=south.token("den", identity="ana"))
        assert joined_south["participants"] == []
        assert await refusal(south, north.token("den")) == "token_invalid"
        first, second = north.room("den"), south.room("den")
        assert first is not None and second is not None and first != second
        await first.end()
        assert (await ana.until("bye"))["code"] == "room_ended"
        assert north.rooms == () and [who.name for who in second.participants] == ["Ben"]
        await eventually(lambda: heard)
        assert heard == ["Ana"]


def _held() -> tuple[int, int, int]:
    """Threads, file descriptors and tasks of this process; without the loop's helpers, which stay, as many as it once needed."""
    gc.collect()
    process = psutil.Process()
    helpers = sum(thread.name.startswith("asyncio_") for thread in threading.enumerate())
    return process.num_threads() - helpers, process.num_fds(), len(asyncio.all_tasks())


async def _held_at_last() -> tuple[int, int, int]:
    """When the threads of the database's driver have ended, which nobody waits for."""
    driver = [thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name]
    for thread in driver:
        thread.join(10)
    return _held()


async def _one_life(app: Tertulia) -> tuple[int, int]:
    async with app.lifespan():
        stream = app.events("participant_left")
        reading = asyncio.create_task(_count(stream))
        people = [await person(app, name, room=name, token=app.token("*")) for name in ("Ana", "Ben", "Cleo")]
        await people[0].ask("publish", source="camera", kind="video")
        threads, files, _ = _held()
    for one in people:
        await one.closed()
        await one.ended()
    assert await reading == 3
    return threads, files


async def _count(stream: EventStream[ParticipantLeft]) -> int:
    return len([event async for event in stream])


async def test_nothing_is_left_and_it_starts_again() -> None:
    app, other = tertulia(NORTH), tertulia(SOUTH)
    await _one_life(app)  # what libraries make once
    before = await _held_at_last()
    for _ in range(5):
        lives = await asyncio.gather(_one_life(app), _one_life(other))
        assert max(threads for threads, _ in lives) > before[0]
        assert max(files for _, files in lives) > before[1]
    assert await _held_at_last() == before
