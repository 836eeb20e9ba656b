"""Signatures of webhooks: whoever sends one shows that he has the key of its topic.

Two forms, both HMAC-SHA256: that of Standard Webhooks (https://www.standardwebhooks.com), over an id, the time and the body, and the one
that GitHub, Gitea and Forgejo send in `X-Hub-Signature-256`, over the body alone.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

HEADERS: Final = ("webhook-signature", "x-hub-signature-256")
TOLERANCE: Final = 300.0
"""Seconds by which the time that is signed may differ from the server's: what is older may be somebody's who has recorded it."""
_PREFIX: Final = "whsec_"
_PURPOSE: Final = "tertulia webhook "
"""No token begins so, nor anything else that is signed with the same secret."""


class BadSignature(Exception):
    """Its text says why, and quotes neither key nor signature."""


def key_of(secret: str, topic: str) -> str:
    """The key of a topic, as it is given to whoever signs. It follows from the server's secret, and is good as long as that is."""
    made = hmac.digest(secret.encode(), f"{_PURPOSE}{topic}".encode(), hashlib.sha256)
    return _PREFIX + base64.b64encode(made).decode()


def check(key: str, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """`headers`: by names in small letters; `now`: seconds since 1970. Raises BadSignature."""
    if (signature := headers.get("webhook-signature")) is not None:
        right = _check_standard(key, signature, headers, body, now)
    else:
        expected = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        right = _same(headers.get("x-hub-signature-256", ""), f"sha256={expected}")
    if not right:
        raise BadSignature("the signature is not that of this body by the key of this topic")


def _check_standard(key: str, signatures: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    sent, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isascii() or not stamp.isdigit() or not abs(now - float(stamp)) <= TOLERANCE:
        raise BadSignature("it was not signed within the last five minutes")
    content = b".".join((sent.encode(), stamp.encode(), body))
    secret = base64.b64decode(key.removeprefix(_PREFIX))
    expected = hmac.digest(secret, content, hashlib.sha256)
    # Several where a sender changes its key.
    return any(_same_bytes(one.removeprefix("v1,"), expected) for one in signatures.split() if one.startswith("v1,"))


def _same_bytes(given: str, expected: bytes) -> bool:
    try:
        return hmac.compare_digest(base64.b64decode(given, validate=True), expected)
    except (binascii.Error, ValueError):
        return False


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
