"""The app without a mouse: every step by keys, focus always seen and never lost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from .browsers import Chromium
from .conftest import Server
from .visits import Visit, join

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]

STOPS = 60
"""No page has more stops for Tab than this."""

# What has focus: its name, and whether anybody can see that.
FOCUS = """
() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  const { left, top, right, bottom } = one.getBoundingClientRect();
  const inside = right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
  return { name: one.ariaLabel || one.textContent || one.id, seen: inside && outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def visit(app_server: Server, chromium: Chromium, room: str) -> AsyncIterator[Visit]:
    """In a server without tokens: from its first page on."""
    visit = Visit(app_server.url, chromium, room)
    yield visit
    await visit.end()


async def press_tab(page: Page, key: str = "Tab") -> str | None:
    """The name of the next stop, which has to be seen; None between the last and the first."""
    await page.keyboard.press(key)
    focus = await page.evaluate(FOCUS)
    assert focus is None or focus["seen"], f"focus is not seen: {focus['name']}"
    return None if focus is None else str(focus["name"])


async def has_focus(target: Locator) -> bool:
    return bool(await target.evaluate("(one) => one === document.activeElement"))


async def move_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Presses the key until the target has focus."""
    await expect(target).to_be_visible()
    passed = []
    for _ in range(STOPS):
        if await has_focus(target):
            return
        passed.append(await press_tab(page, key))
    raise AssertionError(f"not reached by {key}: {target}; passed {passed}")


async def open_from_toolbar(page: Page, name: str) -> Locator:
    """A button of the toolbar, by F6 and arrow keys; pressed."""
    toolbar = page.get_by_role("toolbar", name="Call controls")
    button = toolbar.get_by_role("button", name=name, exact=True)
    if not await toolbar.evaluate("(bar) => bar.contains(document.activeElement)"):
        await page.keyboard.press("F6")
    await move_to(page, button, "ArrowRight")
    await page.keyboard.press("Enter")
    return button


async def test_a_whole_call_by_keys_alone(visit: Visit) -> None:
    ana = await visit("/")
    await move_to(ana, ana.get_by_role("button", name="Start a new room"))
    await ana.keyboard.press("Enter")
    await move_to(ana, ana.get_by_label("Your name"))
    await ana.keyboard.type("Ana")
    await ana.keyboard.press("Enter")
    toolbar = ana.get_by_role("toolbar", name="Call controls")
    await expect(toolbar).to_be_visible()
    ben = await visit("/r/" + ana.url.rsplit("/r/", 1)[1])
    await join(ben, "Ben")
    await expect(ana.get_by_role("listitem", name="Ben")).to_be_visible()

    await ana.keyboard.press("m")
    await expect(toolbar.get_by_role("button", name="Unmute microphone")).to_be_visible()
    await ana.keyboard.press("c")
    field = ana.get_by_role("textbox", name="Write a message")
    await expect(field).to_be_focused()
    await ana.keyboard.type("mhcvp? are letters here")
    await ana.keyboard.press("Enter")
    await expect(ana.get_by_role("log").get_by_text("mhcvp? are letters here")).to_be_visible()
    await expect(field).to_be_focused()
    await ana.keyboard.press("Escape")
    await expect(ana.get_by_role("log")).to_have_count(0)

    await ana.keyboard.press("p")
    people = ana.get_by_role("complementary", name="People")
    await move_to(ana, people.get_by_role("button", name="Actions for Ben"))
    await ana.keyboard.press("Enter")
    await move_to(ana, ana.get_by_role("menuitem", name="Private message"), "ArrowDown")
    await ana.keyboard.press("Enter")
    await expect(ana.get_by_role("textbox", name="Write to Ben only")).to_be_focused()
    await ana.keyboard.type("between us")
    await ana.keyboard.press("Enter")
    await ben.keyboard.press("c")
    await move_to(ben, ben.get_by_role("button", name="Ana, 1 unread message"), "Shift+Tab")
    await ben.keyboard.press("Enter")
    await expect(ben.get_by_role("log").get_by_text("between us")).to_be_visible()
    await ana.keyboard.press("Escape")

    reactions = await open_from_toolbar(ana, "Reactions")
    applause = ana.get_by_role("button", name="Applause")
    await move_to(ana, applause, "ArrowRight")
    await ana.keyboard.press("Enter")
    await expect(ben.get_by_text("👏").first).to_be_visible()
    await ana.keyboard.press("Escape")
    await expect(reactions).to_be_focused()

    more = await open_from_toolbar(ana, "More")
    await move_to(ana, ana.get_by_role("menuitem", name="Settings"), "ArrowDown")
    await ana.keyboard.press("Enter")
    settings = ana.get_by_role("dialog", name="Settings")
    await move_to(ana, settings.get_by_role("tab", name="Sound and picture"))
    await ana.keyboard.press("ArrowRight")
    await expect(settings.get_by_role("tab", name="General")).to_be_focused()
    await move_to(ana, settings.get_by_label("Theme"))
    await ana.keyboard.press("Escape")
    await expect(settings).to_have_count(0)
    await expect(more).to_be_focused()

    await open_from_toolbar(ana, "Leave")
    await move_to(ana, ana.get_by_role("menuitem", name="Leave"), "ArrowDown")
    await ana.keyboard.press("Enter")
    await expect(ana.get_by_role("heading", name="You left the room")).to_be_focused()
    await move_to(ana, ana.get_by_role("button", name="Join again"))
    await ana.keyboard.press("Enter")
    await expect(toolbar).to_be_visible()


@pytest.mark.thorough
async def test_single_keys_can_be_switched_off_and_f6_stays(visit: Visit, room: str) -> None:
    page = await visit(f"/r/{room}")
    await join(page, "Ana")
    muted = page.get_by_role("button", name="Unmute microphone")
    await page.keyboard.press("m")
    await expect(muted).to_be_visible()
    await page.keyboard.press("m")
    await expect(muted).to_have_count(0)
    await page.keyboard.press("?")
    switch = page.get_by_role("switch", name="Use single-key shortcuts")
    await move_to(page, switch)
    await page.keyboard.press(" ")
    await expect(switch).not_to_be_checked()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    for key in "mvchp1?":
        await page.keyboard.press(key)
    await page.keyboard.press("F6")
    toolbar = page.get_by_role("toolbar", name="Call controls")
    assert await toolbar.evaluate("(bar) => bar.contains(document.activeElement)")
    await expect(muted).to_have_count(0)
    await expect(page.get_by_role("complementary")).to_have_count(0)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert await toolbar.locator("[aria-keyshortcuts]").count() == 0


@pytest.mark.thorough
async def test_tab_goes_round_the_call_both_ways_and_stays_inside_a_dialog(visit: Visit, room: str) -> None:
    page = await visit(f"/r/{room}")
    await join(page, "Ana")
    await join(await visit(f"/r/{room}"), "Ben")
    await expect(page.locator("[data-tile]")).to_have_count(2)
    await page.keyboard.press("p")
    await expect(page.get_by_role("complementary", name="People")).to_be_visible()

    async def round_trip(key: str) -> list[str]:
        stops: list[str] = []
        for _ in range(STOPS):
            name = await press_tab(page, key)
            if name is None and stops:
                return stops
            # What it says may change meanwhile.
            stops += [] if name is None else [re.sub("^(Connection): .*", r"\1", name)]
        raise AssertionError(f"{key} never comes round: {stops}")

    # From the first or last stop of the page, so that both go over all of it.
    await page.evaluate("document.activeElement.blur()")
    await round_trip("Tab")
    forward = await round_trip("Tab")
    back = await round_trip("Shift+Tab")
    assert forward == back[::-1]
    assert len(set(forward)) == len(forward), "a name twice"

    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    for key in ("Tab", "Shift+Tab"):
        for _ in range(6):
            await press_tab(page, key)
            assert await dialog.evaluate("(one) => one.contains(document.activeElement)")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
