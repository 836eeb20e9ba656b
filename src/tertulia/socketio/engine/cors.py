"""Which pages may talk to the server, and what browsers are told about it (Fetch standard, CORS protocol)."""

from starlette.types import Scope

from tertulia.net import same_authority
from tertulia.socketio.engine.handshake import header

PREFLIGHT_SECONDS = 600
_REQUESTED = b"access-control-request-headers"


class Cors:
    """Same origin always, and those on the list. Programs that are no browsers name no origin, and pass."""

    def __init__(self, allow_origins: tuple[str, ...], *, credentials: bool) -> None:
        self._allowed = frozenset(origin.lower() for origin in allow_origins)
        self._credentials = credentials

    def allows(self, scope: Scope) -> bool:
        origins = [value for key, value in scope["headers"] if key == b"origin"]
        if not origins:
            return True
        origin = origins[0].decode("latin-1").lower()
        return len(origins) == 1 and (self._is_listed(origin) or same_authority(origin, header(scope, b"host").lower()))

    def headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """For an answer to a request that is allowed."""
        origin = header(scope, b"origin")
        if not self._is_listed(origin.lower()):
            return [(b"vary", b"origin")] if self._allowed else []
        answer = [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"origin")]
        if self._credentials:
            answer.append((b"access-control-allow-credentials", b"true"))
        return answer

    def preflight(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """For the answer to OPTIONS."""
        return [
            *self.headers(scope),
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", header(scope, _REQUESTED).encode("latin-1") or b"content-type"),
            (b"access-control-max-age", b"%d" % PREFLIGHT_SECONDS),
        ]

    def _is_listed(self, origin: str) -> bool:
        return bool(origin) and ("*" in self._allowed or origin in self._allowed)
