"""Events, acknowledgements, rooms and namespaces, as an application and a client see them."""

import asyncio
import json
import re
from typing import Any

import pytest

from tertulia.errors import Code, NotAllowed, Unavailable
from tertulia.socketio import ConnectRefused, Limits, Options, Server, Socket
from tests.socketio.fake import PollingClient, WebSocketClient, until


async def entered(app: Server, count: int = 1) -> list[WebSocketClient]:
    clients = [await WebSocketClient(app).open() for _ in range(count)]
    for client in clients:
        await client.enter()
    return clients


# --- events ---


async def test_handlers_may_be_async_or_not_and_begin_in_order() -> None:
    app = Server()
    begun: list[int] = []

    @app.on("plain")
    def plain(socket: Socket, number: int) -> None:
        begun.append(number)

    @app.on("slow")
    async def slow(socket: Socket, number: int) -> None:
        begun.append(number)
        await asyncio.Event().wait()

    [client] = await entered(app)
    for number in range(6):
        client.say(f'42["slow",{number}]')
    await until(lambda: len(begun) == 6)
    client.say('42["plain",6]')
    await until(lambda: begun == list(range(7)))


async def test_what_comes_while_connect_runs_waits_for_it() -> None:
    app = Server()
    order: list[Any] = []
    may_go_on = asyncio.Event()

    @app.on("connect")
    async def connect(socket: Socket) -> None:
        await may_go_on.wait()
        order.append("connect")

    @app.on("event")
    def event(socket: Socket, number: int) -> None:
        order.append(number)

    @app.on("disconnect")
    def disconnect(socket: Socket, reason: str) -> None:
        order.append(reason)

    [client] = await entered(app)
    for number in range(3):
        client.say(f'42["event",{number}]')
    client.say("41")
    await until(lambda: not app.sockets)
    assert order == []
    may_go_on.set()
    await until(lambda: len(order) == 5)
    assert order == ["connect", 0, 1, 2, "client namespace disconnect"]


async def test_acknowledgements() -> None:
    app = Server()

    @app.on("none")
    def none(socket: Socket) -> None: ...

    @app.on("one")
    async def one(socket: Socket) -> list[int]:
        return [1, 2]

    @app.on("several")
    def several(socket: Socket) -> tuple[int, bytes]:
        return 1, b"2"

    [client] = await entered(app)
    for words, answer in [
        ('0["none"]', "430[]"),
        ('1["one"]', "431[[1,2]]"),
        ('2["several"]', '461-2[1,{"_placeholder":true,"num":0}]'),
    ]:
        client.say(f"42{words}")
        assert await client.text() == answer
    assert await client.hear() == b"2"
    client.say('42["one"]')
    client.say('424["one"]')
    assert await client.text() == "434[[1,2]]", "who did not ask gets none"


async def test_a_handler_that_fails_ends_nothing() -> None:
    app = Server()

    @app.on("fail")
    async def fail(socket: Socket) -> None:
        raise RuntimeError("a secret")

    @app.on("refuse")
    def refuse(socket: Socket) -> None:
        raise NotAllowed("not yours")

    @app.on("odd")
    def odd(socket: Socket) -> object:
        return object()

    @app.on("two")
    def two(socket: Socket, one: int, two: int = 2) -> int:
        return one + two

    [client] = await entered(app)
    for words, answer in [
        ('1["fail"]', '431[{"error":{"code":"internal","message":"internal error"}}]'),
        ('2["refuse"]', '432[{"error":{"code":"not_allowed","message":"not yours"}}]'),
        ('3["odd"]', '433[{"error":{"code":"internal","message":"internal error"}}]'),
        ('4["two"]', '434[{"error":{"code":"invalid","message":"wrong number of arguments"}}]'),
        ('5["two",1,2,3]', '435[{"error":{"code":"invalid","message":"wrong number of arguments"}}]'),
        ('6["two",1]', "436[3]"),
    ]:
        client.say(f"42{words}")
        assert await client.text() == answer


async def test_events_that_nobody_handles_go_to_the_star() -> None:
    app = Server()
    seen: list[Any] = []

    @app.on("*")
    def star(socket: Socket, event: str, *args: Any) -> None:
        seen.append([event, *args])

    [client] = await entered(app)
    client.say('42["a",1]')
    client.say('42["*",2]')
    await until(lambda: len(seen) == 2)
    assert seen == [["a", 1], ["*", 2]]


def test_names_have_one_handler_and_some_none() -> None:
    app = Server()
    app.on("a")(print)
    for name in ("a", "connect_error", "newListener"):
        with pytest.raises(ValueError, match=name):
            app.on(name)
    with pytest.raises(ValueError, match="reserved"):
        app.emit("disconnect")


async def test_calls() -> None:
    app = Server(Options(limits=Limits(pending_calls=2)))
    [client] = await entered(app)
    [socket] = app.sockets
    answers: list[tuple[str, Any]] = [("[]", None), ("[1]", 1), ("[1,2]", (1, 2)), ("[null]", None), ("[[]]", [])]
    for answer, result in answers:
        call = asyncio.ensure_future(socket.call("question", "why"))
        question = await client.text()
        match = re.fullmatch(r'42(\d+)\["question","why"\]', question)
        assert match
        client.say(f"43{match[1]}{answer}")
        client.say(f"43{match[1]}{answer}")
        assert await call == result
    with pytest.raises(TimeoutError):
        await socket.call("question", timeout=0.01)
    calls = [asyncio.ensure_future(socket.call("question")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await socket.call("question")
    client.drop()
    for call in calls:
        with pytest.raises(ConnectionError):
            await call
    with pytest.raises(ConnectionError):
        await socket.call("question")
    socket.emit("to nobody")
    socket.join("nothing")
    assert socket.rooms == frozenset()


async def test_volatile_events_are_for_those_who_have_nothing_else_to_read() -> None:
    app = Server()
    [reads, held] = await entered(app, 2)
    held.hold()
    app.emit("first")
    app.emit("second")
    await reads.event()
    await reads.event()
    app.emit("now or never", volatile=True)
    held.release()
    assert await reads.event() == ["now or never"]
    assert [await held.event() for _ in range(2)] == [["first"], ["second"]]
    app.emit("later", volatile=True)
    assert await held.event() == ["later"]
    polling = await PollingClient(app).open()
    await polling.say("40")
    await polling.hear()
    app.emit("nobody polls", volatile=True)
    app.emit("last")
    assert await polling.hear() == ['42["last"]']


# --- rooms ---


async def test_rooms() -> None:
    app = Server()
    clients = await entered(app, 4)
    one, two, three, four = app.sockets
    one.join("a", "b")
    two.join("a")
    three.join("b")
    assert one.rooms == {"a", "b", one.id}
    heard: list[list[str]] = []

    async def said() -> list[list[str]]:
        heard.clear()
        app.emit("end")
        for client in clients:
            words = []
            while (event := await client.event()) != ["end"]:
                words.append(event[0])
            heard.append(words)
        return heard

    app.to("a").emit("a")
    app.to("a", "b").emit("both")
    app.to("a").to("b").except_("a").emit("b not a")
    app.except_("a").emit("not a")
    app.to(four.id).emit("four")
    app.to("nobody").emit("never")
    one.to("a").emit("others in a")
    one.broadcast.emit("others")
    one.except_("b").emit("others not b")
    four.emit("me")
    assert await said() == [
        ["a", "both"],
        ["a", "both", "others in a", "others", "others not b"],
        ["both", "b not a", "not a", "others"],
        ["not a", "four", "others", "others not b", "me"],
    ]
    assert app.to("a").sockets == [one, two]
    one.leave("a", "not in it")
    app.to("a").emit("a")
    assert await said() == [[], ["a"], [], []]
    clients.pop(1).drop()
    await until(lambda: len(app.sockets) == 3)
    assert app.to("a").sockets == []


async def test_a_socket_is_in_so_many_rooms() -> None:
    app = Server(Options(limits=Limits(rooms=3)))
    await entered(app)
    [socket] = app.sockets
    socket.join("a", "b")
    socket.join("a")
    with pytest.raises(Unavailable) as error:
        socket.join("b", "c")
    assert error.value.code is Code.TOO_MANY_ROOMS
    assert socket.rooms == {"a", "b", socket.id}


# --- namespaces ---


async def test_middleware_decides_who_comes_in() -> None:
    app = Server()
    admin = app.of("admin")
    asked: list[str] = []

    @admin.use
    async def first(socket: Socket) -> None:
        asked.append("first")
        match socket.handshake.auth:
            case {"name": "eve"}:
                raise ConnectRefused("not you", {"code": 7})
            case {"name": "mallory"}:
                raise ConnectRefused("nor you")
            case {"name": "trudy"}:
                raise NotAllowed("no right")
            case {"name": "fault"}:
                raise RuntimeError("a secret")

    @admin.use
    def second(socket: Socket) -> None:
        asked.append("second")
        socket.data["name"] = socket.handshake.auth["name"]

    [client] = await entered(app)
    for name, answer in [
        ("eve", {"message": "not you", "data": {"code": 7}}),
        ("mallory", {"message": "nor you"}),
        ("trudy", {"message": "no right", "data": {"code": "not_allowed"}}),
        ("fault", {"message": "internal error", "data": {"code": "internal"}}),
    ]:
        client.say("40/admin," + json.dumps({"name": name}))
        assert json.loads((await client.text()).removeprefix("44/admin,")) == answer
    assert "second" not in asked
    await client.enter("/admin", {"name": "ana"})
    [socket] = admin.sockets
    assert (socket.data, asked[-1]) == ({"name": "ana"}, "second")


async def test_who_leaves_while_it_is_being_asked_about_is_not_let_in() -> None:
    app = Server()
    may_go_on = asyncio.Event()

    @app.use
    async def think(socket: Socket) -> None:
        await may_go_on.wait()

    client = await WebSocketClient(app).open()
    client.say("40")
    client.drop()
    await client.ended()
    may_go_on.set()
    await until(lambda: not app._tasks)
    assert app.sockets == []


async def test_namespaces_share_a_connection_and_nothing_else() -> None:
    app = Server()
    other = app.of("/other")
    [client] = await entered(app)
    await client.enter("/other")
    assert app.sockets[0].id != other.sockets[0].id
    other.emit("here")
    assert await client.text() == '42/other,["here"]'
    other.sockets[0].disconnect()
    assert await client.text() == "41/other,"
    client.say('42/other,["on its way"]')
    app.emit("still here")
    assert await client.event() == ["still here"]
    await client.enter("/other")


async def test_who_connects_twice_is_let_go() -> None:
    [client] = await entered(Server())
    client.say("40")
    assert (await client.closed()).reason == "parse error"


async def test_dynamic_namespaces_are_there_as_long_as_somebody_is_in_them() -> None:
    app = Server()
    boards = app.of(re.compile(r"/board-\d+"))

    @boards.on("which")
    def which(socket: Socket) -> str:
        return socket.namespace.name

    async def asked(name: str, auth: dict[str, Any]) -> bool:
        return name == "/asked" and bool(auth.get("key") == 1)

    app.of(asked)
    [client] = await entered(app)
    for name in ["/board-", "/board-1x", "/x/board-1", "/asked"]:
        client.say(f"40{name},")
        assert await client.text() == f'44{name},{{"message":"Invalid namespace"}}'
    await client.enter("/asked", {"key": 1})
    await client.enter("/board-1")
    await client.enter("/board-2")
    client.say('42/board-2,3["which"]')
    assert await client.text() == '43/board-2,3["/board-2"]'
    assert [it.name for it in boards.namespaces] == ["/board-1", "/board-2"]
    boards.emit("all")
    assert [await client.text(), await client.text()] == ['42/board-1,["all"]', '42/board-2,["all"]']
    client.say("41/board-1,")
    await until(lambda: [it.name for it in boards.namespaces] == ["/board-2"])
    client.drop()
    await until(lambda: boards.namespaces == [])


async def test_a_handshake_tells_of_the_request() -> None:
    app = Server()
    client = await WebSocketClient(
        app, "EIO=4&transport=websocket&room=5&x=%C3%A9", headers={"cookie": "a=1; b=2", "x-y": "z"}, address="10.1.2.3"
    ).open()
    await client.enter()
    shake = app.sockets[0].handshake
    assert (shake.address, shake.query["room"], shake.query["x"]) == ("10.1.2.3", "5", "é")
    assert (shake.cookies, shake.headers["x-y"]) == ({"a": "1", "b": "2"}, "z")


async def test_stopping_waits_for_handlers() -> None:
    app = Server()
    ended: list[str] = []

    @app.on("slow")
    async def slow(socket: Socket) -> None:
        await asyncio.sleep(0.01)
        ended.append("slow")

    @app.on("disconnect")
    async def disconnect(socket: Socket, reason: str) -> None:
        ended.append(reason)

    [client] = await entered(app)
    client.say('42["slow"]')
    await until(lambda: app._tasks)
    await app.stop()
    assert sorted(ended) == ["server shutting down", "slow"]
