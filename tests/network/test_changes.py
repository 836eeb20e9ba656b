"""A network that changes in the middle of a call."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tests.e2e.caller import PATIENCE, Caller, until
from tests.thorough import thorough

from .box import PORT_RESTRICTED
from .roads import Pair, Road, goes
from .town import MOBILE, Town, see_each_other

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

BACK_WITHOUT_UDP = 9.0
"""Seconds without a picture; four are typical directly, six by the server. The restart begins after one, but a browser does not at once
leave a pair that it still believes in for a worse one."""
BACK_AFTER_A_MOVE = 3.0
"""Seconds without a picture once the new network is there. Two are promised, and 0.9 are typical on a machine that does nothing else."""
BACK_AFTER_A_SILENT_MOVE = 6.0
"""The same where no event tells the page, as on a desktop whose old network is up until the new one is; 3.6 are typical. The page has
another socket, and has begun its restart, after 1.2; but Chromium on Linux learns of a new interface two or three seconds late, and until
then gathers candidates on the one that is gone."""
PICTURES_BEFORE_A_MOVE = 60
"""Silence is out of the ordinary only where there was none for some seconds; there are ten pictures in one."""


def by_tcp(pair: Pair) -> bool:
    return "tcp" in (pair.local.protocol, pair.local.relay) or pair.local.relay == "tls"


class Outage:
    """How long two people are without new pictures of each other, from now on."""

    def __init__(self, one: Caller, other: Caller) -> None:
        self._pairs = [(one, other), (other, one)]

    async def begin(self) -> Outage:
        self._since = [await watching.clock() for watching, _ in self._pairs]
        return self

    async def ends_within(self, seconds: float) -> None:
        await see_each_other(*self._pairs[0])
        for (watching, watched), since in zip(self._pairs, self._since, strict=True):
            shown = await watching.call("watch", name=watched.name, since=since)
            good = [frame["at"] for frame in shown if frame.get("id") == watched.number and not frame.get("bad")]
            longest = max(after - before for before, after in itertools.pairwise([since, *good])) / 1000
            assert longest <= seconds, f"{watching.name} did not see {watched.name} for {longest:.1f} s"


async def test_two_who_lose_udp_see_each_other_again_by_a_relay_over_tcp(town: Town) -> None:
    ana, ben = await town.call(PORT_RESTRICTED, PORT_RESTRICTED)
    await goes(ana, "direct", lambda pair: not pair.relayed)
    outage = await Outage(ana, ben).begin()
    await town.people[0].home.drop_udp()
    await goes(ana, "direct", by_tcp, patience=2 * BACK_WITHOUT_UDP)
    await outage.ends_within(BACK_WITHOUT_UDP)


@pytest.mark.thorough
async def test_who_loses_udp_reaches_the_server_again_by_tcp(town: Town) -> None:
    ana, ben = await town.call(PORT_RESTRICTED, PORT_RESTRICTED, options={"p2p": False})
    await goes(ana, "sfu", lambda pair: pair.local.protocol == "udp")
    outage = await Outage(ana, ben).begin()
    await town.people[0].home.drop_udp()
    await goes(ana, "sfu", by_tcp, patience=2 * BACK_WITHOUT_UDP)
    await outage.ends_within(BACK_WITHOUT_UDP)


@pytest.mark.parametrize("gap", [thorough(False), True], ids=["without a gap", "after a gap"])
@pytest.mark.parametrize("p2p", [True, False], ids=["direct", "sfu"])
async def test_a_telephone_that_comes_to_another_network_keeps_its_place(town: Town, p2p: bool, gap: bool) -> None:
    ana, ben = await town.call(PORT_RESTRICTED, PORT_RESTRICTED, options={"p2p": p2p})
    road: Road = "direct" if p2p else "sfu"
    await goes(ana, road, lambda pair: not pair.relayed)
    for caller, other in ((ana, ben), (ben, ana)):
        await caller.sees(other, frames=PICTURES_BEFORE_A_MOVE)
    telephone = town.people[0].machine
    if gap:
        await telephone.down()
        await until(lambda: ana.page.evaluate("!navigator.onLine"), "Ana's browser finds itself without a network")
    outage = await Outage(ana, ben).begin()
    await telephone.up(MOBILE)

    async def in_its_place() -> bool:
        state = await ana.call("state")
        return bool(state["state"] == "connected" and state["id"] == ana.identity)

    await outage.ends_within(BACK_AFTER_A_MOVE if gap else BACK_AFTER_A_SILENT_MOVE)
    await until(in_its_place, "Ana is who she was")
    await asyncio.wait_for(ana.call("say", text="still here"), PATIENCE)
    assert await ben.call("names") == ["Ana"]
    await goes(ana, road, lambda pair: not pair.relayed)
