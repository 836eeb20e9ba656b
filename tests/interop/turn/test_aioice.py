"""aioice against our TURN server: allocations, their life, their end, and ICE over nothing else."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from aioice import Connection, TransportPolicy, stun

from tertulia.auth.turn import Credentials

from . import relayed
from .conftest import Serve
from .relayed import Road
from .server import TurnServer, credentials

pytestmark = [pytest.mark.interop]

ROADS: list[Road] = ["udp", "tcp", "tls"]
PACKETS = [number.to_bytes(4) * size for number, size in zip(range(100), (1, 5, 25, 250, 350) * 20, strict=True)]
"""In their order, of 4 to 1,400 bytes."""


@pytest.mark.parametrize("road", ROADS)
async def test_data_goes_both_ways_in_its_order(serve: Serve, road: Road) -> None:
    """The channel is bound anew before each packet."""
    server = await serve(tls=True)
    async with AsyncExitStack() as stack:
        ana, ben = await _two(stack, server, road)
        await ana.ask(stun.Method.CREATE_PERMISSION, XOR_PEER_ADDRESS=ben.address)
        await ben.open(ana.address)
        await ana.open(ben.address)
        for packet in PACKETS:
            await ana.send(packet, ben.address)
            await ben.send(packet[::-1], ana.address)
        assert [await ben.receive() for _ in PACKETS] == [(packet, ana.address) for packet in PACKETS]
        assert [await ana.receive() for _ in PACKETS] == [(packet[::-1], ben.address) for packet in PACKETS]
        await server.counted(relay_packets_to_clients=2 * (1 + len(PACKETS)), relay_allocations=2)
    await server.counted(relay_allocations=0, relay_allocations_closed=2)


async def test_an_allocation_lives_as_long_as_is_asked_within_bounds(serve: Serve) -> None:
    server = await serve()
    async with AsyncExitStack() as stack:
        ana, ben = await _two(stack, server, "udp")
        granted = [(await ana.ask(stun.Method.REFRESH, LIFETIME=it)).attributes["LIFETIME"] for it in (1, 1200, 10**6)]
        assert granted == [600, 1200, 3600]
        await ana.send(b"still here", ben.address)
        await ben.send(b"I hear", ana.address)
        assert await ana.receive() == (b"I hear", ben.address)
        await ana.ask(stun.Method.REFRESH, LIFETIME=0)
        await server.counted(relay_allocations=1)


async def test_credentials_that_end_keep_what_was_made_with_them(serve: Serve) -> None:
    """And make nothing new: 401."""
    server = await serve()
    async with AsyncExitStack() as stack:
        soon = credentials(ttl=2)
        ana = await (await relayed.connect(server, "udp", soon)).allocate()
        stack.push_async_callback(ana.close)
        async with asyncio.timeout(30):
            while (code := await _tries(server, soon)) == 0:
                pass
        assert code == 401
        assert (await ana.ask(stun.Method.REFRESH, LIFETIME=600)).attributes["LIFETIME"] == 600


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    "who",
    [credentials(secret="another secret, known to anybody at all"), credentials(ttl=-1)],
    ids=["another secret", "over"],
)
async def test_without_good_credentials_there_is_nothing(serve: Serve, road: Road, who: Credentials) -> None:
    server = await serve(tls=True)
    end = await relayed.connect(server, road, who)
    try:
        assert await _code(end) == 401
    finally:
        await end.close()
    await server.counted(relay_challenged=1, relay_refused_unauthorized=1, relay_allocations_opened=0)


async def test_a_user_has_a_share(serve: Serve) -> None:
    server = await serve(limits={"turn-per-user": 2})
    async with AsyncExitStack() as stack:
        await _two(stack, server, "udp")
        third = await relayed.connect(server, "udp")
        stack.push_async_callback(third.close)
        assert await _code(third) == 486
        somebody_else = await relayed.connect(server, "udp", credentials("somebody else"))
        stack.push_async_callback(somebody_else.close)
        assert await _code(somebody_else) == 0
    await server.counted(relay_refused_quota=1)


@pytest.mark.parametrize("roads", [("udp", "udp"), ("tcp", "tcp"), ("tls", "tls"), ("udp", "tls")], ids="-".join)
async def test_ice_over_relayed_candidates_alone(serve: Serve, roads: tuple[Road, Road]) -> None:
    server = await serve(tls=True)
    async with AsyncExitStack() as stack:
        ana, ben = (_agent(server, road, controlling=not number) for number, road in enumerate(roads))
        for agent in (ana, ben):
            stack.push_async_callback(agent.close)
            await agent.gather_candidates()
            assert {candidate.type for candidate in agent.local_candidates} == {"relay"}
        for one, other in ((ana, ben), (ben, ana)):
            for candidate in other.local_candidates:
                await one.add_remote_candidate(candidate)
            await one.add_remote_candidate(None)
            one.remote_username, one.remote_password = other.local_username, other.local_password
        await asyncio.wait_for(asyncio.gather(ana.connect(), ben.connect()), 30)
        await ana.send(b"from Ana")
        await ben.send(b"from Ben")
        assert await asyncio.wait_for(ben.recv(), 30) == b"from Ana"
        assert await asyncio.wait_for(ana.recv(), 30) == b"from Ben"
    counters = await server.counters()
    assert counters["relay_packets_between_clients"] > 0
    assert "relay_ports_out" not in counters, "nothing left this process for the other relayed address"


def _agent(server: TurnServer, road: Road, *, controlling: bool) -> Connection:
    who = credentials("ana" if controlling else "ben")
    return Connection(
        ice_controlling=controlling,
        stun_server=(server.host, server.udp_port),
        turn_server=(server.host, server.udp_port if road == "udp" else server.tcp_port),
        turn_username=who.username,
        turn_password=who.password,
        turn_ssl=server.tls if road == "tls" else False,  # type: ignore[arg-type]
        turn_transport="udp" if road == "udp" else "tcp",
        transport_policy=TransportPolicy.RELAY,
    )


async def _two(stack: AsyncExitStack, server: TurnServer, road: Road) -> tuple[relayed.End, relayed.End]:
    ends = []
    for _ in range(2):
        end = await relayed.connect(server, road)
        stack.push_async_callback(end.close)
        ends.append(await end.allocate())
    return ends[0], ends[1]


async def _tries(server: TurnServer, who: Credentials) -> int:
    end = await relayed.connect(server, "udp", who)
    try:
        return await _code(end)
    finally:
        await end.close()


async def _code(end: relayed.End) -> int:
    """Of the answer to Allocate; 0 for success."""
    try:
        await end.allocate()
    except stun.TransactionFailed as failed:
        return int(failed.response.attributes["ERROR-CODE"][0])
    return 0
