"""`/api/v1/rooms/{room}/chat`: what was said, to read, to download, and to delete."""

import csv
import io
import json

import msgspec
import pytest

from tertulia.doors.api import types
from tests.doors.harness import SECRET, person, server

from .test_api import client, problem


async def test_pages_of_what_was_said() -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.admin_token()) as api:
        ana = await person(app, "Ana", token=app.token("*", identity="ana"))
        for text in ("one", "two", "Three"):
            await ana.ask("chat", text=text)
        await ana.ask("chat", text="psst", to="ana")
        room = app.room("standup")
        assert room is not None
        await room.chat.send("welcome")
        (two,) = (await room.chat.history(words="two")).messages
        await ana.ask("chat_react", message=two.id, reaction="👍")
        answer = await api.get("/rooms/standup/chat")
        assert answer.headers["cache-control"] == "no-store"
        page = msgspec.json.decode(answer.content, type=types.ChatPage, strict=True)
        assert [(it.sender, it.to, it.text) for it in page.messages] == [
            ("ana", None, "one"), ("ana", None, "two"), ("ana", None, "Three"), ("ana", "ana", "psst"), (None, None, "welcome")
        ]  # fmt: skip
        assert page.messages[1].reactions == [types.ChatReaction("👍", ["ana"])]
        assert page.messages[1].change > page.messages[4].number
        assert not page.more

        async def texts(**query: object) -> list[str]:
            return [it["text"] for it in (await api.get("/rooms/standup/chat", params=query)).json()["messages"]]  # type: ignore[arg-type]

        assert await texts(limit=2) == ["psst", "welcome"]
        assert await texts(before=two.number) == ["one"]
        assert await texts(after=two.number, limit=1) == ["Three"]
        assert await texts(words="three") == ["Three"]
        assert await texts(changed=page.messages[4].number) == ["two"]
        assert (await api.get("/rooms/nobody/chat")).json() == {"messages": [], "more": False}


async def test_downloads() -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.admin_token()) as api:
        assert (await api.get("/rooms/standup/chat?format=ndjson")).content == b""
        ana = await person(app, '=cmd("x")', room="café", token=app.token("*", identity="ana"))
        texts = ["plain", '"quoted", with\na line', "=1+1", "@SUM(A1)", "<script>alert(1)</script>"]
        for text in texts:
            await ana.ask("chat", text=text)
        lines = await api.get("/rooms/café/chat?format=ndjson")
        assert lines.headers["content-type"].startswith("application/x-ndjson")
        assert lines.headers["content-disposition"] == "attachment; filename*=UTF-8''chat-caf%C3%A9.ndjson"
        assert lines.headers["x-content-type-options"] == "nosniff"
        assert [json.loads(line)["text"] for line in lines.text.splitlines()] == texts
        table = await api.get("/rooms/café/chat?format=csv")
        rows = list(csv.DictReader(io.StringIO(table.text)))
        assert [row["text"] for row in rows] == [texts[0], texts[1], "'=1+1", "'@SUM(A1)", texts[4]], (
            "no formula is run"
        )
        assert {row["name"] for row in rows} == {'\'=cmd("x")'}
        assert rows[0]["time"].endswith("+00:00")
        some = await api.get("/rooms/café/chat", params={"format": "csv", "words": "script"})
        assert len(list(csv.DictReader(io.StringIO(some.text)))) == 1


async def test_deleting_one_and_all() -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.admin_token()) as api:
        ana = await person(app, "Ana", token=app.token("*"))
        await ana.ask("chat", text="one")
        await ana.ask("chat", text="two")
        first = (await api.get("/rooms/standup/chat")).json()["messages"][0]
        assert (await api.delete(f"/rooms/standup/chat/{first['id']}")).status_code == 204
        changed = (await ana.until("chat_changed"))["message"]
        assert (changed["id"], changed["text"], changed["deleted"]) == (first["id"], "", True)
        assert problem(await api.delete("/rooms/standup/chat/none")) == (404, "no_such_message")
        assert problem(await api.delete(f"/rooms/other/chat/{first['id']}")) == (404, "no_such_message")
        assert (await api.delete("/rooms/standup/chat")).status_code == 204
        assert (await ana.until("chat_cleared"))["number"] >= changed["change"]
        assert (await api.get("/rooms/standup/chat")).json()["messages"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "before=x", "after=-1", "format=xml", f"words={'x' * 201}"])
async def test_a_query_that_cannot_be_answered(query: str) -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.admin_token()) as api:
        assert problem(await api.get(f"/rooms/standup/chat?{query}")) == (400, "invalid")


async def test_only_administrators_read_and_delete() -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app) as api, client(app, app.token("*")) as guest:
        for path, method in (("", "GET"), ("", "DELETE"), ("/1", "DELETE")):
            assert problem(await api.request(method, f"/rooms/standup/chat{path}"))[0] == 401
            assert problem(await guest.request(method, f"/rooms/standup/chat{path}"))[0] in (401, 403)


async def test_a_database_that_fails_is_answered_as_such() -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.admin_token()) as api:
        assert app._running is not None
        async with app._running.archive._chat._database.writing() as connection:
            await connection.exec_driver_sql("DROP TABLE IF EXISTS chat")
        for query in ("", "?format=csv"):
            assert problem(await api.get(f"/rooms/standup/chat{query}")) == (503, "store_failed")
        assert problem(await api.delete("/rooms/standup/chat")) == (503, "store_failed")
