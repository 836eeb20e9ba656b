"""Presence and what a room shares, on the native door."""

import json
from typing import Any

import pytest

from .harness import Client, eventually, person, server
from .test_data import nested


async def test_the_text_is_passed_on_as_it_was() -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ben.settle()
        ana.send_raw('{"type":"state_set","id":2,"key":"k","value": {"b":1,"a":1e999, "x":"\\u738b"} }')
        stored = await ana.until("state_stored")
        text = (await ben._from_app.get())["text"]
        entry = '{"key":"k","value":{"b":1,"a":1e999, "x":"\\u738b"},"version":1}'
        assert text == f'{{"seq":{ben.last_seq + 1},"type":"state","entry":{entry},"from":"{ana.me}"}}'
        assert (stored["id"], stored["version"]) == (2, 1)


async def test_a_conflict_brings_what_is_there() -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        assert (await ana.ask("state_set", key="k", value=[1], version=0))["version"] == 1
        refused = await ben.ask("state_set", key="k", value=2, version=0)
        assert (refused["code"], refused["retryable"]) == ("conflict", False)
        assert refused["state"] == {"key": "k", "value": [1], "version": 1}
        assert (await ben.ask("state_set", key="k", value=2, version=1))["version"] == 2
        assert (await ana.ask("state_delete", key="k", version=1))["state"]["version"] == 2
        assert (await ana.ask("state_delete", key="k"))["type"] == "ok"
        gone = await ben.ask("state_set", key="k", value=3, version=2)
        assert gone["code"] == "conflict" and "state" not in gone


async def test_a_newcomer_gets_all_of_it_and_events_after_it() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        await ana.ask("state_set", key="k", value=None)
        await ana.ask("presence_set", state={"cursor": [1, 2]})
        ben = await Client(app).open()
        joined = await ben.join(name="Ben")
        assert joined["state"] == [{"key": "k", "value": None, "version": 1}]
        assert joined["presence"] == [{"participant": ana.me, "state": {"cursor": [1, 2]}}]
        await ana.ask("state_delete", key="k")
        assert (await ben.until("state_deleted"))["version"] == 2


async def test_of_a_key_and_a_person_only_the_newest_waits_for_a_slow_reader() -> None:
    async with server(messages_per_second=1000) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ben.settle()
        ben.hold()
        for number in range(300):
            await ana.ask("state_set", key="k", value=number)
            await ana.ask("presence_set", state=number)
        await ana.ask("state_set", key="other", value="x")
        room = app.room("standup")
        assert room is not None
        await eventually(lambda: room._actor.room.deadline is None)
        ben.release()
        heard = await ben.settle()
        states = [it["entry"]["value"] for it in heard if it["type"] == "state" and it["entry"]["key"] == "k"]
        people = [it["state"] for it in heard if it["type"] == "presence"]
        assert states[-1] == 299 and len(states) <= 2
        assert people[-1] == 299 and len(people) <= 2
        assert ben.seqs == list(range(1, len(ben.seqs) + 1))


async def test_who_leaves_takes_his_presence_along_and_leaves_the_state() -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ana.ask("presence_set", state=1)
        await ana.ask("state_set", key="k", value=1)
        ana.send("leave")
        await ben.until("participant_left")
        cem = await Client(app).open()
        joined = await cem.join(name="Cem")
        assert joined["presence"] == []
        assert [it["key"] for it in joined["state"]] == ["k"]


HOSTILE = [
    ("state_set", {"key": "", "value": 1}, "malformed"),
    ("state_set", {"key": "a b", "value": 1}, "malformed"),
    ("state_set", {"key": "k\n", "value": 1}, "malformed"),
    ("state_set", {"key": "k" * 65, "value": 1}, "too_large"),
    ("state_set", {"key": "k"}, "malformed"),
    ("state_set", {"value": 1}, "malformed"),
    ("state_set", {"key": "k", "value": 1, "version": -1}, "malformed"),
    ("state_set", {"key": "k", "value": 1, "version": 1.5}, "malformed"),
    ("state_set", {"key": "k", "value": 1, "version": 2**53}, "malformed"),
    ("state_set", {"key": "k", "value": 1, "version": 1}, "conflict"),
    ("state_set", {"key": "k", "value": 1, "owner": "me"}, "malformed"),
    ("state_set", {"key": "k", "value": "x" * 64 * 1024}, "too_large"),
    ("state_set", {"key": "k", "value": "x" * 700_000}, "too_large"),
    ("state_delete", {"key": "k", "version": 1}, "conflict"),
    ("state_delete", {}, "malformed"),
    ("presence_set", {}, "malformed"),
    ("presence_set", {"state": "x" * 4 * 1024}, "too_large"),
    ("presence_set", {"state": "x" * 20_000}, "too_large"),
]


@pytest.mark.parametrize(("kind", "fields", "code"), HOSTILE, ids=range(len(HOSTILE)))
async def test_what_is_refused_changes_nothing(kind: str, fields: dict[str, Any], code: str) -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        assert (await ana.ask(kind, **fields))["code"] == code
        assert (await ana.ask("state_set", key="k", value="still here"))["version"] == 1
        assert [it["type"] for it in await ben.settle()] == ["state"]


@pytest.mark.parametrize(("levels", "fits"), [(64, True), (65, False), (2_000, False)])
@pytest.mark.parametrize("kind", ["state_set", "presence_set"])
async def test_depth_is_bounded(kind: str, levels: int, fits: bool) -> None:
    field = '"key":"k","value"' if kind == "state_set" else '"state"'
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        ana.send_raw(f'{{"type":"{kind}","id":2,{field}:{nested("[", levels)}}}')
        reply = await ana.until(lambda message: message["type"] in ("ok", "state_stored", "error"))
        assert reply.get("code") in ((None,) if fits else ("invalid", "malformed"))
        assert len(await ben.settle()) == fits


async def test_a_full_room_refuses_more_and_goes_on() -> None:
    async with server(messages_per_second=10_000) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        codes = [(await ana.ask("state_set", key=f"k{number}", value="x" * 60_000)).get("code") for number in range(12)]
        assert codes == [None] * 8 + ["too_large"] * 4
        assert (await ben.ask("state_set", key="k0", value=1))["type"] == "state_stored"
        assert (await ben.ask("state_set", key="k9", value="x" * 50_000))["type"] == "state_stored"
        cem = await Client(app).open()
        joined = await cem.join(name="Cem")
        assert len(joined["state"]) == 9
        assert len(json.dumps(joined)) < 1 << 20, "a newcomer gets it in one message"
