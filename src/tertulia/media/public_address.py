"""Where the world finds this server: given, asked of the cloud or of a STUN server. Nobody is asked without being named."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tertulia import ice_url
from tertulia.config import Settings
from tertulia.media import cloud
from tertulia.media.addresses import Interface, is_reachable, parse_endpoint, system_interfaces

ATTEMPTS: Final = 3
"""A machine that has just started may not have its network yet."""
WITHIN: Final = 3.0
"""Seconds for each question."""
PAUSE: Final = 1.0
"""Seconds between them."""
GIVEN: Final = "--public-ip"

Found = Mapping[str, str]
"""Public addresses, the best first, and by what each was found: `--public-ip`, `AWS`, `stun:stun.example.org`."""


class NotFound(Exception):
    """A sentence for who runs the server: who was asked in vain."""


class Finder:
    def __init__(
        self,
        settings: Settings,
        *,
        service: tuple[str, int] = cloud.SERVICE,
        within: float = WITHIN,
        pause: float = PAUSE,
    ) -> None:
        """`within` bounds each question, in seconds. `service`: the cloud's address, another in tests only."""
        self._settings = settings
        self._service = service
        self._within = within
        self._pause = pause

    async def find(self) -> Found:
        """What `public_ip` stands for.

        Raises NotFound where `cloud` or `stun:…` was asked for and gave nothing in three attempts: nobody from outside would reach
        media. `auto` takes what there is, and that may be nothing.
        """
        found: dict[str, str] = {}
        for wanted in self._settings.public_ip:
            for address, by in (await self._one(wanted)).items():
                found.setdefault(address, by)
        return found

    async def _one(self, wanted: str) -> Found:
        if wanted == "auto":
            return await self._whatever_there_is()
        if wanted != "cloud" and not wanted.startswith("stun:"):
            return {wanted: GIVEN}
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._pause)
            if found := await (self._cloud() if wanted == "cloud" else self._stun(wanted)):
                return found
        if wanted == "cloud":
            raise NotFound("cloud: no metadata service told a public address")
        raise NotFound(f"{wanted}: no answer with an address")

    async def _whatever_there_is(self) -> Found:
        if found := await self._cloud():
            return found
        for url in self._settings.ice_server:
            if url.startswith("stun:") and (found := await self._stun(url)):
                return found
        return {}

    async def _cloud(self) -> Found:
        told = await cloud.ask(self._service, within=self._within)
        return {address: it.cloud for it in told for address in _usable(it.addresses)}

    async def _stun(self, url: str) -> Found:
        """IPv4 and IPv6 are asked apart; one that is not there is no fault."""
        server = ice_url.parse(url)
        asked = (self._ask(server.host, server.port, family) for family in (socket.AF_INET, socket.AF_INET6))
        return dict.fromkeys(_usable(mapped for mapped in await asyncio.gather(*asked) if mapped is not None), url)

    async def _ask(self, host: str, port: int, family: int) -> str | None:
        # Here and not above: it brings a DNS library along, for which a server that need not ask has no use.
        from tertulia.media import stun

        try:
            async with asyncio.timeout(self._within):
                known = await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_DGRAM)
                return (await stun.ask((str(known[0][4][0]), port), within=self._within)).mapped[0]
        except (OSError, stun.Refused):
            return None


def _usable(texts: Iterable[str]) -> list[str]:
    addresses = []
    for text in texts:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if is_reachable(address):
            addresses.append(str(address))
    return addresses


@dataclass(frozen=True, slots=True)
class Told:
    """An address that clients are told."""

    endpoint: str
    kind: Literal["public", "private", "this machine"]
    by: str
    """The interface that has it, or by what it was found."""


def describe(endpoints: Sequence[str], found: Found, interfaces: Iterable[Interface] | None = None) -> list[Told]:
    """What each of them is, for the log."""
    names = {
        address: item.name
        for item in (system_interfaces() if interfaces is None else interfaces)
        for address in item.addresses
    }
    told = []
    for text in endpoints:
        address = parse_endpoint(text)[0]
        kind: Literal["public", "private", "this machine"] = (
            "this machine" if address.is_loopback else "public" if address.is_global else "private"
        )
        told.append(Told(text, kind, found.get(str(address)) or names.get(address, "the listening address")))
    return told
