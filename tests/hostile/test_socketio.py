"""Clients of Socket.IO that mean harm: each meets a limit, and nobody else notices."""

import asyncio
import json
import re
import tracemalloc
from typing import Any

import pytest

from tertulia.errors import TertuliaError
from tertulia.socketio import Limits, Options, Server, Socket
from tests.socketio.fake import PollingClient, Request, WebSocketClient, until

MEGABYTE = 1 << 20


def make(**options: Any) -> tuple[Server, list[str]]:
    """A chat, and the reasons for which its people left."""
    app = Server(Options(**options))
    left: list[str] = []

    @app.on("join")
    def join(socket: Socket, room: str) -> None:
        socket.join(room)

    @app.on("say")
    def say(socket: Socket, *words: Any) -> None:
        app.emit("said", *words)

    @app.on("echo")
    def echo(socket: Socket, *words: Any) -> tuple[Any, ...]:
        return words

    @app.on("disconnect")
    def disconnect(socket: Socket, reason: str) -> None:
        left.append(reason)

    return app, left


async def enter(app: Server) -> WebSocketClient:
    client = await WebSocketClient(app).open()
    await client.enter()
    return client


async def still_works(app: Server) -> None:
    client = await enter(app)
    client.say('421["echo","here"]')
    assert await client.text() == '431["here"]'


@pytest.mark.parametrize(
    "said",
    [
        "4abc",
        "4",
        "42",
        "42{}",
        "43[]",
        '42["connect"]',
        '42["disconnecting"]',
        "42" + "[" * 200_000,
        '42["' + "n" * MEGABYTE + '"]'[:2],
        "40/" + "n" * (MEGABYTE // 2),
        '42/' + "n" * (MEGABYTE // 2) + ',["a"]',
        "9" * 100_000,
        '4511-["a"]',
        b"an attachment that nobody announced",
    ],
    ids=range(14),
)  # fmt: skip
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_malformed_packets_end_the_connection_with_a_reason(said: str | bytes, transport: str) -> None:
    app, left = make()
    if transport == "websocket":
        client = await enter(app)
        client.say(said)
        await client.closed()
    else:
        polling = await PollingClient(app).open()
        await polling.say("40")
        await polling.say(said if isinstance(said, str) else "bYW4gYXR0YWNobWVudA==")
    await until(lambda: left)
    assert left in (["parse error"], ["transport error"])
    assert app.connections == 0
    await still_works(app)


async def test_attachments_that_never_come() -> None:
    app, left = make(limits=Limits(attachments_timeout=0.02))
    client = await enter(app)
    client.say('452-["say",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    client.say(b"only one")
    assert (await client.closed()).reason == "parse error"
    await until(lambda: left == ["parse error"])


async def test_attachments_that_are_too_much_together() -> None:
    app, left = make()
    client = await enter(app)
    client.say('4510-["say"' + ',{"_placeholder":true,"num":%d}' * 10 % tuple(range(10)) + "]")
    for _ in range(5):
        client.say(bytes(900_000))
    await client.closed()
    assert left == ["parse error"]


async def test_one_attachment_in_ten_thousand_places() -> None:
    app, left = make()
    client = await enter(app)
    client.say('451-["say"' + ',{"_placeholder":true,"num":0}' * 10_000 + "]")
    client.say(bytes(900_000))
    await client.closed()
    assert left == ["parse error"]


async def test_ten_thousand_rooms() -> None:
    app, left = make(limits=Limits(events_per_second=10_000))
    client = await enter(app)
    refused = []

    @app.on("join and tell")
    def join(socket: Socket, room: str) -> None:
        try:
            socket.join(room)
        except TertuliaError as error:
            refused.append(error.code)
            raise

    for number in range(10_000):
        client.say(f'42["join and tell","{number}"]')
    await until(lambda: len(refused) == 10_000 - 999)
    assert len(app.sockets[0].rooms) == 1_000
    assert left == []


async def test_a_thousand_namespaces() -> None:
    app, _ = make()
    dynamic = app.of(re.compile(r"/n\d+"))
    client = await enter(app)
    for number in range(1_000):
        client.say(f"40/n{number},")
    said = [await client.text() for _ in range(1_000)]
    assert sum(it.startswith("40") for it in said) == 31
    assert sum("Too many namespaces" in it for it in said) == 969
    assert len(dynamic.namespaces) == 31
    for number in range(1_000, 3_000):
        client.say(f"41/n{number - 1},")
        client.say(f"40/n{number},")
    await still_works(app)
    client.drop()
    await client.ended()
    await until(lambda: dynamic.namespaces == [])


async def test_one_who_never_reads_is_let_go_and_the_others_get_theirs() -> None:
    app, left = make()
    sleeper, ana, bo = await enter(app), await enter(app), await enter(app)
    await until(lambda: not sleeper.heard)
    sleeper.hold()
    tracemalloc.start()
    try:
        for number in range(2_000):
            ana.say(json.dumps(["say", number, "x" * 1_000]).join(["42", ""]))
            assert (await ana.event())[1] == number
            assert (await bo.event())[1] == number
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left == ["too slow"]
    assert len(app.sockets) == 2
    assert grown < 2 * MEGABYTE
    sleeper.release()
    assert (await sleeper.closed()).code == 1013


async def test_one_who_never_polls_is_let_go() -> None:
    app, left = make()
    polling = await PollingClient(app).open()
    await polling.say("40")
    ana = await enter(app)
    for number in range(3_000):
        app.emit("said", number)
        if number % 100 == 0:
            await asyncio.sleep(0)
    assert left == [] or left == ["too slow"]
    await until(lambda: left == ["too slow"])
    assert (await polling.poll().answer()).status == 400
    assert ana.heard == 3_000


async def test_a_post_that_never_ends() -> None:
    app, left = make(limits=Limits(body_timeout=0.05))
    polling = await PollingClient(app).open()
    await polling.say("40")
    request = Request(app, "POST", polling.query)
    for _ in range(10):
        request.body(b"4", more=True)
        await asyncio.sleep(0)
    assert (await request.answer()).status == 400
    assert left == ["transport error"]
    assert app.connections == 0


@pytest.mark.parametrize("announced", [True, False])
async def test_a_post_that_is_too_large(announced: bool) -> None:
    app, left = make()
    polling = await PollingClient(app).open()
    await polling.say("40")
    headers = {"content-length": str(50 * MEGABYTE)} if announced else {}
    request = Request(app, "POST", polling.query, headers=headers)
    for _ in range(1 if announced else 20):
        request.body(b"4" * 100_000, more=True)
    assert (await request.answer()).status == 413
    assert left == ["transport error"]


async def test_a_body_for_nobody_is_not_read() -> None:
    app, _ = make()
    request = Request(app, "POST", "EIO=4&transport=polling&sid=unknown")
    assert (await request.answer()).status == 400


async def test_a_flood_of_polls_ends_only_its_own_session() -> None:
    app, left = make()
    polling = await PollingClient(app).open()
    await polling.say("40")
    await polling.hear()
    answers = [await request.answer() for request in [polling.poll() for _ in range(200)]]
    assert [answer.status for answer in answers].count(200) == 1
    assert left == ["transport error"]
    await still_works(app)


async def test_a_flood_of_handshakes_meets_the_limit_of_its_address() -> None:
    app, _ = make(limits=Limits(connections_per_address=10))
    answers = []
    for _ in range(100):
        request = Request(app, "GET", "EIO=4&transport=polling", address="2001:db8::1")
        request.body()
        answers.append(await request.answer())
    assert [answer.status for answer in answers] == [200] * 10 + [503] * 90
    await still_works(app)


async def test_a_flood_of_events_is_read_as_fast_as_it_may_come() -> None:
    app, left = make(limits=Limits(events_per_second=50))
    heard = 0

    @app.on("count")
    def count(socket: Socket) -> None:
        nonlocal heard
        heard += 1

    client = await enter(app)
    for _ in range(5_000):
        client.say('42["count"]')
    await until(lambda: heard >= 195)
    await still_works(app)
    assert heard < 300
    assert left == []


async def test_handlers_that_never_end_are_bounded() -> None:
    app, left = make(limits=Limits(running_handlers=5), ping_interval=0.3, ping_timeout=0.3)
    running = 0

    @app.on("hang")
    async def hang(socket: Socket) -> None:
        nonlocal running
        running += 1
        try:
            await asyncio.Event().wait()
        finally:
            running -= 1

    client = await enter(app)
    for _ in range(100):
        client.say('42["hang"]')
    await until(lambda: running == 5)
    await still_works(app)
    assert running == 5
    await client.closed()
    assert "ping timeout" in left, "whose events wait is not heard either"
    await app.stop(timeout=0.01)
    await until(lambda: running == 0)


async def test_a_guessed_session_is_nobodys() -> None:
    app, _ = make()
    polling = await PollingClient(app).open()
    other = await PollingClient(app).open()
    assert len(polling.opening["sid"]) >= 20
    assert polling.opening["sid"] != other.opening["sid"]
    request = Request(app, "GET", "EIO=4&transport=polling&sid=" + polling.opening["sid"][:-1])
    request.body()
    answer = await request.answer()
    assert json.loads(answer.body) == {"code": 1, "message": "Session ID unknown"}
