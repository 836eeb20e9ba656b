"""The app's own word on who comes in."""

import asyncio
from typing import Any

import pytest

from tertulia import Grant, JoinRequest, Refuse, Tertulia
from tertulia.auth import admission
from tests.doors.harness import SECRET, WITHIN, Client, person, server


async def refusal(app: Tertulia, **fields: Any) -> dict[str, Any]:
    client = await Client(app).open()
    error = await client.ask("join", room="standup", name="Ana", **fields)
    assert error["type"] == "error", error
    assert (await client.until("bye"))["code"] == error["code"]
    return error


async def test_it_is_told_who_is_at_the_door() -> None:
    asked: list[JoinRequest] = []
    async with server(open=False, secret=SECRET) as (app, _):

        @app.authorize
        async def hook(request: JoinRequest) -> Grant | None:
            asked.append(request)
            return None

        headers = {"cookie": 'session=s3cret; theme="dark"', "x-of-the-app": "yes"}
        client = await Client(app, headers=headers, address="192.0.2.7").open()
        await client.join(name="Anna", token=app.token("stand*", identity="ana", role="moderator"))
        (request,) = asked
        assert (request.room, request.name, request.identity, request.door) == ("standup", "Anna", "ana", "native")
        assert request.claims is not None and request.claims.role == "moderator"
        assert request.address == "192.0.2.7"
        assert request.headers["X-Of-The-App"] == "yes"
        assert request.cookies == {"session": "s3cret", "theme": "dark"}
        assert "s3cret" not in repr(request)
        with pytest.raises(TypeError):
            request.headers["host"] = "elsewhere"  # type: ignore[index]


async def test_none_leaves_it_to_the_token() -> None:
    async with server(open=False, secret=SECRET) as (app, _):

        @app.authorize
        async def hook(request: JoinRequest) -> Grant | None:
            return None

        assert (await refusal(app))["code"] == "token_required"
        assert (await refusal(app, token="nonsense"))["code"] == "token_invalid"
        joined = await (await Client(app).open()).join(token=app.token("standup", role="viewer"))
        assert joined["you"]["role"] == "viewer"


async def test_a_grant_lets_in_without_a_token() -> None:
    async with server(open=False, secret=SECRET) as (app, _):

        @app.authorize
        async def hook(request: JoinRequest) -> Grant | None:
            return Grant(identity="user-7", name="Ana Lovelace", role="moderator", can=["chat"])

        ana = await Client(app).open()
        joined = await ana.join(name="whatever")
        assert (joined["you"]["id"], joined["you"]["name"], joined["you"]["role"]) == (
            "user-7",
            "Ana Lovelace",
            "moderator",
        )
        assert sorted(joined["rights"]) == ["chat", "moderate"]
        await person(app, "Again")
        assert (await ana.until("bye"))["code"] == "replaced"


async def test_a_grant_changes_only_what_it_names() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        grant = Grant(name="Dr. Ben")

        @app.authorize
        async def hook(request: JoinRequest) -> Grant | None:
            return grant

        token = app.token("standup", identity="ben", name="Ben", role="viewer", can=["subscribe"])
        joined = await (await Client(app).open()).join(token=token)
        assert (joined["you"]["id"], joined["you"]["name"], joined["rights"]) == ("ben", "Dr. Ben", ["subscribe"])
        grant = Grant(role="speaker")
        joined = await (await Client(app).open()).join(token=token)
        assert (joined["you"]["name"], joined["you"]["role"], len(joined["rights"])) == ("Ben", "speaker", 6)


async def test_past_lock_and_waiting_room() -> None:
    async with server() as (app, _):
        await person(app, "Ana")
        room = app.room("standup")
        assert room is not None
        await room.lock()
        await room.set_waiting_room(True)
        bypass = False

        @app.authorize
        async def hook(request: JoinRequest) -> Grant | None:
            return Grant(bypass=bypass)

        assert (await refusal(app))["code"] == "room_locked"
        bypass = True
        await (await Client(app).open()).join(name="Ben")


async def test_a_refusal_is_shown_to_the_person() -> None:
    async with server() as (app, _):

        @app.authorize
        async def hook(request: JoinRequest) -> Grant | None:
            raise Refuse("the lesson begins at nine")

        error = await refusal(app)
        assert (error["code"], error["message"]) == ("denied", "the lesson begins at nine")
        assert app.rooms == ()


async def test_a_hook_that_fails_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "HOOK_TIMEOUT", 0.05)

    async def hangs(request: JoinRequest) -> Grant | None:
        await asyncio.Event().wait()
        return None

    async def raises(request: JoinRequest) -> Grant | None:
        raise PermissionError("the database password is hunter2")

    async def says_yes(request: JoinRequest) -> Any:
        return True

    async def names_the_server(request: JoinRequest) -> Grant | None:
        return Grant(identity="server")

    async def makes_up_a_role(request: JoinRequest) -> Grant | None:
        return Grant(role="king")  # type: ignore[arg-type]

    async def makes_up_a_right(request: JoinRequest) -> Grant | None:
        return Grant(can=["moderate"])  # type: ignore[list-item]

    for hook in (hangs, raises, says_yes, names_the_server, makes_up_a_role, makes_up_a_right):
        async with server() as (app, _):
            app.authorize(hook)
            error = await refusal(app)
            assert error["code"] == "internal", hook.__name__
            assert "hunter2" not in error["message"]


async def test_who_is_being_decided_about_is_told_that_the_server_stops() -> None:
    asked = asyncio.Event()
    async with server() as (app, _):

        @app.authorize
        async def hangs(request: JoinRequest) -> Grant | None:
            asked.set()
            await asyncio.Event().wait()
            return None

        ana = await Client(app).open()
        ana.send("join", room="standup", name="Ana")
        await asyncio.wait_for(asked.wait(), WITHIN)
    assert (await ana.until("bye"))["code"] == "server_stopping"
    await ana.ended()


async def test_who_comes_back_is_not_asked_again() -> None:
    async with server() as (app, _):
        asked = 0

        @app.authorize
        async def hook(request: JoinRequest) -> Grant | None:
            nonlocal asked
            asked += 1
            return None

        ana = await person(app, "Ana")
        ana.drop()
        await ana.ended()
        await (await Client(app).open()).resume(ana)
        assert asked == 1


async def test_there_is_one_hook_and_it_is_async() -> None:
    app = Tertulia(open=True)

    @app.authorize
    async def hook(request: JoinRequest) -> Grant | None:
        return None

    with pytest.raises(ValueError, match="already"):
        app.authorize(hook)

    def sync(request: JoinRequest) -> None: ...

    with pytest.raises(TypeError, match="async"):
        Tertulia(open=True).authorize(sync)  # type: ignore[type-var]
