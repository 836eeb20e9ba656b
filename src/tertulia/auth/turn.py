"""Credentials of a TURN server that end: the REST convention, which coturn calls `use-auth-secret`."""

import base64
import hmac
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """Long-term credentials (RFC 8489 section 9.2), good until the time in the user name."""

    username: str
    password: str = field(repr=False)


class TurnSecret:
    """What the servers that make credentials share with those that check them. Nothing is kept of what was made."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def credentials(self, identity: str, expires: int) -> Credentials:
        """`expires`: seconds since 1970. `identity` is told the TURN server and everybody on the way to it, so it should say nothing."""
        username = f"{expires}:{identity}"
        return Credentials(username, base64.b64encode(hmac.digest(self._secret, username.encode(), "sha1")).decode())


def new_identity() -> str:
    """For one connection, and nobody in particular."""
    return secrets.token_hex(6)
