"""Pages that were written for another Socket.IO server, and the examples that show such pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Locator

from .caller import until
from .conftest import EXAMPLES, Server
from .stranger import Stranger, present

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]
LOOK_AT_ALL = """
async (videos) => {
  await new Promise((done) => setTimeout(done, 150));
  return Promise.all(videos.map((video) => meeting.look(video)));
}
"""


# --- one event for everything -----------------------------------------------------------------------------------------------------------


@pytest.mark.thorough
async def test_the_minimal_page_waits_and_the_one_with_true_calls(example: Invite, strangers: Invite) -> None:
    server = await example("socketio-minimal")
    ana = await strangers(f"{server.url}/", 1)
    await present(server, "lobby", 1)
    ben = await strangers(f"{server.url}/#true", 2)
    await ana.sees(2)
    await ben.sees(1)
    await ana.hears(ben.pitch)
    await ben.hears(ana.pitch)
    assert await server.metric("tertulia_rtp_in_total") == 0
    assert not [*ana.errors, *ben.errors]


@pytest.mark.thorough
async def test_a_minimal_page_that_is_loaded_anew_calls_again(example: Invite, strangers: Invite) -> None:
    server = await example("socketio-minimal")
    ana, ben = await strangers(f"{server.url}/", 1), await strangers(f"{server.url}/", 2)
    await present(server, "lobby", 2)
    await ana.tab.page.goto("about:blank")
    await present(server, "lobby", 1)
    await ana.tab.page.goto(f"{server.url}/#true")
    await ana.sees(2)
    await ben.sees(1)


# --- events of their own ----------------------------------------------------------------------------------------------------------------


async def test_two_pages_with_events_for_offer_and_answer(strangers: Invite, server: Server, room: str) -> None:
    before = await server.metric("tertulia_rtp_in_total")
    url = f"{server.url}/socketio.html?room={room}"
    ana, ben = await strangers(url, 1), await strangers(url, 2)
    await present(server, room, 2)
    await ana.tab.page.get_by_role("button", name="Call").click()
    await ana.sees(2)
    await ben.sees(1)
    await ben.hears(ana.pitch)
    await until(lambda: ben.evaluate("channel?.readyState === 'open'"), "the data channel is open")
    await ben.evaluate("channel.send('a line on the board')")
    await until(lambda: ana.evaluate("received.length"), "the data channel carries something")
    assert await ana.evaluate("received") == ["a line on the board"]
    assert await server.metric("tertulia_rtp_in_total") == before
    assert not [*ana.errors, *ben.errors]


@pytest.mark.thorough
async def test_a_page_with_events_meets_the_native_client(
    strangers: Invite, people: Invite, server: Server, room: str
) -> None:
    (cora,) = await people("Cora")
    await cora.join()
    ana = await strangers(f"{server.url}/socketio.html?room={room}", 7)
    await present(server, room, 2)
    await ana.tab.page.get_by_role("button", name="Call").click()
    await ana.sees(cora.number)
    await ana.hears(cora.pitch)
    await until(lambda: _sees(cora, 7), "the native client sees the page")
    assert not ana.errors


@pytest.mark.thorough
async def test_a_page_that_loses_its_connection_is_the_same_again(strangers: Invite, server: Server, room: str) -> None:
    url = f"{server.url}/socketio.html?room={room}"
    ana, ben = await strangers(url, 1), await strangers(url, 2)
    await present(server, room, 2)
    await until(lambda: ben.evaluate("socket.io.engine.transport.name === 'websocket'"), "it has a socket to lose")
    id = await ben.evaluate("socket.id")
    await ben.evaluate(
        "socket.on('hello', (text) => received.push(text)) && socket.on('disconnect', () => received.push('lost')) && 1"
    )
    await server.post(f"/_test/drop-socket?room={room}&participant={id}")
    await until(lambda: ben.evaluate("received.includes('lost')"), "it has lost its connection")
    await ana.evaluate("socket.emit('hello', 'you missed this') && 1")
    await until(lambda: ben.evaluate("socket.connected && received.length === 2"), "it is back, with what it missed")
    assert await ben.evaluate("[socket.recovered, socket.id]") == [True, id]
    assert await ben.evaluate("received") == ["lost", "you missed this"]
    await present(server, room, 2)


# --- a room server ----------------------------------------------------------------------------------------------------------------------


async def test_the_codelabs_pages_meet_and_a_third_finds_the_room_full(strangers: Invite, serve: Invite) -> None:
    server = await serve("--max-room-size", "2")
    url = f"{server.url}/codelab.html?room=foo"
    ana = await strangers(url, 1)
    await present(server, "foo", 1)
    ben = await strangers(url, 2)
    await ana.sees(2)
    await ben.sees(1)
    cora = await strangers(url, 3)
    await until(lambda: cora.evaluate("heard.includes('full')"), "the third is told")
    assert [word for word in await ana.evaluate("heard") if word != "log"] == ["created", "join", "ready"]
    assert [word for word in await ben.evaluate("heard") if word != "log"] == ["joined", "ready"]
    assert "odd log" not in await ana.evaluate("heard")
    rooms = json.loads(await server.get("/_test/rooms"))
    assert not rooms.get("lobby", {}).get("participants")


# --- all together -----------------------------------------------------------------------------------------------------------------------


async def test_the_bare_page_the_minimal_page_and_the_web_app_are_one_room(
    strangers: Invite, guests: Invite, app_server: Server
) -> None:
    (cora,) = await guests("Cora")
    await cora.page.goto(f"{app_server.url}/r/lobby")
    await cora.enter()
    # The pages of the examples, in place of the app on its own server.
    bare = await strangers(f"{app_server.url}/bare", 7, file=EXAMPLES / "websocket-call" / "index.html")
    await present(app_server, "lobby", 2)
    minimal = await strangers(f"{app_server.url}/minimal", 8, file=EXAMPLES / "socketio-minimal" / "index.html")
    await present(app_server, "lobby", 3)
    await bare.tab.page.get_by_role("button", name="Call").click()
    tiles = (
        cora.page.get_by_role("region", name="People in the call")
        .get_by_role("listitem", name="Guest")
        .locator("video")
    )
    await _shows(tiles, {7, 8})
    for pitch in (bare.pitch, minimal.pitch):
        await cora.hears(pitch)
    await _is_shown(bare, {cora.number, 8})
    await _is_shown(minimal, {cora.number, 7})
    assert not [*bare.errors, *minimal.errors]


async def _shows(tiles: Locator, pictures: set[int]) -> None:
    """Until these pictures are shown, no others, and each has changed."""
    seen: dict[int, set[int]] = {}

    async def enough() -> bool:
        looks = [look for look in await tiles.evaluate_all(LOOK_AT_ALL) if look]
        for look in looks:
            seen.setdefault(look["id"], set()).add(look["n"])
        return {look["id"] for look in looks} == pictures and all(len(seen[id]) > 1 for id in pictures)

    await until(enough, f"the app shows pictures {pictures}")


async def _is_shown(page: Stranger, others: set[int]) -> None:
    async def shown() -> bool:
        frame = await page.evaluate("eyes.look('#remote')")
        return bool(frame) and frame.get("id") in others

    await until(shown, f"{page.number} sees one of {others}")
    pitches = {300.0 + 130.0 * number for number in others}

    async def heard() -> bool:
        now = await page.evaluate("eyes.hear('#remote')")
        return bool(now) and now["above"] > 25 and any(abs(now["hz"] - pitch) < 12 for pitch in pitches)

    await until(heard, f"{page.number} hears one of {others}")


async def _sees(caller: Any, number: int, name: str = "Guest") -> bool:
    seen = await caller.call("watch", name=name, since=0)
    return len({frame["n"] for frame in seen if frame.get("id") == number and not frame.get("bad")}) >= 6
