"""The app while the network is away, and when it is back."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect

from .caller import until
from .conftest import Server
from .meeting import Guest, Network

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]

AWAY = 5.0
"""Seconds; a session is kept for longer."""


async def call_with_a_network(guests: Invite) -> tuple[list[Guest], Network]:
    """Ana, Ben and Cora in the call; the network is Ben's."""
    invited: list[Guest] = await guests("Ana", "Ben", "Cora")
    network = await Network(invited[1].page).watch()
    await invited[1].page.reload()  # a route holds for pages that are loaded from now on
    for guest in invited:
        await guest.enter()
    return invited, network


async def test_a_lost_network_is_told_and_costs_nothing(guests: Invite) -> None:
    (ana, ben, cora), network = await call_with_a_network(guests)
    await ana.meets(ben, cora)
    await ben.meets(ana, cora)
    await ana.writes("before")
    await (await ben.messages()).filter(has_text="before").wait_for()
    main = ben.page.get_by_role("main")
    gone = time.monotonic()
    await network.fail()
    await expect(main.get_by_text("Connection lost. Reconnecting…")).to_be_visible()
    assert time.monotonic() - gone >= 1
    await ben.sees("Ana", ana.number)
    await ben.writes("Ben one")
    await ben.writes("Ben two")
    await ana.writes("Ana one")
    await cora.writes("Cora one")
    await expect((await ana.messages()).filter(has_text="Ben")).to_have_count(0)
    await expect(ana.tile("Ben").get_by_text("Reconnecting…")).to_be_visible()
    await expect(main.get_by_text(re.compile("Attempt [2-9]"))).to_be_visible()

    async def long_gone() -> bool:
        return time.monotonic() > gone + AWAY

    await until(long_gone, "the network is away for a while")
    network.heal()
    await expect(main.get_by_text("You are back")).to_be_visible(timeout=45_000)
    texts = []
    for guest in (ana, ben, cora):
        messages = await guest.messages()
        await expect(messages).to_have_count(5)
        lines = await messages.all_inner_texts()
        texts.append([line.splitlines()[-1] for line in lines])
    assert texts[0] == ["before", "Ana one", "Cora one", "Ben one", "Ben two"]
    assert texts[1] == texts[2] == texts[0]
    await ana.meets(ben, cora)
    await ben.meets(ana, cora)
    await expect(ana.tile("Ben").get_by_text("Reconnecting…")).to_have_count(0)
    await expect(main.get_by_text("You are back")).to_have_count(0)


@pytest.mark.thorough
@pytest.mark.timeout(120)
async def test_a_network_that_carries_nothing_at_all_is_told_and_costs_nothing(guests: Invite) -> None:
    server = await Server("--p2p", "never").start()
    try:
        ana, ben = await guests("Ana", "Ben", at=server)
        for guest in (ana, ben):
            await guest.enter()
        await ana.meets(ben)
        await ben.meets(ana)
        server.freeze()
        await ana.writes("into the void")
        for guest in (ana, ben):
            lost = guest.page.get_by_role("main").get_by_text("Connection lost. Reconnecting…")
            await expect(lost).to_be_visible(timeout=45_000)
        server.thaw()
        for guest in (ana, ben):
            await expect(guest.page.get_by_role("main").get_by_text("Connection lost")).to_have_count(0, timeout=45_000)
            await expect((await guest.messages()).filter(has_text="into the void")).to_have_count(1)
        await ana.meets(ben)
        await ben.meets(ana)
        await expect((await ana.messages()).get_by_text("Sending…")).to_have_count(0)
        (room,) = json.loads(await server.get("/_test/rooms")).values()
        assert sorted(it["source"] for it in room["publications"]) == ["camera", "camera", "microphone", "microphone"]
    finally:
        server.thaw()
        await go_away(ana, ben)
        await server.stop()


@pytest.mark.thorough
async def test_a_blink_is_not_worth_a_word(guests: Invite) -> None:
    (ana, ben, _), network = await call_with_a_network(guests)
    await ben.page.evaluate(
        "() => { window.shown = ''; new MutationObserver(() => { shown += document.body.innerText; })"
        ".observe(document.body, { childList: true, subtree: true, characterData: true }); }"
    )
    # The page is patient for a second; where this machine takes as long for another socket, that was no blink.
    for _ in range(5):
        await ben.page.evaluate("shown = ''")
        if await network.blink() < 0.5:
            break
    await ana.writes("there?")
    await (await ben.messages()).filter(has_text="there?").wait_for()
    await ben.meets(ana)
    shown = await ben.page.evaluate("shown")
    assert "there?" in shown
    assert "Connection lost" not in shown


async def test_a_message_of_which_nobody_knows_whether_it_arrived_is_said_once(guests: Invite) -> None:
    server = await Server().start()
    try:
        ana, ben = await guests("Ana", "Ben", at=server)
        network = await Network(ben.page).watch()
        await ben.page.reload()
        await ana.enter()
        await ben.enter()
        await ana.sees("Ben", ben.number)
        await network.fail()
        await ben.writes("written in vain")
        await expect((await ben.messages()).get_by_text("Sending…")).to_be_visible()
        # The new server knows nothing of Ben's session, and so cannot tell what of it had arrived.
        await server.stop(signal.SIGKILL)
        await server.start()
        network.heal()
        await expect(await ana.messages()).to_have_text([re.compile("Ben.*written in vain")], timeout=45_000)
        await ana.sees("Ben", ben.number)
        await expect(await ben.messages()).to_have_text([re.compile("You.*written in vain")])
        await expect(await ana.messages()).to_have_count(1)
    finally:
        await go_away(ana, ben)
        await server.stop()


async def go_away(*guests: Guest) -> None:
    """Forgives what the browser's console said of sockets that could not be opened."""
    for guest in guests:
        await guest.page.goto("about:blank")
        guest.tab.errors[:] = [error for error in guest.tab.errors if "WebSocket" not in error]


async def test_without_webrtc_the_socket_carries_the_call_and_the_app_says_so(guests: Invite) -> None:
    ana, ben = await guests("Ana", "Ben")
    await ben.page.add_init_script("delete globalThis.RTCPeerConnection")
    await ben.page.reload()
    await ana.enter()
    await ben.enter()
    await ana.meets(ben)
    await ben.meets(ana)
    notice = ben.page.get_by_role("main").get_by_text("Over WebSocket: half a second late or more.")
    await expect(notice).to_be_visible()
    await expect(ana.page.get_by_text("Over WebSocket")).to_have_count(0)
    await ben.page.get_by_role("button", name="Dismiss").click()
    await expect(notice).to_have_count(0)
