"""Three people go by the SFU, whatever stands between."""

from __future__ import annotations

import pytest

from tests.thorough import thorough

from .box import FULL_CONE, ONLY_TCP_443, ONLY_TLS, PORT_RESTRICTED, SYMMETRIC
from .internet import Family
from .roads import goes
from .town import PORT, SERVER, UDP_PORT, Town

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("family", [thorough(4), 6])
async def test_every_box_is_passed_by_udp(town: Town, family: Family) -> None:
    callers = await town.call(SYMMETRIC, PORT_RESTRICTED, FULL_CONE, family=family)
    line = town.line(SERVER)
    for caller in callers:
        pair = await goes(caller, "sfu", lambda pair: not pair.relayed)
        assert pair.local.protocol == "udp"
        assert (pair.remote.address, pair.remote.port) == (line.ipv4 if family == 4 else line.ipv6, UDP_PORT)


async def test_who_may_only_use_tcp_443_goes_by_tcp(town: Town) -> None:
    cora, ana, ben = await town.call(ONLY_TCP_443, SYMMETRIC, PORT_RESTRICTED)
    # To the server itself, or by its relay: where both answer, a browser stays with the first.
    ways = {("tcp", None, PORT), ("udp", "tcp", UDP_PORT)}
    pair = await goes(cora, "sfu", lambda pair: (pair.local.protocol, pair.local.relay, pair.remote.port) in ways)
    assert pair.remote.address == town.line(SERVER).ipv4
    for caller in (ana, ben):
        assert (await goes(caller, "sfu", lambda pair: not pair.relayed)).local.protocol == "udp"


@pytest.mark.thorough
async def test_where_stun_in_the_clear_is_stopped_the_sfu_is_reached_by_a_relay_in_tls(town: Town) -> None:
    ana, ben, cora = await town.call(ONLY_TLS, SYMMETRIC, PORT_RESTRICTED)
    pair = await goes(ana, "sfu", lambda pair: pair.local.type == "relay")
    assert pair.local.relay == "tls"
    for caller in (ben, cora):
        assert (await goes(caller, "sfu", lambda pair: not pair.relayed)).local.protocol == "udp"
