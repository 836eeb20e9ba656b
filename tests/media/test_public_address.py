"""Finding where the world finds us."""

import asyncio
import ipaddress
from time import monotonic
from typing import Any

import pytest

from tertulia import config
from tertulia.media import cloud
from tertulia.media.addresses import Interface
from tertulia.media.public_address import Finder, NotFound, describe
from tests.media import metadata_service as clouds
from tests.media.metadata_service import MetadataService, Pages
from tests.media.stun_server import StunServer

NOBODY = ("127.0.0.1", 1)


def finder(*public_ip: str, service: tuple[str, int] = NOBODY, **settings: Any) -> Finder:
    return Finder(config.load(public_ip=list(public_ip), **settings), service=service, within=1.0, pause=0.01)


async def test_what_is_given_is_taken_and_nobody_is_asked() -> None:
    service = MetadataService(clouds.AWS)
    async with service.serving() as where:
        found = await finder("203.0.113.5", "2001:DB8::5", service=where).find()
    assert found == {"203.0.113.5": "--public-ip", "2001:db8::5": "--public-ip"}
    assert service.asked == []


async def test_a_stun_server_is_asked_in_both_families() -> None:
    async with StunServer("9.9.9.9").serving() as four:
        url = f"stun:127.0.0.1:{four.port}"
        assert await finder(url).find() == {"9.9.9.9": url}
    async with StunServer("2620:fe::9").serving("::1") as six:
        url = f"stun:[::1]:{six.port}"
        assert await finder(url).find() == {"2620:fe::9": url}


async def test_a_stun_server_that_did_not_hear_is_asked_again() -> None:
    async with StunServer("9.9.9.9", lost=2).serving() as server:
        assert list(await finder(f"stun:127.0.0.1:{server.port}").find()) == ["9.9.9.9"]


@pytest.mark.parametrize("mapped", ["127.0.0.1", "169.254.1.1", "0.0.0.0"])
async def test_an_address_that_nobody_can_reach_is_no_answer(mapped: str) -> None:
    async with StunServer(mapped).serving() as server:
        with pytest.raises(NotFound, match=f"stun:127.0.0.1:{server.port}"):
            await finder(f"stun:127.0.0.1:{server.port}").find()
    assert server.requests == 3


async def test_an_unknown_name_is_no_answer() -> None:
    with pytest.raises(NotFound, match=r"no-such-host\.invalid"):
        await finder("stun:no-such-host.invalid").find()


@pytest.mark.parametrize(
    ("pages", "strict", "expected"),
    [
        (clouds.AWS, True, {"3.3.3.3": "AWS", "2600::3": "AWS"}),
        (clouds.GOOGLE, True, {"34.4.4.4": "Google Cloud", "2600::4": "Google Cloud"}),
        (clouds.AZURE, True, {"51.0.0.1": "Azure"}),
        (
            clouds.DIGITALOCEAN,
            True,
            {"45.1.1.1": "DigitalOcean", "104.1.1.1": "DigitalOcean", "2604::1": "DigitalOcean"},
        ),
        (clouds.HETZNER, True, {"65.1.1.1": "Hetzner"}),
        (clouds.OPENSTACK, False, {"91.1.1.1": "OpenStack"}),
    ],
)
async def test_each_cloud_tells(pages: Pages, strict: bool, expected: dict[str, str]) -> None:
    async with MetadataService(pages, strict=strict).serving() as where:
        assert await finder("cloud", service=where).find() == expected
        assert await finder("auto", service=where).find() == expected


@pytest.mark.parametrize("body", ["", "nonsense", '{"interfaces": 3}', "[" * 50_000, "x" * 70_000, "10.0.0.300"])
async def test_a_cloud_that_answers_otherwise_tells_nothing(body: str) -> None:
    pages = {key: body for one in (clouds.AWS, clouds.GOOGLE, clouds.AZURE, clouds.DIGITALOCEAN) for key in one}
    async with MetadataService(pages, strict=False).serving() as where:
        with pytest.raises(NotFound, match="cloud"):
            await finder("cloud", service=where).find()


async def test_all_clouds_together_have_one_time_limit() -> None:
    service = MetadataService({}, hangs=True)
    async with service.serving() as where:
        started = monotonic()
        assert await cloud.ask(where, within=0.5) == []
        assert monotonic() - started < 2
    assert len(service.asked) == 6


async def test_auto_asks_the_cloud_and_then_only_the_stun_servers_that_were_named() -> None:
    async with StunServer("9.9.9.9").serving() as server, MetadataService({}).serving() as where:
        named = [f"stun:127.0.0.1:{server.port}"]
        assert await finder("auto", service=where, ice_server=named).find() == {"9.9.9.9": named[0]}
        assert await finder("auto", service=where).find() == {}
    assert server.requests == 1


async def test_nothing_is_asked_where_nothing_was_said() -> None:
    service = MetadataService(clouds.AWS)
    async with StunServer().serving() as server, service.serving() as where:
        found = await finder(service=where, ice_server=[f"stun:127.0.0.1:{server.port}"]).find()
    assert (found, service.asked, server.requests) == ({}, [], 0)


async def test_it_can_be_given_up() -> None:
    async with StunServer(instead="silent").serving() as server:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await finder(f"stun:127.0.0.1:{server.port}").find()


def test_what_the_log_says_of_each_address() -> None:
    interfaces = [
        Interface("lo", True, (ipaddress.ip_address("127.0.0.1"),)),
        Interface("eth0", True, (ipaddress.ip_address("10.0.0.5"), ipaddress.ip_address("2620:fe::5"))),
    ]
    endpoints = ["9.9.9.9:3478", "10.0.0.5:3478", "[2620:fe::5]:3478", "127.0.0.1:3478", "8.8.4.4:3478"]
    told = describe(endpoints, {"9.9.9.9": "AWS"}, interfaces)
    assert [(it.kind, it.by) for it in told] == [
        ("public", "AWS"),
        ("private", "eth0"),
        ("public", "eth0"),
        ("this machine", "lo"),
        ("public", "the listening address"),
    ]
