"""Starting, stopping, mounting, and Python code that listens."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tertulia import Message, Participant, Room, Tertulia
from tertulia.media.fake import FakeMedia

from .harness import Client, Closed, eventually, person, server


async def test_stopping_tells_everybody_and_lets_nobody_in() -> None:
    media = FakeMedia()
    app = Tertulia(open=True, media=media)
    async with app.lifespan():
        ana, idle = await person(app, "Ana"), await Client(app).open()
        draining = asyncio.create_task(app.drain())
        bye = await ana.until("bye")
        assert (bye["code"], bye["retryable"]) == ("server_stopping", True)
        assert (await ana.closed()).code == 1013
        assert (await idle.until("bye"))["code"] == "server_stopping"
        await draining
        late = await Client(app).open()
        assert (await late.ask("join", room="standup", name="Late"))["code"] == "server_stopping"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
            assert (await client.get("/readyz")).status_code == 503
    assert media.stopped


async def test_stopping_does_not_wait_for_a_peer_that_does_not_read() -> None:
    async with server(drain_timeout=0.05) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        ana.hold()
        await app.drain()
        assert (await ben.until("bye"))["code"] == "server_stopping"


async def test_without_its_lifespan_it_says_so() -> None:
    app = Tertulia(open=True, media=FakeMedia())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        answer = await client.get("/healthz")
        assert answer.status_code == 503
        assert "lifespan" in answer.text
    with pytest.raises(Closed):
        await Client(app).open()


async def test_mounted_below_a_prefix_two_at_once() -> None:
    async with server() as (one, _), server() as (two, _):
        app = Starlette(routes=[Mount("/one", one), Mount("/two", two)])
        ana = await Client(app, path="/one/ws").open()
        await ana.join("standup", "Ana")
        ben = await Client(app, path="/two/ws").open()
        assert (await ben.join("standup", "Ben"))["participants"] == []


async def test_it_can_be_started_again() -> None:
    app = Tertulia(open=True, media=FakeMedia())
    for _ in range(2):
        async with app.lifespan():
            await person(app, "Ana")
            with pytest.raises(RuntimeError):
                async with app.lifespan():
                    pass


async def test_its_own_lifespan_events() -> None:
    media = FakeMedia()
    app = Tertulia(open=True, media=media)
    to_app: asyncio.Queue[Any] = asyncio.Queue()
    from_app: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan"}, to_app.get, from_app.put))
    to_app.put_nowait({"type": "lifespan.startup"})
    assert await from_app.get() == {"type": "lifespan.startup.complete"}
    to_app.put_nowait({"type": "lifespan.shutdown"})
    assert await from_app.get() == {"type": "lifespan.shutdown.complete"}
    await task
    assert media.stopped


async def test_handlers_hear_and_speak() -> None:
    app = Tertulia(open=True, media=FakeMedia())
    heard: list[tuple[str, Any]] = []

    @app.on("participant_joined")
    async def greet(room: Room, who: Participant) -> None:
        await room.chat.send(f"Welcome, {who.name}")

    @app.on("participant_joined")
    async def broken(room: Room, who: Participant) -> None:
        raise RuntimeError("a handler's own fault")

    @app.on("participant_left")
    async def gone(room: Room, who: Participant) -> None:
        heard.append(("left", who.name))

    @app.on("chat")
    async def chat(room: Room, message: Message) -> None:
        heard.append(("chat", message.text))
        if message.text == "out":
            await room.remove(room.participants[0])

    async with app.lifespan():
        ana = await person(app, "Ana")
        assert (await ana.until("chat"))["message"]["text"] == "Welcome, Ana"
        ana.send("chat", text="out")
        assert (await ana.until("bye"))["code"] == "removed"
        await eventually(lambda: ("left", "Ana") in heard)
    assert ("chat", "out") in heard


def test_a_handler_is_checked_when_it_is_registered() -> None:
    app = Tertulia(open=True, media=FakeMedia())
    with pytest.raises(ValueError, match="no event"):
        app.on("nonsense")(test_its_own_lifespan_events)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        app.on("chat")(lambda room, message: None)  # type: ignore[type-var]


def test_it_does_not_run_open_by_accident() -> None:
    with pytest.raises(ValueError, match="secret"):
        Tertulia(media=FakeMedia())
    with pytest.raises(ValueError, match="32 bytes"):
        Tertulia(media=FakeMedia(), secret="short")


async def test_a_fault_in_one_request_leaves_the_room_alive() -> None:
    async with server() as (app, media):
        ana = await person(app, "Ana")
        media.next_error = RuntimeError("a bug of ours")  # type: ignore[assignment]
        reply = await ana.ask("offer", to="server", serial=1, sdp="v=0", publications={})
        assert (reply["code"], reply["retryable"]) == ("internal", True)
        assert "bug" not in reply["message"]
        assert (await ana.ask("chat", text="still here"))["type"] == "ok"
