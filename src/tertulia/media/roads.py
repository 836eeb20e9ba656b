"""Where this server can be reached."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tertulia.media.addresses import Interface, advertised, advertised_tcp, system_interfaces


@dataclass(frozen=True, slots=True)
class Roads:
    """Built once, when the ports are bound. Endpoints are "host:port" with the addresses that clients are told, the best first."""

    udp: tuple[str, ...] = ()
    """Media, STUN and TURN."""
    tcp: tuple[str, ...] = ()
    """ICE and TURN over TCP: the port of the HTTP listener, or one of their own. Empty: there is no such port."""
    tls: bool = False
    """Whether TLS is spoken on the TCP port, and so TURN over TLS."""


def find_roads(
    host: str,
    udp: Sequence[str],
    tcp: Sequence[str] = (),
    *,
    public: Sequence[str] = (),
    tls: bool = False,
    interfaces: Iterable[Interface] | None = None,
) -> Roads:
    """`udp` and `tcp`: the bound addresses, "host:port". `public`: addresses that clients are told in place of those of the interfaces.

    Blocks where `host` is a name; raises OSError for an unknown one.
    """
    known = system_interfaces() if interfaces is None else tuple(interfaces)
    reached = tuple(advertised_tcp(tcp, public, known))
    return Roads(udp=tuple(advertised(host, udp, public, known)), tcp=reached, tls=tls and bool(reached))
