"""Firefox, with its own ICE preferences: it never pairs with a loopback candidate, and the development server must still work for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .browsers import Firefox
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_firefox_and_chromium_talk_directly(people: Callable[..., Any], firefox: Firefox) -> None:
    (ana,) = await people("Ana")
    (ben,) = await people("Ben", browser=firefox)
    await ana.join()
    await ben.join()
    await ana.meets(ben)
    await ben.meets(ana)
    await ana.talks_directly()


async def test_firefox_joins_a_chromium_call(people: Callable[..., Any], firefox: Firefox, server: Server) -> None:
    ana, ben = await people("Ana", "Ben")
    (cora,) = await people("Cora", browser=firefox)
    for caller in (ana, ben, cora):
        await caller.join()
    await ana.meets(ben, cora)
    await ben.meets(ana, cora)
    await cora.meets(ana, ben)
    await cora.talks_by_the_server(server.udp_port)
