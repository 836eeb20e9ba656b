"""A server that ends and comes back."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from .browsers import Chromium
from .caller import Caller
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
HERE = Path(__file__).parent


async def test_people_come_back_after_a_restart(chromium: Chromium) -> None:
    server = await Server("--web", str(HERE / "web")).start()
    room = f"restart-{uuid.uuid4().hex[:8]}"
    callers = []
    try:
        for number, name in enumerate(("Ana", "Ben", "Cora"), start=1):
            caller = Caller(await chromium.open(f"{server.url}/"), name, number, room)
            callers.append(await caller.join())
        ana, ben, cora = callers
        await ana.meets(ben, cora)
        await server.stop()
        await server.start()
        for caller in callers:
            await caller.meets(*(other for other in callers if other is not caller))
    finally:
        for caller in callers:
            await caller.page.close()
        await server.stop()
