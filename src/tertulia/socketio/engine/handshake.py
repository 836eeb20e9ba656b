"""The request that began a session."""

from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope


@dataclass(frozen=True, slots=True)
class Handshake:
    address: str
    """The client's IP address; empty where the server does not know it."""
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case; of several with one name the last."""
    scope: Scope = field(repr=False)
    """ASGI."""
    auth: dict[str, Any] = field(default_factory=dict)
    """What the client gave for this namespace."""

    @property
    def cookies(self) -> dict[str, str]:
        try:
            return {name: morsel.value for name, morsel in SimpleCookie(self.headers.get("cookie", "")).items()}
        except CookieError:
            return {}


def query_of(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True, max_num_fields=100))


def header(scope: Scope, name: bytes) -> str:
    """The first of this name; empty: there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def read(scope: Scope, query: dict[str, str]) -> Handshake:
    client = scope.get("client")
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    return Handshake(client[0] if client else "", query, headers, scope)
