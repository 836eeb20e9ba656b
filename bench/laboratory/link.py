"""The line from the internet's router to one machine, good or bad at will.

Rate: a token bucket of the kernel's (tbf) where the router's packets leave. Loss: nftables' random numbers in the router. Delay, jitter,
order and copies: our own relay, which is the cable.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from dataclasses import asdict

from bench.laboratory.conditions import GOOD, Conditions
from tests.network.box import OUTSIDE
from tests.network.internet import ROUTER
from tests.network.world import World

BURST = 5_000
"""Bytes that a limited line lets through at once: a few packets."""
NOT_LIMITED = "pfifo limit 1000"
_WITHIN = 10.0


class Link:
    """`await Link(world, "ana", 1).lay()` makes the place and its line; lines of one world have numbers of their own."""

    def __init__(self, world: World, place: str, number: int) -> None:
        self.place = place
        self.address = f"5.201.{number}.2"
        self.late_p99 = 0.0
        """Milliseconds of jitter that nobody asked for: how late the relay was, by the 99th percentile, under the conditions before."""
        self._world = world
        self._gateway = f"5.201.{number}.1"
        self._port = f"bad{number}"

    async def lay(self) -> Link:
        await self._world.add(self.place)
        # In a session of its own Linux gives it a share of the processor of its own (autogroups), beside browsers that want all of it.
        self._relay = await asyncio.create_subprocess_exec(
            *self._world.inside(self.place), sys.executable, "-m", "bench.laboratory.relay", OUTSIDE, self._port,
            stdin=PIPE, stdout=PIPE, start_new_session=True,
        )  # fmt: skip
        if await self._answer() != b"ready\n":
            raise RuntimeError("the relay did not start, and said why; it needs /dev/net/tun")
        await self._world.run(self.place, "ip", "link", "set", self._port, "netns", ROUTER)
        await self._world.ip(
            ROUTER, f"address add {self._gateway}/24 dev {self._port}", f"link set {self._port} up"
        )  # fmt: skip
        await self._world.ip(
            self.place,
            f"address add {self.address}/24 dev {OUTSIDE}",
            f"link set {OUTSIDE} up",
            f"route add default via {self._gateway}",
        )
        await self.obey(GOOD)
        return self

    async def obey(self, conditions: Conditions) -> None:
        """From now on, for what is not under way yet."""
        await asyncio.gather(self._limit(conditions), self._lose(conditions), self._stretch(conditions))

    async def ended(self) -> None:
        """Until the cable is gone, which it is with the world."""
        await self._relay.wait()

    async def _limit(self, conditions: Conditions) -> None:
        limited = f"tbf rate {conditions.rate}bit burst {BURST} latency {conditions.queue}ms"
        discipline = NOT_LIMITED if conditions.rate is None else limited
        await self._world.run(ROUTER, "tc", "qdisc", "replace", "dev", self._port, "root", *discipline.split())

    async def _lose(self, conditions: Conditions) -> None:
        drop = f"meta l4proto udp numgen random mod 10000 < {round(conditions.loss * 10_000)} drop"
        rules = f"oifname {self._port} {drop}\niifname {self._port} {drop}" if conditions.loss else ""
        table = f"inet {self._port}"
        await self._world.nft(
            ROUTER,
            f"""
            table {table}
            delete table {table}
            table {table} {{
                chain forward {{
                    type filter hook forward priority filter; policy accept;
                    {rules}
                }}
            }}""",
        )

    async def _stretch(self, conditions: Conditions) -> None:
        assert self._relay.stdin
        self._relay.stdin.write(json.dumps(asdict(conditions)).encode() + b"\n")
        self.late_p99 = json.loads(await self._answer())["late_p99"]

    async def _answer(self) -> bytes:
        assert self._relay.stdout
        return await asyncio.wait_for(self._relay.stdout.readline(), _WITHIN)
