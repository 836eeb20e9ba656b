"""The client where the server is slow, silent or wrong. What a right server does is in tests/contract."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tertulia.client import Client, Status
from tertulia.errors import Code, Internal, ProtocolError, TertuliaError, Unavailable, UserError
from tertulia.wire import native

from .scripted import OK, WITHIN, Scripted, Visit, joined, resumed, scripted


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with scripted() as server:
        yield server


@contextlib.asynccontextmanager
async def in_room(server: Scripted, heartbeat: float = 15.0) -> AsyncIterator[tuple[Client, Visit]]:
    client = Client(server.url, room="r", name="Ana")
    opening = asyncio.create_task(client.open())
    visit = await server.visit()
    await visit.hears("join")
    await visit.says(joined(heartbeat), 1)
    await opening
    try:
        yield client, visit
    finally:
        if client.status is Status.JOINED:
            client._session.status = Status.LOST  # nobody is there to take leave of
        await client.close()


async def test_a_gap_is_a_loss_and_what_is_missing_is_asked_for(server: Scripted) -> None:
    async with in_room(server) as (client, visit):
        events = client.events(native.KnockEnded)
        await visit.says({"type": "knock_ended", "participant": "two"}, 2)
        await visit.says({"type": "knock_ended", "participant": "four"}, 4)
        again = await server.visit()
        greeting = await again.hears("resume")
        assert (greeting["session"], greeting["token"], greeting["lastSeq"]) == ("s", "t1", 2)
        await again.says(resumed(1))
        for seq, name in ((3, "three"), (4, "four")):
            await again.says({"type": "knock_ended", "participant": name}, seq)
        assert [(await events.next(WITHIN)).participant for _ in range(3)] == ["two", "three", "four"]


async def test_what_comes_twice_counts_once(server: Scripted) -> None:
    async with in_room(server) as (client, visit):
        events = client.events(native.KnockEnded)
        for seq in (2, 2, 1, 3):
            await visit.says({"type": "knock_ended", "participant": str(seq)}, seq)
        assert [(await events.next(WITHIN)).participant for _ in range(2)] == ["2", "3"]
        assert client.status is Status.JOINED


async def test_only_what_did_not_arrive_is_sent_again(server: Scripted) -> None:
    async with in_room(server) as (client, visit):
        chats = [asyncio.create_task(client.chat(text)) for text in ("two", "three", "four")]
        for _ in chats:
            await visit.hears("chat")
        await visit.says({**OK, "id": 2}, 2)
        visit.cut()
        again = await server.visit()
        await again.hears("resume")
        await again.says(resumed(3))
        repeated = await again.hears("chat")
        assert (repeated["id"], repeated["text"]) == (4, "four")
        await again.says({**OK, "id": 3}, 3)
        await again.says({**OK, "id": 4}, 4)
        await asyncio.wait_for(asyncio.gather(*chats), WITHIN)


async def test_the_next_resume_takes_the_next_token(server: Scripted) -> None:
    async with in_room(server) as (_, visit):
        visit.cut()
        second = await server.visit()
        assert (await second.hears("resume"))["token"] == "t1"
        await second.says(resumed(1))
        await second.connection.recv()  # a ping: it has understood
        second.cut()
        third = await server.visit()
        assert (await third.hears("resume"))["token"] == "t2"


async def test_heartbeats_say_how_far_one_has_read(server: Scripted) -> None:
    async with in_room(server, heartbeat=0.05) as (client, visit):
        ping = await visit.hears("ping")
        assert ping["ack"] == 1
        await visit.says({"type": "pong", "ack": 1, "time": ping["time"]})
        await visit.says({"type": "knock_ended", "participant": "bo"}, 2)
        while (await visit.hears("ping"))["ack"] != 2:
            pass
        assert client.status is Status.JOINED
        assert client.round_trip_time is not None and 0 <= client.round_trip_time < WITHIN


async def test_a_server_that_is_silent_is_lost(server: Scripted) -> None:
    async with in_room(server, heartbeat=0.1) as (_, visit):
        began = asyncio.get_running_loop().time()
        await visit.gone()
        assert asyncio.get_running_loop().time() - began < 2
        again = await server.visit()
        await again.hears("resume")


async def test_a_session_that_is_gone_is_begun_anew(server: Scripted) -> None:
    async with in_room(server) as (client, visit):
        rooms = client.events(native.Joined)
        lost = asyncio.create_task(client.react("👋"))
        await visit.hears("react")
        visit.cut()
        second = await server.visit()
        await second.hears("resume")
        await second.says({"type": "error", "id": None, "code": "session_gone", "message": "gone", "retryable": False})
        third = await server.visit()
        assert (await third.hears("join"))["id"] == 1
        with pytest.raises(UserError) as caught:
            await lost
        assert caught.value.code is Code.SESSION_GONE
        later = asyncio.create_task(client.react("👍"))
        await third.says(joined(), 1)
        assert (await third.hears("react"))["id"] == 2
        await third.says({**OK, "id": 2}, 2)
        await asyncio.wait_for(later, WITHIN)
        assert (await rooms.next(WITHIN)).seq == 1


async def test_what_was_said_in_a_session_that_is_gone_is_said_in_the_next(server: Scripted) -> None:
    async with in_room(server) as (client, visit):
        saying = asyncio.create_task(client.chat("once"))
        said = await visit.hears("chat")
        visit.cut()
        second = await server.visit()
        await second.hears("resume")
        await second.says({"type": "error", "id": None, "code": "session_gone", "message": "gone", "retryable": False})
        third = await server.visit()
        await third.hears("join")
        await third.says(joined(), 1)
        again = await third.hears("chat")
        assert (again["text"], again["key"]) == ("once", said["key"])
        await third.says({**OK, "id": again["id"]}, 2)
        await asyncio.wait_for(saying, WITHIN)


@pytest.mark.parametrize(
    ("code", "retryable", "kind"),
    [
        ("not_allowed", False, TertuliaError),
        ("too_many_messages", True, Unavailable),
        ("invalid", False, ProtocolError),
        ("internal", True, Internal),
        ("a_new_one", False, ProtocolError),
    ],
)
async def test_errors_are_raised_where_they_were_caused(
    server: Scripted, code: str, retryable: bool, kind: type[Exception]
) -> None:
    async with in_room(server) as (client, visit):
        request = asyncio.create_task(client.chat("x"))
        await visit.hears("chat")
        await visit.says({"type": "error", "id": 2, "code": code, "message": "why", "retryable": retryable}, 2)
        with pytest.raises(kind, match="why"):
            await request


async def test_a_bye_ends_it_unless_it_may_be_tried_again(server: Scripted) -> None:
    async with in_room(server) as (client, visit):
        await visit.says({"type": "bye", "code": "server_stopping", "message": "", "retryable": True}, 2)
        again = await server.visit()
        await again.hears("join")
        await again.says(joined(), 1)
        await again.says({"type": "bye", "code": "removed", "message": "", "retryable": False}, 2)
        assert str((await asyncio.wait_for(client.ended(), WITHIN)).code) == Code.REMOVED  # type: ignore[union-attr]


async def test_a_server_that_cannot_be_understood_is_left(server: Scripted) -> None:
    async with in_room(server) as (client, visit):
        await visit.says({"type": "news", "text": "of a later version"}, 2)
        assert isinstance(await asyncio.wait_for(client.ended(), WITHIN), ProtocolError)


async def test_nobody_there() -> None:
    with pytest.raises(OSError):
        async with Client("http://127.0.0.1:9", room="r", name="Ana"):
            pass


async def test_cancelled_while_joining(server: Scripted) -> None:
    async def enter() -> None:
        async with Client(server.url, room="r", name="Ana"):
            pass

    entering = asyncio.create_task(enter())
    visit = await server.visit()
    await visit.hears("join")
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    await visit.gone()


async def test_who_does_not_read_events_is_told(server: Scripted) -> None:
    async with in_room(server) as (client, visit):
        events = client.events(native.KnockEnded, limit=3)
        reader = client.events(native.KnockEnded)
        for seq in range(2, 8):
            await visit.says({"type": "knock_ended", "participant": str(seq)}, seq)
        for _ in range(6):
            await reader.next(WITHIN)
        assert [(await events.next()).participant for _ in range(3)] == ["2", "3", "4"]
        with pytest.raises(Unavailable):
            await events.next()
