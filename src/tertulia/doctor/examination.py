"""The checks, in the order in which one needs the other."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tertulia.doctor import certificate, ice_servers, machine, media, mtu, nat, turn, web
from tertulia.doctor.finding import Finding
from tertulia.doctor.ice_servers import HandedOut
from tertulia.doctor.report import Report
from tertulia.doctor.site import Site
from tertulia.doctor.visit import Visit, visit

ROADS: Final = ("udp", "tcp", "tls")
MAX_TURN: Final = 8
"""URLs that are tried; two allocations each."""


@dataclass(frozen=True, slots=True)
class Options:
    url: str
    room: str
    token: str | None = None
    """The caller's."""
    make_token: Callable[[str], str] | None = None
    """Makes one for a room, where the server's secret is known; used only when the server asks, and is on this machine."""
    timeout: float = 5.0
    """Seconds for each question."""
    trust: Path | None = None
    """The certificate that a server on this machine made for itself."""


async def examine(options: Options, progress: Callable[[str], None] = lambda text: None) -> Report:
    """Takes some seconds where everything is open, and about a minute where everything is closed. `progress` hears what is being tried.

    Joins the room for a moment, and is seen there. Raises ValueError for what is no URL.
    """
    site = Site.parse(options.url, within=options.timeout, trust=options.trust)
    here = await site.is_here()
    progress("HTTP and the certificate")
    findings: list[Finding] = []
    if shown := await certificate.check(site):
        findings.append(shown)
    if shown is None or shown.code != "certificate_no_tls":
        findings += await web.check(site)
    report = Report(site.url, here, findings)
    if report.exit_code == 2:
        return report

    progress("ICE servers")
    given, token = await _ask(site, options, here)
    findings += given.findings
    async with visit(site, options.room, token) as found:
        progress("the ways to the server's media")
        findings += found.findings
        findings += await media.check(site, found)
    progress("STUN and TURN")
    findings += await _stun_and_turn(site, given)
    progress("packet sizes and IPv6")
    findings.append(await _sizes(site, given, findings))
    findings.append(await nat.check_ipv6(site, given.urls, found.candidates))
    if here:
        findings += await asyncio.to_thread(machine.check, site, _media_port(found))
    return Report(site.url, here, findings)


async def _ask(site: Site, options: Options, here: bool) -> tuple[HandedOut, str | None]:
    given = await ice_servers.check(site, options.room, options.token)
    wanted = given.findings[0].code == "ice_servers_token_required"
    if wanted and options.make_token is not None and here:
        token = options.make_token(options.room)
        return await ice_servers.check(site, options.room, token), token
    return given, options.token


async def _stun_and_turn(site: Site, given: HandedOut) -> list[Finding]:
    if not given.is_known:
        return [
            Finding(f"{check}_not_asked", "see ice_servers") for check in ("stun", "turn_udp", "turn_tcp", "turn_tls")
        ]
    relays = [url for url in given.urls if url.road != "stun"][:MAX_TURN]
    roads = {url.road for url in relays}
    missing = [Finding(f"turn_{road}_none", "no such URL was handed out") for road in ROADS if road not in roads]
    servers = nat.check(site, given.urls)
    carried = asyncio.gather(*(turn.check(site, url) for url in relays))
    return [*await servers, *await carried, *missing]


async def _sizes(site: Site, given: HandedOut, findings: Sequence[Finding]) -> Finding:
    good = {finding.subject for finding in findings if finding.code == "turn_udp_ok"}
    relay = next((url for url in given.urls if url.road == "udp" and url.url in good), None)
    if relay is None:
        return Finding("mtu_not_tried", "it takes TURN over UDP")
    return await mtu.check(relay, site.within)


def _media_port(found: Visit) -> int | None:
    return next((it.port for it in found.candidates if it.transport == "udp"), None)
