"""Where media sockets are bound, which addresses clients are told, and how an answer writes them."""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import psutil

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UDP_PREFERENCE: Final = 126
"""Type preference of a host candidate (RFC 8445 section 5.1.2.2)."""
_TCP_PREFERENCE: Final = 90
"""The same over TCP: below every UDP candidate, and what browsers give their own (RFC 6544 section 4.2)."""
_PASSIVE: Final = 4
"""Direction preference of a passive host candidate, out of 0 to 7 (RFC 6544 section 4.2)."""
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

    The public ones, then every address of an interface that is up and not link-local, for people in the same network; of a family for which
    a public one is named, no other public one. With a loopback host that address, and the best of these: Firefox pairs nothing with a
    loopback candidate. Only families that are bound.
    """
    listening = resolve(host)
    ports = {address.version: port for address, port in map(parse_endpoint, bound)}
    usable = _with_local(_parsed(public), _reachable_at(interfaces))
    usable = [address for address in dict.fromkeys(usable) if address.version in ports]
    if listening.is_loopback:
        usable = [listening, *usable[:1]]
    return [endpoint(address, ports[address.version]) for address in usable]


def advertised_tcp(
    bound: Sequence[str], public: Sequence[str] = (), interfaces: Iterable[Interface] | None = None
) -> list[str]:
    """The addresses at which clients reach TCP listeners, "host:port", the best first. `bound`: theirs; "::" is for both families.

    As in `advertised`; but unlike the media sockets, which are bound to everything, a listener may be on one address, and then no other is
    told but a public one.
    """
    listening = [parse_endpoint(text) for text in bound]
    ports: dict[int, int] = {}
    for address, port in listening:
        for version in (6, 4) if address.version == 6 and address.is_unspecified else (address.version,):
            ports.setdefault(version, port)
    if any(address.is_unspecified for address, _ in listening):
        local = _reachable_at(interfaces)
    else:
        local = [address for address, _ in listening if not address.is_link_local]
    usable = _with_local(_parsed(public), local)
    return [endpoint(address, ports[address.version]) for address in dict.fromkeys(usable) if address.version in ports]


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


def of_socket(listener: socket.socket) -> str:
    """ "host:port" at which it is bound."""
    host, port, *_ = listener.getsockname()
    return endpoint(ipaddress.ip_address(host), port)


def candidates(udp: Sequence[str], tcp: Sequence[str] = ()) -> tuple[str, ...]:
    """ICE host candidates for "host:port"s, the first of each kind with the highest priority: over UDP (RFC 8839 section 5.1), then passive
    ones over TCP (RFC 6544 section 4.5), which are a last resort. Each has a foundation of its own (RFC 8445 section 5.1.1.3)."""
    over_udp = [
        _candidate(index + 1, "udp", _priority(_UDP_PREFERENCE, 65535 - index), text, "")
        for index, text in enumerate(udp)
    ]
    over_tcp = [
        _candidate(
            len(udp) + index + 1,
            "tcp",
            _priority(_TCP_PREFERENCE, (_PASSIVE << 13) | (8191 - index)),
            text,
            " tcptype passive",
        )
        for index, text in enumerate(tcp)
    ]
    return (*over_udp, *over_tcp)


def _candidate(foundation: int, transport: str, priority: int, text: str, extension: str) -> str:
    address, port = parse_endpoint(text)
    return f"{foundation} {_COMPONENT} {transport} {priority} {address} {port} typ host{extension}"


def _priority(kind: int, local: int) -> int:
    return (kind << 24) | (local << 8) | (256 - _COMPONENT)


def _parsed(public: Iterable[str]) -> list[Address]:
    return [ipaddress.ip_address(text.strip("[]")) for text in public]


def _with_local(public: Sequence[Address], local: Iterable[Address]) -> list[Address]:
    named = {address.version for address in public}
    return [*public, *(address for address in local if not (address.is_global and address.version in named))]


def _reachable_at(interfaces: Iterable[Interface] | None) -> list[Address]:
    known = system_interfaces() if interfaces is None else interfaces
    return [address for item in known if item.up for address in item.addresses if is_reachable(address)]


def is_reachable(address: Address) -> bool:
    """Whether another machine could send to it at all."""
    return not (address.is_link_local or address.is_loopback or address.is_unspecified or address.is_multicast)
