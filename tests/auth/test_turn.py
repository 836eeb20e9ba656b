"""TURN credentials, reckoned a second time by hand."""

import base64
import hashlib

from tertulia.auth.turn import TurnSecret, new_identity


def hmac_sha1(key: bytes, text: bytes) -> bytes:
    """RFC 2104, for keys of at most a block."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha1(bytes(byte ^ 0x36 for byte in padded) + text).digest()
    return hashlib.sha1(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def password(secret: str, username: str) -> str:
    """By the convention that coturn follows."""
    return base64.b64encode(hmac_sha1(secret.encode(), username.encode())).decode()


def test_the_reckoning_itself() -> None:
    # RFC 2202 section 3, case 2.
    assert hmac_sha1(b"Jefe", b"what do ya want for nothing?").hex() == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"


def test_credentials_follow_the_convention() -> None:
    made = TurnSecret("a secret that two servers share").credentials("5f0c1e9a2b47", 1_794_000_000)
    assert made.username == "1794000000:5f0c1e9a2b47"
    assert made.password == password("a secret that two servers share", made.username)


def test_another_implementation_makes_the_same() -> None:
    # printf %s "1433895918:person" | openssl dgst -sha1 -hmac north -binary | base64; crates/relay has the same line.
    assert TurnSecret("north").credentials("person", 1_433_895_918).password == "cdMHRU7qApGTHU6CTHxFEGO0LkA="


def test_another_time_identity_or_secret_makes_another_password() -> None:
    secret = TurnSecret("one")
    first = secret.credentials("a", 1).password
    others = [secret.credentials("a", 2), secret.credentials("b", 1), TurnSecret("two").credentials("a", 1)]
    assert first not in [it.password for it in others]


def test_no_two_connections_have_one_identity() -> None:
    made = {new_identity() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(it) == 12 and set(it) <= set("0123456789abcdef") for it in made)


def test_a_password_is_not_shown() -> None:
    made = TurnSecret("hush").credentials("a", 1)
    assert made.password not in repr(made)
    assert "hush" not in repr(TurnSecret("hush"))
