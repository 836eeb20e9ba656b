"""A bad line is as bad as it was ordered, measured with plain packets that go to and fro."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from bench.laboratory.conditions import Conditions
from bench.laboratory.link import Link
from tests.network.internet import Internet
from tests.network.world import World

pytestmark = [pytest.mark.network, pytest.mark.soak, pytest.mark.asyncio(loop_scope="module")]

PORT = 7
TARDY = 30.0
"""Milliseconds by which a busy machine may be late."""


@dataclass
class Line:
    world: World
    link: Link
    far: str

    async def echoes(
        self, conditions: Conditions, count: int, size: int = 100, every: float = 0.002
    ) -> list[tuple[int, float]]:
        """Numbers and milliseconds of packets sent from the bad end."""
        await self.link.obey(conditions)
        numbers = map(str, (PORT, count, size, every))
        probe = (sys.executable, "-m", "tests.quality.probe", "send", self.far, *numbers)
        return [(number, took) for number, took in json.loads(await self.world.run(self.link.place, *probe))]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line() -> AsyncIterator[Line]:
    async with World() as world, Internet(world) as internet:
        far = await internet.host("far")
        link = await Link(world, "near", 1).lay()
        echo = await asyncio.create_subprocess_exec(
            *world.inside("far"), sys.executable, "-m", "tests.quality.probe", "echo", str(PORT), stdout=PIPE
        )
        assert echo.stdout
        assert await echo.stdout.readline() == b"ready\n"
        yield Line(world, link, far.ipv4)


async def test_a_good_line_loses_nothing_and_keeps_the_order(line: Line) -> None:
    echoes = await line.echoes(Conditions(delay=0), 300)
    assert [number for number, _ in echoes] == list(range(300))


async def test_delay_is_that_of_both_ways(line: Line) -> None:
    echoes = await line.echoes(Conditions(delay=60), 200)
    assert len(echoes) == 200
    assert min(took for _, took in echoes) >= 120
    assert statistics.median(took for _, took in echoes) < 120 + TARDY


async def test_jitter_varies_the_delay_and_keeps_the_order(line: Line) -> None:
    echoes = await line.echoes(Conditions(delay=10, jitter=60), 400)
    took = [took for _, took in echoes]
    assert min(took) >= 20
    assert max(took) - min(took) > 40
    assert [number for number, _ in echoes] == list(range(400))


async def test_loss_takes_its_share_each_way(line: Line) -> None:
    echoes = await line.echoes(Conditions(delay=0, loss=0.1), 1500, every=0.001)
    # 19 % by expectation; five standard deviations of 1,500 draws are 5 %.
    assert 0.14 < 1 - len(echoes) / 1500 < 0.24


async def test_a_limited_rate_fills_a_queue_of_its_size_and_drops_the_rest(line: Line) -> None:
    echoes = await line.echoes(Conditions(delay=0, rate=1_000_000, queue=200), 500, size=1000, every=0.001)
    took = [took for _, took in echoes]
    # Half a second's worth at 8 Mbit/s is four times what the line takes until the queue is full.
    assert 30 < len(echoes) < 250
    assert 150 < max(took) < 200 + 2 * TARDY


async def test_some_packets_come_late_and_some_twice(line: Line) -> None:
    late = await line.echoes(Conditions(delay=0, reorder=0.1), 400)
    numbers = [number for number, _ in late]
    assert sorted(numbers) == list(range(400))
    assert numbers != sorted(numbers)
    twice = await line.echoes(Conditions(delay=0, duplicate=0.1), 400)
    # Each way doubles a tenth: 1.21 copies of each, on average.
    assert 440 < len(twice) < 530
    assert {number for number, _ in twice} == set(range(400))
