"""A network that was away and is back: pictures move again within two seconds, by the connections that were there before."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.thorough import thorough

from .browsers import ChromiumPage
from .caller import Caller, until
from .conftest import Server
from .meeting import Network
from .wire import Wire

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]
Serve = Callable[..., Any]

BACK_WITHIN = 2.0
"""Seconds, as promised."""
STUTTER = 0.5
"""Seconds without a new picture that nobody notices, with room for a machine that encodes and decodes in software."""
NOTICED_WITHIN = 20.0
"""Seconds after which a browser has long noticed that nothing comes any more; typical are five."""

# Each connection by its road: which one it is, how it does, and with which credentials it was negotiated last.
ROADS = """
(() => {
  window.known ??= [];
  const { sfu, direct } = person.room.roads();
  return Object.fromEntries(Object.entries({ sfu, direct }).filter(([, pc]) => pc).map(([road, pc]) => {
    if (!known.includes(pc)) known.push(pc);
    const ufrag = /a=ice-ufrag:(\\S+)/.exec(pc.localDescription?.sdp ?? '')?.[1];
    return [road, { which: known.indexOf(pc), state: pc.connectionState, ufrag }];
  }));
})()
"""
ONLINE = "(window.dispatchEvent(new Event('online')), null)"


async def look(caller: Caller, road: str) -> dict[str, Any]:
    roads = await caller.page.evaluate(ROADS)
    return dict(roads[road])


async def back_after(caller: Caller, other: Caller) -> float:
    """Seconds until three new pictures were shown."""
    begun = time.monotonic()
    await caller.sees(other, frames=3)
    return time.monotonic() - begun


@pytest.mark.parametrize("sockets", [thorough("sockets live"), "sockets die"])
@pytest.mark.parametrize("road", ["sfu", "direct"])
async def test_pictures_move_again_at_once_when_the_network_is_back(
    people: Invite, serve: Serve, road: str, sockets: str
) -> None:
    server: Server = await serve(*(() if road == "direct" else ("--p2p", "never")))
    ana, ben = await people("Ana", "Ben", at=server)
    assert isinstance(ana.page, ChromiumPage)
    wire, network = Wire(), await Network(ana.page.page).watch()
    await wire.put_into(ana.page.page)
    await ana.page.reload()
    try:
        for caller in (ana, ben):
            await caller.join()
        await ana.meets(ben)
        await ben.meets(ana)
        before = await look(ana, road)

        async def noticed() -> bool:
            return bool((await look(ana, road))["state"] == "disconnected")

        wire.carries = False
        if sockets == "sockets die":
            await network.fail()
        await until(noticed, "Ana's browser notices that nothing comes", patience=NOTICED_WITHIN)
        await ana.sees_nothing_new_of(ben)
        wire.carries = True
        network.heal()
        await ana.page.evaluate(ONLINE)
        assert await back_after(ana, ben) <= BACK_WITHIN
        assert await back_after(ben, ana) <= BACK_WITHIN
        after = await look(ana, road)
        assert after["which"] == before["which"], "the connection of before goes on"
        assert after["ufrag"] != before["ufrag"], "by an ICE restart"
        assert (await ana.call("state"))["id"] == ana.identity
        await ana.meets(ben)
        await ben.meets(ana)
    finally:
        wire.close()


@pytest.mark.parametrize("road", ["sfu", "direct"])
async def test_an_ice_restart_in_the_running_call_stops_no_picture(people: Invite, serve: Serve, road: str) -> None:
    server: Server = await serve(*(() if road == "direct" else ("--p2p", "never")))
    ana, ben = await people("Ana", "Ben", at=server)
    for caller in (ana, ben):
        await caller.join()
    await ana.meets(ben)
    await ben.meets(ana)
    before, since = await look(ana, road), (await ana.clock(), await ben.clock())
    await ana.page.evaluate(ONLINE)

    async def restarted() -> bool:
        now = await look(ana, road)
        return bool(now["ufrag"] != before["ufrag"] and now["state"] == "connected")

    await until(restarted, "Ana's connection has other credentials")
    for caller, other, then in ((ana, ben, since[0]), (ben, ana, since[1])):
        await caller.sees(other, frames=20)
        gaps = await caller.gaps(other, then)
        assert gaps.longest <= STUTTER, gaps
    assert (await look(ana, road))["which"] == before["which"], "the connection of before goes on"
    await ana.meets(ben)
    await ben.meets(ana)
