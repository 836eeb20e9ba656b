"""Join tokens: JWTs that name a person, a room and what they may do there.

The algorithms a key accepts follow from the kind of key alone, never from the token, so that neither `alg: none` nor an HMAC made with a
public key is ever tried. Neither a token nor a part of one is logged or quoted in an error.
"""

import re
import secrets
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, cast, get_args

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tertulia.auth.webhook_signature import key_of
from tertulia.errors import Code, NotAllowed
from tertulia.topic_rule import NO_GRANTS, TopicGrants, is_pattern, is_topic

Role = Literal["viewer", "speaker", "moderator"]
Grant = Literal[
    "publish:camera", "publish:microphone", "publish:screen", "subscribe", "data", "chat", "record", "admit"
]

ADMIN = "admin"
"""The one grant of a token without a room: the server's API, and no room."""
HOOK = "hook"
"""The claim of a webhook's token: the one topic that it publishes on, and nothing else."""
MIN_SECRET_BYTES = 32
"""RFC 7518, section 3.2; shorter secrets can be found from one token by trying."""
MAX_TOKEN_BYTES = 4096
CLOCK_LEEWAY = 10
"""Seconds by which the clocks of whoever signs and of this server may differ."""
MAX_ROOM_PATTERN = 64
MAX_NAME = 64

_IDENTITY = re.compile(r"[A-Za-z0-9_.@:+~-]{1,64}")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""JSON can write a surrogate without its other half (RFC 8259, section 8.2). Nobody could be told a text with one."""
# PyJWT lets some of what its JSON reader raises through: deep nesting, infinite times.
_UNREADABLE = (jwt.InvalidTokenError, ValueError, OverflowError, RecursionError)
_SECRET_ALGORITHM = "HS256"
_RESERVED_IDENTITY = "server"
_GRANTS: frozenset[str] = frozenset(get_args(Grant))
_ROLES: frozenset[str] = frozenset(get_args(Role))


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    sub: str | None
    """Identity; None: the server makes one."""
    name: str | None
    room: str
    """Name of a room, or a pattern in which `*` stands for any text."""
    role: Role
    can: frozenset[Grant] | None
    """Exactly these grants; None: those of the role."""
    jti: str | None
    expires: float | None
    """Seconds since 1970."""
    topics: TopicGrants = NO_GRANTS
    """What it may do on topics of the server, besides what is declared for everyone."""


class TokenVerifier:
    """Checks tokens against one secret and any number of public keys."""

    def __init__(self, *, secret: str | None = None, public_keys: Iterable[str | bytes | Path] = ()) -> None:
        """`public_keys`: PEM text or files with it. Raises ValueError for a weak secret or an unusable key."""
        self._keys: list[tuple[Any, str]] = []
        if secret is not None:
            if len(secret.encode()) < MIN_SECRET_BYTES:
                raise ValueError(f"the secret must have at least {MIN_SECRET_BYTES} bytes")
            self._keys.append((secret, _SECRET_ALGORITHM))
        self._keys.extend(_load_public_key(source) for source in public_keys)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def verify(self, token: str, room: str) -> Claims:
        """Raises NotAllowed with token_invalid, token_expired or wrong_room."""
        payload, _ = self._decode(token)
        try:
            claims = _claims(payload)
        except OverflowError:
            raise _invalid("its times are no times") from None
        if not fnmatchcase(room, _only_star(claims.room)):
            raise NotAllowed("the token is for another room", Code.WRONG_ROOM)
        return claims

    def verify_admin(self, token: str) -> None:
        """Raises NotAllowed with token_invalid, token_expired, or not_allowed for a good token that is not an administrator's.

        The secret alone makes administrators: who holds a private key speaks for people.
        """
        payload, algorithm = self._decode(token)
        if payload.get("can") != [ADMIN] or "room" in payload or algorithm != _SECRET_ALGORITHM:
            raise NotAllowed("this takes an administrator's token")

    def verify_hook(self, token: str, topic: str) -> None:
        """Raises NotAllowed with token_invalid, token_expired, or not_allowed for a good token that is not this topic's.

        The secret alone makes them, as it does administrators.
        """
        payload, algorithm = self._decode(token)
        if payload.get(HOOK) != topic or algorithm != _SECRET_ALGORITHM:
            raise NotAllowed("the token is not that of a webhook for this topic")

    def _decode(self, token: str) -> tuple[Mapping[str, Any], str]:
        """What the token says, and by which algorithm it is signed."""
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise _invalid("too long, or not a JWT")
        try:
            algorithm = jwt.get_unverified_header(token).get("alg")
        except _UNREADABLE:
            raise _invalid("not a JWT") from None
        for key, pinned in self._keys:
            if pinned != algorithm:
                continue
            try:
                return jwt.decode(token, key, algorithms=[pinned], leeway=CLOCK_LEEWAY), pinned
            except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
                raise NotAllowed("the token's time is over or has not come", Code.TOKEN_EXPIRED) from None
            except _UNREADABLE:
                continue
        raise _invalid("no key of this server verifies it")


class TokenSigner:
    """Makes HS256 tokens from the server's secret."""

    def __init__(self, secret: str) -> None:
        """Raises ValueError for a weak secret."""
        TokenVerifier(secret=secret)
        self._secret = secret

    def sign(
        self,
        *,
        room: str,
        identity: str | None = None,
        name: str | None = None,
        role: str = "speaker",
        can: Iterable[str] | None = None,
        topics: Mapping[str, Collection[str]] | None = None,
        ttl: float = 24 * 3600,
    ) -> str:
        """A token for `room` (a name, or a pattern with `*`), good for `ttl` seconds. `topics`: patterns by `subscribe` and `publish`.
        Raises ValueError for bad claims."""
        claims: dict[str, Any] = {"room": room, "role": role}
        if topics is not None:
            claims["topics"] = {verb: list(patterns) for verb, patterns in topics.items()}
        if identity is not None:
            claims["sub"] = identity
        if name is not None:
            claims["name"] = name
        if can is not None:
            claims["can"] = sorted(can)
        try:
            _claims(claims)
        except NotAllowed as error:
            raise ValueError(error.message) from None
        return self._encode(claims, ttl)

    def sign_admin(self, *, ttl: float = 3600) -> str:
        """A token for the server's API, good for `ttl` seconds; nobody can join a room with it."""
        return self._encode({"can": [ADMIN]}, ttl)

    def sign_hook(self, topic: str, *, ttl: float = 365 * 24 * 3600) -> str:
        """A token to publish on one topic of the server by a webhook, good for `ttl` seconds. Raises ValueError for what is no topic."""
        return self._encode({HOOK: _checked_topic(topic)}, ttl)

    def hook_key(self, topic: str) -> str:
        """What a service signs its webhooks for one topic with. Raises ValueError for what is no topic."""
        return key_of(self._secret, _checked_topic(topic))

    def _encode(self, claims: Mapping[str, Any], ttl: float) -> str:
        now = int(time.time())
        standard = {"iat": now, "exp": int(now + ttl), "jti": secrets.token_urlsafe(12)}
        return jwt.encode({**claims, **standard}, self._secret, algorithm=_SECRET_ALGORITHM)


def check_claims(
    *, identity: str | None, name: str | None, role: str = "speaker", can: Collection[str] | None = None
) -> None:
    """Raises ValueError for what no token could say of a person."""
    claims = {"room": "*", "sub": identity, "name": name, "role": role, "can": None if can is None else list(can)}
    try:
        _claims(claims)
    except NotAllowed as error:
        raise ValueError(error.message) from None


def _checked_topic(topic: str) -> str:
    if not is_topic(topic):
        raise ValueError(f"{topic!r} is no topic of the server, as /ci/builds is")
    return topic


def _load_public_key(source: str | bytes | Path) -> tuple[Any, str]:
    if isinstance(source, bytes):
        pem = source
    elif isinstance(source, str) and source.lstrip().startswith("-----BEGIN"):
        pem = source.encode()
    else:
        pem = Path(source).read_bytes()
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("the token public key is not a public key in PEM form") from None
    if isinstance(key, Ed25519PublicKey):
        return key, "EdDSA"
    if isinstance(key, RSAPublicKey):
        if key.key_size < 2048:
            raise ValueError("the RSA token key has fewer than 2048 bits")
        return key, "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key, "ES256"
    raise ValueError("the token public key must be Ed25519, RSA or P-256")


def _claims(payload: Mapping[str, Any]) -> Claims:
    """Raises NotAllowed (token_invalid) for claims of the wrong form; a claim that is not ours is let be."""
    room = _text(payload, "room", MAX_ROOM_PATTERN)
    if room is None:
        raise _invalid("it names no room")
    role = payload.get("role", "speaker")
    if not isinstance(role, str) or role not in _ROLES:
        raise _invalid("unknown role")
    can = payload.get("can")
    if can is not None and not (
        isinstance(can, list) and all(isinstance(grant, str) and grant in _GRANTS for grant in can)
    ):
        raise _invalid("unknown grant")
    sub = _text(payload, "sub", 64)
    if sub is not None and (sub == _RESERVED_IDENTITY or not _IDENTITY.fullmatch(sub)):
        raise _invalid("sub cannot be an identity")
    expires = payload.get("exp")
    if expires is not None and not isinstance(expires, (int, float)):
        raise _invalid("exp is not a number")
    return Claims(
        sub=sub,
        name=_text(payload, "name", MAX_NAME),
        room=room,
        role=cast(Role, role),
        can=None if can is None else frozenset(cast("list[Grant]", can)),
        jti=_text(payload, "jti", 128),
        expires=None if expires is None else float(expires),
        topics=_topics(payload.get("topics")),
    )


def _topics(claim: Any) -> TopicGrants:
    if claim is None:
        return NO_GRANTS
    if not isinstance(claim, dict) or not claim.keys() <= {"subscribe", "publish"}:
        raise _invalid("topics is no object of subscribe and publish")
    for patterns in claim.values():
        if not isinstance(patterns, list) or not all(isinstance(it, str) and is_pattern(it) for it in patterns):
            raise _invalid("topics names what is no topic of the server")
    return TopicGrants(tuple(claim.get("subscribe", ())), tuple(claim.get("publish", ())))


def _text(payload: Mapping[str, Any], claim: str, limit: int) -> str | None:
    value = payload.get(claim)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= limit or _HALF_CHARACTER.search(value):
        raise _invalid(f"{claim} is not a text of 1 to {limit} characters")
    return value


def _only_star(pattern: str) -> str:
    """`*` is the only wildcard of a room pattern; the others that fnmatch knows are taken literally."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def _invalid(why: str) -> NotAllowed:
    return NotAllowed(f"the token is not valid: {why}", Code.TOKEN_INVALID)
