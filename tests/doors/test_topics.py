"""Topics of the server on the native door: who may, how fast, and nobody's way to harm another."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tertulia.doors.native import outgoing
from tertulia.runtime import seat

from .harness import SECRET, Client, eventually, person, server

RULES = ["/quotes/*;retain", "/map/*;publish=everyone;rate=1000"]


def values(messages: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [(message["topic"], message["data"]) for message in messages if message["type"] == "data"]


async def test_rooms_do_not_matter() -> None:
    async with server(topic=RULES) as (app, _):
        ana, ben = await person(app, "Ana", room="a"), await person(app, "Ben", room="b")
        assert (await ana.ask("topic_subscribe", topic="/map/*"))["type"] == "ok"
        assert (await ben.ask("data", topic="/map/ben", data={"x": 1}))["type"] == "ok"
        heard = await ana.until("data")
        assert heard == {"type": "data", "from": ben.me, "topic": "/map/ben", "data": {"x": 1}, "encoding": "json"}
        assert app.publish("/map/server", b"\x00\xff") == 1
        heard = await ana.until("data")
        assert (heard["from"], heard["data"], heard["encoding"]) == ("server", "AP8=", "base64")
        await ana.ask("topic_unsubscribe", topic="/map/*")
        assert app.publish("/map/server", 1) == 0


async def test_the_last_value_comes_first_where_it_is_wanted() -> None:
    async with server(topic=RULES) as (app, _):
        app.publish("/quotes/A", 1)
        app.publish("/quotes/B", 2)
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ana.ask("topic_subscribe", topic="/quotes/*", last=True)
        await ben.ask("topic_subscribe", topic="/quotes/*")
        assert sorted(values(ana.seen)) == [("/quotes/A", 1), ("/quotes/B", 2)], "before the reply"
        await ben.settle()
        assert values(ben.seen) == []


async def test_a_value_is_encoded_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    shared = outgoing.shared

    def counted(event: seat.Shown) -> bytes | None:
        made.append(event)
        return shared(event)

    async with server(topic=RULES) as (app, _):
        people = [await person(app, name) for name in ("Ana", "Ben", "Cem")]
        for one in people:
            await one.ask("topic_subscribe", topic="/quotes/*")
        monkeypatch.setattr(outgoing, "shared", counted)
        app.publish("/quotes/A", 1)
        for one in people:
            assert (await one.until("data"))["data"] == 1
        assert len([event for event in made if isinstance(event, seat.Published)]) == 1


async def test_who_does_not_read_gets_the_newest_and_stays() -> None:
    async with server(topic=RULES) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ben.ask("topic_subscribe", topic="/quotes/*")
        await ben.settle()
        ben.hold()
        for number in range(20):
            for symbol in range(500):
                app.publish(f"/quotes/{symbol}", number)
        await ana.ask("chat", text="meanwhile")
        ben.release()
        app.publish("/quotes/end", "end")
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1].get("topic") != "/quotes/end":
            heard.append(await ben.receive())
        assert len([it for it in heard if it["type"] == "chat"]) == 1
        newest = dict(values(heard))
        assert len(newest) == 501
        assert set(newest.values()) == {19, "end"}
        assert len(values(heard)) <= 502, "one was on its way when the socket stopped"
        assert app._broker.replaced >= 500 * 18
        assert ben.seqs == list(range(1, len(ben.seqs) + 1))


async def test_who_is_away_comes_back_to_the_newest() -> None:
    async with server(topic=RULES) as (app, _):
        ana = await person(app, "Ana")
        await ana.ask("topic_subscribe", topic="/quotes/*")
        await ana.settle()
        ana.drop()
        await ana.ended()
        for number in range(3000):
            app.publish(f"/quotes/{number % 700}", number)
        back = await Client(app).open()
        await back.resume(ana)
        heard = dict(values(await back.settle()))
        assert heard == {f"/quotes/{number % 700}": number for number in range(2300, 3000)}


async def test_everybody_has_his_own_pace() -> None:
    async with server(topic=RULES) as (app, _):
        desk, phone = await person(app, "Desk"), await person(app, "Phone")
        await desk.ask("topic_subscribe", topic="/quotes/A")
        await phone.ask("topic_subscribe", topic="/quotes/A", every=0.2)
        for number in range(50):
            app.publish("/quotes/A", number)
            await asyncio.sleep(0.01)
        assert [it[1] for it in values(await desk.settle())] == list(range(50))
        heard: list[Any] = []
        while not heard or heard[-1] != 49:
            heard.append((await phone.until("data"))["data"])
        assert heard[0] == 0
        assert len(heard) <= 6


async def test_to_one_person_goes_to_all_of_his_sessions_and_comes_again_after_a_loss() -> None:
    async with server(open=False, secret=SECRET, topic=["/alerts"]) as (app, _):
        token = app.token("*", identity="ana")
        phone = await person(app, "Ana", room="a", token=token)
        desk = await person(app, "Ana", room="b", token=token)
        await phone.settle()
        phone.drop()
        await phone.ended()
        assert app.send("ana", "/alerts", "wake up") == 2
        assert app.send("ana", "/alerts", "now") == 2
        assert values(await desk.settle()) == [("/alerts", "wake up"), ("/alerts", "now")]
        back = await Client(app).open()
        await back.resume(phone)
        assert values(await back.settle()) == [("/alerts", "wake up"), ("/alerts", "now")]
        desk.send("leave")
        await desk.closed()
        assert app.send("ana", "/alerts", 1) == 1
        back.send("leave")
        await eventually(lambda: not app._broker._people)


async def test_who_has_left_hears_nothing_and_leaves_nothing_behind() -> None:
    async with server(topic=RULES) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        for one in (ana, ben):
            await one.ask("topic_subscribe", topic="/quotes/*", every=60)
            await one.ask("topic_subscribe", topic="/map/*")
        app.publish("/quotes/A", 1)
        app.publish("/quotes/A", 2)
        ana.send("leave")
        await ana.closed()
        assert app._broker.subscriptions == 2
        room = app.room("standup")
        assert room is not None
        await room.end()
        await ben.until("bye")
        assert (app._broker.subscriptions, app._broker._desks, app._broker._people) == (0, {}, {})


async def test_tokens_grant() -> None:
    async with server(open=False, secret=SECRET, topic=["/staff/*;subscribe=token;publish=token"]) as (app, _):
        grants = {"subscribe": ["/staff/*"], "publish": ["/staff/1"]}
        ana = await person(app, "Ana", token=app.token("*", identity="ana", topics=grants))
        ben = await person(app, "Ben", token=app.token("*", identity="ben"))
        assert (await ana.ask("topic_subscribe", topic="/staff/*"))["type"] == "ok"
        assert (await ben.ask("topic_subscribe", topic="/staff/*"))["code"] == "not_allowed"
        assert (await ana.ask("data", topic="/staff/1", data=1))["type"] == "ok"
        assert (await ana.ask("data", topic="/staff/2", data=1))["code"] == "not_allowed"
        assert (await ben.ask("data", topic="/staff/1", data=1))["code"] == "not_allowed"
        for bad in ({"read": ["/x"]}, {"subscribe": ["x"]}):
            with pytest.raises(ValueError, match="topics"):
                app.token("*", topics=bad)


HOSTILE = [
    ("topic_subscribe", {"topic": "/other"}, "not_allowed"),
    ("topic_subscribe", {"topic": "/*"}, "not_allowed"),
    ("topic_subscribe", {"topic": "pen"}, "malformed"),
    ("topic_subscribe", {"topic": "/quotes/*/x"}, "malformed"),
    ("topic_subscribe", {"topic": "/quotes/**"}, "malformed"),
    ("topic_subscribe", {"topic": "/quotes//A"}, "malformed"),
    ("topic_subscribe", {"topic": "/quotes/\n"}, "malformed"),
    ("topic_subscribe", {"topic": "/../etc"}, "not_allowed"),
    ("topic_subscribe", {"topic": "/" + "x" * 64}, "too_large"),
    ("topic_subscribe", {"topic": ["/quotes/A"]}, "malformed"),
    ("topic_subscribe", {}, "malformed"),
    ("topic_subscribe", {"topic": "/quotes/A", "every": -1}, "malformed"),
    ("topic_subscribe", {"topic": "/quotes/A", "every": 1e9}, "malformed"),
    ("topic_subscribe", {"topic": "/quotes/A", "every": "1"}, "malformed"),
    ("topic_subscribe", {"topic": "/quotes/A", "last": 1}, "malformed"),
    ("topic_subscribe", {"topic": "/quotes/A", "filter": "x"}, "malformed"),
    ("data", {"topic": "/quotes/A", "data": 1}, "not_allowed"),
    ("data", {"topic": "/quotes/A", "data": 1, "to": "nobody"}, "not_allowed"),
    ("data", {"topic": "/nowhere", "data": 1}, "not_allowed"),
    ("data", {"topic": "/map/*", "data": 1}, "malformed"),
    ("data", {"topic": "/map//x", "data": 1}, "invalid"),
    ("data", {"topic": "/map/", "data": 1}, "invalid"),
    ("data", {"topic": "/map/x", "data": 1, "to": "nobody"}, "no_such_participant"),
    ("data", {"topic": "/map/x", "data": "QUJ", "encoding": "base64"}, "invalid"),
    ("data", {"topic": "/map/x", "data": "x" * 17_000}, "too_large"),
    ("data", {"topic": "/map/x"}, "malformed"),
]


@pytest.mark.parametrize(("kind", "fields", "code"), HOSTILE, ids=range(len(HOSTILE)))
async def test_what_is_refused_reaches_nobody(kind: str, fields: dict[str, Any], code: str) -> None:
    async with server(topic=RULES) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        for pattern in ("/map/*", "/quotes/*"):
            await ben.ask("topic_subscribe", topic=pattern)
        assert (await ana.ask(kind, **fields))["code"] == code
        assert (await ana.ask("data", topic="/map/x", data="still here"))["type"] == "ok"
        assert values(await ben.settle()) == [("/map/x", "still here")]


async def test_deep_json_is_refused() -> None:
    async with server(topic=RULES) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ben.ask("topic_subscribe", topic="/map/*")
        for levels, code in ((65, "invalid"), (8_000, "malformed")):
            ana.send_raw(f'{{"type":"data","id":{levels},"topic":"/map/x","data":{"[" * levels}{"]" * levels}}}')
            assert (await ana.until("error"))["code"] in (code, "invalid")
        assert values(await ben.settle()) == []


async def test_ten_thousand_subscriptions() -> None:
    async with server(topic=RULES, messages_per_second=10_000) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        codes: dict[str, int] = {}
        for number in range(10_000):
            ana.send("topic_subscribe", topic=f"/quotes/{number}")
        for _ in range(10_000):
            reply = await ana.until(lambda message: message["type"] in ("ok", "error"))
            codes[reply.get("code", "ok")] = codes.get(reply.get("code", "ok"), 0) + 1
        assert codes == {"ok": 1000, "too_many_subscriptions": 9000}
        await ben.ask("topic_subscribe", topic="/quotes/9999")
        assert app.publish("/quotes/9999", 1) == 1
        await ana.ask("topic_unsubscribe", topic="/quotes/0")
        assert (await ana.ask("topic_subscribe", topic="/quotes/9999"))["type"] == "ok"


async def test_a_flood_costs_its_sender_alone() -> None:
    async with server(topic=["/map/*;publish=everyone;rate=5"], messages_per_second=1000) as (app, _):
        ana, ben, cem = [await person(app, name) for name in ("Ana", "Ben", "Cem")]
        await cem.ask("topic_subscribe", topic="/map/*")
        for _ in range(200):
            ana.send("data", topic="/map/ana", data=1)
        refused = 0
        for _ in range(200):
            reply = await ana.until(lambda message: message["type"] in ("ok", "error"))
            refused += reply.get("code") == "too_many_messages"
        assert refused >= 170
        assert (await ben.ask("data", topic="/map/ben", data=2))["type"] == "ok"
        assert ("/map/ben", 2) in values(await cem.settle())


async def test_nobody_speaks_for_the_server_through_his_room() -> None:
    """By other doors neither: a topic of the room has no slash in front."""
    async with server(topic=RULES) as (app, _):
        ana = await person(app, "Ana", room="lobby")
        page = Client(app, path="/signaling")
        page.scope["subprotocols"] = []
        page._to_app.put_nowait({"type": "websocket.connect"})
        page._task = asyncio.create_task(page._app(page.scope, page._to_app.get, page._send))
        await asyncio.wait_for(page._from_app.get(), 30)
        await ana.until("participant_joined")
        page.send_raw(json.dumps({"type": "/quotes/A", "price": 1}))
        heard = await ana.until("data")
        assert not heard["topic"].startswith("/")
        page.drop()
        await page.ended()


async def test_metrics_tell() -> None:
    async with server(topic=RULES) as (app, _):
        ana = await person(app, "Ana")
        await ana.ask("topic_subscribe", topic="/quotes/A")
        app.publish("/quotes/A", 1)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as http:
            text = (await http.get("/metrics")).text
        for line in (
            "topic_subscriptions 1.0",
            "topic_values_total 1.0",
            "topic_deliveries_total 1.0",
            "topic_replaced_total 0.0",
        ):
            assert f"tertulia_{line}" in text
