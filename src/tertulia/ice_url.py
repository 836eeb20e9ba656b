"""URLs of STUN and TURN servers (RFC 7064, RFC 7065)."""

import ipaddress
import re
from dataclasses import dataclass

_FORM = re.compile(
    r"(?P<scheme>stuns?|turns?):(?P<host>\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9._-]{0,252})"
    r"(?::(?P<port>[0-9]{1,5}))?(?:\?transport=(?P<transport>udp|tcp))?"
)
_PORT, _TLS_PORT = 3478, 5349


@dataclass(frozen=True, slots=True)
class IceUrl:
    """What such a URL says, with what it leaves unsaid."""

    scheme: str
    """stun, stuns, turn or turns."""
    host: str
    """A name or an address in lower case; an IPv6 address without its brackets."""
    port: int
    transport: str
    """To the server: udp or tcp."""

    @property
    def relays(self) -> bool:
        """It is a TURN server's, which takes credentials."""
        return self.scheme.startswith("turn")


def parse(url: str) -> IceUrl:
    """Raises ValueError, also for what the RFCs know and browsers do not: other transports, and TLS over UDP."""
    found = _FORM.fullmatch(url.lower())
    if found is None:
        raise ValueError(
            f"{url!r} is not a stun:, stuns:, turn: or turns: URL such as turn:turn.example.org:3478?transport=udp"
        )
    scheme, transport = found["scheme"], found["transport"]
    secure = scheme.endswith("s")
    port = int(found["port"] or (_TLS_PORT if secure else _PORT))
    if not 1 <= port <= 65535:
        raise ValueError(f"{url!r} has no port from 1 to 65535")
    if transport is not None and not scheme.startswith("turn"):
        raise ValueError(f"{url!r}: only turn: and turns: take a transport")
    if secure and transport == "udp":
        raise ValueError(f"{url!r}: TLS goes over TCP")
    return IceUrl(scheme, _host(url, found["host"]), port, transport or ("tcp" if secure else "udp"))


def write(scheme: str, host: str, port: int, transport: str | None = None) -> str:
    """A URL that leaves nothing unsaid. `transport`: for turn and turns."""
    where = f"[{host}]" if ":" in host else host
    return f"{scheme}:{where}:{port}" + ("" if transport is None else f"?transport={transport}")


def _host(url: str, host: str) -> str:
    if not host.startswith("["):
        return host
    try:
        return str(ipaddress.IPv6Address(host.strip("[]")))
    except ValueError:
        raise ValueError(f"{url!r}: {host} is not an IPv6 address") from None
