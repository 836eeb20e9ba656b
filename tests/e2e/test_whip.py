"""WHIP and WHEP with real browsers: pictures and tones are recognised after they were decoded."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Route

from tertulia import Tertulia

from .browsers import Chromium, Firefox
from .by_http import ByHttp, open_page
from .caller import until
from .conftest import Server
from .meeting import LOOK, in_the_call
from .visits import SECRET

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Open = Callable[..., Any]

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "whip-whep.md"


@pytest_asyncio.fixture(loop_scope="session")
async def pages(server: Server, chromium: Chromium) -> AsyncIterator[Open]:
    """`await pages("Obs", "Player")` opens a page for each, `at` another server."""
    opened: list[ByHttp] = []

    async def open_all(*names: str, at: Server = server) -> list[ByHttp]:
        for name in names:
            # Numbers of their own: nobody in the app shows the same picture.
            opened.append(await open_page(chromium, at.url, name, 9 + len(opened)))
        return opened[-len(names) :]

    yield open_all
    for one in opened:
        await one.page.close()


async def test_what_one_page_sends_another_plays(pages: Open, room: str) -> None:
    obs, player = await pages("Obs", "Player")
    assert (await obs.publish(f"/whip/{room}/obs"))["status"] == 201
    assert (await player.play(f"/whep/{room}/obs"))["status"] == 201
    await player.sees(obs)
    await player.hears(obs.pitch)
    with pytest.raises(AssertionError, match="sees picture 5 move"):
        await player.sees(5, patience=1)
    assert await obs.call("end") == 200


@pytest.mark.thorough
async def test_a_player_waits_for_a_publisher_and_for_the_next_one(pages: Open, room: str) -> None:
    player, first, second = await pages("Player", "First", "Second")
    assert (await player.play(f"/whep/{room}"))["status"] == 201
    await until(lambda: _connected(player), "the player's media is up before anything is sent")
    for encoder in (first, second):
        await encoder.publish(f"/whip/{room}/camera")
        await player.sees(encoder)
        await player.hears(encoder.pitch)
        assert await encoder.call("end") == 200


async def test_people_in_the_app_and_pages_on_http_meet(
    guests: Open, pages: Open, app_server: Server, room: str
) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    obs, player = await pages("Obs", "Player", at=app_server)
    await obs.publish(f"/whip/{room}/obs")
    for guest in (ana, ben):
        await guest.sees("obs", obs.number)
        await guest.hears(obs.pitch)
    # Of people who talk at once the loudest is in front: here each talks alone.
    assert await obs.call("end") == 200
    await ana.press("Mute microphone")
    assert (await player.play(f"/whep/{room}"))["status"] == 201
    await player.sees(ben)
    await player.hears(ben.pitch)
    await ben.press("Mute microphone")
    await ana.press("Unmute microphone")
    await player.hears(ana.pitch)
    await player.sees(ana)
    await ben.press("Share screen")
    await player.sees(ben.screen)


@pytest.mark.thorough
async def test_ice_starts_anew_on_both_sides_without_a_new_session(pages: Open, room: str) -> None:
    obs, player = await pages("Obs", "Player")
    await obs.publish(f"/whip/{room}/obs")
    await player.play(f"/whep/{room}")
    await player.sees(obs)
    for page in (obs, player):
        before = (await page.call("ice"))["offered"]
        assert await page.call("restart") == 200
        await page.ice_is(offered_not=before)
        await player.sees(obs)
        await player.hears(obs.pitch)
    assert await obs.call("end") == 200
    assert await player.call("end") == 200


async def test_somebody_elses_clients_send_and_play(server: Server, pages: Open, room: str) -> None:
    """Unmodified, from npm. They cannot restart ICE with a server of several candidates: they write a comma between them."""
    obs, player = await pages("Obs", "Player", at=server)
    await obs.use("whip", f"/whip/{room}/obs")
    await player.use("whep", f"/whep/{room}")
    await player.sees(obs)
    await player.hears(obs.pitch)
    await obs.evaluate("theirs.stop().then(() => null)")


@pytest.mark.thorough
async def test_pages_send_and_play_with_tokens_only_where_the_server_asks_for_them(
    house: Server, pages: Open, room: str
) -> None:
    obs, player, stranger = await pages("Obs", "Player", "Stranger", at=house)
    tokens = Tertulia(secret=SECRET)
    refused = await stranger.play(f"/whep/{room}")
    assert (refused["status"], refused["code"]) == (401, "token_required")
    viewer = tokens.token(room, role="viewer")
    refused = await stranger.publish(f"/whip/{room}", token=viewer)
    assert (refused["status"], refused["code"]) == (403, "not_allowed")
    await obs.publish(f"/whip/{room}", token=tokens.token(room, identity="obs"))
    await player.play(f"/whep/{room}", token=viewer)
    await player.sees(obs)
    assert await player.call("end") == 200


async def test_the_pages_of_the_reference_work_as_printed(server: Server, chromium: Chromium, room: str) -> None:
    sending, receiving = re.findall(r"```html\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    tabs = []
    for page in (sending, receiving):
        tab = await chromium.open("about:blank")
        tabs.append(tab)
        await tab.page.route(f"{server.url}/printed", _serve(page.replace("studio", room).replace("…", "")))
        await tab.page.goto(f"{server.url}/printed")
    prints: set[str] = set()

    async def moves() -> bool:
        look = await tabs[1].page.locator("video").evaluate(LOOK)
        if look["green"]:
            prints.add(look["print"])
        return len(prints) >= 3

    await until(moves, lambda: f"the fake camera is seen to move; {[tab.errors for tab in tabs]}")
    for tab in tabs:
        await tab.close()


@pytest.mark.thorough
async def test_firefox_plays_and_sends(pages: Open, server: Server, firefox: Firefox, room: str) -> None:
    obs, player = await pages("Obs", "Player")
    fox = ByHttp(await firefox.open(f"{server.url}/whip.html"), server.url, "Fox", 20)
    await obs.publish(f"/whip/{room}/obs")
    assert (await fox.play(f"/whep/{room}/obs"))["status"] == 201
    await fox.sees(obs)
    await fox.hears(obs.pitch)
    sender = ByHttp(await firefox.open(f"{server.url}/whip.html"), server.url, "Sender", 21)
    await sender.publish(f"/whip/{room}/fox")
    await player.play(f"/whep/{room}/fox")
    await player.sees(sender)
    await player.hears(sender.pitch)
    await fox.page.close()
    await sender.page.close()


async def _connected(page: ByHttp) -> bool:
    return bool(await page.call("state") == "connected")


def _serve(html: str) -> Callable[[Route], Any]:
    return lambda route: route.fulfill(body=html, content_type="text/html")
