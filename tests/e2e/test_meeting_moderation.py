"""What moderators of a room do in the app, and what those see to whom it is done; hands, reactions, and the waiting room."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect

from .meeting import Guest, in_the_call

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


async def test_muted_by_a_moderator_and_asked_to_unmute(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.hears(ben.pitch)
    await ana.moderate("Ben", "Mute")
    await ben.told("A moderator muted your microphone.")
    await expect(ben.button("Unmute microphone")).to_be_visible()
    await ana.hears_no(ben.pitch)
    await ana.moderate("Ben", "Ask to unmute")
    await ana.told("Ben has been asked")
    await expect(ben.page.get_by_role("main").get_by_text("Ana asks you to unmute")).to_be_visible()
    await ana.hears_no(ben.pitch)
    await ben.press("Unmute")
    await ana.hears(ben.pitch)
    await expect(ben.page.get_by_role("main").get_by_text("Ana asks you to unmute")).to_have_count(0)


@pytest.mark.thorough
async def test_a_camera_that_a_moderator_turns_off_is_off_and_comes_back_when_asked(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.sees("Ben", ben.number)
    await ana.moderate("Ben", "Turn camera off")
    await expect(ana.tile("Ben").locator("video")).to_have_count(0)
    await ben.told("A moderator turned off your camera.")
    await ana.moderate("Ben", "Ask to turn camera on")
    await ben.press("Leave it off")
    await ana.moderate("Ben", "Ask to turn camera on")
    await ben.press("Turn on")
    await ana.sees("Ben", ben.number)


@pytest.mark.thorough
async def test_everyone_is_muted_but_the_moderator(guests: Invite) -> None:
    ana, ben, cora = await in_the_call(guests, "Ana", "Ben", "Cora")
    await cora.hears(ben.pitch)
    await cora.hears(ana.pitch)
    await ana.open("People")
    await ana.press("Mute everyone")
    await ana.told("2 people muted")
    for other in (ben, cora):
        await expect(other.button("Unmute microphone")).to_be_visible()
    await cora.hears_no(ben.pitch)
    await ana.hears_no(cora.pitch)
    await cora.hears(ana.pitch)


async def test_who_is_removed_learns_why_in_plain_words(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.moderate("Ben", "Remove…")
    dialog = ana.page.get_by_role("dialog", name="Remove Ben from the room?")
    await dialog.get_by_label("Reason").fill("This was the wrong room")
    await dialog.get_by_role("button", name="Remove").click()
    await expect(ben.page.get_by_role("heading", name="You were removed from the room")).to_be_visible()
    await expect(ben.page.get_by_text("This was the wrong room")).to_be_visible()
    await expect(ana.tile("Ben")).to_have_count(0)


async def test_a_viewer_only_watches_and_a_speaker_speaks_again(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.sees("Ben", ben.number)
    await ana.moderate("Ben", "Make viewer")
    await ben.told("You are a viewer now: you can watch and listen.")
    await expect(ana.tile("Ben")).to_have_count(0)
    await ana.hears_no(ben.pitch)
    await expect(ben.controls.get_by_role("button", name=re.compile("camera|microphone|Share"))).to_have_count(0)
    await ben.sees("Ana", ana.number)
    await ana.moderate("Ben", "Make speaker")
    await ben.told("You can speak now.")
    await ben.press("Turn camera on")
    await ben.press("Unmute microphone")
    await ana.sees("Ben", ben.number)
    await ana.hears(ben.pitch)


@pytest.mark.thorough
async def test_a_new_moderator_may_moderate(guests: Invite) -> None:
    ana, ben, cora = await in_the_call(guests, "Ana", "Ben", "Cora")
    people = await ben.open("People")
    await expect(people.get_by_role("region", name="Moderation")).to_have_count(0)
    await ana.moderate("Ben", "Make moderator")
    await ben.told("You are a moderator now.")
    await expect(people.get_by_role("region", name="Moderation")).to_be_visible()
    await ben.moderate("Cora", "Mute")
    await cora.told("A moderator muted your microphone.")


async def test_nobody_enters_a_locked_room(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    await ana.open("People")
    await ana.page.get_by_role("switch", name="Lock the room").click()
    await expect(ben.page.get_by_text("Locked", exact=True)).to_be_visible()
    (cora,) = await guests("Cora")
    await cora.page.get_by_label("Your name").fill("Cora")
    await cora.press("Join")
    await expect(cora.page.get_by_role("heading", name="The room is locked")).to_be_visible()
    await ana.page.get_by_role("switch", name="Lock the room").click()
    await cora.press("Try again")
    await ana.sees("Cora", cora.number)


@pytest.mark.thorough
async def test_the_spotlight_is_large_for_everybody(guests: Invite) -> None:
    ana, ben, cora = await in_the_call(guests, "Ana", "Ben", "Cora")
    await cora.even()
    await ana.moderate("Ben", "Put in the spotlight")
    for guest in (ana, cora):
        await guest.large("Ben")
        await guest.sees("Ben", ben.number)
        await expect(guest.tile("Ben").get_by_role("img", name="In the spotlight")).to_be_visible()
    await ben.large("Ben (you)")
    await ana.moderate("Ben", "End spotlight")
    for guest in (ana, ben, cora):
        await guest.even()


@pytest.mark.thorough
async def test_hands_stand_in_the_order_in_which_they_were_raised(guests: Invite) -> None:
    ana, ben, cora = await in_the_call(guests, "Ana", "Ben", "Cora")
    await cora.press("Raise hand")
    await expect(ana.tile("Cora").get_by_role("img", name="Hand raised, 1st")).to_be_visible()
    await ben.press("Raise hand")
    await expect(ana.tile("Ben").get_by_role("img", name="Hand raised, 2nd")).to_be_visible()
    people = await ana.open("People")
    raised = people.get_by_role("list").first.get_by_role("listitem")
    await expect(people.get_by_role("heading", name="Raised hands (2)")).to_be_visible()
    await expect(raised).to_have_text([re.compile("Cora"), re.compile("Ben")])
    await ana.moderate("Cora", "Lower hand")
    await expect(cora.button("Raise hand")).to_have_attribute("aria-pressed", "false")
    for guest in (ana, cora):
        await expect(guest.tile("Ben").get_by_role("img", name="Hand raised, 1st")).to_be_visible()
    await ben.press("Raise hand")
    await expect(people.get_by_role("heading", name=re.compile("Raised hands"))).to_have_count(0)


@pytest.mark.thorough
async def test_a_reaction_is_seen_by_everybody_and_read_out(guests: Invite) -> None:
    ana, ben, cora = await in_the_call(guests, "Ana", "Ben", "Cora")
    await ben.press("Reactions")
    await ben.press("Applause")
    for guest in (ana, cora):
        stage = guest.page.get_by_role("region", name="People in the call")
        await expect(stage.get_by_text("👏")).to_be_visible()
        await expect(guest.page.get_by_text("Ben: 👏")).to_have_count(1)


@pytest.fixture
def door() -> Callable[..., Any]:
    """`await door(guests, "Ben")`: Ana has opened the waiting room, and the others stand before it."""

    async def open_door(guests: Invite, *names: str) -> list[Guest]:
        (ana,) = await in_the_call(guests, "Ana")
        await ana.open("People")
        await ana.page.get_by_role("switch", name="Waiting room").click()
        await expect(ana.page.get_by_role("switch", name="Waiting room")).to_be_checked()
        await ana.press("People")
        knocking: list[Guest] = await guests(*names)
        for guest in knocking:
            await guest.page.get_by_label("Your name").fill(guest.name)
            await guest.press("Join")
            await expect(guest.page.get_by_role("heading", name="Waiting to be let in")).to_be_visible()
        return [ana, *knocking]

    return open_door


async def test_a_knock_is_noticed_and_who_is_admitted_is_in(guests: Invite, door: Invite) -> None:
    ana, ben = await door(guests, "Ben")
    await expect(ana.page.get_by_role("main").get_by_text("Ben is waiting to be let in")).to_be_visible()
    await expect(ana.button("People, 1 person is waiting")).to_be_visible()
    await expect(ana.page).to_have_title(re.compile("^Ben is waiting · "))
    await expect(ben.page).to_have_title(re.compile("^Waiting… · "))
    await expect(ana.tile("Ben")).to_have_count(0)
    await ana.page.get_by_role("main").get_by_role("button", name="Admit").click()
    await ana.meets(ben)
    await ben.meets(ana)
    await expect(ana.button("People")).to_be_visible()


@pytest.mark.thorough
async def test_who_is_denied_is_told_so(guests: Invite, door: Invite) -> None:
    ana, ben = await door(guests, "Ben")
    banner = ana.page.get_by_role("main").get_by_text("Ben is waiting to be let in")
    await expect(banner).to_be_visible()
    await ana.open("People")
    await expect(banner).to_have_count(0)
    await ana.press("Deny Ben")
    await expect(ben.page.get_by_role("heading", name="You were not admitted")).to_be_visible()
    await expect(ana.button("People")).to_be_visible()


@pytest.mark.thorough
async def test_all_who_wait_are_admitted_at_once(guests: Invite, door: Invite) -> None:
    ana, ben, cora = await door(guests, "Ben", "Cora")
    main = ana.page.get_by_role("main")
    await expect(main.get_by_text("2 people are waiting to be let in")).to_be_visible()
    await main.get_by_role("button", name="Admit all").click()
    await ana.meets(ben, cora, heard=False)
    await ben.sees("Cora", cora.number)


@pytest.mark.thorough
async def test_who_no_longer_waits_is_gone_from_the_door(guests: Invite, door: Invite) -> None:
    ana, ben = await door(guests, "Ben")
    await ana.open("People")
    await expect(ana.button("Admit Ben")).to_be_visible()
    await ben.press("Cancel")
    await expect(ben.page.get_by_role("heading", name="Ready to join?")).to_be_visible()
    await expect(ana.button("Admit Ben")).to_have_count(0)
    await ben.press("Join")
    await ana.press("Admit Ben")
    await ana.sees("Ben", ben.number)
