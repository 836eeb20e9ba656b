"""A server ends and another one goes on with its database: people come back to their sessions."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tertulia import Participant, Room
from tertulia.app import Tertulia
from tertulia.doors.native import restart
from tertulia.media.fake import FakeMedia

from .harness import SECRET, Client, eventually, person, server

Next = Callable[..., AbstractAsyncContextManager[tuple[Tertulia, FakeMedia]]]


@pytest.fixture
def next_server(tmp_path: Path) -> Next:
    """One after the other on the same database."""
    return lambda **settings: server(database=f"sqlite:///{tmp_path / 'test.db'}", chat_retention=3600, **settings)


def images(tmp_path: Path) -> list[tuple[str, bytes]]:
    with sqlite3.connect(tmp_path / "test.db") as connection:
        return connection.execute("SELECT room, image FROM images").fetchall()


async def back(app: Tertulia, old: Client) -> Client:
    client = await Client(app).open()
    await client.resume(old)
    return client


async def refused(app: Tertulia, old: Client) -> None:
    client = await Client(app).open()
    client.send_raw(old.resume_text())
    assert (await client.receive())["code"] == "session_gone"


async def test_people_are_where_they_were(next_server: Next) -> None:
    async with next_server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        camera = (await ben.ask("publish", source="camera", kind="video"))["publication"]
        await ben.ask("hand", raised=True)
        await ana.ask("lock", locked=True)
        await ana.settle()
        await ben.settle()
    for client in (ana, ben):
        closed = await client.closed()
        assert (closed.code, closed.reason) == (1012, "restarting")
        assert not [message for message in client.seen if message["type"] in ("bye", "participant_left")]
    async with next_server() as (app, _):
        assert [it.name for it in app.rooms] == ["standup"]
        ana, ben = await back(app, ana), await back(app, ben)
        assert [message["type"] for message in await ana.settle()] == ["media_lost"]
        assert [message["type"] for message in await ben.settle()] == ["media_lost"]
        cora = await Client(app).open()
        assert (await cora.ask("join", room="standup", name="Cora"))["code"] == "room_locked"
        await ana.ask("lock", locked=False)
        cora = await person(app, "Cora")
        (joined,) = [message for message in cora.seen if message["type"] == "joined"]
        people = {it["name"]: it for it in joined["participants"]}
        assert list(people) == ["Ana", "Ben"]
        assert people["Ben"]["hand"] == 1 and people["Ben"]["publications"] == [camera]
        assert people["Ana"]["role"] == "moderator"


async def test_what_was_missed_comes_once_and_in_order(next_server: Next) -> None:
    async with next_server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ana.settle()
        ana.drop()
        await ana.ended()
        for number in range(5):
            await ben.ask("chat", text=str(number))
    async with next_server() as (app, _):
        ben = await back(app, ben)
        for number in range(5, 10):
            await ben.ask("chat", text=str(number))
        again = await back(app, ana)
        heard = [it for it in await again.settle() if it["type"] == "chat"]
        assert [it["message"]["text"] for it in heard] == [str(number) for number in range(10)]
        numbers = [it["message"]["number"] for it in heard]
        assert numbers == sorted(set(numbers))
        assert again.seqs == list(range(ana.last_seq + 1, again.last_seq + 1))


async def test_requests_are_carried_out_once(next_server: Next) -> None:
    """What the server has read is carried out and answered; what it has not is said again."""
    async with next_server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        for number in range(20):
            ana.send("chat", text=str(number))
    async with next_server() as (app, _):
        ben = await back(app, ben)
        client = await Client(app).open()
        resumed = await client.resume(ana)
        arrived = resumed["ack"] - 1
        replies = [it["id"] for it in await client.settle() if it["type"] == "ok"]
        assert replies == list(range(2, resumed["ack"] + 1))
        for number in range(arrived, 20):
            client.send_raw(f'{{"type":"chat","id":{number + 2},"text":"{number}"}}')
        said: list[str] = []
        while len(said) < 20:
            said.append((await ben.until("chat"))["message"]["text"])
        assert said == [str(number) for number in range(20)]


async def test_a_second_restart_before_anybody_came_back(next_server: Next) -> None:
    async with next_server() as (app, _):
        ana = await person(app, "Ana")
        await ana.settle()
    async with next_server() as (app, _):
        pass
    async with next_server() as (app, _):
        again = await back(app, ana)
        assert (await again.ask("chat", text="hello"))["type"] == "ok"
    async with next_server() as (app, _):
        third = await back(app, again)
        assert (await third.ask("chat", text="hello"))["type"] == "ok"


async def test_tokens_rotate_over_a_restart_and_are_not_kept(next_server: Next, tmp_path: Path) -> None:
    async with next_server() as (app, _):
        ana = await person(app, "Ana")
        await ana.settle()
        again = await back(app, ana)
    ((_, image),) = images(tmp_path)
    for token in (ana.session["token"], again.session["token"]):
        assert token.encode() not in image
    async with next_server() as (app, _):
        # `resumed` may have been lost on its way: the token before is good, too.
        third = await Client(app).open()
        third.send_raw(ana.resume_text())
        assert (await third.receive())["type"] == "resumed"
        third.send_raw('{"type":"ping","ack":0}')
        await third.until("pong")
        for token in (ana.session["token"], again.session["token"], "wrong"):
            thief = await Client(app).open()
            thief.send_raw(ana.resume_text(token=token))
            assert (await thief.receive())["code"] == "session_gone"


async def test_an_image_is_read_once(next_server: Next, tmp_path: Path) -> None:
    async with next_server() as (app, _):
        ana = await person(app, "Ana")
    assert [room for room, _ in images(tmp_path)] == ["standup"]
    async with next_server() as (app, _):
        assert images(tmp_path) == []
        running = app._running
        assert running is not None
        running.restart = None  # as if it were killed
    async with next_server() as (app, _):
        await refused(app, ana)


@pytest.mark.parametrize("harm", [b"", b"\x93\x01\x02", b"not an image"])
async def test_a_broken_image_costs_its_room_and_nothing_else(next_server: Next, tmp_path: Path, harm: bytes) -> None:
    async with next_server() as (app, _):
        ana, ben = await person(app, "Ana", room="broken"), await person(app, "Ben", room="whole")
    with sqlite3.connect(tmp_path / "test.db") as connection:
        connection.execute("UPDATE images SET image = ? WHERE room = 'broken'", (harm,))
    async with next_server() as (app, _):
        assert [it.name for it in app.rooms] == ["whole"]
        await refused(app, ana)
        await back(app, ben)


async def test_an_old_image_is_thrown_away(next_server: Next, tmp_path: Path) -> None:
    async with next_server(grace=5) as (app, _):
        ana = await person(app, "Ana")
    with sqlite3.connect(tmp_path / "test.db") as connection:
        connection.execute("UPDATE images SET saved = ?", (time.time() - 6,))
    async with next_server(grace=5) as (app, _):
        assert app.rooms == ()
        await refused(app, ana)


async def test_a_database_that_fails_ends_the_sessions_as_ever(next_server: Next, tmp_path: Path) -> None:
    async with next_server() as (app, _):
        ana = await person(app, "Ana")

        def spoil() -> None:
            with sqlite3.connect(tmp_path / "test.db") as connection:
                connection.execute("ALTER TABLE images RENAME TO elsewhere")

        # The server shares this loop, and may be in the middle of writing.
        await asyncio.to_thread(spoil)
    closed = await ana.closed()
    assert ana.seen[-1]["type"] == "bye" and ana.seen[-1]["code"] == "server_stopping"
    assert closed.code == 1013


async def test_a_room_that_is_too_large_ends_as_ever(next_server: Next, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "ROOM_BYTES", 2_000)
    async with next_server() as (app, _):
        ana, ben = await person(app, "Ana", room="small"), await person(app, "Ben", room="large")
        ben.drop()
        await ben.ended()
        cora = await person(app, "Cora", room="large")
        for _ in range(10):
            await cora.ask("chat", text="x" * 1_000)
    assert (await ana.closed()).code == 1012
    await cora.closed()
    assert cora.seen[-1]["code"] == "server_stopping"


async def test_who_is_about_to_come_back_when_the_server_stops_may_come_back_to_the_next(next_server: Next) -> None:
    async with next_server() as (app, _):
        ana = await person(app, "Ana")
        await ana.settle()
        ana.drop()
        await ana.ended()
        early = await Client(app).open()
        await asyncio.sleep(0)
    assert (await early.closed()).code == 1012
    assert early.seen == []
    async with next_server() as (app, _):
        await back(app, ana)


async def test_who_waits_to_be_admitted_is_told_to_come_again(next_server: Next) -> None:
    async with next_server(open=False, secret=SECRET) as (app, _):
        ana = await person(app, "Ana", token=app.token("standup", role="moderator"))
        await ana.ask("waiting_room", enabled=True)
        guest = await Client(app).open()
        guest.send("join", room="standup", name="Guest")
        await guest.until("waiting")
        await ana.until("knock")
    await guest.closed()
    assert guest.seen[-1]["code"] == "server_stopping"
    async with next_server(open=False, secret=SECRET) as (app, _):
        ana = await back(app, ana)
        assert [it["type"] for it in await ana.settle()] == ["knock_ended", "media_lost"]
        again = await Client(app).open()
        again.send("join", room="standup", name="Guest")
        await again.until("waiting")


async def test_an_app_hears_of_those_who_are_there(next_server: Next) -> None:
    heard: list[str] = []
    async with next_server() as (app, _):
        await person(app, "Ana")
        ben = await person(app, "Ben")
        await ben.settle()
    async with next_server() as (app, _):

        @app.on("participant_left")
        async def left(room: Room, who: Participant) -> None:
            heard.append(who.name)

        again = await back(app, ben)
        again.send("leave")
        await again.closed()
        await eventually(lambda: heard)
    assert heard == ["Ben"]


async def test_without_a_database_on_disk_sessions_end_as_ever() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
    assert (await ana.closed()).code == 1013
    assert ana.seen[-1]["code"] == "server_stopping"


async def test_what_is_shared_said_of_oneself_and_subscribed_to_goes_on(next_server: Next) -> None:
    async with next_server(topic=["/quotes/*"]) as (app, _):
        ana = await person(app, "Ana")
        await ana.ask("presence_set", state={"mood": "good"})
        stored = await ana.ask("state_set", key="score", value=[7])
        await ana.ask("topic_subscribe", topic="/quotes/*", every=0, last=False)
    async with next_server(topic=["/quotes/*"]) as (app, _):
        again = await back(app, ana)
        ben = await person(app, "Ben")
        (joined,) = [message for message in ben.seen if message["type"] == "joined"]
        assert joined["state"] == [{"key": "score", "value": [7], "version": stored["version"]}]
        assert [it["state"] for it in joined["presence"]] == [{"mood": "good"}]
        conflict = await again.ask("state_set", key="score", value=[8], version=stored["version"] + 1)
        assert conflict["code"] == "conflict"
        app.publish("/quotes/AAPL", 5)
        assert (await again.until("data"))["data"] == 5
