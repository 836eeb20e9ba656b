"""The whiteboard of the app: drawn on by several at once, the same picture for all, and there again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Locator, expect
from pycrdt import Map

from tertulia.client import Client

from .caller import until
from .documents import INKED, board_of, draw
from .meeting import Guest, in_the_call

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


async def elements(client: Client) -> list[tuple[str, str]]:
    """What the server has of the board: kind and id of each element."""
    async with await client.document("board") as board:
        found = board.doc.get("elements", type=Map).to_py() or {}
    return sorted((it["type"], id) for id, it in found.items() if not it["isDeleted"])


async def test_two_draw_at_once_and_see_the_same_board(guests: Invite, app_server: Any, room: str) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    hers, his = await board_of(ana), await board_of(ben)
    await draw(ana, hers, "rectangle", (350, 150), (450, 250))
    await draw(ben, his, "ellipse", (550, 150), (650, 250))
    await draw(ana, hers, "freedraw", (350, 320), (650, 340))
    async with Client(app_server.url, room=room, name="Looker") as looker:

        async def has(kinds: list[str]) -> bool:
            return [kind for kind, _ in await elements(looker)] == kinds

        await until(lambda: has(["ellipse", "freedraw", "rectangle"]), "the server has all three")
        for guest, board in ((ana, hers), (ben, his)):
            await sees_something(guest, board)
        # Somebody else's element can be moved and deleted by everybody.
        await his.get_by_test_id("toolbar-selection").click(force=True)
        await ben.page.keyboard.press("Control+a")
        await ben.page.keyboard.press("Delete")
        await until(lambda: has([]), "all are gone")
        await sees_something(ana, hers, False)
        await draw(ana, hers, "rectangle", (350, 150), (450, 250))
        await until(lambda: has(["rectangle"]), "there is another one")
    await ben.page.reload()
    await ben.enter()
    await sees_something(ben, await board_of(ben))


async def sees_something(guest: Guest, board: Locator, something: bool = True) -> None:
    """Something is drawn on the picture itself, or nothing."""
    picture = board.locator("canvas.static")

    async def so() -> bool:
        return bool(await picture.evaluate(INKED)) == something

    await until(so, f"{guest.name} sees {'something' if something else 'an empty board'}")


@pytest.mark.thorough
async def test_the_call_goes_on_beneath_the_board(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    board = await board_of(ana)
    await ana.hears(ben.pitch)
    # A letter is a tool there, and mutes nobody.
    await board.locator("canvas.interactive").click(position={"x": 200, "y": 300})
    await ana.page.keyboard.press("m")
    await expect(ana.controls.get_by_role("button", name=re.compile("^Mute"))).to_be_visible()
    await board.get_by_role("button", name="Close whiteboard").click()
    await ana.meets(ben)


# How two pictures differ: in how many of their points, and how many have anything on them. A point may be a little lighter, for edges are
# smoothed.
COMPARE = """
async (mine, theirs) => {
  const read = async (url) => {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0);
    return context.getImageData(0, 0, picture.width, picture.height);
  };
  const [one, other] = [await read(mine.toDataURL()), await read(theirs)];
  if (one.width !== other.width || one.height !== other.height) return { differ: Infinity, inked: 0 };
  const far = (data, i, from, j) => [0, 1, 2].some((c) => Math.abs(data[i + c] - from[j + c]) > 24);
  let differ = 0;
  let inked = 0;
  for (let i = 0; i < one.data.length; i += 4) {
    if (far(one.data, i, other.data, i)) differ += 1;
    if (far(one.data, i, one.data, 0)) inked += 1;
  }
  return { differ, inked };
}
"""


async def see_the_same(board: Locator, other: Locator, inked: int) -> None:
    """Point for point, with at least so many that are drawn on. The picture is that of what was drawn, without anybody's cursor."""
    last: Any = None

    async def same() -> bool:
        nonlocal last
        theirs = await other.locator("canvas.static").evaluate("(canvas) => canvas.toDataURL()")
        last = await board.locator("canvas.static").evaluate(f"(mine, theirs) => ({COMPARE})(mine, theirs)", theirs)
        return bool(last["inked"] >= inked and last["differ"] <= last["inked"] // 500)

    await until(same, lambda: f"both boards are the same picture; last {last}")


@pytest.mark.timeout(150)
async def test_two_who_draw_at_once_have_the_same_picture(guests: Invite, app_server: Any, room: str) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    hers, his = await board_of(ana), await board_of(ben)

    async def she_draws() -> None:
        for number in range(4):
            await draw(ana, hers, "rectangle", (300 + 40 * number, 120), (330 + 40 * number, 200 + 20 * number))
            await draw(ana, hers, "freedraw", (300, 420 + 10 * number), (700, 460 - 15 * number))

    async def he_draws() -> None:
        for number in range(4):
            await draw(ben, his, "ellipse", (500 + 50 * number, 130), (540 + 50 * number, 250))
            await draw(ben, his, "arrow", (700 - 60 * number, 300), (400, 330 + 15 * number))

    await asyncio.gather(she_draws(), he_draws())
    async with Client(app_server.url, room=room, name="Looker") as looker:

        async def all_of_it() -> bool:
            return len(await elements(looker)) == 16

        await until(all_of_it, "the server has what both drew")
    await see_the_same(hers, his, inked=4000)

    # She moves all of it while he draws on: the same element, changed by one, seen by both.
    async def she_moves() -> None:
        await hers.get_by_test_id("toolbar-selection").click(force=True)
        await ana.page.keyboard.press("Control+a")
        for _ in range(10):
            await ana.page.keyboard.press("ArrowDown")

    await asyncio.gather(she_moves(), draw(ben, his, "diamond", (760, 300), (840, 420)))
    await see_the_same(hers, his, inked=4000)

    await asyncio.gather(ana.page.reload(), ben.page.reload())
    await ana.enter()
    await ben.enter()
    hers, his = await board_of(ana), await board_of(ben)
    await see_the_same(hers, his, inked=4000)


# Collects what floats up over the stage from now on.
COLLECT = """
() => {
  window.reactions = [];
  const added = (node) => {
    if (/reaction/.test(node.className)) reactions.push(node.firstChild.textContent);
  };
  new MutationObserver((records) => {
    for (const { addedNodes } of records) addedNodes.forEach(added);
  }).observe(document.body, { childList: true, subtree: true });
}
"""


@pytest.mark.thorough
async def test_keys_are_the_boards_from_the_start(guests: Invite) -> None:
    """A digit is a tool there; in the call it is a reaction that everybody sees."""
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ben.page.evaluate(COLLECT)
    await ana.page.keyboard.press("1")
    button = ana.controls.get_by_role("button", name="Whiteboard", exact=True)
    board = ana.page.get_by_role("region", name="Whiteboard")
    await button.click()
    await expect(board).to_be_visible()
    # While it is being loaded, too.
    await ana.page.keyboard.press("2")
    await expect(board.locator("canvas.interactive")).to_be_visible(timeout=60_000)
    await ana.page.keyboard.press("2")
    await expect(board.get_by_test_id("toolbar-rectangle")).to_be_checked()
    await ana.page.keyboard.press("4")
    await expect(board.get_by_test_id("toolbar-ellipse")).to_be_checked()
    await ana.page.keyboard.press("m")
    await ana.page.keyboard.press("F6")
    assert await ana.controls.evaluate("(bar) => bar.contains(document.activeElement)")
    # Out of it keys are the call's again.
    await ana.page.keyboard.press("3")

    async def both_have_come() -> bool:
        return len(await ben.page.evaluate("reactions")) >= 2

    await until(both_have_come, "Ben sees two reactions")
    assert await ben.page.evaluate("reactions") == ["👍", "❤️"], "none from within the board"
    await board.get_by_role("button", name="Close whiteboard").click()
    await expect(button).to_be_focused()
    await expect(ana.controls.get_by_role("button", name=re.compile("^Mute"))).to_be_visible()


@pytest.mark.thorough
async def test_who_writes_meanwhile_goes_on_writing(guests: Invite) -> None:
    """The board takes focus when it is opened, and not when it is loaded at last."""
    (ana,) = await in_the_call(guests, "Ana")
    loading = asyncio.Event()

    async def hold(route: Any) -> None:
        await loading.wait()
        await route.continue_()

    await ana.page.route(re.compile(r"/assets/Board-"), hold)
    await ana.controls.get_by_role("button", name="Whiteboard", exact=True).click()
    panel = await ana.open("Chat")
    field = panel.get_by_role("textbox")
    await field.press_sequentially("Hel")
    loading.set()
    board = ana.page.get_by_role("region", name="Whiteboard")
    await expect(board.locator("canvas.interactive")).to_be_visible(timeout=60_000)
    await ana.page.keyboard.type("lo")
    await expect(field).to_have_value("Hello")
