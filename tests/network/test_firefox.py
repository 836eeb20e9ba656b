"""Firefox and Chromium meet behind boxes that keep them apart."""

from __future__ import annotations

import pytest

from .box import ONLY_TCP_443, PORT_RESTRICTED, SYMMETRIC
from .roads import goes
from .town import PORT, SERVER, UDP_PORT, Town, see_each_other

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]
BEN = frozenset({"Ben"})


@pytest.mark.thorough
async def test_firefox_behind_a_symmetric_box_is_relayed_to_chromium(town: Town) -> None:
    callers = await town.call(PORT_RESTRICTED, SYMMETRIC, firefox=BEN)
    pairs = [await goes(caller, "direct", lambda pair: pair.relayed) for caller in callers]
    assert {pair.local.relay for pair in pairs} - {None} == {"udp"}, pairs


@pytest.mark.thorough
async def test_firefox_that_may_only_use_tcp_443_reaches_the_server_by_tcp(town: Town) -> None:
    ana, ben, cora = await town.invite(PORT_RESTRICTED, ONLY_TCP_443, SYMMETRIC, firefox=BEN)
    for caller in (ana, cora, ben):
        await caller.join()
    await see_each_other(ana, ben, cora)
    pair = await goes(ben, "sfu", lambda pair: not pair.relayed)
    assert pair.local.protocol == "tcp"
    assert (pair.remote.address, pair.remote.port) == (town.line(SERVER).ipv4, PORT)
    for caller in (ana, cora):
        pair = await goes(caller, "sfu", lambda pair: not pair.relayed)
        assert (pair.local.protocol, pair.remote.port) == ("udp", UDP_PORT)
