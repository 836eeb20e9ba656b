"""What is too much, too large, too early or not readable; and that others don't suffer from it."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tertulia.errors import Code
from tertulia.wire import native

from .raw import Raw
from .server import Server
from .support import WITHIN, Invite, refused, settled


def code_of(message: dict[str, Any]) -> str:
    assert message["type"] in ("error", "bye"), message
    return str(message["code"])


UNREADABLE: list[tuple[str | bytes, Code]] = [
    ("", Code.MALFORMED),
    ("{", Code.MALFORMED),
    ("[]", Code.MALFORMED),
    ("null", Code.MALFORMED),
    ("{}", Code.UNKNOWN_TYPE),
    (b'{"type":"chat","id":2,"text":"binary"}', Code.MALFORMED),
    ('{"type":"chat","id":2,"text":"\\ud800"}', Code.MALFORMED),
    ('{"type":"chat","id":"2","text":"a"}', Code.MALFORMED),
    ('{"type":"chat","id":0,"text":"a"}', Code.MALFORMED),
    ('{"type":"chat","id":1.5,"text":"a"}', Code.MALFORMED),
    ('{"type":"chat","id":2}', Code.MALFORMED),
    ('{"type":"chat","id":2,"text":7}', Code.MALFORMED),
    ('{"type":"chat","id":2,"text":"a","colour":"red"}', Code.MALFORMED),
    ('{"type":"chat","id":2,"text":"a","to":"a b"}', Code.MALFORMED),
    ('{"type":"publish","id":2,"source":"moon","kind":"video"}', Code.MALFORMED),
    ('{"type":"ping","ack":-1}', Code.MALFORMED),
    ('{"type":"dance","id":2}', Code.UNKNOWN_TYPE),
    ('{"type":"joined","id":2}', Code.UNKNOWN_TYPE),
    ("[" * 50_000, Code.MALFORMED),
]


@pytest.mark.parametrize(("text", "code"), UNREADABLE, ids=range(len(UNREADABLE)))
async def test_what_cannot_be_read_is_refused_and_the_connection_stays(
    server: Server, room: str, text: str | bytes, code: Code
) -> None:
    async with Raw(server.url) as raw:
        await raw.join(room)
        await raw.send(text)
        answer = await raw.receive()
        assert (answer["type"], code_of(answer), answer["seq"]) == ("error", code, 2)
        await raw.send({"type": "chat", "id": 3, "text": "still here"})
        assert (await raw.receive("ok"))["id"] == 3


async def test_an_id_out_of_range_does_not_spoil_the_ids_that_follow(server: Server, room: str) -> None:
    async with Raw(server.url) as raw:
        await raw.join(room)
        await raw.send({"type": "chat", "id": 2**53, "text": "a"})
        assert code_of(await raw.receive()) == Code.MALFORMED
        await raw.send({"type": "chat", "id": 3, "text": "still here"})
        assert (await raw.receive("chat"))["message"]["text"] == "still here"


async def test_ids_grow(server: Server, room: str) -> None:
    async with Raw(server.url) as raw:
        await raw.join(room)
        await raw.send({"type": "chat", "id": 10, "text": "ten"})
        await raw.receive("ok")
        for old in (10, 9, 1):
            await raw.send({"type": "chat", "id": old, "text": "old"})
            assert code_of(await raw.receive("error")) == Code.WRONG_ORDER


async def test_out_of_order(server: Server, room: str) -> None:
    async with Raw(server.url) as raw:
        await raw.send({"type": "chat", "id": 1, "text": "early"})
        assert code_of(await raw.receive()) == Code.WRONG_ORDER
        assert (await raw.join(room))["type"] == "joined"
        await raw.send({"type": "join", "id": 2, "room": room, "name": "Twice"})
        assert code_of(await raw.receive()) == Code.WRONG_ORDER
        await raw.send({"type": "resume", "session": "x", "token": "y", "lastSeq": 0})
        assert code_of(await raw.receive()) == Code.WRONG_ORDER


async def test_who_waits_can_do_nothing_else(invite: Invite, server: Server, room: str) -> None:
    ana = await invite("Ana")
    await ana.waiting_room()
    async with Raw(server.url) as raw:
        assert (await raw.join(room)) == {"seq": 1, "type": "waiting"}
        await raw.request("chat", text="let me in")
        assert code_of(await raw.receive()) == Code.WRONG_ORDER
        await raw.send({"type": "ping", "ack": 2})
        assert (await raw.receive())["type"] == "pong"
        await raw.request("leave")
        messages, code = await raw.closed()
        # `join` gets its reply, too.
        assert [(message["type"], message.get("id")) for message in messages] == [("error", 1), ("bye", None)]
        assert code_of(messages[0]) == Code.LEFT
        assert code == 1000


async def test_who_says_nothing_is_sent_away(servers: Callable[..., Server]) -> None:
    async with Raw(servers("--open", join_timeout=0.3).url) as raw:
        messages, _ = await raw.closed()
        assert code_of(messages[-1]) == Code.JOIN_TIMEOUT
        assert "seq" not in messages[-1]


async def test_five_messages_before_join(server: Server) -> None:
    async with Raw(server.url) as raw:
        for _ in range(5):
            await raw.send("{")
        messages, code = await raw.closed()
        assert [code_of(message) for message in messages[:5]] == [Code.MALFORMED] * 5
        assert code_of(messages[-1]) == Code.TOO_MANY_MESSAGES
        assert code in (1008, 1013)


async def test_too_large_before_join(server: Server, room: str) -> None:
    async with Raw(server.url) as raw:
        await raw.send("x" * 65_537)
        messages, code = await raw.closed()
        assert [code_of(message) for message in messages] == [Code.TOO_LARGE] * 2
        assert code == 1009


async def test_too_large_after_it(server: Server, room: str) -> None:
    async with Raw(server.url) as raw:
        joined = await raw.join(room)
        await raw.send("x" * (joined["limits"]["messageBytes"] + 1))
        assert code_of(await raw.receive()) == Code.TOO_LARGE
        await raw.request("chat", text="still here")
        await raw.receive("ok")
        # Above 1 MiB the socket itself gives up; the session does not.
        await raw.send("x" * 1_048_577)
        _, code = await raw.closed()
        assert code == 1009
    async with Raw(server.url) as raw:
        assert (await raw.resume(joined["session"], joined["seq"]))["type"] == "resumed"


async def test_the_client_keeps_what_is_too_large_to_itself(invite: Invite) -> None:
    ana = await invite("Ana")
    with refused(Code.TOO_LARGE):
        await ana.offer("server", 1, "x" * ana.room.limits.message_bytes, {})
    with refused(Code.TOO_LARGE):
        await ana.offer_to_server(1, "v=0" + "x" * 512 * 1024, {})
    await ana.chat("still here")


async def test_the_client_keeps_to_the_rate(servers: Callable[..., Server], invite: Invite) -> None:
    ana = await invite("Ana", url=servers("--open", messages_per_second=20).url)
    began = time.monotonic()
    await asyncio.gather(*(ana.chat(str(n)) for n in range(100)))
    assert time.monotonic() - began > 1


async def test_too_fast(server: Server, room: str) -> None:
    async with Raw(server.url) as raw:
        joined = await raw.join(room)
        burst = int(joined["limits"]["messagesPerSecond"] * 4)
        for _ in range(burst + 50):
            await raw.request("chat", text="x")
        refusal = await raw.receive("error")
        assert code_of(refusal) == Code.TOO_MANY_MESSAGES
        assert refusal["retryable"]
        assert refusal["id"] > burst


async def flood(raw: Raw, rate: float) -> int:
    """Pings at this rate, as far as the machine can, until the server has enough. How many."""
    sent = 0
    began = time.monotonic()
    with contextlib.suppress(ConnectionClosed):
        while True:
            for _ in range(100):
                await raw.connection.send('{"type":"ping","ack":0}')
            sent += 100
            await asyncio.sleep(max(0.0, sent / rate - (time.monotonic() - began)))
    return sent


async def test_much_too_fast(server: Server, room: str) -> None:
    async with Raw(server.url) as raw:
        joined = await raw.join(room)
        end = asyncio.create_task(raw.closed(20))
        sent = await asyncio.wait_for(flood(raw, 20_000), 30)
        messages, code = await end
        assert sent > joined["limits"]["messagesPerSecond"] * 40
        assert code_of(messages[-1]) == Code.TOO_MANY_MESSAGES
        assert code == 1008


async def test_ten_thousand_messages_a_second_disturb_nobody(invite: Invite, server: Server, room: str) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    heard = bo.events(native.ChatReceived)
    stop = asyncio.Event()

    async def attack() -> int:
        """It is let go each time, and comes again."""
        sent = 0
        while not stop.is_set():
            async with Raw(server.url) as raw:
                await raw.join(f"{room}-2")
                end = asyncio.create_task(raw.closed(20))
                sent += await flood(raw, 10_000)
                await end
        return sent

    began = time.monotonic()
    attacker = asyncio.create_task(attack())
    found = []
    for n in range(100):
        moment = time.perf_counter()
        await ana.chat(str(n))
        while (await heard.next(WITHIN)).message.text != str(n):
            pass
        found.append(time.perf_counter() - moment)
        # People don't talk faster, and the attack goes on for some time.
        await asyncio.sleep(0.02)
    stop.set()
    sent = await attacker
    assert sent / (time.monotonic() - began) > 2_000, "the attack was none"
    found.sort()
    assert found[50] < 0.1, found
    assert found[-1] < 2, found
    await settled(ana, bo)


async def test_who_does_not_read_is_let_go_and_others_hear_all(
    servers: Callable[..., Server], invite: Invite, room: str
) -> None:
    url = servers("--open", messages_per_second=1000).url
    ana, bo = await invite("Ana", url=url), await invite("Bo", url=url)
    heard = bo.events(native.ChatReceived)
    async with Raw(url, stalled=True) as raw:
        joined = await raw.join(room)
        lost = ana.events(native.ParticipantUpdated, native.ParticipantLeft)
        sent = 0
        while not (told := lost.waiting()):
            await ana.chat(f"{sent} " + "." * 8000)
            sent += 1
            assert sent < 2000, "it was never let go"
        first = told[0]
        if isinstance(first, native.ParticipantUpdated):
            assert (first.participant, first.connected) == (joined["you"]["id"], False)
        _, code = await raw.closed()
        assert (code, raw.connection.close_reason) in ((1013, Code.TOO_SLOW), (1006, ""), (1006, None))
    for number in range(sent):
        assert (await heard.next(WITHIN)).message.text.split()[0] == str(number)


async def test_too_many_connections_from_one_address(servers: Callable[..., Server], invite: Invite) -> None:
    url = servers("--open", max_connections_per_address=2).url
    first = await invite(url=url)
    await invite(url=url)
    with refused(Code.TOO_MANY_CONNECTIONS):
        await invite(url=url)
    await first.leave()
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            await invite(url=url)
            break
        except Exception:
            assert time.monotonic() < deadline
