"""`GET /api/v1/ice-servers`: for whoever may enter the room, and for nobody else."""

import re
import time
from typing import Any

import httpx
import msgspec
import pytest

from tertulia.auth.authorize import Grant, JoinRequest, Refuse
from tertulia.doors.api import types
from tertulia.media.roads import Roads
from tests.app.test_api import client, problem
from tests.auth.test_turn import password
from tests.doors.harness import SECRET, Client, person, server

ROADS = Roads(("192.0.2.1:3478",), ("192.0.2.1:3000",))
TURN_SECRET = "a secret for credentials, long enough"
SETTINGS: dict[str, Any] = {"roads": ROADS, "turn_secret": TURN_SECRET}
CLOSED: dict[str, Any] = {**SETTINGS, "open": False, "secret": SECRET}


async def ask(api: httpx.AsyncClient, room: str = "den", **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.get("/ice-servers", params={"room": room}, headers=given)


async def test_an_open_room_asks_for_no_token() -> None:
    async with (
        server(**SETTINGS, ice_ttl=600) as (app, _),
        client(app, address="198.51.100.7", host="meet.example:3000") as api,
    ):
        before = int(time.time())
        answer = await ask(api)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        told = msgspec.json.decode(answer.content, type=types.IceServers, strict=True)
        stun, turn = told.ice_servers
        assert stun == types.IceServer(["stun:192.0.2.1:3478"])
        assert turn.urls == ["turn:192.0.2.1:3478?transport=udp", "turn:meet.example:3000?transport=tcp"]
        assert turn.credential == password(TURN_SECRET, str(turn.username))
        assert [it.urls for it in told.sfu] == [["turn:meet.example:3000?transport=tcp"]]
        assert told.expires is not None
        assert before + 600 <= told.expires <= time.time() + 600
        assert str(turn.username).startswith(f"{told.expires}:")


async def test_it_is_an_rtc_configuration_as_it_is() -> None:
    async with server(**SETTINGS) as (app, _), client(app) as api:
        answer = (await ask(api)).json()
        assert set(answer) == {"iceServers", "sfu", "expires"}
        # A browser would make the text "null" of it.
        assert all(value is not None for it in (*answer["iceServers"], *answer["sfu"]) for value in it.values())


async def test_nobody_else_gets_credentials() -> None:
    async with server(**CLOSED) as (app, _):
        for token, expected in (
            (None, (401, "token_required")),
            ("nonsense", (401, "token_invalid")),
            (app.token("den", ttl=-60), (401, "token_expired")),
            (app.token("another"), (403, "wrong_room")),
            (app.token("den")[:-4] + "AAAA", (401, "token_invalid")),
            (app.admin_token(), (401, "token_invalid")),
        ):
            async with client(app, token) as api:
                answer = await ask(api)
                assert problem(answer) == expected
                assert ("www-authenticate" in answer.headers) == (expected[0] == 401)
                assert "turn:" not in answer.text
                assert answer.headers["cache-control"] == "no-store"
        async with client(app, app.token("den", role="viewer")) as api:
            assert (await ask(api)).status_code == 200
            assert problem(await ask(api, "another")) == (403, "wrong_room")


async def test_a_room_with_a_waiting_room_does_not_tell_who_may_only_knock() -> None:
    async with server(**CLOSED) as (app, _):
        await person(app, "Ana", room="den", token=app.token("den", role="moderator"))
        room = app.room("den")
        assert room is not None
        await room.set_waiting_room(True)
        async with client(app) as api:
            assert problem(await ask(api)) == (401, "token_required")


async def test_an_apps_own_hook_decides_here_too() -> None:
    async with server(**CLOSED) as (app, _):
        asked: list[JoinRequest] = []

        @app.authorize
        async def decide(join: JoinRequest) -> Grant:
            asked.append(join)
            if join.cookies.get("session") != "ana":
                raise Refuse("please sign in")
            return Grant(identity="ana")

        async with client(app) as api:
            assert (await ask(api, cookie="session=ana")).status_code == 200
            assert problem(await ask(api)) == (403, "denied")
        assert [(join.door, join.room) for join in asked] == [("ice_servers", "den")] * 2
        assert app.rooms == ()


@pytest.mark.parametrize("query", ["", "?room=", "?room=a%20b", "?room=" + "r" * 65, "?rooms=den"])
async def test_a_room_has_to_be_named(query: str) -> None:
    async with server(**SETTINGS) as (app, _), client(app) as api:
        assert problem(await api.get("/ice-servers" + query)) == (400, "invalid")


async def test_one_address_gets_only_so_many() -> None:
    async with server(**SETTINGS, messages_per_second=1) as (app, _):
        async with client(app, address="198.51.100.7") as api:
            answers = [await ask(api) for _ in range(6)]
            assert [it.status_code for it in answers] == [200] * 4 + [429] * 2
            assert problem(answers[-1]) == (429, "too_many_messages")
            assert answers[-1].headers["retry-after"] == "1"
        async with client(app, address="198.51.100.8") as api:
            assert (await ask(api)).status_code == 200


async def test_pages_of_allowed_origins_may_read_it_and_others_may_not() -> None:
    async with (
        server(**CLOSED, allow_origin=["https://friend.example"]) as (app, _),
        client(app, app.token("den")) as api,
    ):
        friend, stranger = "https://friend.example", "https://evil.example"
        assert (await ask(api, origin=friend)).headers["access-control-allow-origin"] == friend
        assert "access-control-allow-origin" not in (await ask(api, origin=stranger)).headers
        asks = {"access-control-request-method": "GET", "access-control-request-headers": "authorization"}
        assert (await api.options("/ice-servers", headers={"origin": friend} | asks)).status_code == 200
        assert (await api.options("/ice-servers", headers={"origin": stranger} | asks)).status_code == 400


async def test_neither_tokens_nor_credentials_are_logged(capfd: pytest.CaptureFixture[str]) -> None:
    async with server(**CLOSED) as (app, _):

        @app.authorize
        async def decide(join: JoinRequest) -> None:
            if join.name == "Ben":
                raise RuntimeError("no")

        token = app.token("den", identity="ana")
        ana = await person(app, "Ana", room="den", token=token)
        secrets = [token, SECRET, TURN_SECRET, ana.seen[0]["iceServers"]["sfu"][0]["credential"]]
        async with client(app, token) as api:
            told = (await ask(api)).json()
            secrets += [told["sfu"][0]["credential"], told["sfu"][0]["username"]]
            await ask(api, "another")
        ben = await Client(app).open()
        assert (await ben.ask("join", room="den", name="Ben", token=token))["code"] == "internal"
    output = "".join(capfd.readouterr())
    # Something was logged, so this would see it.
    assert "authorize hook failed" in output
    for secret in secrets:
        assert secret not in output
    assert not re.search(r"turns?:", output)
