"""The app in small, flat and huge windows: nothing is lost, and everything can be hit by a finger."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.thorough import thorough

from .caller import until
from .documents import INKED
from .visits import SCREEN, Visit, join

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]

PHONES = [(360, 740), thorough((390, 844))]
# Phones have none.
NO_SHARE = "delete MediaDevices.prototype.getDisplayMedia;"

# Names of what may be pressed and is smaller than so many CSS pixels, or is not whole inside the window.
BAD_TARGETS = """
(least) => [...document.querySelectorAll('button, a[href], input, select, textarea, [role=switch], [role=tab]')]
  .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !one.closest('[inert], [aria-hidden=true]'))
  .map((one) => ({ one, box: (one.labels?.[0]?.contains(one) ? one.labels[0] : one).getBoundingClientRect() }))
  .filter(({ box: { width, height, left, right } }) =>
    width > 1 && (width < least || height < least || left < -0.5 || right > innerWidth + 0.5))
  .map(({ one, box: { width, height, left } }) => [one.ariaLabel ?? one.textContent, width, height, left].join())
"""


def phone(size: tuple[int, int]) -> dict[str, Any]:
    return {"viewport": {"width": size[0], "height": size[1]}, "is_mobile": True, "has_touch": True}


async def fits(page: Page) -> None:
    """Nothing goes beyond the window, and nothing is too small to be hit."""
    wide, high = await page.evaluate(
        "[document.documentElement.scrollWidth - innerWidth, document.querySelector('#app').scrollWidth - innerWidth]"
    )
    assert wide <= 0 and high <= 0
    assert await page.evaluate(BAD_TARGETS, 24) == []


async def are_large(buttons: Locator) -> None:
    """Each is at least 44 CSS pixels wide and high, and whole in the window."""
    assert await buttons.count() > 0
    for button in await buttons.all():
        box = await button.bounding_box()
        size = await button.evaluate("() => [innerWidth, innerHeight]")
        assert box and box["width"] >= 44 and box["height"] >= 44, (await button.get_attribute("aria-label"), box)
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0] and box["y"] + box["height"] <= size[1], box


async def shows_sheet(page: Page, title: str) -> None:
    """A panel that comes up from below, over the whole width."""
    sheet = page.get_by_role("complementary", name=title)
    await expect(sheet).to_be_visible()
    await sheet.evaluate(
        "(sheet) => Promise.allSettled(sheet.getAnimations().map((one) => one.finished)).then(() => null)"
    )
    box = await sheet.bounding_box()
    width, height = await page.evaluate("[innerWidth, innerHeight]")
    assert box and box["x"] <= 1 and box["width"] >= width - 2 and abs(box["y"] + box["height"] - height) <= 1, box
    await fits(page)
    close = sheet.get_by_role("button", name="Close")
    await are_large(close)
    await close.tap()
    await expect(sheet).to_have_count(0)


@pytest.mark.parametrize("size", PHONES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_call_of_three_on_a_phone(visit: Visit, size: tuple[int, int]) -> None:
    page = await visit(None, NO_SHARE, role="moderator", **phone(size))
    await expect(page.locator("video")).to_be_visible()
    await fits(page)
    await are_large(page.get_by_role("button", name="Join", exact=True))
    await are_large(page.get_by_label("Your name"))
    await are_large(page.get_by_role("button", name=re.compile("camera off|Mute microphone")))
    await join(page, "Mia")
    await fits(page)
    await join(await visit(), "Ana")
    await join(await visit(), "Ben")
    await expect(page.locator("[data-tile] video")).to_have_count(3)
    await fits(page)
    toolbar = page.get_by_role("toolbar", name="Call controls")
    await are_large(toolbar.get_by_role("button"))
    tiles = [await tile.bounding_box() for tile in await page.locator("[data-tile]").all()]
    assert all(tile and tile["width"] >= 80 and tile["height"] >= 80 for tile in tiles), tiles

    await toolbar.get_by_role("button", name="Chat").tap()
    await shows_sheet(page, "Chat")
    more = toolbar.get_by_role("button", name="More")
    await more.tap()
    sheet = page.get_by_role("dialog", name="More")
    await are_large(sheet.get_by_role("button"))
    await fits(page)
    await expect(sheet.get_by_role("button", name="Share screen")).to_have_count(0)
    await sheet.get_by_role("button", name="People", exact=True).tap()
    await shows_sheet(page, "People")
    await more.tap()
    await sheet.get_by_role("button", name="Raise hand").tap()
    await expect(page.get_by_role("listitem", name=re.compile(r"^Mia.*hand raised"))).to_be_visible()
    await more.tap()
    await sheet.get_by_role("button", name="Settings").tap()
    await expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    await fits(page)


@pytest.mark.parametrize("size", PHONES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_notes_and_the_whiteboard_on_a_phone(visit: Visit, size: tuple[int, int]) -> None:
    page = await visit(None, role="moderator", **phone(size))
    await join(page, "Mia")
    toolbar = page.get_by_role("toolbar", name="Call controls")

    async def open(name: str) -> None:
        await toolbar.get_by_role("button", name="More").tap()
        await page.get_by_role("dialog", name="More").get_by_role("button", name=name, exact=True).tap()

    await open("Notes")
    await expect(page.get_by_role("textbox", name="Shared notes")).to_be_visible(timeout=45_000)
    await shows_sheet(page, "Notes")
    await open("Whiteboard")
    board = page.get_by_role("region", name="Whiteboard")
    await expect(board.locator("canvas.interactive")).to_be_visible(timeout=60_000)
    await fits(page)
    box = await board.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= size[0] and box["height"] >= size[1] / 2, box
    # A finger draws, and what it has drawn is there.
    await board.get_by_test_id("toolbar-rectangle").tap(force=True)
    canvas = await board.locator("canvas.interactive").bounding_box()
    assert canvas
    at = {"x": canvas["x"] + canvas["width"] / 3, "y": canvas["y"] + canvas["height"] / 3}
    finger = await page.context.new_cdp_session(page)
    for kind, by in (("touchStart", 0), ("touchMove", 40), ("touchMove", 80)):
        points = [{"x": at["x"] + by, "y": at["y"] + by}]
        await finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    await finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    picture = board.locator("canvas.static")
    await until(lambda: picture.evaluate(INKED), "a rectangle is drawn")
    close = board.get_by_role("button", name="Close whiteboard")
    await are_large(close)

    async def closed() -> bool:
        # A tap right behind the finger's stroke may still be taken for a part of it.
        if await board.count() > 0:
            await close.tap()
            await page.wait_for_timeout(500)
        return await board.count() == 0

    await until(closed, "the board closes")


@pytest.mark.thorough
async def test_a_phone_that_can_share_offers_it(visit: Visit) -> None:
    page = await visit(None, SCREEN, **phone(PHONES[0]))
    await join(page, "Mia")
    await page.get_by_role("button", name="More", exact=True).tap()
    await page.get_by_role("dialog").get_by_role("button", name="Share screen").tap()
    await expect(page.get_by_text("You are sharing your screen")).to_be_visible()
    await fits(page)


@pytest.mark.parametrize(
    "size",
    [(740, 360), thorough((640, 400)), thorough((320, 568)), thorough((3840, 2160))],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
async def test_every_window_shows_all_of_it(visit: Visit, size: tuple[int, int]) -> None:
    """A phone on its side, a window at 200 %, the narrowest that WCAG 2.2 asks for, a wall."""
    window: dict[str, Any] = {"viewport": {"width": size[0], "height": size[1]}}
    landing = await visit("/", **window)
    await landing.get_by_role("button", name="Start a new room").scroll_into_view_if_needed()
    await fits(landing)
    page = await visit(None, role="moderator", **window)
    await expect(page.get_by_role("heading", name="Ready to join?")).to_be_visible()
    await fits(page)
    await join(page, "Mia")
    await join(await visit(), "Ana")
    await expect(page.locator("[data-tile] video")).to_have_count(2)
    await fits(page)
    toolbar = page.get_by_role("toolbar", name="Call controls")
    await are_large(toolbar.get_by_role("button", name=re.compile("^(Mute|Turn camera|Chat|More|Leave)")))
    for tile in await page.locator("[data-tile]").all():
        box = await tile.bounding_box()
        assert box and box["x"] >= 0 and box["y"] >= 0
        assert box["x"] + box["width"] <= size[0] and box["y"] + box["height"] <= size[1]
    await page.keyboard.press("c")
    chat = page.get_by_role("complementary", name="Chat")
    await expect(chat.get_by_role("textbox")).to_be_visible()
    await fits(page)
    box = await chat.get_by_role("textbox").bounding_box()
    assert box and box["y"] + box["height"] <= size[1]
