"""Where UDP does not get through: media by TCP on the port of the pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.thorough import thorough

from .caller import Caller, until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

FORGET_UDP = r"""(() => {
    const { prototype } = RTCPeerConnection;
    const set = prototype.setRemoteDescription;
    prototype.setRemoteDescription = function ({ type, sdp }) {
      const kept = sdp.split('\r\n').filter((line) => !/^a=candidate:\S+ \d+ udp /i.test(line));
      return set.call(this, { type, sdp: kept.join('\r\n') });
    };
    return null;
  })()"""
"""The page does not learn of a UDP address of the server. Nor does the server of one of the page: it waits to be asked."""


async def talks_by_tcp(caller: Caller, port: int) -> None:
    async def connected() -> bool:
        roads = await caller.roads()
        sfu = roads["sfu"]
        return bool(sfu and sfu["decoded"] and sfu["remote"] and not roads["direct"])

    await until(connected, f"{caller.name} talks by the server")
    sfu = (await caller.roads())["sfu"]
    remote, local = sfu["remote"], sfu["local"]
    assert (remote["type"], remote["protocol"], remote["port"]) == ("host", "tcp", port), sfu
    assert local["protocol"] == "tcp" and local["relay"] is None, sfu


@pytest.mark.parametrize("arguments", [(), thorough(("--tls", "self-signed"))])
async def test_people_without_udp_see_and_hear_each_other(
    people: Callable[..., Any], serve: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    server = await serve("--p2p", "never", *arguments)
    ana, ben = await people("Ana", "Ben", at=server)
    for caller in (ana, ben):
        await caller.page.evaluate(FORGET_UDP)
        await caller.join()
    await asyncio.gather(ana.meets(ben), ben.meets(ana))
    port = urlsplit(server.url).port
    assert port
    for caller in (ana, ben):
        await talks_by_tcp(caller, port)


@pytest.mark.thorough
async def test_one_without_udp_meets_one_who_has_it(people: Callable[..., Any], serve: Callable[..., Any]) -> None:
    server = await serve("--p2p", "never")
    ana, ben = await people("Ana", "Ben", at=server)
    await ana.page.evaluate(FORGET_UDP)
    for caller in (ana, ben):
        await caller.join()
    await asyncio.gather(ana.meets(ben), ben.meets(ana))
    port = urlsplit(server.url).port
    assert port
    await talks_by_tcp(ana, port)
    await ben.talks_by_the_server(server.udp_port)
