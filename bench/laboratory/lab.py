"""A sender with a good line, receivers with a bad one, and a server between them, each on a machine of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.laboratory import recording
from bench.laboratory.conditions import GOOD
from bench.laboratory.link import Link
from bench.laboratory.recording import Recording
from bench.laboratory.scenario import Scenario
from bench.laboratory.servers import PORT, SERVERS, Ended
from tests.e2e.browsers import CHROMIUM_FLAGS, Chromium, ChromiumPage, chromium
from tests.e2e.caller import PATIENCE, until
from tests.network.internet import Internet
from tests.network.world import World

WARM_UP_WITHIN = 90.0
"""Seconds of good network in which the sender must find out that its own line is good: at first it sends few and small pictures."""
SETTLE = 5.0
"""Seconds from the first picture of full size until the bitrate is found that such pictures have."""
_ON_ONE_MACHINE = "--allow-loopback-in-peer-connection"


@dataclass(frozen=True)
class Picture:
    """What the sender's camera gives. Browsers send three layers from 960 by 540 on, two from 640 by 360."""

    width: int = 640
    height: int = 360
    fps: int = 15

    @classmethod
    def parse(cls, text: str) -> Picture:
        """Of the form 960x540@20. Raises ValueError."""
        size, fps = text.split("@")
        width, height = size.split("x")
        return cls(int(width), int(height), int(fps))

    def __str__(self) -> str:
        return f"{self.width}x{self.height}@{self.fps}"


class Laboratory:
    """Made once for many runs: its browsers and the server stay, pages and room are new for each run."""

    def __init__(
        self,
        server: str = "tertulia",
        receivers: int = 1,
        picture: Picture | None = None,
        sending: dict[str, object] | None = None,
    ) -> None:
        """`sending`: options of the SDK's `publish`."""
        self._server = server
        self._count = receivers
        self._picture = picture or Picture()
        self._sending = sending or {}
        self._rooms = itertools.count(1)
        self._buried: list[Ended] = []

    async def __aenter__(self) -> Laboratory:
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tertulia-quality-")))
            stack.push_async_callback(self._bury)
            world = await stack.enter_async_context(World())
            internet = await stack.enter_async_context(Internet(world))
            self._url = f"http://{(await internet.host('server')).ipv4}:{PORT}/"
            await internet.host("sender")
            numbers = range(1, self._count + 1)
            self.links = [await Link(world, f"receiver{number}", number).lay() for number in numbers]
            self._buried += [link.ended for link in self.links]
            self._buried.append(await SERVERS[self._server](world, "server", folder))
            places = ("sender", *(link.place for link in self.links))
            flags = [flag for flag in CHROMIUM_FLAGS if flag != _ON_ONE_MACHINE]
            programs = [world.wrapper(place, chromium(), folder) for place in places]
            self._browsers = [await stack.enter_async_context(Chromium(program, flags)) for program in programs]
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def _bury(self) -> None:
        """They end with the world."""
        for ended in self._buried:
            await ended()

    async def run(self, scenario: Scenario) -> list[Recording]:
        """One for each receiver, the first of whom has the bad link; the others' is good."""
        pages: list[ChromiumPage] = []
        try:
            for browser in self._browsers:
                pages.append(await browser.open(self._url))
            await self._meet(*pages)
            times, late = await self._put_through(scenario)
            return await self._collect(scenario, times, late, *pages)
        finally:
            await self.links[0].obey(GOOD)
            for page in pages:
                await page.close()

    async def _meet(self, sender: ChromiumPage, *receivers: ChromiumPage) -> None:
        """A call on good lines, until pictures have their full size."""
        picture = self._picture
        size = f"width: {picture.width}, height: {picture.height}"
        call = f"server: {self._server!r}, room: '{next(self._rooms)}', {size}"
        for page in (sender, *receivers):
            await _until_true(page, "'lab' in window")
        await sender.evaluate(f"lab.publish({{ {call}, fps: {picture.fps}, sending: {json.dumps(self._sending)} }})")
        for receiver in receivers:
            await receiver.evaluate(f"lab.receive({{ {call} }})")
        for page in (sender, *receivers):
            await page.evaluate("lab.sample()")
        for receiver in receivers:
            await _until_true(receiver, f"lab.width() === {picture.width}", WARM_UP_WITHIN)
        await asyncio.sleep(SETTLE)

    async def _put_through(self, scenario: Scenario) -> tuple[list[float], float]:
        """Gives the times at which phases began and the last one ended, and by how much the relay was late."""
        link = self.links[0]
        times, late = [], []
        for phase in scenario.phases:
            await link.obey(phase.conditions)
            times.append(time.time())
            late.append(link.late_p99)
            await asyncio.sleep(phase.seconds)
        times.append(time.time())
        await link.obey(GOOD)
        # The relay tells of each phase when the next one begins.
        return times, max((*late[1:], link.late_p99))

    async def _collect(
        self, scenario: Scenario, times: list[float], late: float, sender: ChromiumPage, *receivers: ChromiumPage
    ) -> list[Recording]:
        load = os.getloadavg()[0]
        *begins, ends = times
        sent = await sender.evaluate("lab.take()")
        return [
            Recording(
                scenario=scenario,
                server=self._server,
                fps=self._picture.fps,
                begins=tuple(begins),
                ends=ends,
                shown=recording.shown(note["shown"]),
                painted=recording.painted(sent["painted"]),
                received=recording.samples(note["samples"]),
                sent=recording.samples(sent["samples"]),
                late_p99=late,
                load=load,
            )
            for note in [await receiver.evaluate("lab.take()") for receiver in receivers]
        ]


async def _until_true(page: ChromiumPage, expression: str, patience: float = PATIENCE) -> None:
    await until(lambda: page.evaluate(expression), lambda: f"{expression}: {page.errors}", patience)
