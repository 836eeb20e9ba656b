"""A server that ends and comes back."""

from __future__ import annotations

import asyncio
import re
import signal
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.thorough import thorough

from .browsers import Chromium
from .caller import Caller
from .conftest import Server
from .meeting import Guest, in_the_call

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
HERE = Path(__file__).parent
Invite = Callable[..., Any]


@pytest.mark.parametrize("how", [thorough(signal.SIGTERM), signal.SIGKILL], ids=["told", "killed"])
async def test_people_come_back_to_a_server_that_has_forgotten_them(chromium: Chromium, how: signal.Signals) -> None:
    server = await Server("--web", str(HERE / "web")).start()
    room = f"restart-{uuid.uuid4().hex[:8]}"
    callers = []
    try:
        for number, name in enumerate(("Ana", "Ben", "Cora"), start=1):
            caller = Caller(await chromium.open(f"{server.url}/"), name, number, room)
            callers.append(await caller.join())
        ana, ben, cora = callers
        await ana.meets(ben, cora)
        await server.stop(how)
        await server.start()
        for caller in callers:
            await caller.meets(*(other for other in callers if other is not caller))
    finally:
        for caller in callers:
            await caller.page.close()
        await server.stop()


@pytest.mark.parametrize("policy", [thorough("auto"), "never"], ids=["directly", "by the server"])
async def test_a_call_goes_on_after_a_restart(guests: Invite, tmp_path: Path, policy: str) -> None:
    """Where a database is on disk, they are never gone: the room, its people and what they say go on."""
    server = await Server("--data-dir", str(tmp_path), "--chat-retention", "3600", "--p2p", policy).start()
    try:
        ana, ben = await in_the_call(guests, "Ana", "Ben", at=server)
        await asyncio.gather(ana.meets(ben), ben.meets(ana))
        await ana.press("Raise hand")
        await ana.writes("before")
        await (await ben.messages()).filter(has_text="before").wait_for()
        await server.stop()
        await ana.writes("meanwhile")  # while nobody is there
        await server.start()
        await asyncio.gather(ana.meets(ben), ben.meets(ana))
        await (await ben.messages()).filter(has_text="meanwhile").wait_for()
        await ben.writes("after")
        for guest in (ana, ben):
            said = [re.compile(text) for text in ("before", "meanwhile", "after")]
            await expect(await guest.messages()).to_have_text(said)
        await nobody_is_there_twice(ana, ben)
        await expect(ben.tile("Ana")).to_have_accessible_name(re.compile("hand raised"))
        assert [line["rooms"] for line in server.lines if line.get("event") == "rooms go on"] == [1]
        for guest in (ana, ben):
            await guest.page.goto("about:blank")
            # Chromium says of each attempt that failed that it did.
            guest.tab.errors[:] = [it for it in guest.tab.errors if "ERR_CONNECTION_REFUSED" not in it]
    finally:
        await server.stop()


async def nobody_is_there_twice(*guests: Guest) -> None:
    for guest in guests:
        stage = guest.page.get_by_role("region", name="People in the call")
        await expect(stage.get_by_role("listitem")).to_have_count(len(guests))
