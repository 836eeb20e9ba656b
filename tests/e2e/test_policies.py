"""Roads forced by policy, other addresses, and what one worker's end costs the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.thorough import thorough

from .caller import Caller
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


async def meet(*callers: Caller) -> None:
    for caller in callers:
        await caller.join()
    await asyncio.gather(*(caller.meets(*(other for other in callers if other is not caller)) for caller in callers))


async def test_never_sends_two_people_by_the_server(people: Invite, serve: Invite) -> None:
    server = await serve("--p2p", "never")
    ana, ben = await people("Ana", "Ben", at=server)
    await meet(ana, ben)
    for caller in (ana, ben):
        await caller.talks_by_the_server(server.udp_port)
    assert await server.metric("tertulia_rtp_out_total") > 0


@pytest.mark.parametrize("codec", [thorough("VP8"), thorough("VP9"), "AV1", "H264"])
async def test_every_codec_passes_through(people: Invite, sfu_server: Server, codec: str) -> None:
    ana, ben = await people("Ana", "Ben", at=sfu_server)
    for caller in (ana, ben):
        await caller.call("prefer", codec=codec)
    await meet(ana, ben)
    assert await ben.call("codecs") == [f"video/{codec}"]


async def test_always_is_a_mesh_and_the_server_sees_no_media(people: Invite, serve: Invite) -> None:
    server = await serve("--p2p", "always")
    callers = await people("Ana", "Ben", "Cora", at=server)
    await meet(*callers)
    for caller in callers:
        await caller.talks_directly()
        assert len((await caller.roads())["direct"]) == 2
    assert await server.metric("tertulia_rtp_in_total") == 0


@pytest.mark.thorough
async def test_one_who_cannot_talk_directly_is_served(people: Invite, serve: Invite) -> None:
    server = await serve()
    (ana,) = await people("Ana", at=server)
    (ben,) = await people("Ben", at=server, p2p=False)
    await meet(ana, ben)
    await ben.talks_by_the_server(server.udp_port)


@pytest.mark.thorough
async def test_a_call_over_ipv6(people: Invite, serve: Invite) -> None:
    server = await serve("--host", "::1", "--p2p", "never")
    assert "[::1]" in server.url
    ana, ben = await people("Ana", "Ben", at=server)
    await meet(ana, ben)
    for caller in (ana, ben):
        await caller.talks_by_the_server(server.udp_port)


@pytest.mark.thorough
async def test_a_lost_worker_costs_the_other_workers_people_nothing(people: Invite, serve: Invite) -> None:
    server = await serve("--p2p", "never", "--workers", "2")
    ana, ben = await people("Ana", "Ben", at=server, room="first")
    await meet(ana, ben)
    cora, dan = await people("Cora", "Dan", at=server, room="second")
    await meet(cora, dan)
    since = await ana.clock()
    # The first room went to worker 0, the second to the emptier one.
    await server.post("/_test/crash?worker=1")
    await asyncio.gather(cora.meets(dan), dan.meets(cora))
    assert await server.metric("tertulia_workers_lost_total") == 1
    await ana.meets(ben)
    gaps = await ana.gaps(ben, since)
    assert gaps.missing == 0, gaps
    assert gaps.longest <= 0.5, gaps


async def test_a_call_on_every_address_over_tls(people: Invite, serve: Invite) -> None:
    server = await serve("--host", "::", "--tls", "self-signed", "--open")
    assert server.url.startswith("https://")
    callers = await people("Ana", "Ben", "Cora", at=server)
    await meet(*callers)
    for caller in callers:
        await caller.talks_by_the_server(server.udp_port)
