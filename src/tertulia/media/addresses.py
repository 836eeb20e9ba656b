"""Where media sockets are bound, which addresses clients are told, and how an answer writes them."""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import psutil

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOST_PREFERENCE: Final = 126
"""Type preference of a host candidate (RFC 8445 section 5.1.2.2)."""
_COMPONENT: Final = 1
"""RTP, and RTCP with it by rtcp-mux."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface: whether it is up, and its addresses."""

    name: str
    up: bool
    addresses: tuple[Address, ...]


def local_only(host: str) -> bool:
    """Whether a host to listen on means that only this machine may reach media."""
    return resolve(host).is_loopback


def resolve(host: str) -> Address:
    """The address that a host to listen on stands for. Blocks where it is a name; raises OSError for an unknown one."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return ipaddress.ip_address(socket.getaddrinfo(host, None)[0][4][0])


def binding(host: str, port: int) -> list[str]:
    """What the engine binds for `--host`: the wildcard of its family; for "::", which means everything, both. Port 0: any."""
    listening = resolve(host)
    wildcards = ["0.0.0.0"] if listening.version == 4 else ["::", "0.0.0.0"] if listening.is_unspecified else ["::"]
    return [endpoint(ipaddress.ip_address(text), port) for text in wildcards]


def advertised(
    host: str, bound: Sequence[str], public: Sequence[str] = (), interfaces: Iterable[Interface] | None = None
) -> list[str]:
    """The addresses for clients, "host:port", the best first. `bound`: what the engine says that it bound.

    The public ones if any are given, else every address of an interface that is up and not link-local. With a loopback host that address
    and one of an interface: Firefox pairs nothing with a loopback candidate. Only families that are bound.
    """
    listening = resolve(host)
    ports = {address.version: port for address, port in map(parse_endpoint, bound)}
    if public:
        usable = [ipaddress.ip_address(text.strip("[]")) for text in public]
    else:
        known = system_interfaces() if interfaces is None else interfaces
        usable = [address for item in known if item.up for address in item.addresses if _reachable(address)]
    usable = [address for address in dict.fromkeys(usable) if address.version in ports]
    if listening.is_loopback and not public:
        usable = [listening, *usable[:1]]
    return [endpoint(address, ports[address.version]) for address in usable]


def system_interfaces() -> list[Interface]:
    """This machine's interfaces."""
    stats = psutil.net_if_stats()
    return [
        Interface(
            name,
            name in stats and stats[name].isup,
            tuple(
                ipaddress.ip_address(item.address.partition("%")[0])
                for item in items
                if item.family in (socket.AF_INET, socket.AF_INET6)
            ),
        )
        for name, items in psutil.net_if_addrs().items()
    ]


def endpoint(address: Address, port: int) -> str:
    """ "host:port", an IPv6 address in brackets."""
    return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"


def parse_endpoint(text: str) -> tuple[Address, int]:
    """Reads "host:port"; raises ValueError."""
    host, _, port = text.rpartition(":")
    return ipaddress.ip_address(host.strip("[]")), int(port)


def candidates(addresses: Iterable[str]) -> tuple[str, ...]:
    """ICE host candidates over UDP (RFC 8839 section 5.1) for "host:port"s, the first with the highest priority."""
    lines = []
    for index, text in enumerate(addresses):
        address, port = parse_endpoint(text)
        priority = (_HOST_PREFERENCE << 24) | ((65535 - index) << 8) | (256 - _COMPONENT)
        lines.append(f"{index + 1} {_COMPONENT} udp {priority} {address} {port} typ host")
    return tuple(lines)


def _reachable(address: Address) -> bool:
    return not (address.is_link_local or address.is_loopback or address.is_unspecified or address.is_multicast)
