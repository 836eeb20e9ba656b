"""Whose page it is that a browser sends requests for."""

_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}


def same_authority(origin: str, host: str) -> bool:
    """Whether a page of this Origin asks its own server, which it calls by this Host; both in lower case.

    Compared without the scheme: behind a proxy that ends TLS the page is https and we see ws; Host comes from the browser too.
    """
    scheme, _, authority = origin.partition("://")
    return scheme in ("http", "https") and _with_port(authority, scheme) == _with_port(host, scheme)


def split_authority(authority: str) -> tuple[str, str]:
    """Name and port; an IPv6 address without its brackets."""
    if authority.startswith("["):
        name, _, port = authority[1:].partition("]")
        return name, port.removeprefix(":")
    name, _, port = authority.partition(":")
    return name, port


def _with_port(authority: str, scheme: str) -> str:
    name, port = split_authority(authority)
    return f"{name}:{port or _DEFAULT_PORTS[scheme]}"
