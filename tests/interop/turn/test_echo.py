"""To a peer in the network and back: coturn's `turnutils_peer` in a network of its own, for no address of this machine is a peer."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.caller import until
from tests.network.world import World

from . import uclient
from .server import TurnServer
from .uclient import MESSAGES, NO_RTCP, TCP, UDP

pytestmark = [pytest.mark.interop, pytest.mark.network]

HERE, THERE = "here", "there"
PEERS = {4: ("10.20.0.1/24", "10.20.0.2/24"), 6: ("fd20::1/64", "fd20::2/64")}
"""The server's address and the peer's. Both are private, so the server must be told that they may be written to."""
PEER_PORT = 3480


@dataclass(frozen=True)
class Lan:
    world: World
    folder: Path
    processes: list[Process]
    servers: list[TurnServer]

    def address(self, family: int, place: str) -> str:
        return PEERS[family][place == THERE].split("/")[0]

    async def serve(self, family: int, *allowed: str) -> TurnServer:
        """`allowed`: networks that may be written to."""
        leave = (argument for network in allowed for argument in ("--turn-allow-peer", network))
        inside = self.world.inside(HERE)
        server = TurnServer(self.folder, "--open", *leave, host=self.address(family, HERE), inside=inside)
        self.servers.append(server)
        await server.start()
        return server

    async def run(self, server: TurnServer, family: int, *options: str) -> uclient.Outcome:
        """From here to the peer there, and back."""
        peer = ("-e", self.address(family, THERE), "-r", str(PEER_PORT))
        return await uclient.run(server, NO_RTCP, *peer, *options, inside=self.world.inside(HERE))

    async def echo(self, family: int) -> None:
        address = self.address(family, THERE)
        process = await asyncio.create_subprocess_exec(
            *self.world.inside(THERE),
            "turnutils_peer",
            "-L",
            address,
            "-p",
            str(PEER_PORT),
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        self.processes.append(process)

        async def listens() -> bool:
            sockets = await self.world.run(THERE, "ss", "-Hlun")
            return f"{address}:{PEER_PORT}" in sockets.replace("[", "").replace("]", "")

        await until(listens, "no echo")

    async def bury(self) -> None:
        """What ran in the world has ended with it."""
        for process in self.processes:
            await asyncio.wait_for(process.wait(), 30)
        for server in self.servers:
            await server.stop()


@pytest.fixture
async def lan(tmp_path: Path) -> AsyncIterator[Lan]:
    """Two machines and a cable; on the other one everything that arrives is sent back."""
    async with AsyncExitStack() as stack:
        lan = Lan(World(), tmp_path, [], [])
        stack.push_async_callback(lan.bury)
        world = await stack.enter_async_context(lan.world)
        await world.add(HERE)
        await world.add(THERE)
        await world.ip(HERE, f"link add cable type veth peer name cable netns {THERE}")
        for number, place in enumerate((HERE, THERE)):
            addresses = (f"address add {pair[number]} dev cable" for pair in PEERS.values())
            await world.ip(place, *(f"{it} nodad" if ":" in it else it for it in addresses), "link set cable up")
        for family in PEERS:
            await lan.echo(family)
        yield lan


@pytest.mark.parametrize("family", PEERS, ids="IPv{}".format)
async def test_what_a_peer_sends_back_comes_back(lan: Lan, family: int) -> None:
    server = await lan.serve(family, "10.20.0.0/24", "fd20::/64")
    cases = [(), ("-s",), ("-l", "20"), ("-l", "1400"), ("-g", "-l", "1400"), ("-m", "10")]
    outcomes = await asyncio.gather(*(lan.run(server, family, *road, *case) for road in (UDP, TCP) for case in cases))
    assert [outcome.text for outcome in outcomes if not outcome.is_lossless] == []
    relayed = sum(outcome.received for outcome in outcomes)
    assert relayed == 2 * (5 + 10) * MESSAGES
    await server.counted(
        relay_packets_to_peers=relayed,
        relay_packets_to_clients=relayed,
        relay_packets_between_clients=0,
        relay_ports_in=relayed,
        relay_ports_out=relayed,
    )


async def test_without_leave_a_private_peer_is_refused(lan: Lan) -> None:
    server = await lan.serve(4)
    outcome = await lan.run(server, 4)
    assert outcome.code != 0
    assert 403 in outcome.errors
    counters = await server.counters()
    assert counters["relay_refused_forbidden_peer"] > 0
    assert "relay_packets_to_peers" not in counters
