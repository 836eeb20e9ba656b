"""How a call does: the sign of the connection, what is behind it, and what the server knows of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, expect

from .caller import until
from .conftest import Server
from .meeting import Guest, in_the_call
from .wire import Wire

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]

MEASURED_WITHIN = 45_000
"""Milliseconds: the server looks every four seconds, twice before it can say anything; pages report every five."""


async def cells(row: Locator) -> list[str]:
    return [await cell.inner_text() for cell in await row.get_by_role("cell").all()]


@pytest.mark.thorough
async def test_the_sign_leads_to_figures_of_the_call_that_is(guests: Invite, app_server: Server, room: str) -> None:
    ana, ben, cora = await in_the_call(guests, "Ana", "Ben", "Cora")
    await ana.meets(ben, cora)
    await ana.page.get_by_role("button", name=re.compile("^Connection: (excellent|good|poor)$")).click()
    dialog = ana.page.get_by_role("dialog", name="Connection")
    camera = dialog.get_by_role("row").filter(has_text="Ben").filter(has_text="Camera")
    voice = dialog.get_by_role("row").filter(has_text="Ben").filter(has_text="Microphone")
    size = re.compile("fills its tile|full size|no more is sent")
    await expect(camera).to_contain_text(size, timeout=MEASURED_WITHIN)
    track, direction, shape, score, _, rate, loss, *_, freezes = await cells(camera)
    assert (track, direction) == ("Camera", "received")
    assert re.fullmatch(r"\d+×\d+, \d+/s", shape) and int(rate.removesuffix(" kbit/s")) > 10
    assert float(loss.removesuffix(" %")) < 5 and freezes.isdecimal()
    assert 1 <= float(score) <= 4.5
    _, _, _, heard, why, *_ = await cells(voice)
    assert float(heard) > 3.5 and why == "–"
    own = dialog.locator("dl div").filter(has_text="Score")
    await expect(own).to_contain_text(re.compile(r"[1-4]\.\d"))
    await ana.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await _the_server_knows_of_it(app_server, room, ana)


async def test_a_poor_connection_is_marked_for_everybody_as_long_as_it_is_poor(guests: Invite) -> None:
    server = await Server("--p2p", "never").start()
    wire = Wire()
    try:
        ana, ben = await guests("Ana", "Ben", at=server)
        await wire.put_into(ben.page)
        await ben.page.reload()
        for guest in (ana, ben):
            await guest.enter()
        await ana.meets(ben)
        mark = ana.tile("Ben").get_by_role("img", name="Poor connection")
        await expect(mark).to_have_count(0)
        wire.loses = 3
        await expect(mark).to_be_visible(timeout=MEASURED_WITHIN)
        await expect(ben.page.get_by_role("button", name="Connection: poor")).to_be_visible()
        await expect(ana.page.get_by_role("img", name="Poor connection")).to_have_count(1)
        wire.loses = 0
        await expect(mark).to_have_count(0, timeout=MEASURED_WITHIN)
        own = ben.page.get_by_role("button", name=re.compile("^Connection: (excellent|good)$"))
        await expect(own).to_be_visible()
        await ana.meets(ben)
    finally:
        for guest in (ana, ben):
            await guest.page.goto("about:blank")
        wire.close()
        await server.stop()


async def _the_server_knows_of_it(server: Server, room: str, ana: Guest) -> None:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as api:
        people = (await api.get(f"/rooms/{room}")).json()["participants"]
        (me,) = (who["id"] for who in people if who["name"] == ana.name)
        cameras = {it["id"] for who in people for it in who["publications"] if it["source"] == "camera"}

        async def reported() -> bool:
            measured = (await api.get(f"/rooms/{room}/statistics")).json()["participants"]
            mine = next(it for it in measured if it["participant"] == me)
            told = [it for it in mine["subscriptions"] if it["publication"] in cameras and it["reception"]]
            return (
                len(told) == 2
                and mine["quality"]["score"] >= 1
                and all(it["reception"]["framesPerSecond"] > 2 and it["packetsSent"] > 10 for it in told)
            )

        await until(reported, "the server knows what Ana's page decodes", 20)
