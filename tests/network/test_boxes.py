"""That the boxes of these tests do what their names say, measured from both sides (RFC 4787)."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from .box import FULL_CONE, ONLY_TCP_443, ONLY_TLS, PORT_RESTRICTED, SYMMETRIC, Rules
from .internet import Household, Internet, Line, Machine
from .world import World

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="module")]

PROBE = (sys.executable, "-m", "tests.network.probe")
ANY, BOTH = "endpoint-independent", "address- and port-dependent"
TCP_443 = ["tcp 443", "stun in tcp 443", "framed stun in tcp 443"]


@dataclass
class House:
    """Somebody behind a box, and a reflector in the internet."""

    world: World
    home: Household
    machine: Machine
    reflector: Line

    async def asks(self, what: str, *addresses: str) -> Any:
        return json.loads(await self.world.run("somebody", *PROBE, what, *addresses))

    async def nat(self) -> Any:
        return await self.asks("nat", *self.reflector.both_ipv4)

    async def let_out(self) -> Any:
        return await self.asks("let_out", self.reflector.ipv4)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[House]:
    async with World() as world, Internet(world) as internet:
        line = await internet.host("reflector", twice=True)
        home = await internet.household("box")
        await world.add("somebody")
        machine = Machine(world, "somebody")
        await home.lay_cable(machine, "home0")
        await machine.up("home0")
        addresses = (*line.both_ipv4, *line.both_ipv6)
        reflect = await asyncio.create_subprocess_exec(
            *world.inside("reflector"), *PROBE, "reflect", *addresses, stdout=PIPE
        )
        assert reflect.stdout
        assert await reflect.stdout.readline() == b"ready\n"
        yield House(world, home, machine, line)
    await reflect.wait()


@pytest.mark.parametrize(
    ("rules", "mapping", "filtering"),
    [(FULL_CONE, ANY, ANY), (PORT_RESTRICTED, ANY, BOTH), (SYMMETRIC, BOTH, BOTH)],
    ids=str,
)
async def test_a_box_maps_and_filters_as_its_kind(house: House, rules: Rules, mapping: str, filtering: str) -> None:
    await house.home.obey(rules)
    assert await house.nat() == {"mapping": mapping, "filtering": filtering, "address": house.home.line.ipv4}


@pytest.mark.parametrize(
    ("rules", "out"),
    [
        (PORT_RESTRICTED, ["udp", "tcp 80", *TCP_443]),
        (SYMMETRIC, ["udp", "tcp 80", *TCP_443]),
        (ONLY_TCP_443, TCP_443),
        (ONLY_TLS, ["tcp 443"]),
    ],
    ids=str,
)
async def test_a_firewall_lets_out_what_it_says(house: House, rules: Rules, out: list[str]) -> None:
    await house.home.obey(rules)
    assert await house.let_out() == out


async def test_udp_can_be_dropped_at_any_time(house: House) -> None:
    await house.home.obey(PORT_RESTRICTED)
    assert "udp" in await house.let_out()
    await house.home.drop_udp()
    assert await house.let_out() == ["tcp 80", *TCP_443]


async def test_over_ipv6_nothing_is_translated_and_nobody_comes_in_uncalled(house: House) -> None:
    await house.home.obey(FULL_CONE)
    await house.machine.up("home0", family=6)
    measured = await house.asks("nat", *house.reflector.both_ipv6)
    assert measured == {"mapping": ANY, "filtering": BOTH, "address": house.machine.cables["home0"].address(6)}
