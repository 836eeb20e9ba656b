"""Notes and whiteboard of the app: written and drawn by several at once, and there again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Locator, expect
from pycrdt import Map

from tertulia.client import Client

from .caller import until
from .meeting import Guest, in_the_call

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


async def notes_of(guest: Guest) -> Locator:
    panel = await guest.open("Notes")
    field = panel.get_by_role("textbox", name="Shared notes")
    await expect(field).to_be_visible(timeout=15_000)
    return field


async def board_of(guest: Guest) -> Locator:
    await guest.controls.get_by_role("button", name="Whiteboard", exact=True).click()
    board = guest.page.get_by_role("region", name="Whiteboard")
    await expect(board.locator("canvas.interactive")).to_be_visible(timeout=30_000)
    return board


async def test_two_write_at_once_and_have_the_same(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    hers, his = await notes_of(ana), await notes_of(ben)
    await hers.press_sequentially("Hello 世界")
    await expect(his).to_have_value("Hello 世界")
    await his.press("Control+End")
    await his.press_sequentially(" and on")
    await hers.press("Control+Home")
    await hers.press_sequentially("> ")
    for field in (hers, his):
        await expect(field).to_have_value("> Hello 世界 and on")
    await expect(ana.page.get_by_text("Also here: Ben")).to_be_visible()
    # The caret has stayed behind what she wrote, and undo takes back hers alone.
    await hers.press_sequentially("!")
    await expect(his).to_have_value("> !Hello 世界 and on")
    await his.press("Control+z")
    await expect(hers).to_have_value("> !Hello 世界")
    await his.press("Control+y")
    await expect(hers).to_have_value("> !Hello 世界 and on")


async def test_the_keyboard_leads_out_of_the_notes(guests: Invite) -> None:
    (ana,) = await in_the_call(guests, "Ana")
    field = await notes_of(ana)
    await field.click()
    await field.press("m")
    await expect(field).to_have_value("m")
    await field.press("Tab")
    await expect(field).not_to_be_focused()
    await field.focus()
    await field.press("Escape")
    await expect(ana.page.get_by_role("complementary", name="Notes")).to_have_count(0)
    await expect(ana.controls.get_by_role("button", name="Notes", exact=True)).to_be_focused()


async def test_notes_are_there_after_the_page_was_loaded_anew(guests: Invite) -> None:
    (ana,) = await in_the_call(guests, "Ana")
    await (await notes_of(ana)).fill("remember")
    (ben,) = await in_the_call(guests, "Ben")
    await expect(await notes_of(ben)).to_have_value("remember")
    await ana.page.reload()
    await ana.enter()
    await expect(await notes_of(ana)).to_have_value("remember")


async def test_who_may_not_write_reads(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    hers, his = await notes_of(ana), await notes_of(ben)
    await ana.moderate("Ben", "Make viewer")
    await expect(his).not_to_be_editable()
    hers = await notes_of(ana)
    await hers.fill("look")
    await expect(his).to_have_value("look")
    await expect(ben.page.get_by_text("You can look, but not change anything.")).to_be_visible()


async def draw(guest: Guest, board: Locator, tool: str, start: tuple[int, int], end: tuple[int, int]) -> None:
    await board.get_by_test_id(f"toolbar-{tool}").click(force=True)
    box = await board.locator("canvas.interactive").bounding_box()
    assert box
    mouse = guest.page.mouse
    await mouse.move(box["x"] + start[0], box["y"] + start[1])
    await mouse.down()
    await mouse.move(box["x"] + end[0], box["y"] + end[1], steps=12)
    await mouse.up()


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


INKED = """
(canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const [r, g, b] = data;
  let inked = 0;
  for (let i = 0; i < data.length; i += 4)
    if (Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) > 60) inked += 1;
  return inked;
}
"""


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
