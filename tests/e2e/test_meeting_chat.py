"""The chat of the app: who reads what, what becomes of hostile texts, and where reading goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tertulia.client import Client
from tests.thorough import thorough

from .caller import until
from .meeting import in_the_call

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


async def test_who_comes_late_reads_what_was_written(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.writes("first")
    await (await ben.messages()).filter(has_text="first").wait_for()
    await ben.writes("second")
    await (await ana.messages()).filter(has_text="second").wait_for()
    (cora,) = await in_the_call(guests, "Cora")
    await expect(cora.button("Chat")).to_be_visible()  # nothing unread: it was said before
    await expect(await cora.messages()).to_have_text([re.compile("Ana.*first"), re.compile("Ben.*second")])


async def test_a_private_message_is_read_by_one(guests: Invite) -> None:
    ana, ben, cora = await in_the_call(guests, "Ana", "Ben", "Cora")
    await ana.open("People")
    await ana.choose("Actions for Ben", "Private message")
    await ana.page.get_by_role("textbox", name="Write to Ben only").fill("between us")
    await ana.press("Send")
    await expect(await ana.messages()).to_have_text([re.compile("You.*to Ben only.*between us")])
    await expect(await ben.messages()).to_have_count(0)
    await ben.press("Ana, 1 unread message")
    await expect(await ben.messages()).to_have_text([re.compile("Ana.*to you only.*between us")])
    await ben.writes("and back")
    await expect(await ana.messages()).to_have_text([re.compile("between us"), re.compile("Ben.*and back")])
    await ben.press("Everyone")
    await ben.writes("for all")
    await expect(await cora.messages()).to_have_text([re.compile("for all")])


@pytest.mark.thorough
async def test_only_web_addresses_are_links(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.writes("see https://example.org/a?b=c, javascript:alert(1) and data:text/html,x")
    (message,) = [(await ben.messages()).filter(has_text="see")]
    await expect(message.get_by_role("link")).to_have_count(1)
    link = message.get_by_role("link", name="https://example.org/a?b=c", exact=True)
    await expect(link).to_have_attribute("href", "https://example.org/a?b=c")
    await expect(link).to_have_attribute("rel", re.compile("noopener"))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        thorough("\u202egnp.exe evil"),
        thorough("👩‍👩‍👧‍👦🏳️‍🌈"),
        thorough("x" * 9996 + " end"),
    ],
    ids=["markup", "right to left", "emoji", "long"],
)
async def test_a_hostile_text_is_only_a_text(guests: Invite, text: str) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    alarms: list[str] = []
    ben.page.on("dialog", lambda dialog: alarms.append(dialog.message))
    await ana.writes(text)
    message = (await ben.messages()).filter(has_text=text)
    await expect(message).to_be_visible()
    await expect(message.get_by_text(text, exact=True)).to_have_attribute("dir", "auto")
    assert not alarms
    wide = await ben.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    panel = await ben.open("Chat")
    log = panel.get_by_role("log")
    assert await log.evaluate("(log) => log.scrollWidth - log.clientWidth") <= 0


@pytest.mark.thorough
async def test_what_is_too_long_is_not_sent_and_not_lost(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    panel = await ana.open("Chat")
    field = panel.get_by_role("textbox", name="Write a message")
    await field.fill("x" * 10_001)
    await expect(panel.get_by_role("status")).to_have_text("1 character too many")
    await expect(panel.get_by_role("button", name="Send")).to_be_disabled()
    await panel.get_by_role("button", name="Close").click()
    panel = await ana.open("Chat")
    await expect(panel.get_by_role("textbox", name="Write a message")).to_have_value("x" * 10_001)
    await expect(await ben.messages()).to_have_count(0)


@pytest.mark.thorough
async def test_unread_messages_are_counted_until_they_are_read(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.writes("one")
    await expect(ben.button("Chat, 1 unread message")).to_be_visible()
    await ana.writes("two")
    await expect(ben.button("Chat, 2 unread messages")).to_be_visible()
    await expect(ben.page).to_have_title(re.compile(r"^\(2\) "))
    await ben.open("Chat")
    await expect(ben.button("Chat")).to_be_visible()
    await expect(ben.page).to_have_title(re.compile(r"^[^(]"))
    await ana.writes("three")
    await (await ben.messages()).filter(has_text="three").wait_for()
    await expect(ben.button("Chat")).to_be_visible()


@pytest.mark.thorough
async def test_who_reads_further_up_is_not_carried_away(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    log = (await ben.open("Chat")).get_by_role("log")
    for number in range(4):
        await ana.writes(f"message {number}" + "\nand more" * 12)
        await expect(await ben.messages()).to_have_count(number + 1)

    async def at_the_end() -> bool:
        return bool(await log.evaluate("(log) => log.scrollHeight - log.scrollTop - log.clientHeight < 2"))

    await until(at_the_end, "the newest message is in sight")
    await log.focus()
    await log.press("Home")

    async def at_the_start() -> bool:
        return bool(await log.evaluate("(log) => log.scrollTop === 0"))

    await until(at_the_start, "the first message is in sight")
    await ana.writes("the newest")
    await expect(ben.button("1 new message")).to_be_visible()
    assert await at_the_start()
    await ben.press("1 new message")
    await until(at_the_end, "the newest message is in sight")
    await expect(ben.button("1 new message")).to_have_count(0)


async def test_what_was_said_long_before_one_came_can_be_read(guests: Invite) -> None:
    (ana,) = await in_the_call(guests, "Ana")
    page = urlsplit(ana.page.url)
    async with Client(f"http://{page.netloc}", room=page.path.removeprefix("/r/"), name="Bot") as bot:
        for number in range(130):
            await bot.chat(f"line {number}.")
    (cora,) = await in_the_call(guests, "Cora")
    said = await cora.messages()
    await expect(said).to_have_count(100)
    await cora.press("Earlier messages")
    await expect(said).to_have_count(130)
    await expect(said.first).to_have_text(re.compile("line 0\\."))
    await expect(cora.button("Earlier messages")).to_have_count(0)
    await expect(said.nth(30)).to_be_in_viewport()  # what was read stays where it was
