"""What a token may and may not do."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tertulia.auth.tokens import TokenSigner, TokenVerifier
from tertulia.errors import Code, TertuliaError

SECRET = "0123456789abcdef0123456789abcdef"
VERIFIER = TokenVerifier(secret=SECRET)


def refused(verifier: TokenVerifier, token: str, room: str = "standup") -> Code:
    with pytest.raises(TertuliaError) as caught:
        verifier.verify(token, room)
    assert token not in caught.value.message
    return caught.value.code


def signed(**claims: Any) -> str:
    return jwt.encode({"room": "standup", **claims}, SECRET, algorithm="HS256")


def pem(key: Any) -> bytes:
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text


def test_round_trip() -> None:
    token = TokenSigner(SECRET).sign(room="standup", identity="ana", name="Ana", role="viewer", can=["chat"], ttl=60)
    claims = VERIFIER.verify(token, "standup")
    assert (claims.sub, claims.name, claims.role, claims.can) == ("ana", "Ana", "viewer", frozenset({"chat"}))
    assert claims.expires == pytest.approx(time.time() + 60, abs=5)
    assert claims.jti


@pytest.mark.parametrize(
    ("pattern", "room", "fits"),
    [
        ("standup", "standup", True),
        ("standup", "Standup", False),
        ("*", "anything", True),
        ("team-*", "team-a", True),
        ("team-*", "other", False),
        ("a?c", "abc", False),
        ("a?c", "a?c", True),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("*a*b*", "xxaxxbxx", True),
        ("stand", "standup", False),
    ],
)
def test_room_patterns(pattern: str, room: str, fits: bool) -> None:
    token = signed(room=pattern)
    if fits:
        assert VERIFIER.verify(token, room).room == pattern
    else:
        assert refused(VERIFIER, token, room) is Code.WRONG_ROOM


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": 1}, Code.TOKEN_EXPIRED),
        ({"nbf": 10**11}, Code.TOKEN_EXPIRED),
        ({"room": None}, Code.TOKEN_INVALID),
        ({"room": 7}, Code.TOKEN_INVALID),
        ({"room": "a" * 65}, Code.TOKEN_INVALID),
        ({"role": "king"}, Code.TOKEN_INVALID),
        ({"role": ["moderator"]}, Code.TOKEN_INVALID),
        ({"can": "chat"}, Code.TOKEN_INVALID),
        ({"can": ["moderate"]}, Code.TOKEN_INVALID),
        ({"can": [["chat"]]}, Code.TOKEN_INVALID),
        ({"sub": "server"}, Code.TOKEN_INVALID),
        ({"sub": "a b"}, Code.TOKEN_INVALID),
        ({"sub": ""}, Code.TOKEN_INVALID),
        ({"name": "n" * 65}, Code.TOKEN_INVALID),
        ({"name": "half of a surrogate pair: \ud83d"}, Code.TOKEN_INVALID),
        ({"exp": float("inf")}, Code.TOKEN_INVALID),
        ({"exp": "soon"}, Code.TOKEN_INVALID),
        ({"exp": "9" * 400}, Code.TOKEN_INVALID),
        ({"jti": 5}, Code.TOKEN_INVALID),
    ],
)
def test_claims_that_are_refused(claims: dict[str, Any], code: Code) -> None:
    # Signed by hand: PyJWT would not make some of these.
    payload = {"room": "standup", **claims}
    head = _base64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _base64(json.dumps(payload).encode())
    mac = _base64(hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest())
    assert refused(VERIFIER, f"{head}.{body}.{mac}") is code


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS384", "HS512", "RS256", ""])
def test_the_algorithm_is_the_keys_not_the_tokens(algorithm: str) -> None:
    head = _base64(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    body = _base64(json.dumps({"room": "standup", "role": "moderator"}).encode())
    mac = _base64(hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest())
    for signature in ("", mac):
        assert refused(VERIFIER, f"{head}.{body}.{signature}") is Code.TOKEN_INVALID


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        (rsa.generate_private_key(65537, 2048), "RS256"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
    ],
)
def test_public_keys(key: Any, algorithm: str) -> None:
    verifier = TokenVerifier(public_keys=[pem(key)])
    assert verifier.verify(jwt.encode({"room": "standup"}, key, algorithm=algorithm), "standup").room == "standup"
    # The public key is public: an HMAC made with it proves nothing (CVE-2021-39215).
    head = _base64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _base64(json.dumps({"room": "standup", "role": "moderator"}).encode())
    for secret in (pem(key), pem(key).strip()):
        mac = _base64(hmac.new(secret, f"{head}.{body}".encode(), hashlib.sha256).digest())
        assert refused(verifier, f"{head}.{body}.{mac}") is Code.TOKEN_INVALID
        both = TokenVerifier(secret=SECRET, public_keys=[pem(key)])
        assert refused(both, f"{head}.{body}.{mac}") is Code.TOKEN_INVALID


def test_several_keys_serve_side_by_side() -> None:
    old, new = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
    verifier = TokenVerifier(secret=SECRET, public_keys=[pem(old), pem(new).decode()])
    for key in (old, new):
        assert verifier.verify(jwt.encode({"room": "a"}, key, algorithm="EdDSA"), "a").room == "a"
    assert verifier.verify(signed(room="a"), "a").room == "a"


def test_keys_that_are_too_weak_or_of_no_use() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TokenVerifier(secret="short")
    with pytest.raises(ValueError, match="2048"):
        TokenVerifier(public_keys=[pem(rsa.generate_private_key(65537, 1024))])
    with pytest.raises(ValueError, match="P-256"):
        TokenVerifier(public_keys=[pem(ec.generate_private_key(ec.SECP384R1()))])
    with pytest.raises(ValueError, match="PEM"):
        TokenVerifier(public_keys=["-----BEGIN NONSENSE-----"])
    assert not TokenVerifier()


def test_the_signer_makes_nothing_that_is_refused() -> None:
    signer = TokenSigner(SECRET)
    bad: dict[str, Any]
    for bad in ({"role": "king"}, {"can": ["all"]}, {"identity": "server"}, {"name": ""}):
        with pytest.raises(ValueError):
            signer.sign(room="standup", **bad)


@pytest.mark.parametrize(
    "part", ["[" * 2_900, '{"alg":' * 350, "1e999", '{"alg":[]}', '{"alg":"HS256","crit":["x"]}', "\\ud800"]
)
def test_odd_headers_and_bodies(part: str) -> None:
    odd, head = _base64(part.encode()), _base64(b'{"alg":"HS256"}')
    mac = _base64(hmac.new(SECRET.encode(), f"{head}.{odd}".encode(), hashlib.sha256).digest())
    for token in (f"{odd}.{odd}.x", f"{head}.{odd}.x", f"{head}.{odd}.{mac}"):
        assert refused(VERIFIER, token) is Code.TOKEN_INVALID


@given(st.text(max_size=5000))
def test_any_text_is_refused(text: str) -> None:
    assert refused(VERIFIER, text + "x") is Code.TOKEN_INVALID


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    token = signed(sub="ana")
    at = data.draw(st.integers(0, len(token) - 2))
    other = data.draw(st.sampled_from("ABCXYZabcxyz0189-_."))
    changed = token[:at] + other + token[at + 1 :]
    if changed != token:
        assert refused(VERIFIER, changed) in (Code.TOKEN_INVALID,)


def not_an_administrator(verifier: TokenVerifier, token: str) -> Code:
    with pytest.raises(TertuliaError) as caught:
        verifier.verify_admin(token)
    assert token not in caught.value.message
    return caught.value.code


def test_an_administrators_token_opens_no_room() -> None:
    token = TokenSigner(SECRET).sign_admin(ttl=60)
    VERIFIER.verify_admin(token)
    assert refused(VERIFIER, token) is Code.TOKEN_INVALID
    assert not_an_administrator(TokenVerifier(secret="another " * 5), token) is Code.TOKEN_INVALID
    assert not_an_administrator(VERIFIER, TokenSigner(SECRET).sign_admin(ttl=-60)) is Code.TOKEN_EXPIRED


@pytest.mark.parametrize(
    "claims",
    [
        {"room": "*"},
        {"room": "*", "can": ["admin"]},
        {"room": None, "can": ["admin"]},
        {"can": ["admin", "chat"]},
        {"can": ["chat"]},
        {"can": "admin"},
        {"can": {"admin": True}},
        {},
    ],
)
def test_what_makes_no_administrator(claims: dict[str, Any]) -> None:
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    assert not_an_administrator(VERIFIER, token) is Code.NOT_ALLOWED


def test_a_private_key_makes_no_administrator() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    verifier = TokenVerifier(secret=SECRET, public_keys=[pem(key)])
    token = jwt.encode({"can": ["admin"]}, key, algorithm="EdDSA")
    assert not_an_administrator(verifier, token) is Code.NOT_ALLOWED


def test_times_beyond_any_clock_are_refused() -> None:
    assert refused(VERIFIER, signed(exp=10**400)) is Code.TOKEN_INVALID
