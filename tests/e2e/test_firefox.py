"""Firefox, with its own ICE preferences: it never pairs with a loopback candidate, and the development server must still work for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .browsers import Firefox
from .caller import until
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.thorough
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


@pytest.mark.thorough
@pytest.mark.timeout(120)
async def test_firefox_goes_on_with_the_first_person_when_a_third_comes_and_goes(
    people: Callable[..., Any], firefox: Firefox, server: Server
) -> None:
    """Its elements are given a stream once, and must follow it from the direct road to the server's and back."""
    ana, cora = await people("Ana", "Cora")
    (ben,) = await people("Ben", browser=firefox)
    await ana.join()
    await ben.join()
    await ana.meets(ben)
    await ben.meets(ana)
    await ben.talks_directly()

    await cora.join()
    await ben.talks_by_the_server(server.udp_port)
    await ana.meets(ben, cora)
    await ben.meets(ana, cora)
    await ben.plays_sound_of(ana)

    await cora.call("leave")

    async def direct() -> bool:
        return bool((await ben.call("state"))["topology"] == {"mode": "direct", "phase": "commit"})

    await until(direct, "two people talk directly again", patience=40)
    await ana.meets(ben)
    await ben.meets(ana)
    await ben.plays_sound_of(ana)
    await ben.talks_directly()
