"""Calls in the app: who sees and hears whom, shared screens, devices that change, pages that are loaded again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect

from tests.thorough import thorough

from .browsers import Firefox
from .caller import until
from .conftest import Server
from .meeting import FirefoxGuest, Guest, in_the_call

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


async def everyone_meets(*guests: Guest, heard: bool = True) -> None:
    await asyncio.gather(
        *(guest.meets(*(other for other in guests if other is not guest), heard=heard) for guest in guests)
    )


async def a_call(guests: Invite, *names: str) -> list[Guest]:
    """In which everybody has met."""
    invited = await in_the_call(guests, *names)
    await everyone_meets(*invited)
    return invited


@pytest.mark.parametrize("names", [thorough(("Ana", "Ben")), ("Ana", "Ben", "Cora")], ids=["two", "three"])
async def test_everybody_sees_and_hears_everybody(guests: Invite, names: tuple[str, ...]) -> None:
    invited = await a_call(guests, *names)
    for guest in invited:
        await guest.sees(f"{guest.name} (you)", guest.number)
        await guest.hears_no(guest.pitch)


async def test_one_is_not_taken_for_another(guests: Invite) -> None:
    """The control of all tests here: looking and listening for the wrong person must fail."""
    ana, ben = await a_call(guests, "Ana", "Ben")
    with pytest.raises(AssertionError, match="sees picture 3 move"):
        await ana.sees(ben.name, 3, patience=2)
    with pytest.raises(AssertionError, match="hears 690 Hz"):
        await ana.hears(690, patience=2)


@pytest.mark.thorough
@pytest.mark.soak
async def test_six_people_see_each_other(guests: Invite) -> None:
    invited = await guests("Ana", "Ben", "Cora", "Dan", "Eva", "Fay", fps=5)
    await asyncio.gather(*(guest.enter() for guest in invited))
    await everyone_meets(*invited, heard=False)


async def test_a_shared_screen_is_large_and_heard_until_it_ends(guests: Invite) -> None:
    ana, ben, cora = await a_call(guests, "Ana", "Ben", "Cora")
    await ana.press("Share screen")
    for other in (ben, cora):
        await other.sees("Ana’s screen", ana.screen)
        await other.large("Ana’s screen")
        await other.hears(ana.screen_pitch)
        await other.hears(ana.pitch)
    await ana.controls.get_by_role("button", name="Stop sharing").click()
    for other in (ben, cora):
        await expect(other.tile("Ana’s screen")).to_have_count(0)
        await other.hears_no(ana.screen_pitch)
        await other.even()
        await other.sees("Ana", ana.number)


@pytest.mark.thorough
async def test_ones_own_share_is_no_hall_of_mirrors(guests: Invite) -> None:
    ana, ben = await a_call(guests, "Ana", "Ben")
    await ana.press("Share screen")
    own = ana.tile("Your screen")
    await expect(own.get_by_text("You are sharing your screen")).to_be_visible()
    await expect(own.locator("video")).to_have_count(0)
    await ben.sees("Ana’s screen", ana.screen)
    await own.get_by_role("button", name="Stop sharing").click()
    await expect(ben.tile("Ana’s screen")).to_have_count(0)
    await expect(ana.button("Share screen")).to_be_visible()


@pytest.mark.thorough
async def test_a_share_that_the_browser_ends_is_over_for_everybody(guests: Invite) -> None:
    ana, ben = await a_call(guests, "Ana", "Ben")
    await ana.press("Share screen")
    await ben.sees("Ana’s screen", ana.screen)
    await ana.page.evaluate("meeting.stopSharing()")
    await expect(ben.tile("Ana’s screen")).to_have_count(0)
    await expect(ana.tile("Your screen")).to_have_count(0)
    await ben.hears_no(ana.screen_pitch)
    await ana.press("Share screen")
    await ben.sees("Ana’s screen", ana.screen)
    await ben.hears(ana.screen_pitch)


@pytest.mark.thorough
async def test_a_picker_that_was_closed_is_no_error(guests: Invite) -> None:
    ana, ben = await a_call(guests, "Ana", "Ben")
    await ana.page.evaluate("meeting.refusals.screen.push('NotAllowedError')")
    await ana.press("Share screen")
    await until(lambda: ana.page.evaluate("meeting.refusals.screen.length === 0"), "the picker was opened and closed")
    await expect(ana.button("Share screen")).not_to_have_attribute("aria-busy", "true")
    await expect(ana.toasts()).to_have_count(0)
    await ana.press("Share screen")
    await ben.sees("Ana’s screen", ana.screen)


async def test_who_comes_late_sees_the_running_share(guests: Invite) -> None:
    ana, _ = await a_call(guests, "Ana", "Ben")
    await ana.press("Share screen")
    (cora,) = await guests("Cora")
    await cora.enter()
    await cora.sees("Ana’s screen", ana.screen)
    await cora.large("Ana’s screen")
    await cora.hears(ana.screen_pitch)


@pytest.mark.thorough
async def test_another_camera_takes_the_place_of_the_one_before(guests: Invite) -> None:
    ana, ben = await a_call(guests, "Ana", "Ben")
    before = await ben.tile("Ana").locator("video").element_handle()
    await ana.choose("Choose camera", "Back camera", role="menuitemradio")
    await ben.sees("Ana", ana.back_camera)
    await ana.sees("Ana (you)", ana.back_camera)
    assert await ben.tile("Ana").locator("video").evaluate("(video, before) => video === before", before)
    await ana.press("Choose camera")
    await expect(ana.page.get_by_role("menuitemradio", name="Back camera")).to_be_checked()


async def test_an_unplugged_camera_is_replaced_and_that_is_said(guests: Invite) -> None:
    ana, ben = await a_call(guests, "Ana", "Ben")
    await ana.page.evaluate("meeting.unplug('Front camera')")
    await ana.told("Camera was disconnected. Now using Back camera.")
    await ben.sees("Ana", ana.back_camera)
    await ben.hears(ana.pitch)


@pytest.mark.thorough
async def test_a_camera_that_was_refused_can_be_turned_on_later(guests: Invite) -> None:
    ana, ben = await guests("Ana", "Ben")
    await expect(ana.button("Turn camera off")).to_be_visible()  # the refusals are for what comes after this camera
    await ana.page.evaluate("meeting.refusals.camera.push('NotAllowedError', 'NotAllowedError')")
    await ana.press("Turn camera off")
    await ana.press("Turn camera on")
    await expect(ana.page.get_by_text("Camera is blocked")).to_be_visible()
    await ana.enter()
    await ben.enter()
    await ben.hears(ana.pitch)
    await expect(ben.tile("Ana").locator("video")).to_have_count(0)
    await ana.press("Turn camera on")
    await expect(ana.page.get_by_role("main").get_by_text("Camera is blocked")).to_be_visible()
    # Now it has been granted in the browser's settings.
    await ana.press("Turn camera on")
    await expect(ana.page.get_by_role("main").get_by_text("Camera is blocked")).to_have_count(0)
    await ben.sees("Ana", ana.number)


async def test_a_reloaded_page_asks_with_what_was_chosen_and_the_others_see_him_once(guests: Invite) -> None:
    ana, ben, cora = await a_call(guests, "Ana", "Ben", "Cora")
    await ben.press("Mute microphone")
    await ben.page.reload()
    await expect(ben.page.get_by_label("Your name")).to_have_value("Ben")
    await expect(ben.button("Unmute microphone")).to_be_visible()
    await ben.press("Join")
    for other in (ana, cora):
        await other.sees("Ben", ben.number)
        await expect(other.tile("Ben")).to_have_count(1)
        await expect(other.tile("Ben").get_by_role("img", name="Microphone is muted")).to_be_visible()
        await expect(other.page.get_by_text("3 people", exact=True)).to_be_visible()
        await other.hears_no(ben.pitch)
    await ben.meets(ana, cora)


@pytest.mark.thorough
async def test_two_tabs_of_one_person_are_two_people(guests: Invite, app_server: Server, room: str) -> None:
    ana, ben = await a_call(guests, "Ana", "Ben")
    tab = await ben.page.context.new_page()
    await tab.add_init_script(Guest(ben.tab, "Ben", 5).script())
    await tab.goto(f"{app_server.url}/r/{room}")
    await tab.get_by_role("button", name="Join", exact=True).click()
    await expect(ana.tile("Ben")).to_have_count(2)
    await expect(ana.page.get_by_text("3 people", exact=True)).to_be_visible()
    pictures = [ana.sees_on(ana.tile("Ben").nth(0), ben.number), ana.sees_on(ana.tile("Ben").nth(1), 5)]
    await asyncio.gather(*pictures)
    await tab.close()
    await expect(ana.tile("Ben")).to_have_count(1)
    await ana.meets(ben)


@pytest.mark.thorough
async def test_firefox_sees_and_hears_a_shared_screen_and_is_seen(
    guests: Invite, firefox: Firefox, app_server: Server, room: str
) -> None:
    (ana,) = await guests("Ana")
    await ana.enter()
    page = await firefox.open("about:blank")
    ben = FirefoxGuest(page, "Ben", 2)
    try:
        await ben.enter(f"{app_server.url}/r/{room}")
        await ana.meets(ben)
        await ben.sees("Ana", ana.number)
        await ben.hears(ana.pitch)
        await ana.press("Share screen")
        await ben.sees("Ana’s screen", ana.screen)
        await ben.hears(ana.screen_pitch)
        await ana.controls.get_by_role("button", name="Stop sharing").click()
        await ben.misses("Ana’s screen")
        await ana.meets(ben)
    finally:
        await page.close()
