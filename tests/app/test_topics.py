"""Topics of the server, for Python code and over HTTP."""

from typing import Any

import pytest

from tertulia import Code, TertuliaError, TopicMessage
from tertulia.auth.authorize import Grant, JoinRequest
from tertulia.topic_rule import TopicGrants
from tests.doors.harness import SECRET, person, server

from .test_api import client, problem


async def test_python_code_declares_publishes_and_hears() -> None:
    async with server() as (app, _):
        app.topic("/quotes/*", retain=True)
        app.topic("/map/*", publish="everyone", rate=10)
        assert app.publish("/quotes/A", {"price": 1.5}) == 0
        ana = await person(app, "Ana")
        ana.send("topic_subscribe", topic="/quotes/*", last=True)
        assert (await ana.until("data"))["data"] == {"price": 1.5}
        stream = app.subscribe("/*", last=True)
        await ana.ask("data", topic="/map/ana", data=[1])
        assert [await anext(stream) for _ in range(2)] == [
            TopicMessage("/quotes/A", None, {"price": 1.5}),
            TopicMessage("/map/ana", ana.me, [1]),
        ]
        assert app.send(ana.me, "/quotes/A", "yours") == 1
        assert (await ana.until("data"))["data"] == "yours"
    assert [it async for it in stream] == [], "it ends with the server"


async def test_what_makes_no_sense() -> None:
    async with server() as (app, _):
        app.topic("/q")
        for make in (
            lambda: app.topic("/q"), lambda: app.topic("q"), lambda: app.topic("/r", rate=0), lambda: app.publish("q", 1),
            lambda: app.publish("/q", "x" * 17_000), lambda: app.subscribe("q"), lambda: app.send("ana", "q", 1),
            lambda: app.topic("/r", publish="all"),  # type: ignore[arg-type]
        ):  # fmt: skip
            with pytest.raises(ValueError):
                make()
        with pytest.raises(TypeError):
            app.publish("/q", object())
        with pytest.raises(TertuliaError) as gone:
            app.send("ana", "/q", 1)
        assert gone.value.code is Code.NO_SUCH_PARTICIPANT


async def test_what_is_declared_and_retained_outlives_a_restart_of_the_app() -> None:
    async with server(topic=["/q;retain"]) as (app, _):
        app.publish("/q", 1)
    async with app.lifespan():
        ana = await person(app, "Ana")
        ana.send("topic_subscribe", topic="/q", last=True)
        assert (await ana.until("data"))["data"] == 1


async def test_an_apps_own_hook_grants() -> None:
    async with server() as (app, _):

        @app.authorize
        async def decide(request: JoinRequest) -> Grant | None:
            return Grant(topics=TopicGrants(subscribe=("/staff/*",))) if request.name == "Ana" else None

        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        assert (await ana.ask("topic_subscribe", topic="/staff/1"))["type"] == "ok"
        assert (await ben.ask("topic_subscribe", topic="/staff/1"))["code"] == "not_allowed"


async def test_over_http() -> None:
    settings: dict[str, Any] = {"open": False, "secret": SECRET, "topic": ["/quotes/*;retain"]}
    async with server(**settings) as (app, _), client(app, app.admin_token()) as api:
        ana = await person(app, "Ana", token=app.token("*", identity="ana"))
        await ana.ask("topic_subscribe", topic="/quotes/*")
        assert problem(await api.get("/topics/quotes/A")) == (404, "no_such_value")
        assert (await api.post("/topics/quotes/A", json={"price": 2})).json() == {"subscribers": 1}
        assert (await ana.until("data"))["data"] == {"price": 2}
        assert (await api.get("/topics/quotes/A")).json() == {
            "topic": "/quotes/A", "from": "server", "data": {"price": 2}, "encoding": "json",
        }  # fmt: skip
        headers = {"content-type": "application/octet-stream"}
        await api.post("/topics/quotes/A", content=b"\x00\xff", headers=headers)
        assert (await ana.until("data"))["data"] == "AP8="
        assert (await api.post("/topics/alerts?to=ana", json="hello")).json() == {"subscribers": 1}
        assert (await ana.until("data"))["topic"] == "/alerts"
        assert problem(await api.post("/topics/alerts?to=ben", json=1)) == (404, "no_such_participant")
        assert problem(await api.post("/topics/a%20b", json=1)) == (400, "invalid")
        assert problem(await api.post("/topics/quotes/*", json=1)) == (400, "invalid")
        assert problem(await api.post("/topics/q", content=b"{")) == (400, "malformed")
        assert problem(await api.post("/topics/q", json="x" * 17_000)) == (413, "too_large")
        assert problem(await api.post("/topics/q", content=b"x" * 13_000, headers=headers)) == (413, "too_large")
