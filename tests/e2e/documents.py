"""Notes and whiteboard of the app, opened and used as people do."""

from __future__ import annotations

from playwright.async_api import Locator, expect

from .meeting import Guest

# How much of a canvas is of another colour than its corner.
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


async def notes_of(guest: Guest) -> Locator:
    panel = await guest.open("Notes")
    field = panel.get_by_role("textbox", name="Shared notes")
    await expect(field).to_be_visible(timeout=45_000)
    return field


async def board_of(guest: Guest) -> Locator:
    await guest.controls.get_by_role("button", name="Whiteboard", exact=True).click()
    board = guest.page.get_by_role("region", name="Whiteboard")
    await expect(board.locator("canvas.interactive")).to_be_visible(timeout=60_000)
    return board


async def draw(guest: Guest, board: Locator, tool: str, start: tuple[int, int], end: tuple[int, int]) -> None:
    await board.get_by_test_id(f"toolbar-{tool}").click(force=True)
    box = await board.locator("canvas.interactive").bounding_box()
    assert box
    mouse = guest.page.mouse
    await mouse.move(box["x"] + start[0], box["y"] + start[1])
    await mouse.down()
    await mouse.move(box["x"] + end[0], box["y"] + end[1], steps=12)
    await mouse.up()
