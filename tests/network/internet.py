"""An internet in a world: a router, hosts on it, and households behind boxes.

Each line to the router has a network of its own, with addresses that are public by the registries, for a relay refuses all others. They
exist in the world's namespaces only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .box import INSIDE, NO_UDP, OUTSIDE, PORT_RESTRICTED, Rules
from .world import World

ROUTER = "internet"
Family = Literal[4, 6]


@dataclass(frozen=True)
class Line:
    """Addresses of one line; the router has the first of each network."""

    number: int

    @property
    def ipv4(self) -> str:
        return f"5.200.{self.number}.2"

    @property
    def ipv6(self) -> str:
        return f"{self.ipv6_network}::2"

    @property
    def both_ipv4(self) -> tuple[str, str]:
        """A second one, for whoever has to answer from elsewhere."""
        return self.ipv4, f"5.200.{self.number}.3"

    @property
    def both_ipv6(self) -> tuple[str, str]:
        return self.ipv6, f"{self.ipv6_network}::3"

    @property
    def ipv6_network(self) -> str:
        return f"2a00:5:{self.number}"

    def url(self, family: Family = 4) -> str:
        return f"https://{self.ipv4}" if family == 4 else f"https://[{self.ipv6}]"


class Internet:
    """Lines are numbered as they are laid."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._lines = 0

    async def __aenter__(self) -> Internet:
        await self.world.add(ROUTER, forwards=True)
        return self

    async def __aexit__(self, *exc: object) -> None:
        """The world ends it."""

    async def host(self, place: str, *, twice: bool = False) -> Line:
        """A machine that everybody reaches, on an address of each family; `twice`: on two."""
        await self.world.add(place)
        line = await self._connect(place)
        if twice:
            second = (f"{line.both_ipv4[1]}/24", f"{line.both_ipv6[1]}/64 nodad")
            await self.world.ip(place, *(f"address add dev {OUTSIDE} {address}" for address in second))
        return line

    async def household(self, name: str) -> Household:
        """A box without anybody behind it yet."""
        await self.world.add(name, forwards=True)
        home = Household(self.world, name, await self._connect(name))
        await self.world.ip(
            name,
            f"link add {INSIDE} type bridge",
            f"address add {home.gateway(4)}/24 dev {INSIDE}",
            f"address add {home.gateway(6)}/64 dev {INSIDE} nodad",
            f"link set {INSIDE} up",
        )
        await home.obey(PORT_RESTRICTED)
        return home

    async def _connect(self, place: str) -> Line:
        self._lines += 1
        line = Line(self._lines)
        port = f"line{line.number}"
        await self.world.ip(
            ROUTER,
            f"link add {port} type veth peer name {OUTSIDE} netns {place}",
            f"address add 5.200.{line.number}.1/24 dev {port}",
            f"address add {line.ipv6_network}::1/64 dev {port} nodad",
            f"link set {port} up",
            f"route add {line.ipv6_network}:1::/64 via {line.ipv6} dev {port}",
        )
        await self.world.ip(
            place,
            f"address add {line.ipv4}/24 dev {OUTSIDE}",
            f"address add {line.ipv6}/64 dev {OUTSIDE} nodad",
            f"link set {OUTSIDE} up",
            f"route add default via 5.200.{line.number}.1",
            f"route add default via {line.ipv6_network}::1",
        )
        return line


class Household:
    """One box, and the machines behind it."""

    def __init__(self, world: World, box: str, line: Line) -> None:
        self.box = box
        self.line = line
        self._world = world
        self._machines = 0

    def gateway(self, family: Family) -> str:
        return self._address(family, 1)

    def _address(self, family: Family, number: int) -> str:
        return f"10.0.{self.line.number}.{number}" if family == 4 else f"{self.line.ipv6_network}:1::{number}"

    async def obey(self, rules: Rules) -> None:
        await self._world.nft(self.box, rules.nft(outer=self.line.ipv4, inner=self._address(4, 2)))

    async def drop_udp(self) -> None:
        await self._world.nft(self.box, NO_UDP)

    async def lay_cable(self, machine: Machine, interface: str) -> None:
        """Lets a machine use this household as one of its networks, once it is `up` there."""
        self._machines += 1
        number = self._machines + 1
        port = f"port{number}"
        await self._world.ip(
            self.box,
            f"link add {port} type veth peer name {interface} netns {machine.place}",
            f"link set {port} master {INSIDE} up",
        )
        machine.cables[interface] = Cable(self, (self._address(4, number), self._address(6, number)))


@dataclass(frozen=True)
class Cable:
    home: Household
    addresses: tuple[str, str]

    def address(self, family: Family) -> str:
        return self.addresses[0 if family == 4 else 1]


class Machine:
    """A person's computer or telephone; it is on one network at a time."""

    def __init__(self, world: World, place: str) -> None:
        self.place = place
        self.cables: dict[str, Cable] = {}
        self._world = world
        self._now: tuple[str, Family] | None = None

    async def up(self, interface: str, family: Family = 4) -> None:
        """On this network and no other, with an address of this family and no other. The one before goes when this one is there: no browser
        is told that there was none."""
        if self._now == (interface, family):
            return  # for a browser even a blink is another network
        cable = self.cables[interface]
        size, at_once = (24, "") if family == 4 else (64, " nodad")
        await self._world.ip(
            self.place,
            f"address flush dev {interface}",
            f"link set {interface} up",
            f"address add {cable.address(family)}/{size} dev {interface}{at_once}",
            f"route replace default via {cable.home.gateway(family)}",
            *self._unplugged(all_but=interface),
        )
        self._now = interface, family

    async def down(self) -> None:
        """On no network at all."""
        await self._world.ip(self.place, *self._unplugged())
        self._now = None

    def _unplugged(self, all_but: str = "") -> list[str]:
        names = [name for name in self.cables if name != all_but]
        return [line for name in names for line in (f"address flush dev {name}", f"link set {name} down")]
