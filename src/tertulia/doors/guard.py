"""Stands before every door: which Host and which Origin may come in.

A page anywhere can make its visitor's browser connect to this server, or send it a request. The browser names the page's origin, and for
WebSockets and requests that change something nothing but this check stops it. A name that an attacker has pointed at 127.0.0.1 (DNS
rebinding) makes the attacker's page same-origin; so a server that only this machine can reach answers to this machine's names alone.
"""

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tertulia.auth.reached import FORWARDED
from tertulia.net import same_authority, split_authority

_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Of these a browser shows a foreign page the answer only where the server says so."""


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, allow_origins: Iterable[str] = (), local_only: bool = False) -> None:
        """`allow_origins`: besides the same origin; `*`: all. `local_only`: only Hosts that name this machine
        or are those of an allowed origin (a reverse proxy's)."""
        self._app = app
        self._origins = frozenset(origin.lower() for origin in allow_origins)
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self.refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(refusal + "\n", status_code=403)(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})

    def refusal(self, scope: Scope) -> str | None:
        """Why this request may not come in; None: it may."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or len(origins) > 1:
            return "one Host and at most one Origin are expected"
        host = hosts[0].lower()
        if self._local_only and not _is_local(host) and not self._is_named(host):
            return "this server answers to this machine's own names only"
        changes = scope["type"] == "websocket" or scope["method"] not in _READING
        if changes and origins and not self._may_connect(origins[0].lower(), host):
            return "this origin may not connect; see --allow-origin"
        return None

    def _is_named(self, host: str) -> bool:
        return any(same_authority(origin, host) for origin in self._origins)

    def _may_connect(self, origin: str, host: str) -> bool:
        if "*" in self._origins or origin in self._origins:
            return True
        return same_authority(origin, host)


def is_from_this_machine(scope: Scope) -> bool:
    """Whether a program or a page on this machine asks by one of its own names. A proxy that says so is none: it speaks for others."""
    headers = Headers(scope=scope)
    client = scope.get("client")
    if client is None or not _is_local(client[0] if ":" not in client[0] else f"[{client[0]}]"):
        return False
    return _is_local(headers.get("host", "").lower()) and not any(name in headers for name in FORWARDED)


def _is_local(host: str) -> bool:
    name, _ = split_authority(host)
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
