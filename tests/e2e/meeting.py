"""The app's pages as people use them: found by role and name, judged by what is decoded and played."""

from __future__ import annotations

import asyncio
import json
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import FrameLocator, Locator, Page, expect

from .browsers import ChromiumPage, FirefoxPage
from .caller import PATIENCE, until

WEB = Path(__file__).parent / "web"
FRAMES = 4
"""So many different pictures show that it moves."""

# Chromium's fake camera is a green pie that turns: two looks at different moments differ, and green it is.
LOOK = """
(video) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 40 });
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 64, 40);
  const { data } = context.getImageData(0, 0, 64, 40);
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c += 1) sum[c] += data[i + c];
  return { green: sum[1] > 4 * (sum[0] + sum[2]) / 2 && sum[1] > 64 * 40 * 40, print: sum.join() };
}
"""


async def enter(page: Page, name: str) -> None:
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Join", exact=True).click()
    await expect(page.get_by_role("toolbar", name="Call controls")).to_be_visible()


def tile_of(page: Page | FrameLocator, name: str) -> Locator:
    """Its name goes on where there is more to say: "Ben, microphone off"."""
    stage = page.get_by_role("region", name="People in the call")
    return stage.get_by_role("listitem", name=re.compile(rf"^{re.escape(name)}(,|$)"))


async def shows_a_moving_camera(page: Page | FrameLocator, name: str) -> None:
    """The tile of this person shows the fake camera's picture, and it changes."""
    video = tile_of(page, name).locator("video")
    await expect(video).to_be_visible(timeout=45_000)
    prints = set()

    async def moves() -> bool:
        look = await video.evaluate(LOOK)
        if look["green"]:
            prints.add(look["print"])
        return len(prints) >= 3

    await until(moves, f"{name}'s camera is seen to move")


def devices(cameras: dict[str, int], microphones: dict[str, float], screen: tuple[int, float], fps: float = 10) -> str:
    """A script for before the page: its devices by label, with the identity that a camera shows and the pitch that a microphone hears."""
    setup = {
        "cameras": [{"label": label, "id": identity} for label, identity in cameras.items()],
        "microphones": [{"label": label, "hz": hz} for label, hz in microphones.items()],
        "screen": {"id": screen[0], "hz": screen[1]},
        "fps": fps,
    }
    modules = "\n".join((WEB / name).read_text() for name in ("picture.js", "meeting.js"))
    plain = re.sub(r"^export |^import .*$", "", modules, flags=re.MULTILINE)
    return f"(() => {{ const SETUP = {json.dumps(setup)};\n{plain} }})();"


@dataclass
class Somebody(ABC):
    """Whose picture and tone can be told from everybody else's."""

    name: str
    number: int

    @property
    def pitch(self) -> float:
        return 300.0 + 130.0 * self.number

    @property
    def back_camera(self) -> int:
        """Identity that the other camera shows."""
        return 16 + self.number

    @property
    def screen(self) -> int:
        """Identity of what this person shares."""
        return 32 + self.number

    @property
    def screen_pitch(self) -> float:
        return 2000.0 + 130.0 * self.number

    def script(self, **options: Any) -> str:
        """Two cameras and a microphone."""
        cameras = {"Front camera": self.number, "Back camera": self.back_camera}
        return devices(cameras, {"Headset": self.pitch}, (self.screen, self.screen_pitch), **options)

    @abstractmethod
    async def evaluate(self, expression: str) -> Any: ...

    async def _plays(self, hz: float) -> bool:
        heard = await self.evaluate("meeting.hear()")
        return any(abs(one["hz"] - hz) < 12 and one["above"] > 25 for one in heard)

    async def hears(self, hz: float, patience: float = PATIENCE) -> None:
        await until(lambda: self._plays(hz), f"{self.name} hears {hz:g} Hz", patience)

    async def hears_no(self, hz: float) -> None:
        async def silent() -> bool:
            return not await self._plays(hz)

        await until(silent, f"{self.name} no longer hears {hz:g} Hz")

    async def _looks(self, look: Callable[[], Awaitable[Any]], picture: int, patience: float) -> None:
        seen: set[int] = set()
        last: Any = None

        async def enough() -> bool:
            nonlocal last
            last = await look()
            if last and last.get("id") == picture and not last.get("bad"):
                seen.add(last["n"])
            return len(seen) >= FRAMES

        await until(enough, lambda: f"{self.name} sees picture {picture} move; last seen {last}", patience)


class FirefoxGuest(Somebody):
    """In the app with Firefox."""

    def __init__(self, page: FirefoxPage, name: str, number: int) -> None:
        super().__init__(name, number)
        self.page = page

    async def evaluate(self, expression: str) -> Any:
        return await self.page.evaluate(expression)

    async def enter(self, url: str) -> None:
        await self.page.add_init_script(self.script())
        await self.page.goto(url)
        await until(lambda: self.page.shows("textbox", "Your name"), "Firefox shows the pre-join page")
        # Firefox never says that it would not ask, so the app does not open anything by itself.
        consent = "Turn on camera and microphone"
        await until(lambda: self.page.shows("button", consent), "Firefox shows the question")
        await self.page.click("button", consent)
        await self.page.click("textbox", "Your name")
        await self.page.type(self.name)
        await self.page.click("button", "Join")
        await until(lambda: self.page.shows("toolbar", "Call controls"), "Firefox is in the call")

    async def sees(self, title: str, picture: int) -> None:
        tile = f"document.querySelector('li[aria-label={json.dumps(title)}] video')"
        await self._looks(lambda: self.evaluate(f"{tile} && meeting.look({tile})"), picture, PATIENCE)

    async def misses(self, title: str) -> None:
        """There is no such tile."""

        async def gone() -> bool:
            return await self.page.shows("listitem", title) is None

        await until(gone, f"{title} is gone from Firefox")


class Guest(Somebody):
    """In the app with Chromium."""

    def __init__(self, tab: ChromiumPage, name: str, number: int) -> None:
        super().__init__(name, number)
        self.tab = tab

    @property
    def page(self) -> Page:
        return self.tab.page

    async def evaluate(self, expression: str) -> Any:
        return await self.page.evaluate(expression)

    async def enter(self) -> Guest:
        await enter(self.page, self.name)
        return self

    def tile(self, name: str) -> Locator:
        return tile_of(self.page, name)

    @property
    def controls(self) -> Locator:
        return self.page.get_by_role("toolbar", name="Call controls")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def press(self, name: str) -> None:
        await self.button(name).click()

    async def choose(self, menu: str, item: str, role: Any = "menuitem") -> None:
        """Opens the menu of this button and takes an item of it."""
        await self.press(menu)
        await self.page.get_by_role(role, name=item, exact=True).click()

    async def open(self, panel: str) -> Locator:
        """The open panel of this name; its button may also say what waits there."""
        shown = self.page.get_by_role("complementary", name=panel)
        if not await shown.is_visible():
            await self.page.get_by_role("button", name=re.compile(rf"^{panel}(,|$)")).click()
        await expect(shown).to_be_visible()
        return shown

    async def moderate(self, name: str, item: str) -> None:
        """Takes an item of somebody's menu in the list of people."""
        await self.open("People")
        await self.choose(f"Actions for {name}", item)

    def toasts(self) -> Locator:
        return self.page.get_by_role("region", name=re.compile("^Notifications")).get_by_role("listitem")

    async def told(self, text: str) -> None:
        """A toast says it."""
        await expect(self.toasts().filter(has_text=text)).to_be_visible()

    async def sees(self, title: str, picture: int, patience: float = PATIENCE) -> None:
        """Fails unless new pictures of this identity are shown on the tile of this title from now on."""
        await self.sees_on(self.tile(title), picture, patience)

    async def sees_on(self, tile: Locator, picture: int, patience: float = PATIENCE) -> None:
        video = tile.locator("video")
        await expect(video).to_be_visible(timeout=PATIENCE * 1000)
        look = "(video) => meeting.look(video)"
        await self._looks(lambda: video.evaluate(look, timeout=patience * 1000), picture, patience)

    async def meets(self, *others: Somebody, heard: bool = True) -> None:
        """Sees each of them, and hears them, all at once."""
        seen = [self.sees(other.name, other.number) for other in others]
        await asyncio.gather(*seen, *(self.hears(other.pitch) for other in others if heard))

    async def large(self, title: str) -> None:
        """This tile is larger than all others on the stage together."""
        stage = self.page.get_by_role("region", name="People in the call")

        async def dominates() -> bool:
            box = await self.tile(title).bounding_box()
            areas = [
                one["width"] * one["height"]
                for tile in await stage.get_by_role("listitem").all()
                if (one := await tile.bounding_box())
            ]
            return box is not None and 2 * box["width"] * box["height"] > sum(areas)

        await until(dominates, f"{title} is large for {self.name}")

    async def even(self) -> None:
        """All tiles of the stage are of one size."""
        stage = self.page.get_by_role("region", name="People in the call")

        async def same() -> bool:
            boxes = [await tile.bounding_box() for tile in await stage.get_by_role("listitem").all()]
            widths = [box["width"] for box in boxes if box]
            return len(widths) > 1 and max(widths) - min(widths) < 2

        await until(same, f"nobody is large for {self.name}")

    async def writes(self, text: str) -> None:
        panel = await self.open("Chat")
        await panel.get_by_role("textbox").fill(text)
        await panel.get_by_role("button", name="Send", exact=True).click()

    async def messages(self) -> Locator:
        """Without the line that says where new ones begin."""
        panel = await self.open("Chat")
        lines = panel.get_by_role("log", name="Messages").get_by_role("listitem")
        return lines.filter(has_not_text=re.compile("^New$"))


async def in_the_call(guests: Callable[..., Any], *names: str, **options: Any) -> list[Guest]:
    """They come one after the other: the first one moderates where the room is open. `guests` is the fixture."""
    invited: list[Guest] = await guests(*names, **options)
    for guest in invited:
        await guest.enter()
    return invited


@dataclass
class Network:
    """The way of a page's sockets to the server; nothing of it touches what is sent by UDP."""

    page: Page
    up: bool = True
    _sockets: list[Any] = field(default_factory=list)

    async def watch(self) -> Network:
        await self.page.route_web_socket(re.compile(r"/ws"), self._connect)
        return self

    async def _connect(self, socket: Any) -> None:
        if not self.up:
            await socket.close()
            return
        server = socket.connect_to_server()
        self._sockets += [socket, server]

    async def fail(self) -> None:
        """Cuts what is open, and lets nothing through until `heal`."""
        self.up = False
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            await socket.close(code=3001)

    def heal(self) -> None:
        self.up = True

    async def blink(self) -> float:
        """Cuts what is open and refuses nothing. Seconds until the page has opened another socket."""
        cut, self._sockets = self._sockets, []
        begin = time.monotonic()
        for socket in cut:
            await socket.close(code=3001)

        async def reopened() -> bool:
            return bool(self._sockets)

        await until(reopened, "another socket is open")
        return time.monotonic() - begin
