"""A lost socket is not a lost person."""

from .harness import Client, eventually, person, server


async def test_what_was_missed_comes_once_and_in_order() -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ana.settle()
        ana.drop()
        await ana.ended()
        assert not (await ben.until("participant_updated"))["connected"]
        for n in range(10):
            await ben.ask("chat", text=str(n))
        back = await Client(app).open()
        resumed = await back.resume(ana)
        assert resumed["ack"] == 1, "the join"
        texts = [(await back.until("chat"))["message"]["text"] for _ in range(10)]
        assert texts == [str(n) for n in range(10)]
        await back.settle()
        assert back.seqs == list(range(ana.last_seq + 1, back.last_seq + 1))
        assert (await ben.until("participant_updated"))["connected"]


async def test_requests_are_carried_out_once() -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        for n in range(5):
            ana.send("chat", text=str(n))
        await ben.until(lambda m: m["type"] == "chat" and m["message"]["text"] == "4")
        ana.drop()
        await ana.ended()
        back = await Client(app).open()
        # Ana has read nothing since she joined: she gets every reply, and sends nothing again.
        resumed = await back.resume(ana)
        assert resumed["ack"] == 6
        replies = [m["id"] for m in await back.settle() if m["type"] == "ok"]
        assert replies == [2, 3, 4, 5, 6]
        assert (await back.ask("chat", text="5"))["type"] == "ok"
        assert not [m for m in await ben.settle() if m.get("type") == "chat" and m["message"]["text"] != "5"]


async def test_the_token_is_good_for_one_resume() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        old = ana.session["token"]
        ana.drop()
        await ana.ended()
        back = await Client(app).open()
        await back.resume(ana)
        assert back.session["token"] != old
        assert back.session["id"] == ana.session["id"]
        assert (await back.ask("chat", text="I have the new one"))["type"] == "ok"
        thief = await Client(app).open()
        for token in (old, "wrong", "ä"):
            thief.send_raw(ana.resume_text(token=token))
            assert (await thief.receive())["code"] == "session_gone"
        assert (await back.ask("chat", text="still here"))["type"] == "ok"


async def test_a_resume_whose_answer_was_lost_can_be_tried_again() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        ana.drop()
        await ana.ended()
        lost = await Client(app).open()
        await lost.resume(ana)
        lost.drop()
        await lost.ended()
        again = await Client(app).open()
        await again.resume(ana)
        assert again.session["token"] not in (ana.session["token"], lost.session["token"])
        assert (await again.ask("chat", text="still here"))["type"] == "ok"


async def test_a_second_socket_takes_over() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        second = await Client(app).open()
        await second.resume(ana)
        assert (await ana.closed()).reason == "taken_over"
        await ana.ended()
        assert (await second.ask("chat", text="hello"))["type"] == "ok"
        running = app._running
        assert running is not None
        assert running.hub.rooms["standup"].room.participants[0].connected


async def test_after_the_grace_time_the_session_is_gone() -> None:
    async with server(grace=0.05) as (app, media):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        ana.drop()
        assert (await ben.until("participant_left"))["reason"] == "connection_lost"
        assert media.named("close") == [(ana.session["id"],)]
        back = await Client(app).open()
        back.send_raw(ana.resume_text())
        assert (await back.receive())["code"] == "session_gone"
        # The same socket may join anew.
        assert (await back.join("standup", "Ana"))["seq"] == 1


async def test_what_is_acknowledged_is_forgotten() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        for n in range(5):
            await ana.ask("chat", text=str(n))
        ana.send_raw(f'{{"type":"ping","ack":{ana.last_seq}}}')
        assert (await ana.until("pong"))["ack"] == 6
        ana.drop()
        await ana.ended()
        back = await Client(app).open()
        back.send_raw(ana.resume_text(last_seq=2))
        assert (await back.receive())["code"] == "session_gone"


async def test_too_much_missed_is_gone_and_makes_room() -> None:
    async with server(messages_per_second=10_000) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        ana.drop()
        await ana.ended()
        for n in range(600):
            await ben.ask("chat", text=str(n))
        back = await Client(app).open()
        back.send_raw(ana.resume_text())
        assert (await back.receive())["code"] == "session_gone"
        assert (await ben.until("participant_left"))["participant"] == ana.me


async def test_a_long_absence_within_bounds_is_no_slow_reader() -> None:
    async with server(messages_per_second=10_000) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        ana.drop()
        await ana.ended()
        for n in range(400):
            await ben.ask("chat", text=str(n))
        back = await Client(app).open()
        await back.resume(ana)
        ben.send("chat", text="now")
        texts = [(await back.until("chat"))["message"]["text"] for _ in range(401)]
        assert texts == [*map(str, range(400)), "now"]


async def test_a_lost_heartbeat_can_be_resumed() -> None:
    async with server(heartbeat=0.02) as (app, _):
        ana = await person(app, "Ana")
        assert (await ana.closed()).reason == "heartbeat_lost"
        await ana.ended()
        back = await Client(app).open()
        await back.resume(ana)


async def test_a_socket_that_goes_while_it_joins_leaves_nobody_behind() -> None:
    async with server() as (app, _):
        ana = await Client(app).open()
        ana.send("join", room="standup", name="Ana")
        ana.drop()
        await ana.ended()
        running = app._running
        assert running is not None
        await eventually(lambda: not any(actor.room.participants for actor in running.hub.rooms.values()) or (
            not running.hub.rooms["standup"].room.participants[0].connected
        ))  # fmt: skip
