"""What broken and hostile clients send, and what it costs the others."""

import json

import pytest

from .harness import Client, Closed, eventually, person, server
from .pages import session as session_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("{", "malformed"),
        ("[]", "malformed"),
        ("null", "malformed"),
        ("[" * 100_000, "malformed"),
        ('{"type":"chat","id":2,"text":' + "[" * 10_000, "malformed"),
        ('{"id":2}', "unknown_type"),
        ('{"type":"nonsense","id":2}', "unknown_type"),
        ('{"type":7,"id":2}', "unknown_type"),
        ('{"type":"chat","id":2}', "malformed"),
        ('{"type":"chat","id":2,"text":5}', "malformed"),
        ('{"type":"chat","id":2,"text":"a","more":1}', "malformed"),
        ('{"type":"chat","id":"2","text":"a"}', "malformed"),
        ('{"type":"chat","id":-2,"text":"a"}', "malformed"),
        ('{"type":"chat","id":2,"text":"a\\ud800"}', "malformed"),
        ('{"type":"chat","id":2,"text":"a","to":"ana\\n"}', "malformed"),
        ("\ud800", "malformed"),
        (json.dumps({"type": "chat", "id": 2, "text": "a" * 10_001}), "too_large"),
        (json.dumps({"type": "chat", "id": 2, "text": "\U0001f600" * 5_000}, ensure_ascii=False), "too_large"),
        (json.dumps({"type": "leave", "id": 2, "x": "a" * 1_000_000}), "too_large"),
        (json.dumps({"type": "candidate", "id": 2, "to": "server", "candidate": "a" * 2_000}), "too_large"),
    ],
)
async def test_unreadable_messages_are_refused_and_the_session_goes_on(text: str, code: str) -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        ana.send_raw(text)
        error = await ana.receive()
        assert (error["type"], error["code"], error["retryable"]) == ("error", code, False)
        assert "token" not in error["message"]
        ana._ids = 10
        assert (await ana.ask("chat", text="still here"))["type"] == "ok"


async def test_the_id_of_a_request_with_a_wrong_field_is_named() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        assert (await ana.ask("chat", text=7))["code"] == "malformed"
        assert (await ana.ask("chat", text="seven"))["type"] == "ok"


async def test_binary_frames_are_malformed() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        ana.send_bytes(b'{"type":"leave","id":2}')
        assert (await ana.receive())["code"] == "malformed"


async def test_ids_must_grow() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        await ana.ask("chat", text="one")
        ana._ids = 0
        assert (await ana.ask("chat", text="two"))["code"] == "wrong_order"


@pytest.mark.parametrize("type", ["join", "resume"])
async def test_no_second_way_in(type: str) -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        if type == "join":
            ana.send("join", room="other", name="Ana")
        else:
            ana.send_raw(ana.resume_text())
        assert (await ana.receive())["code"] == "wrong_order"


async def test_before_join_there_is_little_to_spend() -> None:
    async with server() as (app, _):
        client = await Client(app).open()
        for _ in range(5):
            assert (await client.ask("chat", text="early"))["code"] == "wrong_order"
        assert (await client.receive())["code"] == "too_many_messages"
        assert (await client.receive())["type"] == "bye"
        assert (await client.closed()).code == 1008
        large = await Client(app).open()
        large.send("join", room="standup", name="Ana", metadata="a" * 70_000)
        assert (await large.receive())["code"] == "too_large"
        assert (await large.closed()).code == 1009
        await client.ended()
        await large.ended()


async def test_who_does_not_join_in_time_is_let_go() -> None:
    async with server(join_timeout=0.02) as (app, _):
        client = await Client(app).open()
        assert (await client.receive())["code"] == "join_timeout"
        assert (await client.closed()).code == 1008


async def test_connections_are_counted_by_address_and_in_total() -> None:
    async with server(max_connections_per_address=2, max_connections=3) as (app, _):
        first = await Client(app, address="10.0.0.1").open()
        await Client(app, address="10.0.0.1").open()
        third = await Client(app, address="10.0.0.1").open()
        assert (await third.receive())["code"] == "too_many_connections"
        assert (await third.closed()).code == 1013
        await Client(app, address="10.0.0.2").open()
        fourth = await Client(app, address="10.0.0.3").open()
        assert (await fourth.receive())["code"] == "too_many_connections"
        first.drop()
        await first.ended()
        await person(app, "Ana")


async def test_the_subprotocol_is_required() -> None:
    async with server() as (app, _):
        client = Client(app)
        client.scope["subprotocols"] = ["other"]
        with pytest.raises(Closed):
            await client.open()


async def test_a_flood_from_one_socket_leaves_the_others_undisturbed() -> None:
    async with server() as (app, _):
        ana, ben, flooder = [await person(app, name) for name in ("Ana", "Ben", "Flo")]
        for n in range(10_000):
            flooder.send("chat", text=str(n))
        replies = [await ana.ask("chat", text=f"hello {n}") for n in range(20)]
        assert [reply["type"] for reply in replies] == ["ok"] * 20
        heard = [
            (await ben.until(lambda m: m["type"] == "chat" and m["message"]["sender"] == ana.me)) for _ in range(20)
        ]
        assert [m["message"]["text"] for m in heard] == [f"hello {n}" for n in range(20)]
        seen = []
        try:
            while True:
                seen.append(await flooder.receive())
        except Closed as closed:
            assert closed.code == 1008
        assert (seen[-1]["type"], seen[-1]["code"]) == ("bye", "too_many_messages")
        refusals = [m for m in seen if m["type"] == "error"]
        assert {m["code"] for m in refusals} == {"too_many_messages"}
        assert 1 <= len(refusals) <= 25, "refusing costs less than asking"
        passed = [m for m in seen if m["type"] == "ok"]
        assert len(passed) < 400
        await flooder.ended()
        assert (await ben.until("participant_left"))["participant"] == flooder.me


async def test_a_peer_that_does_not_read_holds_up_nobody() -> None:
    async with server(messages_per_second=10_000) as (app, _):
        stalled = await person(app, "Stalled")
        others = [await person(app, f"P{n}") for n in range(20)]
        stalled.hold()
        session = session_of(app, stalled.me, "standup")
        most = 0
        for n in range(40):
            for other in others:
                other.send("chat", text=str(n))
            for other in others:
                await other.until("ok")
            most = max(most, session.outbox.waiting)
        assert 200 < most <= 512, "bounded"
        assert session.link is None, "let go"
        for other in others:
            await other.settle()
            heard = [m["message"]["sender"] for m in other.seen if m["type"] == "chat"]
            assert {sender: heard.count(sender) for sender in heard} == {one.me: 40 for one in others}
        await eventually(lambda: stalled.aborted)
        await stalled.ended()


async def test_speakers_that_wait_are_replaced_not_piled_up() -> None:
    async with server(p2p="never") as (app, media):
        ana = await person(app, "Ana")
        track = (await ana.ask("publish", source="microphone", kind="audio"))["publication"]["id"]
        ana.hold()
        for level in range(100):
            media.speak("standup", (track, level))
        ana.release()
        speakers = [m["speakers"][0]["level"] for m in await ana.settle() if m["type"] == "speakers"]
        assert speakers[-1] == 99
        assert len(speakers) <= 2


async def test_many_pings_without_reading_are_bounded() -> None:
    async with server(messages_per_second=10_000) as (app, _):
        ana = await person(app, "Ana")
        ana.hold()
        for _ in range(1_000):
            ana.send_raw('{"type":"ping","ack":0}')
        await eventually(lambda: ana.aborted)
        await ana.ended()
