"""Who may use the API."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.types import Scope

from tertulia.auth.tokens import TokenVerifier
from tertulia.doors.api.failure import Refused
from tertulia.errors import Code, NotAllowed


class Access:
    """An administrator's token; none on a server that is open to this machine alone."""

    def __init__(self, verifier: TokenVerifier, needs_no_token: Callable[[Scope], bool]) -> None:
        self._verifier = verifier
        self._needs_no_token = needs_no_token

    def check(self, request: Request) -> None:
        """Raises Refused, with 401 or 403."""
        token = bearer(request)
        # A server without a key cannot tell a good token from a bad one; who may come without one may come with one.
        if (token is None or not self._verifier) and self._needs_no_token(request.scope):
            return
        if token is None:
            raise Refused(401, Code.TOKEN_REQUIRED, "send an administrator's token: Authorization: Bearer …")
        try:
            self._verifier.verify_admin(token)
        except NotAllowed as error:
            raise Refused(403 if error.code is Code.NOT_ALLOWED else 401, error.code, error.message) from None


def bearer(request: Request) -> str | None:
    """The token that a request brings; None: it has none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
