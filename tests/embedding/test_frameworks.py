"""Mounted below a prefix in FastAPI, Starlette and Django, each under uvicorn as it comes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import Mount
from websockets.asyncio.client import ClientConnection, connect

from tertulia import Grant, JoinRequest
from tests.doors.harness import SECRET, Client, server

from .conftest import ROOT

WITHIN = 30.0
HOST_APPS = {
    "fastapi": """
from fastapi import FastAPI
from tertulia import Tertulia

rt = Tertulia(open=True)
app = FastAPI(lifespan=rt.lifespan)
app.mount("/deep/rt", rt)

@app.get("/")
async def home() -> str:
    return "the host's own"
""",
    "starlette": """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from tertulia import Tertulia

async def home(request: object) -> PlainTextResponse:
    return PlainTextResponse("the host's own")

rt = Tertulia(open=True)
app = Starlette(routes=[Route("/", home), Mount("/deep/rt", rt)], lifespan=rt.lifespan)
""",
}
SETTINGS = """
SECRET_KEY = "for tests"
TERTULIA_SECRET = "a secret that only tests know, and long enough"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "project.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["project/templates"]}]
"""
URLS = """
from django.contrib.auth import alogin, get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from project.calls import rt

async def enter(request: HttpRequest) -> HttpResponse:
    user, _ = await get_user_model().objects.aget_or_create(username="ana", is_staff=True)
    await alogin(request, user)
    return HttpResponse(str(user.pk))

async def people(request: HttpRequest) -> HttpResponse:
    room = rt.room("lesson")
    return HttpResponse(", ".join(who.name for who in room.participants) if room else "nobody")

def call(request: HttpRequest) -> HttpResponse:
    return render(request, "call.html", {"room": "lesson"})

urlpatterns = [path("enter", enter), path("people", people), path("call", call)]
"""


@asynccontextmanager
async def running(app: str, folder: Path) -> AsyncIterator[str]:
    """`uvicorn app`, in this folder; afterwards it must have ended well by itself."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "uvicorn", app, "--port", str(port),
            cwd=folder, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "TERTULIA_UDP_PORT": "0", "TERTULIA_WORKERS": "1"},
        )  # fmt: skip
    try:
        async with asyncio.timeout(WITHIN):
            while b"Uvicorn running" not in log.read_bytes():
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.05)
        yield f"127.0.0.1:{port}"
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), WITHIN)
        assert "Traceback" not in log.read_text() and "ERROR" not in log.read_text(), log.read_text()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def socket_to(address: str, **options: Any) -> connect:
    return connect(f"ws://{address}/ws", subprotocols=["tertulia.v1"], **options)  # type: ignore[list-item]


async def join(client: ClientConnection, **fields: Any) -> dict[str, Any]:
    await client.send(json.dumps({"type": "join", "id": 1, "room": "lesson", "name": "Guest", **fields}))
    while (answer := json.loads(await asyncio.wait_for(client.recv(), WITHIN))).get("id") != 1:
        pass
    return dict(answer)


@pytest.mark.parametrize("framework", HOST_APPS)
async def test_below_a_prefix(framework: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(HOST_APPS[framework])
    async with running("main:app", tmp_path) as address, httpx.AsyncClient(base_url=f"http://{address}") as http:
        assert "the host's own" in (await http.get("/")).text
        assert '<base href="/deep/rt/">' in (await http.get("/deep/rt/r/lesson")).text
        assert (await http.get("/deep/rt/sdk/tertulia.js")).status_code == 200
        assert (await http.get("/deep/rt/nothing/here")).status_code == 404
        document = (await http.get("/deep/rt/api/v1/openapi.json")).json()
        assert document["servers"] == [{"url": "/deep/rt/api/v1"}]
        assert (await http.get("/deep/rt/api/v1/rooms")).json()["error"]["code"] == "token_required"
        async with socket_to(f"{address}/deep/rt") as ana:
            assert (await join(ana))["type"] == "joined"


class _Signed(AuthenticationBackend):
    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, SimpleUser]:
        return AuthCredentials(["authenticated"]), SimpleUser(conn.cookies["who"])


async def test_middleware_around_the_app_is_heard() -> None:
    async with server(open=False, secret=SECRET) as (rt, _):

        @rt.authorize
        async def by_user(request: JoinRequest) -> Grant | None:
            return Grant(identity=request.scope["user"].username)

        app = Starlette(routes=[Mount("/rt", rt)], middleware=[Middleware(AuthenticationMiddleware, backend=_Signed())])
        client = await Client(app, path="/rt/ws", headers={"cookie": "who=ana"}).open()
        assert (await client.join())["you"]["id"] == "ana"


async def test_the_django_guide(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "guides" / "django.md").read_text(encoding="utf-8")
    for path, text in re.findall(
        r"^```\w+\n(?:#|<!--) (project/\S+)(?: -->)?\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "project" / "settings.py").write_text(SETTINGS)
    (tmp_path / "project" / "urls.py").write_text(URLS)
    migrating = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "django", "migrate", "--verbosity", "0",
        cwd=tmp_path, env={**os.environ, "DJANGO_SETTINGS_MODULE": "project.settings", "PYTHONPATH": "."},
    )  # fmt: skip
    assert await migrating.wait() == 0
    async with (
        running("project.asgi:application", tmp_path) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as http,
    ):
        assert 'src="/rt/sdk/element.js"' in (await http.get("/call")).text
        assert (await http.get("/people")).text == "nobody"
        async with socket_to(f"{address}/rt") as stranger:
            refused = await join(stranger)
            assert (refused["code"], refused["message"]) == ("denied", "please sign in")
        id = (await http.get("/enter")).text
        cookie = {"Cookie": f"sessionid={http.cookies['sessionid']}"}
        async with socket_to(f"{address}/rt", additional_headers=cookie) as ana:
            you = (await join(ana))["you"]
            assert (you["id"], you["name"], you["role"]) == (f"user-{id}", "ana", "moderator")
            assert (await http.get("/people")).text == "ana"
        evil = {**cookie, "Origin": "https://evil.example"}
        with pytest.raises(Exception, match="403"):
            async with socket_to(f"{address}/rt", additional_headers=evil):
                pass
