"""Who comes back in time is who it was, and missed nothing."""

import asyncio
import json
from typing import Any

import pytest

from tertulia.socketio import ConnectRefused, Options, Recovery, Server, Socket
from tertulia.socketio.recovery import Memory, Remembered
from tests.socketio.fake import PollingClient, WebSocketClient, until


def make(**terms: Any) -> Server:
    app = Server(Options(recovery=Recovery(**terms)))

    @app.on("leave")
    def leave(socket: Socket) -> None:
        socket.disconnect()

    return app


async def enter(app: Server, **auth: Any) -> tuple[WebSocketClient, dict[str, Any]]:
    client = await WebSocketClient(app).open()
    return client, await client.enter("/", auth)


async def lost(app: Server, client: WebSocketClient) -> None:
    client.drop()
    await client.ended()


async def test_it_has_its_id_rooms_and_data_and_what_it_missed() -> None:
    app = make()
    client, told = await enter(app)
    [before] = app.sockets
    before.join("news")
    before.data["score"] = 3
    app.emit("first")
    *_, offset = await client.event()
    await lost(app, client)
    assert app.sockets == []
    app.emit("to all", b"bytes")
    app.to("news").emit("to its room")
    app.to("other").emit("not to its")
    app.except_("news").emit("nor this")
    app.to(told["sid"]).emit("to itself")
    app.emit("gone at once", volatile=True)
    client, again = await enter(app, pid=told["pid"], offset=offset, name="ana")
    assert again == told
    [after] = app.sockets
    assert after.recovered
    assert after.data == {"score": 3}
    assert after.rooms == {"news", told["sid"]}
    assert after.handshake.auth == {"name": "ana"}, "what is the protocol's own is left out"
    assert (await client.text()).startswith('451-["to all"')
    assert await client.hear() == b"bytes"
    assert [(await client.event())[0] for _ in range(2)] == ["to its room", "to itself"]
    app.emit("live")
    assert (await client.event())[0] == "live"


async def test_who_never_received_anything_gets_everything_since_it_connected() -> None:
    app = make()
    app.emit("before its time")
    client, told = await enter(app)
    await lost(app, client)
    app.emit("missed")
    client, _ = await enter(app, pid=told["pid"])
    assert app.sockets[0].recovered
    assert (await client.event())[0] == "missed"


async def test_nobody_gets_what_was_said_before_it_came() -> None:
    app = make()
    app.emit("before its time")
    client, told = await enter(app)
    await lost(app, client)
    client, _ = await enter(app, pid=told["pid"], offset="0")
    app.emit("live")
    assert (await client.event())[0] == "live"


async def test_a_client_that_knows_of_its_loss_first_takes_over() -> None:
    app = make()
    client, told = await enter(app)
    again, _ = await enter(app, pid=told["pid"])
    assert (await client.closed()).code == 1002
    [socket] = app.sockets
    assert (socket.id, socket.recovered) == (told["sid"], True)
    app.emit("hello")
    assert (await again.event())[0] == "hello"


async def test_lost_twice_before_it_could_read() -> None:
    app = make()
    client, told = await enter(app)
    for word in ("one", "two"):
        await lost(app, client)
        app.emit(word)
        client, _ = await enter(app, pid=told["pid"])
    assert [(await client.event())[0] for _ in range(2)] == ["one", "two"]


async def test_over_polling() -> None:
    app = make()
    client = await PollingClient(app).open()
    await client.say("40")
    pid = (await client.hear())[0].split('"pid":"')[1].split('"')[0]
    poll = client.poll()
    await asyncio.sleep(0)
    poll.abort()
    await until(lambda: app.sockets == [])
    app.emit("missed")
    client = await PollingClient(app).open()
    await client.say("40" + json.dumps({"pid": pid}))
    assert (await client.hear())[1].startswith('42["missed"')


@pytest.mark.parametrize("how", ["41", '42["leave"]'])
async def test_who_left_comes_as_somebody_else(how: str) -> None:
    app = make()
    client, told = await enter(app)
    client.say(how)
    await until(lambda: app.sockets == [])
    _, again = await enter(app, pid=told["pid"])
    assert again["sid"] != told["sid"]
    assert again["pid"] != told["pid"]
    assert not app.sockets[0].recovered


@pytest.mark.parametrize("offset", ["x", "-1", "99", "9" * 20, "²", 0, [], {}, True, ""])
async def test_offsets_that_make_no_sense(offset: Any) -> None:
    app = make()
    client, told = await enter(app)
    await lost(app, client)
    await enter(app, pid=told["pid"], offset=offset)
    assert not app.sockets[0].recovered


@pytest.mark.parametrize("pid", ["", "unknown", 0, None, [], {"a": 1}])
async def test_secrets_that_make_no_sense(pid: Any) -> None:
    app = make()
    client, _ = await enter(app)
    await lost(app, client)
    await enter(app, pid=pid)
    assert not app.sockets[0].recovered


async def test_who_missed_more_than_is_kept_begins_anew() -> None:
    app = make(packets=3)
    client, told = await enter(app)
    await lost(app, client)
    for number in range(4):
        app.emit("missed", number)
    await enter(app, pid=told["pid"])
    assert not app.sockets[0].recovered


@pytest.mark.parametrize("skip", [True, False])
async def test_middleware_may_be_asked_again(skip: bool) -> None:
    app = make(skip_middleware=skip)
    asked: list[bool] = []

    @app.use
    def ask(socket: Socket) -> None:
        asked.append(socket.recovered)
        if socket.recovered:
            raise ConnectRefused("not again")

    client, told = await enter(app)
    await lost(app, client)
    client = await WebSocketClient(app).open()
    await client.text()
    client.say("40" + json.dumps({"pid": told["pid"]}))
    assert (await client.text()).startswith("40" if skip else "44")
    assert asked == ([False] if skip else [False, True])


# --- the memory itself ---


def was(name: str, at: float) -> Remembered:
    return Remembered(name, frozenset({name}), {}, 0, at)


def test_time_is_up() -> None:
    memory = Memory(Recovery(duration=10))
    memory.remember("a", was("a", 0.0))
    memory.remember("b", was("b", 0.0))
    assert memory.recover("a", None, 10.0) is not None
    assert memory.recover("a", None, 10.0) is None, "once"
    assert memory.recover("b", None, 10.1) is None


def test_packets_grow_old() -> None:
    memory = Memory(Recovery(duration=10))
    memory.keep((b"old",), frozenset(), frozenset(), 0.0)
    memory.remember("a", was("a", 5.0))
    memory.keep((b"new",), frozenset(), frozenset(), 11.0)
    assert memory.recover("a", "0", 12.0) is None
    memory.remember("a", was("a", 5.0))
    recovered = memory.recover("a", "1", 12.0)
    assert recovered is not None
    assert recovered.missed == [(b"new",)]


def test_it_is_bounded() -> None:
    memory = Memory(Recovery(sockets=3, packets=5, bytes=100))
    for number in range(10):
        memory.remember(str(number), was(str(number), 0.0))
        memory.keep((b"x" * 30,), frozenset(), frozenset(), 0.0)
    assert [memory.recover(str(n), "10", 0.0) is not None for n in range(10)] == [False] * 7 + [True] * 3
    assert len(memory._packets) == 3
