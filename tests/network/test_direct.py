"""Two people whose boxes let them talk directly do so, relayed by nobody."""

from __future__ import annotations

import pytest

from tests.thorough import thorough

from .box import FULL_CONE, PORT_RESTRICTED, SYMMETRIC, Rules, named
from .roads import Pair, goes
from .town import GUEST, HOME, Town, see_each_other

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]


async def test_two_in_one_house_talk_without_leaving_it(town: Town) -> None:
    ana, ben = await town.invite(PORT_RESTRICTED, PORT_RESTRICTED, networks={"Ben": GUEST})
    for caller in (ana, ben):
        await caller.join()
    await see_each_other(ana, ben)
    for caller, person, network in zip((ana, ben), town.people, (HOME, GUEST), strict=False):
        pair = await goes(caller, "direct", lambda pair: pair.local.type == "host" and not pair.relayed)
        assert pair.local.address == person.machine.cables[network].address(4)
        assert pair.local.protocol == "udp"


@pytest.mark.parametrize(
    "boxes",
    [thorough((FULL_CONE, FULL_CONE)), (PORT_RESTRICTED, PORT_RESTRICTED), thorough((FULL_CONE, PORT_RESTRICTED))],
    ids=named,
)
async def test_boxes_that_keep_to_one_port_are_passed_directly(town: Town, boxes: tuple[Rules, ...]) -> None:
    callers = await town.call(*boxes)
    for caller, person in zip(callers, town.people, strict=False):
        # "prflx" where the other's check, through a full cone, was faster than the STUN server's answer.
        pair = await goes(caller, "direct", lambda pair: pair.local.type in ("srflx", "prflx") and not pair.relayed)
        assert pair.local.address == person.home.line.ipv4
        assert pair.local.protocol == "udp"


@pytest.mark.thorough
async def test_a_symmetric_box_is_passed_directly_where_the_other_lets_everybody_in(town: Town) -> None:
    ana, ben = await town.call(SYMMETRIC, FULL_CONE)

    def by(pair: Pair) -> bool:
        return not pair.relayed and "prflx" in (pair.local.type, pair.remote.type)

    assert (await goes(ana, "direct", by)).remote.address == town.people[1].home.line.ipv4
    assert (await goes(ben, "direct", by)).local.address == town.people[1].home.line.ipv4


@pytest.mark.thorough
async def test_two_with_ipv6_only_talk_directly(town: Town) -> None:
    callers = await town.call(PORT_RESTRICTED, PORT_RESTRICTED, family=6)
    for caller, person in zip(callers, town.people, strict=False):
        pair = await goes(caller, "direct", lambda pair: pair.local.type == "host" and not pair.relayed)
        assert pair.local.address == person.machine.cables[HOME].address(6)
