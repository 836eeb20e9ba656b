"""Signatures of webhooks: as those make them who send them, and nothing else."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.auth.tokens import TokenSigner, TokenVerifier
from tertulia.auth.webhook_signature import BadSignature, check, key_of
from tertulia.errors import Code, NotAllowed

SECRET = "a secret of the server, long enough"
NOW = 1_614_265_330.0

# The example of Standard Webhooks' own libraries.
STANDARD = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
STANDARD_KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_BODY = b'{"test": 2432232314}'

# The example of GitHub's documentation.
GITHUB = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
GITHUB_KEY = "It's a Secret to Everybody"
GITHUB_BODY = b"Hello, World!"


def refused(key: str, headers: dict[str, str], body: bytes, now: float = NOW) -> str:
    with pytest.raises(BadSignature) as caught:
        check(key, headers, body, now)
    return str(caught.value)


def test_the_published_examples_are_right() -> None:
    check(STANDARD_KEY, STANDARD, STANDARD_BODY, NOW)
    check(GITHUB_KEY, GITHUB, GITHUB_BODY, NOW)
    several = STANDARD | {"webhook-signature": f"v1a,x v1,AAAA {STANDARD['webhook-signature']}"}
    check(STANDARD_KEY, several, STANDARD_BODY, NOW + 299)


def test_another_body_key_id_or_time_is_not() -> None:
    for other in ({"webhook-id": "msg_2"}, {"webhook-timestamp": "1614265331"}, {"webhook-signature": "v1,AAAA"}):
        assert "not that of this body" in refused(STANDARD_KEY, STANDARD | other, STANDARD_BODY)
    refused(STANDARD_KEY, STANDARD, STANDARD_BODY + b" ")
    refused("whsec_AAAA", STANDARD, STANDARD_BODY)
    refused(GITHUB_KEY, GITHUB, GITHUB_BODY + b" ")
    refused("another", GITHUB, GITHUB_BODY)
    refused(GITHUB_KEY, {}, GITHUB_BODY)


@pytest.mark.parametrize("stamp", ["1614265029", "1614265631", "", "-1", "²", "9" * 400, "nan", "1e9"])
def test_what_was_signed_long_ago_may_be_a_recording(stamp: str) -> None:
    content = f"m.{stamp}.".encode() + STANDARD_BODY
    made = hmac.digest(base64.b64decode(STANDARD_KEY.removeprefix("whsec_")), content, hashlib.sha256)
    signature = "v1," + base64.b64encode(made).decode()
    headers = {"webhook-id": "m", "webhook-timestamp": stamp, "webhook-signature": signature}
    assert "five minutes" in refused(STANDARD_KEY, headers, STANDARD_BODY)


@given(st.text(max_size=100), st.text(max_size=100), st.binary(max_size=100))
def test_any_text_is_refused(signature: str, identity: str, body: bytes) -> None:
    stamp = {"webhook-id": identity, "webhook-timestamp": str(int(NOW))}
    refused(STANDARD_KEY, stamp | {"webhook-signature": f"v1,{signature}"}, body)
    refused(STANDARD_KEY, {"x-hub-signature-256": signature}, body)


def test_each_topic_has_a_key_of_its_own() -> None:
    key = TokenSigner(SECRET).hook_key("/ci/builds")
    assert key == key_of(SECRET, "/ci/builds") and len(base64.b64decode(key.removeprefix("whsec_"))) == 32
    assert len({key, key_of(SECRET, "/ci/build"), key_of(SECRET + "s", "/ci/builds")}) == 3
    assert SECRET not in key


def test_a_token_is_for_one_topic_and_opens_nothing_else() -> None:
    signer, verifier = TokenSigner(SECRET), TokenVerifier(secret=SECRET)
    token = signer.sign_hook("/ci/builds")
    verifier.verify_hook(token, "/ci/builds")

    def code(call: Any, *arguments: Any) -> Code:
        with pytest.raises(NotAllowed) as caught:
            call(*arguments)
        assert token not in caught.value.message
        return caught.value.code

    assert code(verifier.verify_hook, token, "/ci") is Code.NOT_ALLOWED
    assert code(verifier.verify_hook, token, "/ci/builds/1") is Code.NOT_ALLOWED
    assert code(verifier.verify_admin, token) is Code.NOT_ALLOWED
    assert code(verifier.verify, token, "standup") is Code.TOKEN_INVALID
    for other in (signer.sign_admin(), signer.sign(room="*", topics={"publish": ["/ci/builds"]})):
        assert code(verifier.verify_hook, other, "/ci/builds") is Code.NOT_ALLOWED
    old = signer.sign_hook("/ci/builds", ttl=-60)
    assert code(verifier.verify_hook, old, "/ci/builds") is Code.TOKEN_EXPIRED
    assert code(TokenVerifier(secret="another " * 5).verify_hook, token, "/ci/builds") is Code.TOKEN_INVALID


@pytest.mark.parametrize("topic", ["ci", "/ci/*", "/*", "/", "/a b", "/" + "x" * 64])
def test_a_branch_has_neither_token_nor_key(topic: str) -> None:
    signer = TokenSigner(SECRET)
    for make in (signer.sign_hook, signer.hook_key):
        with pytest.raises(ValueError, match="no topic"):
            make(topic)
