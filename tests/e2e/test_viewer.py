"""The page of `/live/{room}` as somebody who only watches meets it: pictures recognised, tones heard, nothing opened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from tertulia import Tertulia
from tests.thorough import thorough

from .browsers import Chromium, ChromiumPage
from .caller import Caller, until
from .conftest import HERE, Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SCREEN = 40
"""Identity of the picture that stands for a shared screen."""

# Notes every sound that the page plays, and every wish for a device.
PLAYERS = """
window.players = [];
window.opened = 0;
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  if (this instanceof HTMLAudioElement && !players.includes(this)) players.push(this);
  return play.call(this);
};
for (const open of ['getUserMedia', 'getDisplayMedia']) {
  navigator.mediaDevices[open] = async () => { window.opened += 1; throw new DOMException('no', 'NotAllowedError'); };
}
"""
# As a browser behaves before the first click: no sound.
GESTURE_WANTED = """
let clicked = false;
addEventListener('click', () => { clicked = true; }, true);
const allowed = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  return clicked || this.muted ? allowed.call(this) : Promise.reject(new DOMException('no', 'NotAllowedError'));
};
"""


@dataclass
class Viewer:
    page: Page

    async def look(self) -> None:
        """Loads the eyes and ears into the page; from its own origin, so that its content policy stays in force."""
        await self.page.evaluate("import('/watcher.js').then(() => null)")

    async def sees(self, picture: int, frames: int = 5) -> None:
        """Fails unless so many new pictures of this identity are shown from now on."""

        async def enough() -> bool:
            seen = await self.page.evaluate("(since) => watcher.watch(since)", since)
            return len({frame["n"] for frame in seen if frame.get("id") == picture and not frame.get("bad")}) >= frames

        since = await self.page.evaluate("performance.now()")
        await until(enough, f"picture {picture} is shown")

    async def saw_no_gap(self, since: float) -> None:
        """Between two pictures there was never black, nor anything else that is no picture."""
        seen = await self.page.evaluate("(since) => watcher.watch(since)", since)
        assert not [frame for frame in seen if frame.get("black") or frame.get("bad")]

    async def hears(self, caller: Caller) -> None:
        async def pitch() -> bool:
            heard = await self.page.evaluate("watcher.hear()")
            return any(abs(one["hz"] - caller.pitch) < 12 and one["above"] > 25 for one in heard)

        await until(pitch, f"{caller.name} is heard at {caller.pitch:g} Hz")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app() -> AsyncIterator[Server]:
    server = await Server("--open").start()
    yield server
    await server.stop()


async def lend_test_files(page: Page) -> None:
    """Serves the test's scripts beside the app's own."""

    async def lend(route: Route) -> None:
        await route.fulfill(path=HERE / "web" / urlsplit(route.request.url).path.lstrip("/"))

    for name in ("person.js", "picture.js", "watcher.js"):
        await page.route(f"**/{name}", lend)


Open = Callable[..., Any]


@pytest_asyncio.fixture(loop_scope="session")
async def tabs(chromium: Chromium) -> AsyncIterator[Open]:
    """`await tabs(server, "/path", *init_scripts)` opens a page of the server, with the test's files lent to it."""
    opened: list[ChromiumPage] = []

    async def open_page(server: Server, path: str, *scripts: str, **options: Any) -> ChromiumPage:
        tab = await chromium.open("about:blank", **options)
        opened.append(tab)
        await lend_test_files(tab.page)
        for script in scripts:
            await tab.page.add_init_script(script)
        await tab.page.goto(f"{server.url}{path}")
        return tab

    yield open_page
    for tab in opened:
        await tab.close()


@pytest_asyncio.fixture(loop_scope="session")
async def speak(tabs: Open, app: Server, room: str) -> Callable[..., Any]:
    """`await speak("Ana", 1)` joins the room with a picture and a tone."""

    async def join(name: str, number: int, **arguments: Any) -> Caller:
        # Any page of the server will do: the browser lets no page reach this machine that came from the test itself.
        tab = await tabs(app, "/healthz")
        await tab.evaluate("import('/person.js').then(() => null)")
        return await Caller(tab, name, number, room).join(**arguments)

    return join


@pytest_asyncio.fixture(loop_scope="session")
async def watch(tabs: Open, app: Server, room: str) -> AsyncIterator[Callable[..., Any]]:
    """`await watch()` opens the viewer's page without a right to any device."""
    opened: list[ChromiumPage] = []

    async def open_viewer(*scripts: str, **options: Any) -> Viewer:
        tab = await tabs(app, f"/live/{room}", PLAYERS, *scripts, permissions=[], **options)
        opened.append(tab)
        viewer = Viewer(tab.page)
        await viewer.look()
        return viewer

    yield open_viewer
    errors = [error for tab in opened for error in tab.errors]
    assert not errors, errors


async def share_screen(caller: Caller) -> None:
    await caller.page.evaluate(
        f"import('/picture.js').then(({{ paint }}) => person.room.local.publish(paint({SCREEN}).track, {{ source: 'screen' }}))"
        ".then((publication) => { window.share = publication; })"
    )


async def test_from_waiting_to_live_to_a_screen_and_back(speak: Open, watch: Open, app: Server, room: str) -> None:
    viewer = await watch()
    page = viewer.page
    await expect(page.get_by_role("status")).to_have_text(
        "The stream has not started yet. It will play here by itself."
    )
    await expect(page.get_by_text("1 viewer", exact=True)).to_be_visible()
    ana = await speak("Ana", 1)
    await viewer.sees(1)
    await viewer.hears(ana)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text("")
    await expect(page.get_by_text("Ana", exact=True)).to_be_visible()
    await expect(page.get_by_text("Delay")).to_be_visible()

    since = await page.evaluate("performance.now()")
    await share_screen(ana)
    await viewer.sees(SCREEN)
    await expect(page.get_by_text("Ana is sharing a screen")).to_be_visible()
    await viewer.hears(ana)
    await ana.page.evaluate("share.unpublish()")
    await viewer.sees(1)
    await viewer.saw_no_gap(since)

    await ana.call("leave")
    await expect(page.get_by_role("status")).to_contain_text("has not started")
    await expect(page.get_by_text("Live", exact=True)).to_be_hidden()
    ben = await speak("Ben", 2)
    await viewer.sees(2)
    await viewer.hears(ben)
    assert await page.evaluate("opened") == 0


async def test_the_picture_follows_who_speaks_and_everybody_is_heard(speak: Open, watch: Open) -> None:
    ana = await speak("Ana", 1)
    ben = await speak("Ben", 2, publish=["camera"])
    viewer = await watch()
    await viewer.sees(1)
    await viewer.hears(ana)
    since = await viewer.page.evaluate("performance.now()")
    await ana.call("mute", source="microphone", muted=True)
    await ben.page.evaluate(
        f"import('/picture.js').then(({{ tone }}) => person.room.local.publish(tone({ben.pitch}), {{ source: 'microphone' }}))"
        ".then(() => null)"
    )
    await viewer.sees(2)
    await viewer.hears(ben)
    await viewer.saw_no_gap(since)
    await ana.call("mute", source="microphone", muted=False)
    await viewer.hears(ana)
    await viewer.hears(ben)


@pytest.mark.thorough
async def test_viewers_are_counted_and_none_of_them_can_take_part(
    watch: Open, speak: Open, app: Server, room: str
) -> None:
    one = await watch()
    two = await watch()
    for viewer in (one, two):
        await expect(viewer.page.get_by_text("2 viewers", exact=True)).to_be_visible()
    ana = await speak("Ana", 1)
    rooms = await ana.page.evaluate("fetch('/_test/rooms').then((answer) => answer.json())")
    roles = [person["role"] for person in rooms[room]["participants"]]
    assert sorted(roles) == ["moderator", "viewer", "viewer"], "who watches first does not moderate"
    assert {track["owner"] for track in rooms[room]["publications"]} == {ana.identity}
    await two.page.close()
    await expect(one.page.get_by_text("1 viewer", exact=True)).to_be_visible()


@pytest.mark.thorough
async def test_where_the_browser_wants_a_gesture_the_picture_runs_and_a_click_brings_the_sound(
    watch: Open, speak: Open
) -> None:
    ana = await speak("Ana", 1)
    viewer = await watch(GESTURE_WANTED)
    await viewer.sees(1)
    assert await viewer.page.evaluate("watcher.hear()") == []
    await viewer.page.get_by_role("button", name="Turn sound on").click()
    await viewer.hears(ana)
    await expect(viewer.page.get_by_role("button", name="Turn sound on")).to_be_hidden()


@pytest.mark.thorough
async def test_buttons_and_keys_pause_mute_and_choose_the_quality(watch: Open, speak: Open) -> None:
    ana = await speak("Ana", 1)
    viewer = await watch()
    page = viewer.page
    await viewer.hears(ana)
    await page.keyboard.press("m")
    await expect(page.get_by_role("button", name="Unmute")).to_be_visible()
    assert await page.evaluate("watcher.hear()") == []
    await page.get_by_role("button", name="Unmute").click()
    await viewer.hears(ana)
    await page.get_by_role("slider", name="Volume").fill("0.5")

    async def quieter() -> bool:
        volumes = await page.evaluate("players.filter((player) => !player.muted).map((player) => player.volume)")
        return bool(volumes == [0.5])

    await until(quieter, "the sound follows the slider")
    await page.locator("body").click(position={"x": 2, "y": 2})
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert await page.evaluate("watcher.hear()") == []
    await page.get_by_role("button", name="Play", exact=True).click()
    await viewer.sees(1)
    await viewer.hears(ana)
    await page.get_by_role("combobox", name="Quality").select_option("Low")
    await viewer.sees(1)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Full screen").click()
    await expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()
    await page.get_by_role("button", name="Leave full screen").click()
    await expect(page.get_by_role("button", name="Full screen")).to_be_visible()


async def test_a_lost_connection_comes_back_by_itself(watch: Open, speak: Open, app: Server, room: str) -> None:
    ana = await speak("Ana", 1)
    viewer = await watch()
    await viewer.sees(1)
    rooms = await ana.page.evaluate("fetch('/_test/rooms').then((answer) => answer.json())")
    (identity,) = [person["id"] for person in rooms[room]["participants"] if person["role"] == "viewer"]
    await app.post(f"/_test/drop-socket?room={room}&participant={identity}")
    await share_screen(ana)
    await viewer.sees(SCREEN)
    await viewer.hears(ana)


@pytest.mark.thorough
async def test_the_end_is_told(watch: Open, speak: Open) -> None:
    ana = await speak("Ana", 1)
    viewer = await watch(locale="zh-CN")
    await viewer.sees(1)
    await expect(viewer.page.get_by_text("直播中", exact=True)).to_be_visible()
    assert await viewer.page.evaluate("document.documentElement.lang") == "zh-CN"
    await ana.page.evaluate("person.room.end().catch((error) => error.code)")
    await expect(viewer.page.get_by_role("status")).to_have_text("直播已结束。")
    await expect(viewer.page.get_by_role("button", name="重试")).to_be_visible()
    await expect(viewer.page.get_by_role("button", name="静音")).to_be_hidden()


async def test_an_invitation_is_needed_where_the_server_is_not_open(chromium: Chromium, tabs: Open) -> None:
    secret = "known to this test only, and long enough"
    server = await Server("--secret", secret).start()
    try:
        stranger = await tabs(server, "/live/board", PLAYERS, permissions=[])
        await expect(stranger.page.get_by_role("status")).to_have_text("You need an invitation to watch this.")
        token = Tertulia(secret=secret).token("board", identity="vera", role="viewer")
        guest = await tabs(server, f"/live/board#t={token}", PLAYERS, permissions=[])
        await expect(guest.page.get_by_role("status")).to_contain_text("has not started")
    finally:
        await server.stop()


@pytest.mark.parametrize("size", [(360, 640), thorough((1280, 760))], ids=["phone", "desk"])
async def test_nothing_overflows_at_any_size(watch: Open, size: tuple[int, int]) -> None:
    viewer = await watch(viewport={"width": size[0], "height": size[1]})
    await expect(viewer.page.get_by_text("1 viewer", exact=True)).to_be_visible()
    for button in await viewer.page.get_by_role("button").all():
        box = await button.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= size[0] and box["y"] + box["height"] <= size[1]
    assert await viewer.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
