"""Does UDP get through at all, and what is between? A STUN Binding to each server that was handed out for UDP."""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from typing import Final

from tertulia.doctor.finding import Finding
from tertulia.doctor.ice_servers import IceServer
from tertulia.doctor.site import Site
from tertulia.doctor.visit import Candidate
from tertulia.media import stun

MAX_ASKED: Final = 4


async def check(site: Site, urls: Iterable[IceServer]) -> list[Finding]:
    servers: dict[tuple[str, int], IceServer] = {}
    for url in urls:
        if url.road in ("stun", "udp"):
            servers.setdefault((url.host, url.port), url)
    if not servers:
        return [Finding("stun_none", "no server by UDP was handed out")]
    return list(await asyncio.gather(*(_ask(site, url) for url in list(servers.values())[:MAX_ASKED])))


async def _ask(site: Site, url: IceServer) -> Finding:
    addresses = await site.addresses(url.host, url.port)
    if not addresses:
        return Finding("stun_no_answer", f"{url.host} has no address", url.url)
    return await binding((addresses[0], url.port), site.within, url.url)


async def binding(server: stun.Endpoint, within: float, subject: str) -> Finding:
    try:
        answer = await stun.ask(server, within=within)
    except TimeoutError:
        return Finding("stun_no_answer", f"nothing from UDP port {server[1]} within {within:g} s", subject)
    except ConnectionRefusedError:
        return Finding("stun_refused", f"UDP port {server[1]} is closed", subject)
    except OSError as error:
        return Finding("stun_no_answer", error.strerror or str(error), subject)
    except stun.Refused as error:
        return Finding("stun_refused", f"answers {error}", subject)
    address, port = answer.mapped
    seen = f"{answer.seconds * 1000:.0f} ms; this machine is seen as {address} port {port}"
    between = "no NAT between" if answer.mapped == answer.local else "a NAT is between"
    return Finding("stun_ok", f"{seen}, {between}", subject)


async def check_ipv6(site: Site, urls: Sequence[IceServer], candidates: Iterable[Candidate]) -> Finding:
    """Every IPv6 address at which the server says that it has UDP, by its name or by its candidates."""
    named = [
        (address, url.port)
        for url in urls
        if url.road in ("stun", "udp")
        for address in await site.addresses(url.host, url.port)
    ]
    told = [(it.address, it.port) for it in candidates if it.transport == "udp"]
    servers = [it for it in dict.fromkeys([*named, *told]) if ":" in it[0] and it[0] != "::1"][:MAX_ASKED]
    if not servers:
        return Finding("ipv6_none", "the server has no IPv6 address that others could use")
    if not any(_has_way(server) for server in servers):
        return Finding("ipv6_not_here", "this machine has no IPv6")
    results = await asyncio.gather(*(binding(server, site.within, "") for server in servers))
    good = [server[0] for server, result in zip(servers, results, strict=True) if result.code == "stun_ok"]
    if good:
        return Finding("ipv6_ok", f"{', '.join(good)} answers")
    return Finding("ipv6_no_answer", f"no UDP answer from {', '.join(server[0] for server in servers)}")


def _has_way(server: stun.Endpoint) -> bool:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(server)  # sends nothing
        except OSError:
            return False
    return True
