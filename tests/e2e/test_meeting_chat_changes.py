"""The chat of the app: what can be done with a message, who writes, who has read, and what is found."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect

from .meeting import in_the_call

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


async def test_a_message_is_edited_and_deleted_by_keyboard(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ben.writes("helo")
    panel = await ben.open("Chat")
    field = panel.get_by_role("textbox", name="Write a message")
    await field.press("ArrowUp")
    editor = panel.get_by_role("textbox", name="Edit")
    await expect(editor).to_be_focused()
    await editor.fill("hello")
    await editor.press("Enter")
    await expect(await ana.messages()).to_have_text([re.compile("Ben.*hello.*edited", re.DOTALL)])
    log = panel.get_by_role("log")
    await log.focus()
    await log.press("ArrowUp")
    await ben.page.keyboard.press("Tab")
    await expect(panel.get_by_role("button", name="Actions for your message")).to_be_focused()
    await ben.page.keyboard.press("Enter")
    await ben.page.get_by_role("menuitem", name="Delete").press("Enter")
    for guest in (ana, ben):
        await expect(await guest.messages()).to_have_text([re.compile("This message was deleted")])


@pytest.mark.thorough
async def test_a_moderator_deletes_what_others_may_not(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.writes("from Ana")
    await ben.writes("from Ben")
    (of_ana,) = [(await ben.messages()).filter(has_text="from Ana")]
    await of_ana.hover()
    await of_ana.get_by_role("button", name="Actions for the message of Ana").click()
    await expect(ben.page.get_by_role("menuitem", name="Thumbs up")).to_be_visible()
    await expect(ben.page.get_by_role("menuitem", name="Delete")).to_have_count(0)
    await ben.page.keyboard.press("Escape")
    (of_ben,) = [(await ana.messages()).filter(has_text="from Ben")]
    await of_ben.hover()
    await of_ben.get_by_role("button", name="Actions for the message of Ben").click()
    await ana.page.get_by_role("menuitem", name="Delete").click()
    await expect((await ben.messages()).filter(has_text="This message was deleted")).to_have_count(1)


@pytest.mark.thorough
async def test_reactions_under_a_message(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.writes("lunch?")
    message = (await ben.messages()).filter(has_text="lunch")
    await message.hover()
    await message.get_by_role("button", name="Actions for the message of Ana").click()
    await ben.page.get_by_role("menuitem", name="Thumbs up").click()
    sign = (await ana.messages()).get_by_role("button", name="👍: Ben")
    await expect(sign).to_have_attribute("aria-pressed", "false")
    await sign.click()
    both = (await ben.messages()).get_by_role("button", name=re.compile("👍: You and Ana"))
    await expect(both).to_have_text(re.compile("2"))
    await both.click()
    await expect((await ana.messages()).get_by_role("button", name="👍: You")).to_have_text(re.compile("1"))


async def test_who_writes_and_who_has_read(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    anas, bens = await ana.open("Chat"), await ben.open("Chat")
    await bens.get_by_role("textbox", name="Write a message").press_sequentially("soon")
    await expect(anas.get_by_text("Ben is writing…")).to_be_visible()
    await ben.press("Send")
    await expect(anas.get_by_text("Ben is writing…")).to_have_count(0)
    await expect(bens.get_by_text("Read by Ana")).to_be_visible()


async def test_what_was_said_is_found(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    for text in ("the budget", "something else", "Budget, again"):
        await ana.writes(text)
    panel = await ben.open("Chat")
    await panel.get_by_role("button", name="Search messages").click()
    field = panel.get_by_role("searchbox", name="Search messages")
    await expect(field).to_be_focused()
    await field.fill("BUDGET")
    await field.press("Enter")
    found = panel.get_by_role("region", name="Messages found").get_by_role("listitem")
    await expect(found).to_have_text([re.compile("the budget"), re.compile("Budget, again")])
    await field.fill("nowhere")
    await field.press("Enter")
    await expect(panel.get_by_role("status")).to_have_text("Nothing found")
    await field.press("Escape")
    await expect(panel.get_by_role("log")).to_be_visible()


@pytest.mark.thorough
async def test_markdown_is_shown_and_nothing_else_of_it(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.writes("**bold** `<b>` <img src=x onerror=alert(1)> [x](javascript:alert(1))")
    message = (await ben.messages()).filter(has_text="bold")
    await expect(message.locator("strong", has_text="bold")).to_be_visible()
    await expect(message.locator("code")).to_have_text("<b>")
    await expect(message.locator("img")).to_have_count(0)
    await expect(message.get_by_role("link")).to_have_count(0)
