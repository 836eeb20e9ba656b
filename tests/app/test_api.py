"""`/api/v1`: who may use it, and what it says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette
from starlette.routing import Mount

from tertulia.doors.api import types
from tests.doors.harness import SECRET, Client, Closed, person, server


@asynccontextmanager
async def client(
    app: Any, token: str | None = None, *, address: str = "127.0.0.1", host: str = "127.0.0.1:3000"
) -> AsyncIterator[httpx.AsyncClient]:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app, client=(address, 1), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}/api/v1", headers=headers) as it:
        yield it


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/json"
    failure = msgspec.json.decode(answer.content, type=types.Failure)
    assert failure.error.message
    return answer.status_code, failure.error.code


async def test_the_rooms_and_one_of_them() -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.admin_token()) as api:
        assert (await api.get("/rooms")).json() == {"rooms": []}
        ana = await person(app, "Ana", room="café", token=app.token("*", identity="ana", role="moderator"))
        await ana.ask("publish", source="camera", kind="video", width=640, height=360)
        await ana.ask("lock", locked=True)
        (room,) = msgspec.json.decode((await api.get("/rooms")).content, type=types.Rooms).rooms
        assert room == types.RoomSummary("café", 1, 0, 1, True, False)
        answer = await api.get("/rooms/caf%C3%A9")
        assert answer.headers["cache-control"] == "no-store"
        it = msgspec.json.decode(answer.content, type=types.Room, strict=True)
        assert (it.name, it.locked, it.max_participants, it.spotlight, it.waiting) == ("café", True, 100, None, [])
        (who,) = it.participants
        assert (who.id, who.name, who.role, who.connected) == ("ana", "Ana", "moderator", True)
        assert (who.publications[0].source, who.publications[0].width) == ("camera", 640)
        assert "waitingRoom" in answer.json()


async def test_closing_a_room() -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.admin_token()) as api:
        ana = await person(app, "Ana", token=app.token("*"))
        assert (await api.delete("/rooms/standup")).status_code == 204
        assert (await ana.until("bye"))["code"] == "room_ended"
        assert problem(await api.delete("/rooms/standup")) == (404, "no_such_room")
        assert problem(await api.get("/rooms/standup")) == (404, "no_such_room")


async def test_the_rest_is_json_too() -> None:
    async with server(open=False, secret=SECRET) as (app, _), client(app, app.admin_token()) as api:
        assert problem(await api.get("/nothing")) == (404, "not_found")
        assert problem(await api.post("/rooms")) == (405, "method_not_allowed")


async def test_only_an_administrators_token(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    public = tmp_path / "public.pem"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    by_key = jwt.encode({"can": ["admin"]}, key, algorithm="EdDSA")
    with_room = jwt.encode({"can": ["admin"], "room": "*"}, SECRET, algorithm="HS256")
    none = jwt.encode({"can": ["admin"]}, "", algorithm="none")
    async with server(open=False, secret=SECRET, token_public_key=[public]) as (app, _):
        for token, expected in (
            (None, (401, "token_required")),
            ("nonsense", (401, "token_invalid")),
            (none, (401, "token_invalid")),
            (app.admin_token(ttl=-60), (401, "token_expired")),
            (app.token("*", role="moderator"), (403, "not_allowed")),
            (with_room, (403, "not_allowed")),
            (by_key, (403, "not_allowed")),
        ):
            async with client(app, token) as api:
                for path in ("/rooms", "/rooms/standup"):
                    answer = await api.get(path)
                    assert problem(answer) == expected
                    assert ("www-authenticate" in answer.headers) == (expected[0] == 401)
                assert problem(await api.delete("/rooms/standup")) == expected
                assert (await api.get("/openapi.json")).status_code == 200


async def test_an_administrators_token_opens_no_room() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        ana = await Client(app).open()
        assert (await ana.ask("join", room="standup", name="Ana", token=app.admin_token()))["code"] == "token_invalid"


async def test_no_token_where_the_server_is_open_to_this_machine_alone() -> None:
    async with server(open=True, local_names_only=True) as (app, _):
        async with client(app) as api:
            assert (await api.get("/rooms")).status_code == 200
            assert problem(await api.get("/rooms", headers={"x-forwarded-for": "192.0.2.1"})) == (401, "token_required")
        async with client(app, "a token that nothing here can check") as api:
            assert (await api.get("/rooms")).status_code == 200
        async with client(app, host="[::1]:3000", address="::1") as api:
            assert (await api.get("/rooms")).status_code == 200
        async with client(app, address="192.0.2.1") as api:
            assert problem(await api.get("/rooms")) == (401, "token_required")
    async with server(open=True) as (app, _), client(app) as api:
        assert problem(await api.get("/rooms")) == (401, "token_required")
    settings = {"open": True, "local_names_only": True, "allow_origin": ["https://call.example"]}
    async with server(**settings) as (app, _), client(app, host="call.example") as api:
        assert problem(await api.get("/rooms")) == (401, "token_required")


async def test_pages_of_other_origins() -> None:
    settings = {"open": True, "local_names_only": True, "allow_origin": ["https://friend.example"]}
    async with server(**settings) as (app, _), client(app) as api:
        friend, stranger = {"origin": "https://friend.example"}, {"origin": "https://evil.example"}
        answer = await api.get("/rooms", headers=friend)
        assert answer.headers["access-control-allow-origin"] == "https://friend.example"
        assert "access-control-allow-origin" not in (await api.get("/rooms", headers=stranger)).headers
        asks = {"access-control-request-method": "DELETE", "access-control-request-headers": "authorization"}
        assert (await api.options("/rooms/den", headers=friend | asks)).status_code == 200
        assert (await api.options("/rooms/den", headers=stranger | asks)).status_code == 400
        assert (await api.delete("/rooms/den", headers=stranger)).status_code == 403
        assert problem(await api.delete("/rooms/den", headers=friend)) == (404, "no_such_room")


async def test_the_description_describes() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        mounted = Starlette(routes=[Mount("/rt", app)])
        transport = httpx.ASGITransport(mounted)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            document = (await http.get("/rt/api/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1.")
    assert document["servers"] == [{"url": "/rt/api/v1"}]
    paths = {
        "/rooms", "/rooms/{name}", "/rooms/{name}/statistics", "/rooms/{name}/chat", "/rooms/{name}/chat/{message}",
        "/ice-servers", "/openapi.json",
    }  # fmt: skip
    paths |= {"/rooms/{name}/state", "/rooms/{name}/state/{key}", "/topics/{topic}", "/hooks/{topic}"}
    paths |= {"/rooms/{name}/files", "/rooms/{name}/files/{id}"}
    assert set(document["paths"]) == paths
    schemas = document["components"]["schemas"]
    assert set(schemas["Room"]["properties"]) >= {"name", "participants", "waitingRoom", "maxParticipants"}
    assert _references(document) == set(schemas)


def _references(it: Any) -> set[str]:
    if isinstance(it, dict):
        own = {it["$ref"].rsplit("/", 1)[1]} if "$ref" in it else set()
        return own.union(*map(_references, it.values()))
    return set().union(*map(_references, it)) if isinstance(it, list) else set()


@pytest.mark.parametrize("path", ["/api/v1/ws", "/api/v1"])
async def test_no_websocket_there(path: str) -> None:
    async with server() as (app, _):
        with pytest.raises(Closed):
            await Client(app, path=path).open()
