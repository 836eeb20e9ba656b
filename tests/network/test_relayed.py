"""Two people whose boxes keep them apart meet on a relay of the server, by whatever their firewall lets through."""

from __future__ import annotations

import pytest

from tests.thorough import thorough

from .box import ONLY_TCP_443, ONLY_TLS, PORT_RESTRICTED, SYMMETRIC, Rules, named
from .roads import Pair, goes
from .town import SECOND_SERVER, UDP_PORT, Town

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]


def relayed(pair: Pair) -> bool:
    return pair.relayed


@pytest.mark.parametrize("boxes", [thorough((SYMMETRIC, PORT_RESTRICTED)), (SYMMETRIC, SYMMETRIC)], ids=named)
async def test_a_symmetric_box_is_passed_by_a_relay(town: Town, boxes: tuple[Rules, ...]) -> None:
    callers = await town.call(*boxes)
    pairs = [await goes(caller, "direct", relayed) for caller in callers]
    assert {pair.local.relay for pair in pairs} - {None} == {"udp"}, pairs


@pytest.mark.parametrize("other", [thorough(PORT_RESTRICTED), ONLY_TCP_443], ids=named)
async def test_who_may_only_use_tcp_443_is_relayed_from_there(town: Town, other: Rules) -> None:
    ana, ben = await town.call(ONLY_TCP_443, other)
    pair = await goes(ana, "direct", lambda pair: pair.local.type == "relay")
    assert pair.local.relay == "tcp"
    await goes(ben, "direct", relayed)


@pytest.mark.thorough
async def test_where_stun_in_the_clear_is_stopped_the_relay_is_spoken_to_in_tls(town: Town) -> None:
    ana, ben = await town.call(ONLY_TLS, PORT_RESTRICTED)
    pair = await goes(ana, "direct", lambda pair: pair.local.type == "relay")
    assert pair.local.relay == "tls"
    await goes(ben, "direct", relayed)


@pytest.mark.thorough
async def test_without_a_relay_symmetric_boxes_are_passed_by_the_sfu_alone(town: Town) -> None:
    """The boxes do keep these two apart: what the tests above found was the relay's work."""
    await town.serve(SECOND_SERVER, "--no-turn")
    callers = await town.call(SYMMETRIC, SYMMETRIC, server=SECOND_SERVER, patience=30)
    for caller in callers:
        pair = await goes(caller, "sfu", lambda pair: not pair.relayed)
        assert (pair.remote.address, pair.remote.port) == (town.line(SECOND_SERVER).ipv4, UDP_PORT)
