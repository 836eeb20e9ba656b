"""What a room shares and what people say of themselves, for Python code and over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest

from tertulia import Code, Conflict, PresenceChanged, SharedChange, SharedValue, StateChanged, TertuliaError
from tests.doors.harness import SECRET, person, server

from .test_api import client, problem
from .test_views import standup


async def test_python_code_sets_and_reads() -> None:
    async with standup() as (_, room, ana, ben):
        assert room.shared.get("k") is None and room.shared.all == {}
        assert await room.shared.set("k", {"home": 1}) == 1
        assert room.shared.get("k") == SharedValue({"home": 1}, 1)
        assert (await ben.until("state"))["from"] == "server"
        assert await room.shared.compare_and_set("k", 1, 2) == 2
        with pytest.raises(Conflict):
            await room.shared.compare_and_set("k", 1, 3)
        await ana.ask("state_set", key="count", value=5)
        assert await room.shared.update("count", lambda value: value + 1) == 4
        assert await room.shared.update("new", lambda value: [value]) == 5
        assert {key: it.value for key, it in room.shared.all.items()} == {"k": 2, "count": 6, "new": [None]}
        await room.shared.delete("k")
        await room.shared.delete("k")
        assert (await ben.until("state_deleted"))["key"] == "k"


async def test_many_who_count_at_once_lose_nothing() -> None:
    async with standup() as (_, room, _, _):
        await asyncio.gather(*[room.shared.update("count", lambda value: (value or 0) + 1) for _ in range(50)])
        assert room.shared.get("count") == SharedValue(50, 50)


async def test_what_cannot_be_shared() -> None:
    async with standup() as (_, room, ana, _):
        for key in ("", "a b", "k" * 65):
            with pytest.raises(ValueError, match="key"):
                await room.shared.set(key, 1)
        with pytest.raises(TypeError):
            await room.shared.set("k", object())
        with pytest.raises(TertuliaError) as large:
            await room.shared.set("k", "x" * 70_000)
        assert large.value.code is Code.TOO_LARGE
        ana.send_raw('{"type":"state_set","id":2,"key":"odd","value":1e999}')
        await ana.until("state_stored")
        assert room.shared.all == {"odd": SharedValue(None, 1)}


async def test_python_code_hears_of_it() -> None:
    async with standup() as (app, room, ana, _):
        seen: list[tuple[Any, ...]] = []

        @app.on("state")
        async def changed(_: object, change: SharedChange) -> None:
            seen.append((change.key, change.value, change.version, change.by, change.deleted))

        stream = room.events("presence", "state")
        await ana.ask("presence_set", state={"x": 1})
        await ana.ask("state_set", key="k", value=1)
        await room.shared.delete("k")
        said = await anext(stream)
        assert isinstance(said, PresenceChanged)
        assert (said.participant.id, said.state) == (ana.me, {"x": 1})
        assert room.presence == {ana.me: {"x": 1}}
        changes = [await anext(stream) for _ in range(2)]
        assert all(isinstance(it, StateChanged) for it in changes)
        await asyncio.sleep(0)
        assert seen == [("k", 1, 1, ana.me, False), ("k", None, 2, None, True)]


async def test_over_http() -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.admin_token()) as api:
        assert problem(await api.get("/rooms/standup/state")) == (404, "no_such_room")
        assert problem(await api.put("/rooms/standup/state/k", json=1)) == (404, "no_such_room")
        ana = await person(app, "Ana", token=app.token("*"))
        key = "/rooms/standup/state/score/home"
        assert problem(await api.get(key)) == (404, "no_such_key")
        answer = await api.put(key, json={"a": 1}, headers={"if-none-match": "*"})
        assert (answer.status_code, answer.headers["etag"]) == (204, '"1"')
        assert (await ana.until("state"))["entry"] == {"key": "score/home", "value": {"a": 1}, "version": 1}
        answer = await api.get(key)
        assert (answer.json(), answer.headers["etag"]) == ({"a": 1}, '"1"')
        assert (await api.get(key, headers={"if-none-match": '"1"'})).status_code == 304
        assert (await api.put(key, json=2, headers={"if-match": '"1"'})).headers["etag"] == '"2"'
        for headers in ({"if-match": '"1"'}, {"if-none-match": "*"}):
            assert problem(await api.put(key, json=3, headers=headers)) == (412, "conflict")
        assert problem(await api.delete(key, headers={"if-match": '"1"'})) == (412, "conflict")
        assert (await api.get("/rooms/standup/state")).json() == {
            "state": [{"key": "score/home", "value": 2, "version": 2}]
        }
        assert (await api.delete(key)).status_code == 204
        assert (await ana.until("state_deleted"))["from"] == "server"
        assert problem(await api.get(key)) == (404, "no_such_key")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"content": b"{"}, (400, "malformed")),
        ({"content": b""}, (400, "malformed")),
        ({"content": b'"\xff"'}, (400, "malformed")),
        ({"content": b"[" * 100 + b"]" * 100}, (400, "invalid")),
        ({"content": b'"' + b"x" * 70_000 + b'"'}, (413, "too_large")),
        ({"content": b"1", "headers": {"if-match": "*"}}, (400, "invalid")),
        ({"content": b"1", "headers": {"if-match": 'W/"1"'}}, (400, "invalid")),
        ({"content": b"1", "headers": {"if-match": '"1", "2"'}}, (400, "invalid")),
        ({"content": b"1", "headers": {"if-none-match": '"1"'}}, (400, "invalid")),
    ],
    ids=range(9),
)
async def test_what_http_cannot_set(request_: dict[str, Any], expected: tuple[int, str]) -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.admin_token()) as api:
        await person(app, "Ana", token=app.token("*"))
        assert problem(await api.put("/rooms/standup/state/k", **request_)) == expected
        assert problem(await api.put("/rooms/standup/state/a%20b", json=1)) == (400, "invalid")
        assert (await api.get("/rooms/standup/state")).json() == {"state": []}


async def test_only_an_administrator_over_http() -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.token("*", role="moderator")) as api:
        requests: list[tuple[str, str]] = [
            ("GET", "/rooms/r/state"), ("GET", "/rooms/r/state/k"), ("PUT", "/rooms/r/state/k"), ("DELETE", "/rooms/r/state/k"),
            ("POST", "/topics/q"), ("GET", "/topics/q"),
        ]  # fmt: skip
        for method, path in requests:
            answer: httpx.Response = await api.request(method, path)
            assert problem(answer) == (403, "not_allowed"), path
