"""Join tokens: from somebody who knows no key, and from somebody who has one and signs what he likes."""

import base64
import hashlib
import hmac
import json
import math
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tertulia.auth.tokens import Claims, TokenVerifier, check_claims
from tertulia.errors import Code, NotAllowed
from tests.fuzz.inputs import SEPARATOR

ROOM: Final = "standup"
_SECRET: Final = "a secret that is long enough to be one"
_PUBLIC_KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
_TELLING: Final = 8
"""Characters of a token that stand in no message by chance."""
_VERIFIER: Final = TokenVerifier(
    secret=_SECRET, public_keys=[_PUBLIC_KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)]
)


def tokens(data: bytes) -> None:
    """A token as it comes; or a header and claims, which are signed with the secret."""
    header, is_signed, claims = data.partition(SEPARATOR)
    if not is_signed:
        token = data.decode(errors="replace")
        assert _verified(token) is None, "no key was needed"
        assert not _is_admin(token)
        return
    token = _signed(header, claims)
    said = _verified(token)
    if said is None:
        return
    assert json.loads(header)["alg"] == "HS256"
    assert not _is_admin(token)
    check_claims(identity=said.sub, name=said.name, role=said.role, can=said.can)
    # All of it may be told to others.
    msgspec.json.encode((said.sub, said.name, said.room, said.jti))
    assert said.expires is None or math.isfinite(said.expires)


def _verified(token: str) -> Claims | None:
    try:
        return _VERIFIER.verify(token, ROOM)
    except NotAllowed as error:
        assert error.code in (Code.TOKEN_INVALID, Code.TOKEN_EXPIRED, Code.WRONG_ROOM), error.code
        assert len(token) < _TELLING or token not in error.message
        return None


def _is_admin(token: str) -> bool:
    try:
        _VERIFIER.verify_admin(token)
    except NotAllowed:
        return False
    return True


def _signed(header: bytes, claims: bytes) -> str:
    text = f"{_part(header)}.{_part(claims)}"
    return f"{text}.{_part(hmac.digest(_SECRET.encode(), text.encode(), hashlib.sha256))}"


def _part(data: bytes) -> str:
    """RFC 7515, section 2."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
