"""Browsers encode sound as the server's settings say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from .browsers import Chromium
from .by_http import ByHttp, open_page
from .caller import until
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Serve = Callable[..., Any]
Talk = Callable[..., Any]

MEASURED = 3.0
"""Seconds."""
FRAMES = 50
"""Of Opus, a second."""


@dataclass
class Sent:
    """A second's worth of sound."""

    packets: float
    bits: float


async def sent(page: ByHttp) -> Sent:
    """From now on."""
    before = await page.call("said")
    await asyncio.sleep(MEASURED)
    after = await page.call("said")
    packets, size = after["packets"] - before["packets"], after["bytes"] - before["bytes"]
    return Sent(packets / MEASURED, size * 8 / MEASURED)


@pytest_asyncio.fixture(loop_scope="session")
async def talk(chromium: Chromium, room: str) -> AsyncIterator[Talk]:
    """`await talk(server)`: somebody who sends, and somebody who hears him."""
    opened: list[ByHttp] = []

    async def begin(server: Server) -> tuple[ByHttp, ByHttp]:
        for name in ("Obs", "Player"):
            opened.append(await open_page(chromium, server.url, name, 9 + len(opened)))
        obs, player = opened[-2:]
        assert (await obs.publish(f"/whip/{room}/obs"))["status"] == 201
        assert (await player.play(f"/whep/{room}/obs"))["status"] == 201
        await player.hears(obs.pitch)
        return obs, player

    yield begin
    for page in opened:
        await page.page.close()


async def test_in_silence_next_to_nothing_is_sent_where_the_server_says_so(serve: Serve, talk: Talk) -> None:
    obs, player = await talk(await serve("--audio-dtx"))
    loud = await sent(obs)
    assert loud.packets > FRAMES * 0.8, loud
    await obs.call("hush", on=True)
    await asyncio.sleep(1)
    silent = await sent(obs)
    assert silent.packets < FRAMES * 0.3, (loud, silent)
    await obs.call("hush", on=False)
    await player.hears(obs.pitch)


@pytest.mark.thorough
async def test_otherwise_silence_is_sent_like_sound(server: Server, talk: Talk) -> None:
    obs, _ = await talk(server)
    await obs.call("hush", on=True)
    await asyncio.sleep(1)
    silent = await sent(obs)
    assert silent.packets > FRAMES * 0.8, silent


async def test_frames_are_sent_twice_unless_the_server_says_otherwise(server: Server, serve: Serve, talk: Talk) -> None:
    before = await server.metric("tertulia_red_in_total")
    twice, _ = await talk(server)

    async def arrives() -> bool:
        return await server.metric("tertulia_red_in_total") > before + FRAMES

    await until(arrives, "redundant audio arrives")
    assert await server.metric("tertulia_red_out_total") == 0, "nobody loses anything"
    double = await sent(twice)
    plain = await serve("--no-audio-red")
    once, _ = await talk(plain)
    single = await sent(once)
    assert await plain.metric("tertulia_red_in_total") == 0
    assert 1.5 < double.bits / single.bits < 2.5, (double, single)
