"""Notes of the app: written by several at once, each of whom sees where the others are, and there again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from .browsers import Firefox
from .caller import until
from .conftest import Server
from .documents import INKED, board_of, draw, notes_of
from .meeting import FirefoxGuest, Guest, in_the_call

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


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


@pytest.mark.thorough
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


@pytest.mark.thorough
async def test_who_may_not_write_reads(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    hers, his = await notes_of(ana), await notes_of(ben)
    await ana.moderate("Ben", "Make viewer")
    await expect(his).not_to_be_editable()
    hers = await notes_of(ana)
    await hers.fill("look")
    await expect(his).to_have_value("look")
    await expect(ben.page.get_by_text("You can look, but not change anything.")).to_be_visible()


# Where a letter of the field is in the window, reckoned from its font alone: how far the text before it in its line reaches. For text whose
# lines are all as they were written.
PLACE = """
(field, index) => {
  const style = getComputedStyle(field);
  const context = document.createElement('canvas').getContext('2d');
  context.font = style.font;
  const before = field.value.slice(0, index).split('\\n');
  const { left, top } = field.getBoundingClientRect();
  return {
    x: left + parseFloat(style.paddingLeft) + context.measureText(before.at(-1)).width,
    y: top + parseFloat(style.paddingTop) + (before.length - 0.5) * parseFloat(style.lineHeight) - field.scrollTop,
  };
}
"""

# What is drawn of somebody: the middle of his caret, and where what he has selected begins and ends, in each line.
DRAWN = """
(mark) => {
  const box = (element) => element.getBoundingClientRect();
  const middle = ({ top, bottom }) => (top + bottom) / 2;
  const parts = [...mark.children].map((element) => [element.className, box(element)]);
  const [, caret] = parts.find(([name]) => /caret/.test(name));
  return {
    x: (caret.left + caret.right) / 2,
    y: middle(caret),
    selected: parts
      .filter(([name, { width }]) => /selected/.test(name) && width > 0)
      .map(([, line]) => ({ left: line.left, right: line.right, y: middle(line) })),
    flag: mark.textContent,
  };
}
"""


def near(one: float, other: float) -> bool:
    return abs(one - other) <= 2.5


class Watcher:
    """Looks at what one's notes show of somebody else."""

    def __init__(self, guest: Guest, field: Locator, other: str) -> None:
        self._guest = guest
        self._field = field
        self._mark = guest.page.locator(f'[data-caret="{other}"]')
        self._other = other

    async def _drawn(self) -> dict[str, Any] | None:
        # All at once: it is drawn anew while one looks.
        marks = await self._mark.evaluate_all(f"(marks) => marks.map({DRAWN})")
        return marks[0] if len(marks) == 1 else None

    async def sees_at(self, index: int) -> None:
        """His caret is before the letter of this place, and nothing is selected."""
        last: Any = None

        async def so() -> bool:
            nonlocal last
            last = drawn, place = await self._drawn(), await self._field.evaluate(PLACE, index)
            return (
                drawn is not None
                and not drawn["selected"]
                and near(drawn["x"], place["x"])
                and near(drawn["y"], place["y"])
            )

        await until(so, lambda: f"{self._guest.name} sees {self._other} at {index}; last {last}")

    async def sees_selected(self, *parts: tuple[int, int]) -> None:
        """From and to these places, a pair for each line."""
        last: Any = None

        async def so() -> bool:
            nonlocal last
            last = drawn = await self._drawn()
            if drawn is None or len(drawn["selected"]) != len(parts):
                return False
            for line, (start, end) in zip(drawn["selected"], parts, strict=True):
                left, right = [await self._field.evaluate(PLACE, index) for index in (start, end)]
                if not (
                    near(line["left"], left["x"]) and near(line["right"], right["x"]) and near(line["y"], left["y"])
                ):
                    return False
            return True

        await until(so, lambda: f"{self._guest.name} sees {parts} selected; last {last}")

    async def sees_nothing(self) -> None:
        await expect(self._mark).to_have_count(0)


async def select(field: Locator, start: int, end: int) -> None:
    await field.focus()
    await field.evaluate("(field, [start, end]) => field.setSelectionRange(start, end)", [start, end])


@pytest.mark.thorough
async def test_where_the_others_write_is_seen(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    hers, his = await notes_of(ana), await notes_of(ben)
    await his.press_sequentially("first line\n\nthe third one")
    await expect(hers).to_have_value("first line\n\nthe third one")
    shown = Watcher(ana, hers, "Ben")
    await shown.sees_at(25)
    for index in (0, 5, 10, 11, 12, 16):
        await select(his, index, index)
        await shown.sees_at(index)
    await select(his, 12, 15)
    await shown.sees_selected((12, 15))
    await select(his, 6, 15)
    await shown.sees_selected((6, 10), (12, 15))

    # It keeps to its letters while she writes before it, and hers is seen by him.
    await select(his, 16, 21)
    await select(hers, 0, 0)
    await hers.press_sequentially("> ")
    await expect(his).to_have_value("> first line\n\nthe third one")
    await shown.sees_selected((18, 23))
    await Watcher(ben, his, "Ana").sees_at(2)

    # As far down as one has to scroll, and where a line is too long for the field.
    await his.press("Control+End")
    await his.press_sequentially("\n" * 60)
    await shown.sees_at(85 + 2)
    await hers.evaluate("(field) => { field.scrollTop = field.scrollHeight; }")
    await shown.sees_at(85 + 2)
    box, mark = await hers.bounding_box(), await ana.page.locator('[data-caret="Ben"] > :first-child').bounding_box()
    assert box and mark and box["y"] <= mark["y"] <= box["y"] + box["height"], "it is in sight"

    # Who writes elsewhere is nowhere in the notes.
    await his.press("Tab")
    await shown.sees_nothing()
    await his.focus()
    await shown.sees_at(85 + 2)
    await ben.page.get_by_role("complementary", name="Notes").get_by_role("button", name="Close").click()
    await shown.sees_nothing()


@pytest.mark.thorough
@pytest.mark.timeout(120)
async def test_firefox_opens_both(guests: Invite, firefox: Firefox, app_server: Server, room: str) -> None:
    (ana,) = await in_the_call(guests, "Ana")
    page = await firefox.open("about:blank")
    ben = FirefoxGuest(page, "Ben", 2)
    try:
        await ben.enter(f"{app_server.url}/r/{room}")
        await page.click("button", "Notes")
        await until(lambda: page.shows("textbox", "Shared notes"), "Firefox shows the notes")
        await page.click("textbox", "Shared notes")
        await page.type("from Firefox")
        hers = await notes_of(ana)
        await expect(hers).to_have_value("from Firefox")
        await Watcher(ana, hers, "Ben").sees_at(12)
        await select(hers, 5, 5)
        await until(lambda: page.evaluate("document.querySelectorAll('[data-caret=Ana]').length"), "Firefox shows hers")

        await page.click("button", "Whiteboard")
        board = await board_of(ana)
        inked = f"({INKED})(document.querySelector('canvas.static'))"
        await until(
            lambda: page.evaluate("document.querySelector('canvas.static') !== null"), "Firefox shows the board"
        )
        assert not await page.evaluate(inked)
        await draw(ana, board, "rectangle", (350, 150), (450, 250))
        await until(lambda: page.evaluate(inked), "Firefox shows what she draws")
    finally:
        await page.close()
