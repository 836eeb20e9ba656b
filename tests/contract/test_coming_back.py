"""Losses in the middle of it all: everything once and in order, in both directions."""

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tertulia.client import Status
from tertulia.errors import Code, TertuliaError
from tertulia.wire import native

from .raw import Raw
from .server import Server
from .support import WITHIN, Invite, ends, meets, refused, settled


async def test_cuts_in_the_middle_of_traffic_lose_and_double_nothing(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    streams = [person.events(native.ChatReceived) for person in (ana, bo)]

    async def talk(number: int) -> None:
        person = (ana, bo)[number]
        for line in range(100):
            await person.chat(f"{number}:{line}")

    async def cut() -> None:
        for round in range(8):
            person = (ana, bo)[round % 2]
            stream = person.events(native.ChatReceived)
            for _ in range(10):
                await stream.next(WITHIN)
            person.reconnect()

    await asyncio.gather(talk(0), talk(1), cut())
    orders = [[(await stream.next(WITHIN)).message.text for _ in range(200)] for stream in streams]
    assert orders[0] == orders[1]
    for number in (0, 1):
        assert [text for text in orders[0] if text.startswith(f"{number}:")] == [f"{number}:{n}" for n in range(100)]


def c_seq(client: object) -> int:
    return int(client._session._last_seq)  # type: ignore[attr-defined]  # how far it has come


async def test_requests_made_while_the_socket_is_cut_arrive_once(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    heard = bo.events(native.ChatReceived, native.PublicationAdded)
    ana.reconnect()
    requests = [asyncio.create_task(ana.chat(str(n))) for n in range(50)]
    camera = asyncio.create_task(ana.publish("camera", "video"))
    await asyncio.sleep(0)  # they have their ids
    ana.reconnect()
    await asyncio.gather(*requests)
    events = [await heard.next(WITHIN) for _ in range(51)]
    assert [event.message.text for event in events[:50] if isinstance(event, native.ChatReceived)] == [
        str(n) for n in range(50)
    ]
    assert isinstance(events[50], native.PublicationAdded)
    assert events[50].publication == await camera


async def test_a_request_whose_caller_gave_up_is_carried_out_all_the_same(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    heard = bo.events(native.ChatReceived)
    ana.reconnect()
    request = asyncio.create_task(ana.chat("never mind"))
    await asyncio.sleep(0)
    request.cancel()
    await settled(ana)
    assert (await heard.next(WITHIN)).message.text == "never mind"


async def test_what_happened_meanwhile_is_told(invite: Invite, server: Server, room: str) -> None:
    ana = await invite("Ana")
    async with Raw(server.url) as bo:
        joined = await bo.join(room)
    await ana.until(lambda c: [p.connected for p in c.room.participants.values()] == [False], WITHIN)
    camera = await ana.publish("camera", "video")
    await ana.chat("are you there?")
    async with Raw(server.url) as bo:
        resumed = await bo.resume(joined["session"], joined["seq"])
        assert resumed["type"] == "resumed"
        assert resumed["ack"] == 1
        assert resumed["session"]["token"] != joined["session"]["token"]
        missed: list[dict[str, Any]] = []
        while not missed or missed[-1]["type"] != "chat":
            missed.append(await bo.receive())
        assert [message["seq"] for message in missed] == list(range(2, 2 + len(missed)))
        added = next(message for message in missed if message["type"] == "publication_added")
        assert added["publication"]["id"] == camera.id
        await ana.until(lambda c: [p.connected for p in c.room.participants.values()] == [True], WITHIN)


async def test_an_old_token_opens_nothing(server: Server, room: str) -> None:
    async with Raw(server.url) as first, Raw(server.url) as second, Raw(server.url) as third:
        joined = await first.join(room)
        assert (await second.resume(joined["session"], 1))["type"] == "resumed"
        await second.send({"type": "ping", "ack": 1})
        assert (await second.receive("pong"))["type"] == "pong"
        refusal = await third.resume(joined["session"], 1)
        assert (refusal["type"], refusal["code"], refusal["id"]) == ("error", Code.SESSION_GONE, None)
        # The socket may be used to join anew.
        assert (await third.join(room))["type"] == "joined"


async def test_a_second_socket_takes_over_and_the_first_does_not_come_back(
    invite: Invite, server: Server, room: str
) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    session = ana._session._credentials
    assert session
    async with Raw(server.url) as thief:
        resumed = await thief.resume({"id": session.id, "token": session.token}, c_seq(ana))
        assert resumed["type"] == "resumed"
        await ends(ana, Code.REPLACED)
        await bo.chat("who is there?")
        assert (await thief.receive("chat"))["message"]["text"] == "who is there?"
        assert set(bo.room.participants) == {ana.identity}


async def test_a_server_that_started_again_knows_no_session(
    fresh: Callable[..., Server], invite: Invite, room: str
) -> None:
    old = fresh("--open")
    ana = await invite("Ana", url=old.url)
    joined = ana.events(native.Joined)
    await asyncio.to_thread(old.stop, signal.SIGKILL)
    await ana.until(lambda c: c.status is Status.LOST, WITHIN)
    # Asked while nobody is there; what was not answered by the old server is not asked of the new one.
    request = asyncio.create_task(ana.react("👋"))
    await asyncio.sleep(0)
    await asyncio.to_thread(old.start)
    again = await joined.next(30)
    assert again.seq == 1
    with refused(Code.SESSION_GONE):
        await request
    await settled(ana)
    bo = await invite("Bo", url=old.url)
    await meets(ana, bo.identity)


async def test_a_server_that_stops_says_so_and_clients_come_back(fresh: Callable[..., Server], invite: Invite) -> None:
    old = fresh("--open")
    ana = await invite("Ana", url=old.url)
    events = ana.events(native.Bye, native.Joined)
    await asyncio.to_thread(old.stop)
    bye = await events.next(WITHIN)
    assert isinstance(bye, native.Bye)
    assert (bye.code, bye.retryable) == (Code.SERVER_STOPPING, True)
    await asyncio.to_thread(old.start)
    assert isinstance(await events.next(30), native.Joined)


async def test_the_grace_time_ends_a_session(servers: Callable[..., Server], invite: Invite, room: str) -> None:
    url = servers("--open", grace=0.5).url
    ana = await invite("Ana", url=url)
    left = ana.events(native.ParticipantLeft)
    async with Raw(url) as bo:
        joined = await bo.join(room)
    await left.next(WITHIN)
    async with Raw(url) as bo:
        assert (await bo.resume(joined["session"], 1))["code"] == Code.SESSION_GONE


async def test_a_silent_client_is_taken_for_lost_but_may_come_back(
    servers: Callable[..., Server], invite: Invite, room: str
) -> None:
    url = servers("--open", heartbeat=0.2).url
    ana = await invite("Ana", url=url)
    async with Raw(url) as bo:
        joined = await bo.join(room)
        began = time.monotonic()
        messages, code = await bo.closed()
        assert time.monotonic() - began > 0.3
        assert code == 1013
        assert bo.connection.close_reason == Code.HEARTBEAT_LOST
        assert "bye" not in [message["type"] for message in messages]
    await ana.until(lambda c: [p.connected for p in c.room.participants.values()] == [False], WITHIN)
    async with Raw(url) as bo:
        assert (await bo.resume(joined["session"], 1))["type"] == "resumed"
    assert ana.status is Status.JOINED  # its own heartbeat kept it there


async def test_pong_tells_how_far_the_requests_came(server: Server, room: str) -> None:
    async with Raw(server.url) as raw:
        await raw.join(room)
        await raw.request("chat", text="two")
        await raw.request("chat", text="three")
        await raw.send({"type": "ping", "ack": 1, "time": 12.5})
        assert await raw.receive("pong") == {"type": "pong", "ack": 3, "time": 12.5}


async def test_what_was_acknowledged_cannot_be_had_again(server: Server, room: str) -> None:
    async with Raw(server.url) as raw:
        joined = await raw.join(room)
        await raw.request("chat", text="two")
        last = (await raw.receive("ok"))["seq"]
        await raw.send({"type": "ping", "ack": last})
        await raw.receive("pong")
    async with Raw(server.url) as raw:
        assert (await raw.resume(joined["session"], 1))["code"] == Code.SESSION_GONE


@pytest.mark.parametrize("claimed", [10_000, 2**53 - 1])
async def test_a_resume_that_claims_the_future_is_no_reason_to_fall_over(
    server: Server, room: str, claimed: int
) -> None:
    async with Raw(server.url) as raw:
        joined = await raw.join(room)
    async with Raw(server.url) as raw:
        reply = await raw.resume(joined["session"], claimed)
        assert reply.get("code") == Code.SESSION_GONE or reply["type"] == "resumed"


async def test_joining_is_refused_while_waiting_for_nothing(invite: Invite, server: Server) -> None:
    """A client that cannot get in says why at once, and tries no more."""
    with pytest.raises(TertuliaError) as caught:
        await invite("Ana", room="no such name")
    assert caught.value.code is Code.MALFORMED
