"""Takes pictures of the app: `.venv/bin/python scripts/screenshots.py FOLDER` shows every page in two themes and three sizes.

With `--docs` it also writes those of the documentation, docs/images/*.jpg. The people are drawn: a canvas stands in for each camera. For
Chinese names and reactions the system needs fonts, such as Debian's fonts-noto-cjk and fonts-noto-color-emoji.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tertulia import Tertulia  # noqa: E402
from tests.e2e.browsers import CHROMIUM_FLAGS, find  # noqa: E402
from tests.e2e.caller import until  # noqa: E402
from tests.e2e.conftest import Server  # noqa: E402
from tests.e2e.visits import SECRET  # noqa: E402

IMAGES = ROOT / "docs" / "images"
SCRIPTS = Path(__file__).parent / "screenshots"
SIZES = {"phone": (360, 740), "desk": (1280, 800), "wall": (2560, 1440)}
THEMES = ("light", "dark")
SMALL = (320, 240)
"""Window of those whose pages nobody looks at."""


@dataclass(frozen=True)
class Person:
    name: str
    wall: int
    """Hue of the room behind."""
    shirt: int
    skin: str
    hair: str
    style: str = "short"


PEOPLE = (
    Person("Ana Gómez", 172, 22, "#c98d67", "#33221a", "long"),
    Person("Ben Okafor", 28, 262, "#6f4630", "#17110e"),
    Person("Cora Lindqvist", 205, 335, "#efc7a8", "#c9a25c", "bun"),
    Person("Dan Hashimoto", 250, 8, "#e3b48f", "#1d1a1c"),
    Person("Ewa Nowak", 335, 190, "#f0cbb0", "#7a3b22", "long"),
    Person("Farid Rahimi", 96, 215, "#b98259", "#241a16", "beard"),
    Person("Grace Mensah", 48, 285, "#5d3a28", "#120d0b", "bun"),
    Person("王小明", 140, 40, "#e6bc97", "#161415"),
    Person("Ines Duarte", 12, 160, "#d6a27c", "#4a2c1b", "long"),
)


DOCS = {
    "landing-desk-light": "landing",
    "prejoin-desk-light": "prejoin",
    "call-4-desk-dark": "call",
    "touch-call-phone-dark": "call-phone",
    "touch-more-phone-light": "more-phone",
    "chat-desk-light": "chat",
    "people-desk-light": "people",
    "presenter-desk-dark": "presenter",
    "live-desk-dark": "live",
}
"""Which of all pictures are of the documentation, and how they are called there."""


@dataclass
class Studio:
    """A server, a browser, and where the pictures go."""

    server: Server
    browser: Browser
    folder: Path
    docs: bool
    """Also writes the pictures of the documentation."""
    open_pages: list[Page] = field(default_factory=list)

    async def open(self, path: str, person: Person, size: tuple[int, int], theme: str = "light") -> Page:
        phone = size == SIZES["phone"]
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            permissions=["camera", "microphone", "clipboard-read", "clipboard-write"],
            is_mobile=phone,
            has_touch=phone,
            locale="en-GB",
        )
        page = await context.new_page()
        self.open_pages.append(page)
        look = f"{{ wall: {person.wall}, shirt: {person.shirt}, skin: '{person.skin}', hair: '{person.hair}', style: '{person.style}' }}"
        await page.add_init_script(f"(() => {{ const PERSON = {look};\n{(SCRIPTS / 'devices.js').read_text()} }})();")
        await page.goto(f"{self.server.url}{path}")
        return page

    async def enter(
        self, room: str, person: Person, size: tuple[int, int] = SMALL, theme: str = "light", role: str = "speaker"
    ) -> Page:
        page = await self.open(room_path(room, role), person, size, theme)
        await ask(page, person)
        await page.get_by_role("toolbar", name="Call controls").wait_for()
        return page

    async def take(self, page: Page, name: str) -> None:
        await page.mouse.move(0, 0)
        await page.wait_for_timeout(400)
        await page.screenshot(path=self.folder / f"{name}.png")
        if self.docs and name in DOCS:
            await page.screenshot(path=IMAGES / f"{DOCS[name]}.jpg", type="jpeg", quality=82)

    async def take_all(self, page: Page, name: str, sizes: Iterable[str] = SIZES) -> None:
        """In each size and theme. A phone's page is another one, for it is touched."""
        for size in sizes:
            width, height = SIZES[size]
            await page.set_viewport_size({"width": width, "height": height})
            for theme in THEMES:
                await page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
                await self.take(page, f"{name}-{size}-{theme}")

    async def clear(self) -> None:
        for page in self.open_pages:
            await page.context.close()
        self.open_pages.clear()


def room_path(room: str, role: str = "speaker", page: str = "r") -> str:
    return f"/{page}/{room}#t={Tertulia(secret=SECRET).token(room, role=role)}"


async def ask(page: Page, person: Person) -> None:
    """To be let in."""
    await page.get_by_label("Your name").fill(person.name)
    await page.get_by_role("button", name="Join", exact=True).click()


async def sees(page: Page, count: int) -> None:
    """So many pictures that move."""
    await expect(page.locator("[data-tile] video")).to_have_count(count, timeout=30_000)
    await until(
        lambda: page.locator("[data-tile]:not([hidden]) video").evaluate_all(
            "(all) => all.every((one) => one.videoWidth > 0)"
        ),
        "every picture is there",
    )
    await page.wait_for_timeout(1500)


async def choose(page: Page, item: str) -> None:
    await page.get_by_role("toolbar").get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name=item, exact=True).click()


async def pages_around(studio: Studio) -> None:
    landing = await studio.open("/", PEOPLE[0], SIZES["desk"])
    await studio.take_all(landing, "landing")
    prejoin = await studio.open(room_path("tea-time"), PEOPLE[0], SIZES["desk"])
    await prejoin.get_by_label("Your name").fill(PEOPLE[0].name)
    await prejoin.locator("video").wait_for()
    await prejoin.wait_for_timeout(500)
    await studio.take_all(prejoin, "prejoin")
    await ask(prejoin, PEOPLE[0])
    await prejoin.get_by_role("toolbar", name="Call controls").wait_for()
    await studio.take_all(prejoin, "alone")
    await prejoin.get_by_role("button", name="Leave", exact=True).click()
    await prejoin.get_by_role("heading", name="You left the room").wait_for()
    await studio.take_all(prejoin, "ended")
    await studio.clear()


async def talk(pages: list[Page]) -> None:
    """A short one in the chat."""
    lines = [
        (1, "Morning all! The draft is at https://example.org/plan"),
        (2, "Thanks, reading it now"),
        (2, "Page 3 is lovely 👏"),
        (0, "Shall we look at it together? I can share my screen."),
        (1, "👍"),
    ]
    for number, line in lines:
        page = pages[number]
        await page.set_viewport_size({"width": 900, "height": 600})
        field = page.get_by_role("textbox", name="Write a message")
        if await field.count() == 0:
            await page.keyboard.press("c")
        await field.fill(line)
        await field.press("Enter")
        await page.wait_for_timeout(300)


async def the_call(studio: Studio) -> None:
    room = "tea-time"
    pages = [await studio.enter(room, PEOPLE[0], SIZES["desk"], role="moderator")]
    host = pages[0]
    pages.append(await studio.enter(room, PEOPLE[1]))
    await sees(host, 2)
    await studio.take_all(host, "call-2")
    for person in PEOPLE[2:4]:
        pages.append(await studio.enter(room, person))
    await sees(host, 4)
    await pages[3].get_by_role("button", name="Mute microphone").click()
    await studio.take_all(host, "call-4")
    await talk(pages)
    await studio.take_all(host, "chat")
    await host.set_viewport_size({"width": 1280, "height": 800})
    await host.keyboard.press("Escape")

    await pages[2].get_by_role("button", name="Raise hand").click()
    await host.keyboard.press("p")
    await host.get_by_role("switch", name="Waiting room").click()
    waiting = await studio.open(room_path(room), PEOPLE[5], SIZES["desk"])
    await ask(waiting, PEOPLE[5])
    await waiting.get_by_role("heading", name="Waiting to be let in").wait_for()
    await studio.take_all(waiting, "waiting")
    await studio.take_all(host, "people")
    await waiting.get_by_role("button", name="Cancel").click()
    await host.set_viewport_size({"width": 1280, "height": 800})
    await host.get_by_role("switch", name="Waiting room").click()
    await host.keyboard.press("Escape")
    for item, name in (("Settings", "settings"), ("Statistics", "statistics"), ("Invite people", "invite")):
        await host.set_viewport_size({"width": 1280, "height": 800})
        await choose(host, item)
        await host.wait_for_timeout(3000 if name == "statistics" else 300)
        await studio.take_all(host, name)
        await host.keyboard.press("Escape")
    await host.set_viewport_size({"width": 1280, "height": 800})
    await host.get_by_role("toolbar").get_by_role("button", name="More", exact=True).click()
    await studio.take_all(host, "menu", ["desk"])
    await host.keyboard.press("Escape")

    await pages[1].set_viewport_size({"width": 900, "height": 600})
    await pages[1].get_by_role("button", name="Share screen").click()
    await host.locator("[data-tile$='/screen'] video").wait_for()
    await sees(host, 5)
    await studio.take_all(host, "presenter")
    viewer = await studio.open(room_path(room, "viewer", "live"), PEOPLE[6], SIZES["desk"])
    await viewer.get_by_text("is sharing a screen").wait_for()
    await viewer.wait_for_timeout(2500)
    await studio.take_all(viewer, "live")
    await studio.clear()


async def a_full_room(studio: Studio) -> None:
    host = await studio.enter("book-club", PEOPLE[0], SIZES["desk"])
    for person in PEOPLE[1:]:
        await studio.enter("book-club", person)
    await sees(host, 9)
    await studio.take_all(host, "call-9")
    await studio.clear()


async def a_phone(studio: Studio) -> None:
    """As it is held: touched, and with its own sheets."""
    page = await studio.enter("garden", PEOPLE[4], SIZES["phone"])
    for person in PEOPLE[1:4]:
        await studio.enter("garden", person)
    await sees(page, 4)
    await studio.take_all(page, "touch-call", ["phone"])
    await page.get_by_role("button", name="More", exact=True).tap()
    await studio.take_all(page, "touch-more", ["phone"])
    await studio.clear()


async def main() -> None:
    parser = argparse.ArgumentParser(description="Take pictures of the app.")
    parser.add_argument("folder", type=Path, help="where they go")
    parser.add_argument("--docs", action="store_true", help="also write those of the documentation")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    server = await Server("--secret", SECRET).start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find("chromium"), args=CHROMIUM_FLAGS)
        studio = Studio(server, browser, options.folder, options.docs)
        for scene in (pages_around, the_call, a_phone, a_full_room):
            await scene(studio)
        await browser.close()
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
