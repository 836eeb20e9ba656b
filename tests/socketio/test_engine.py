"""Sessions: how they begin, change over, stay alive and end, over both transports."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette

from tertulia.net import Connections
from tertulia.socketio import Limits, Options, Server, Socket
from tests.socketio.fake import Answer, Closed, PollingClient, Request, WebSocketClient, until


def make(**options: Any) -> Server:
    app = Server(Options(**options))

    @app.on("echo")
    def echo(socket: Socket, *args: Any) -> tuple[Any, ...]:
        return args

    @app.on("count")
    def count(socket: Socket, most: int) -> None:
        for number in range(most):
            socket.emit("number", number)

    return app


async def get(app: Any, query: str, method: str = "GET", **given: Any) -> Answer:
    request = Request(app, method, query, **given)
    request.body()
    return await request.answer()


# --- beginning ---


async def test_a_polling_session_begins() -> None:
    client = await PollingClient(make()).open()
    assert client.opening.keys() == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    assert client.opening["upgrades"] == ["websocket"]
    assert (client.opening["pingInterval"], client.opening["pingTimeout"]) == (25_000, 20_000)


async def test_a_websocket_session_begins() -> None:
    client = await WebSocketClient(make()).open()
    await client.enter()
    assert client.opening["upgrades"] == []
    assert client.opening["sid"] != client.sid, "one is secret, the other is known to everybody"


@pytest.mark.parametrize(
    ("query", "method", "status", "code"),
    [
        ("EIO=4", "GET", 400, 0),
        ("EIO=4&transport=carrier-pigeon", "GET", 400, 0),
        ("EIO=4&transport=polling&sid=unknown", "GET", 400, 1),
        ("EIO=4&transport=polling", "POST", 400, 2),
        ("EIO=4&transport=polling", "DELETE", 400, 2),
        ("EIO=4&transport=websocket", "GET", 400, 3),
        ("EIO=3&transport=polling", "GET", 400, 5),
        ("transport=polling", "GET", 400, 5),
        ("&".join(["a"] * 200), "GET", 400, 3),
    ],
)
async def test_requests_that_make_no_sense(query: str, method: str, status: int, code: int) -> None:
    answer = await get(make(), query, method)
    assert answer.status == status
    told = json.loads(answer.body)
    assert told["code"] == code
    assert told["message"]


@pytest.mark.parametrize("query", ["EIO=4", "EIO=3&transport=websocket", "EIO=4&transport=websocket&sid=unknown"])
async def test_websockets_that_make_no_sense(query: str) -> None:
    with pytest.raises(Closed):
        await WebSocketClient(make(), query).open()


async def test_sessions_are_counted_by_address_and_given_back() -> None:
    app = make(limits=Limits(connections=3, connections_per_address=2))
    one = await WebSocketClient(app).open()
    await one.enter()
    two = await PollingClient(app).open()
    refused = await get(app, "EIO=4&transport=polling", address="10.0.0.1")
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    with pytest.raises(Closed):
        await WebSocketClient(app).open()
    await PollingClient(app, address="10.0.0.2").open()
    assert (await get(app, "EIO=4&transport=polling", address="10.0.0.3")).status == 503
    one.drop()
    await one.ended()
    await two.say("1")
    assert app.connections == 1
    await PollingClient(app).open()


async def test_sessions_may_be_counted_together_with_other_sockets() -> None:
    places = Connections(total=1, per_address=1)
    one, two = Server(places=places), Server(places=places)
    client = await PollingClient(one).open()
    assert (await get(two, "EIO=4&transport=polling")).status == 503
    await client.say("1")
    assert places.open == 0
    await PollingClient(two).open()


@pytest.mark.parametrize("transports", [("polling",), ("websocket",)])
async def test_one_transport_may_be_all_there_is(transports: tuple[str, ...]) -> None:
    app = make(transports=transports)
    if transports == ("polling",):
        assert (await PollingClient(app).open()).opening["upgrades"] == []
        with pytest.raises(Closed):
            await WebSocketClient(app).open()
    else:
        await (await WebSocketClient(app).open()).enter()
        assert (await get(app, "EIO=4&transport=polling")).status == 400


@pytest.mark.parametrize("path", ["socket.io", "/socket.io/"])
def test_paths_that_make_no_sense(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        Server(Options(path=path))
    with pytest.raises(ValueError, match="transports"):
        Server(Options(transports=("flash",)))


# --- polling ---


async def test_packets_go_and_come_in_payloads() -> None:
    client = await PollingClient(make()).open()
    assert (await client.say("40", '421["echo","a\\u001e"]', '422["echo"]')).text == "ok"
    connected, *answers = await client.hear()
    assert connected.startswith('40{"sid":')
    assert answers == ['431["a\\u001e"]', "432[]"]


async def test_a_poll_waits_for_what_there_will_be() -> None:
    client = await PollingClient(make()).open()
    await client.say("40")
    await client.hear()
    poll = client.poll()
    await asyncio.sleep(0)
    await client.say('42["count",3]')
    assert (await poll.answer()).text.split("\x1e") == ['42["number",0]', '42["number",1]', '42["number",2]']


async def test_a_second_poll_ends_the_session() -> None:
    client = await PollingClient(make()).open()
    first = client.poll()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = client.poll()
    assert (await second.answer()).status == 400
    assert (await first.answer()).text == "1"
    assert (await client.poll().answer()).status == 400


async def test_a_second_post_ends_the_session() -> None:
    app = make()
    client = await PollingClient(app).open()
    first = Request(app, "POST", client.query)
    first.body(b"4", more=True)
    await asyncio.sleep(0)
    assert (await client.say("6")).status == 400
    assert app.connections == 0
    first.abort()
    await first.answer_or_nothing()


async def test_a_poll_that_is_given_up_ends_the_session() -> None:
    app = make()
    client = await PollingClient(app).open()
    poll = client.poll()
    await asyncio.sleep(0)
    poll.abort()
    await until(lambda: app.connections == 0)


@pytest.mark.parametrize("body", ["abc", "", "4\x1e", "2", "b?"])
async def test_a_bad_payload_ends_the_session(body: str) -> None:
    app = make()
    client = await PollingClient(app).open()
    await client.say(body)
    assert app.connections == 0


async def test_the_client_says_good_bye() -> None:
    app = make()
    client = await PollingClient(app).open()
    poll = client.poll()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await client.say("1")).text == "ok"
    assert (await poll.answer()).text == "6"
    assert app.connections == 0


async def test_the_server_says_good_bye() -> None:
    app = make()
    client = await PollingClient(app).open()
    await client.say("40")
    await client.hear()
    app.sockets[0].emit("last words")
    app.sockets[0].disconnect(close=True)
    assert await client.hear() == ['42["last words"]', "41"]
    assert await client.hear() == ["1"]
    assert app.connections == 0


# --- WebSocket ---


@pytest.mark.parametrize("frame", ["", "abc", "2"])
async def test_a_bad_frame_ends_the_session(frame: str) -> None:
    app = make()
    client = await WebSocketClient(app).open()
    await client.enter()
    client.say(frame)
    assert (await client.closed()).code == 1002
    await client.ended()
    assert app.connections == 0


@pytest.mark.parametrize("letters", ["x" * 1001, "€" * 334])
async def test_a_frame_that_is_too_large_ends_the_session(letters: str) -> None:
    client = await WebSocketClient(make(max_payload=1000)).open()
    await client.enter()
    client.say(letters)
    assert (await client.closed()).code == 1009


async def test_who_asks_for_no_namespace_is_let_go() -> None:
    app = make(connect_timeout=0.02)
    client = await WebSocketClient(app).open()
    await client.closed()
    await until(lambda: app.connections == 0)


async def test_who_speaks_before_connecting_is_let_go() -> None:
    client = await WebSocketClient(make()).open()
    client.say('42["echo"]')
    await client.closed()


# --- upgrade ---


async def probe(app: Server, polling: PollingClient) -> WebSocketClient:
    socket = await WebSocketClient(app, f"EIO=4&transport=websocket&sid={polling.opening['sid']}").open()
    socket.say("2probe")
    assert await socket.hear() == "3probe"
    return socket


async def test_polling_changes_to_a_websocket_and_nothing_is_lost() -> None:
    app = make()
    polling = await PollingClient(app).open()
    await polling.say("40")
    await polling.hear()
    pending = polling.poll()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    socket = await probe(app, polling)
    assert (await pending.answer()).text == "6"
    app.emit("while nobody polls")
    socket.say("5")
    assert await socket.event() == ["while nobody polls"]
    socket.say('427["echo",1]')
    assert await socket.text() == "437[1]"
    assert (await polling.poll().answer()).status == 400
    assert (await polling.say("6")).status == 400
    assert app.connections == 1
    socket.drop()
    await socket.ended()
    assert app.connections == 0


async def test_while_it_probes_polls_end_soon() -> None:
    app = make()
    polling = await PollingClient(app).open()
    await probe(app, polling)
    assert (await polling.poll().answer()).text == "6"


async def test_a_second_websocket_is_sent_away_and_the_first_goes_on() -> None:
    app = make()
    polling = await PollingClient(app).open()
    first = await probe(app, polling)
    first.say("5")
    second = await WebSocketClient(app, f"EIO=4&transport=websocket&sid={polling.opening['sid']}").open()
    await second.closed()
    first.say("40")
    assert (await first.text()).startswith("40")


@pytest.mark.parametrize("words", [["2"], ["4"], ["5"], ["2probe", "4x"], ["2probe", ""], [b"binary"]])
async def test_a_websocket_that_does_not_change_over_leaves_polling_alone(words: list[str | bytes]) -> None:
    app = make()
    polling = await PollingClient(app).open()
    socket = await WebSocketClient(app, f"EIO=4&transport=websocket&sid={polling.opening['sid']}").open()
    for word in words:
        socket.say(word)
    await socket.closed()
    await socket.ended()
    await polling.say("40", '421["echo"]')
    assert (await polling.hear())[-1] == "431[]"


async def test_a_websocket_that_cannot_make_up_its_mind_is_let_go() -> None:
    app = make(upgrade_timeout=0.02)
    polling = await PollingClient(app).open()
    socket = await probe(app, polling)
    await socket.closed()
    await socket.ended()
    assert (await polling.say("40")).text == "ok"


# --- heartbeat ---


async def test_the_server_pings_and_who_answers_stays() -> None:
    app = make(ping_interval=0.02, ping_timeout=1.0)
    client = await WebSocketClient(app).open()
    await client.hear()
    for _ in range(3):
        assert await client.hear() == "2"
        client.say("3")
    polling = await PollingClient(app).open()
    for _ in range(3):
        assert (await polling.poll().answer()).text == "2"
        await polling.say("3")


async def test_who_does_not_answer_is_let_go() -> None:
    app = make(ping_interval=0.02, ping_timeout=0.02)
    socket = await WebSocketClient(app).open()
    await PollingClient(app).open()
    await socket.closed()
    await until(lambda: app.connections == 0)


# --- origins ---

ELSEWHERE = {"origin": "https://elsewhere.example"}
QUERY = "EIO=4&transport=polling"


async def test_pages_of_other_origins_stay_outside() -> None:
    app = make()
    answer = await get(app, QUERY, headers=ELSEWHERE)
    assert (answer.status, json.loads(answer.body)) == (403, {"code": 4, "message": "Forbidden"})
    assert (await get(app, QUERY, "OPTIONS", headers=ELSEWHERE)).status == 403
    with pytest.raises(Closed):
        await WebSocketClient(app, headers=ELSEWHERE).open()
    assert app.connections == 0
    assert (await get(app, QUERY, headers={"origin": "http://testserver"})).status == 200


@pytest.mark.parametrize("allowed", ["*", "https://elsewhere.example", "HTTPS://ELSEWHERE.example"])
async def test_those_on_the_list_come_in(allowed: str) -> None:
    app = make(allow_origins=(allowed,), credentials=True)
    answer = await get(app, QUERY, headers=ELSEWHERE)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "https://elsewhere.example"
    assert (answer.headers["access-control-allow-credentials"], answer.headers["vary"]) == ("true", "origin")
    preflight = await get(
        app, QUERY, "OPTIONS", headers=ELSEWHERE | {"access-control-request-headers": "authorization"}
    )
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-headers"] == "authorization"
    await WebSocketClient(app, headers=ELSEWHERE).open()


# --- places ---


@pytest.mark.parametrize(
    ("root", "path", "status"),
    [
        ("", "/socket.io/", 200),
        ("", "/socket.io", 200),
        ("/socket.io", "/socket.io/", 200),
        ("/rt", "/rt/socket.io/", 200),
        ("/rt/socket.io", "/rt/socket.io/", 200),
        ("/rt/socket.io", "/", 200),
        ("", "/", 404),
        ("", "/socket.iooo/", 404),
        ("", "/socket.io/../secret", 404),
        ("/rt", "/rt/other", 404),
    ],
)
async def test_where_it_is_mounted(root: str, path: str, status: int) -> None:
    app = make()

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": root}, receive, send)

    assert (await get(mounted, QUERY, path=path)).status == status


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
@pytest.mark.parametrize("prefix", ["", "/socket.io", "/rt"])
async def test_in_a_framework(framework: Callable[[], Starlette], prefix: str) -> None:
    outer = framework()
    outer.mount(prefix or "/", make())
    path = "/rt/socket.io/" if prefix == "/rt" else "/socket.io/"
    assert (await get(outer, QUERY, path=path)).status == 200
    assert (await get(outer, "", path=path + "socket.io.js")).status == 200
    client = await WebSocketClient(outer, path=path).open()
    await client.enter()


@pytest.mark.parametrize(
    "name", ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"]
)
async def test_the_browsers_bundle(name: str) -> None:
    app = make()
    answer = await get(app, "", path=f"/socket.io/{name}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert b"Socket.IO v4" in answer.body[:200]
    again = await get(app, "", path=f"/socket.io/{name}", headers={"if-none-match": answer.headers["etag"]})
    assert again.status == 304
    assert (await get(app, "", path=f"/socket.io/{name}.map")).status == 200
    assert (await get(app, "", "POST", path=f"/socket.io/{name}")).status == 405
    assert (await get(make(serve_client=False), "", path=f"/socket.io/{name}")).status == 404


async def test_it_can_be_served_by_itself() -> None:
    app = make()
    said: list[str] = []
    events = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> Any:
        return {"type": next(events)}

    async def send(message: Any) -> None:
        said.append(message["type"])

    client = await WebSocketClient(app).open()
    await client.enter()
    await app({"type": "lifespan"}, receive, send)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (await client.closed()).code == 1001
    assert (await get(app, QUERY)).status == 503
