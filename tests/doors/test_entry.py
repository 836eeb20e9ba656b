"""Tokens at the door, and what they allow."""

import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .harness import SECRET, Client, person, server


async def refusal(app: object, **fields: object) -> str:
    client = await Client(app).open()
    error = await client.ask("join", room="standup", name="Ana", **fields)
    assert error["type"] == "error", error
    assert (await client.until("bye"))["code"] == error["code"]
    code: str = error["code"]
    return code


async def test_a_server_that_is_not_open_takes_a_token() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        assert await refusal(app) == "token_required"
        joined = await (await Client(app).open()).join(token=app.token("standup", identity="ana", name="Ana Token"))
        assert (joined["you"]["id"], joined["you"]["name"], joined["you"]["role"]) == ("ana", "Ana Token", "speaker")
        assert await refusal(app) == "token_required", "nor into a room that is there"


async def test_bad_tokens_have_codes_of_their_own() -> None:
    now = int(time.time())
    async with server(open=False, secret=SECRET) as (app, _):
        assert await refusal(app, token="nonsense") == "token_invalid"
        assert await refusal(app, token=app.token("other")) == "wrong_room"
        assert await refusal(app, token=app.token("standup", ttl=-60)) == "token_expired"
        early = jwt.encode({"room": "standup", "nbf": now + 600}, SECRET, algorithm="HS256")
        assert await refusal(app, token=early) == "token_expired"
        none = jwt.encode({"room": "standup", "role": "moderator"}, "", algorithm="none")
        assert await refusal(app, token=none) == "token_invalid"


async def test_a_token_is_checked_where_none_is_needed() -> None:
    async with server(open=True) as (app, _):
        assert await refusal(app, token="nonsense") == "token_invalid"


async def test_a_grant_narrows_what_a_role_may() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        client = await Client(app).open()
        joined = await client.join(token=app.token("stand*", can=["subscribe"]))
        assert joined["rights"] == ["subscribe"]
        assert (await client.ask("chat", text="hello"))["code"] == "not_allowed"
        assert (await client.ask("publish", source="camera", kind="video"))["code"] == "not_allowed"


async def test_the_identity_of_a_token_replaces_itself() -> None:
    async with server(open=False, secret=SECRET) as (app, media):
        token = app.token("standup", identity="ana")
        first = await person(app, "Ana", token=token)
        second = await person(app, "Ana", token=token)
        assert (await first.until("bye"))["code"] == "replaced"
        await first.ended()
        assert media.named("close") == [(first.session["id"],)]
        assert (await second.ask("chat", text="hello"))["type"] == "ok"
        stale = await Client(app).open()
        stale.send_raw(first.resume_text())
        assert (await stale.receive())["code"] == "session_gone"


async def test_an_identity_that_is_wished_for_is_not_granted() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        mallory = await person(app, "Ana", identity=ana.me)
        assert mallory.me != ana.me


async def test_a_guest_may_knock_where_there_is_a_waiting_room() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        ana = await person(app, "Ana", token=app.token("standup", role="moderator"))
        await ana.ask("waiting_room", enabled=True)
        guest = await Client(app).open()
        guest.send("join", room="standup", name="Guest")
        assert (await guest.receive())["type"] == "waiting"
        await ana.ask("waiting_room", enabled=False)
        assert await refusal(app) == "token_required"


async def test_a_token_by_public_key(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    file = tmp_path / "key.pem"
    file.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    async with server(open=False, token_public_key=[file]) as (app, _):
        good = jwt.encode({"room": "standup", "sub": "ana"}, key, algorithm="EdDSA")
        assert (await person(app, "Ana", token=good)).me == "ana"
        with pytest.raises(ValueError, match="secret"):
            app.token("standup")


async def test_an_invitation_lets_others_in_as_speakers_of_this_room_only() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        host = await person(app, "Ana", token=app.token("standup", identity="ana", role="moderator"))
        invited = await host.ask("invite")
        assert invited["type"] == "invited" and 23 * 3600 < invited["expires"] - time.time() <= 24 * 3600
        ben, cora = [
            await (await Client(app).open()).join(name=name, token=invited["token"]) for name in ("Ben", "Cora")
        ]
        assert ben["you"]["role"] == "speaker" and ben["you"]["id"] != cora["you"]["id"]
        client = await Client(app).open()
        refused = await client.ask("join", room="elsewhere", name="Ben", token=invited["token"])
        assert refused["code"] == "wrong_room"


async def test_only_who_may_admit_invites_and_an_open_server_needs_no_token() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        guest = await person(app, "Ben", token=app.token("standup"))
        assert (await guest.ask("invite"))["code"] == "not_allowed"
    async with server(open=True) as (app, _):
        first = await person(app, "Ana")
        invited = await first.ask("invite")
        assert (invited["token"], invited["expires"]) == (None, None)
