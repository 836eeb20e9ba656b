"""How a client came to us, as far as that tells how its media may."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers

from tertulia import ice_url

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
"""Headers by which a proxy says that it speaks for others."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One HTTP request, or the one that opened a WebSocket."""

    name: str = ""
    """The host by which the client called us; empty where something else than this process answers by that name."""
    port: int = 0
    """The port that it called, with the name."""
    secure: bool = False
    """By TLS."""
    local: str = ""
    """Our address at which the connection arrived; empty: not known."""
    local_port: int | None = None
    client: str = ""
    """The client's address, or that of a proxy."""


def reached(scope: Mapping[str, Any]) -> Reached:
    """Reads an ASGI scope (HTTP or WebSocket)."""
    headers = Headers(raw=list(scope["headers"]))
    secure = scope.get("scheme") in ("https", "wss")
    local, local_port = scope.get("server") or ("", None)
    client = (scope.get("client") or ("",))[0]
    name, port = _authority(headers.get("host", ""), 443 if secure else 80)
    if _is_proxied(headers, name, client, secure=secure) or local_port is None:
        name, port = "", 0
    return Reached(name, port, secure, _address(local), local_port, _address(client))


def _is_proxied(headers: Headers, name: str, client: str, *, secure: bool) -> bool:
    """Not every proxy says so."""
    if any(header in headers for header in FORWARDED):
        return True
    if headers.get("origin", "").lower().startswith("https:") and not secure:
        return True
    is_local_name = name == "localhost" or name.endswith(".localhost") or _is_loopback(name)
    return _is_loopback(_address(client)) and not is_local_name


def _authority(host: str, default_port: int) -> tuple[str, int]:
    """Empty and 0 for what could not stand in a URL of a STUN server."""
    try:
        url = ice_url.parse(f"stun:{host}")
    except ValueError:
        return "", 0
    return url.host, url.port if ":" in host.rpartition("]")[2] else default_port


def _address(text: str) -> str:
    """As everybody writes it, without a zone; IPv4 in IPv6 as what it is. Empty for what is no address, such as a path."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False
