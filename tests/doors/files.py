"""A client of `/files`, in the same process as its server."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.doors.harness import Client, person

BODY = "application/offset+octet-stream"


def metadata(**told: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())


class Tus:
    """Speaks tus with a token. Paths are those of the server's answers."""

    def __init__(self, http: httpx.AsyncClient, token: str | None) -> None:
        self.http = http
        self.token = token

    async def ask(self, method: str, path: str, content: Any = None, **headers: str) -> httpx.Response:
        """Headers are named as Python can: `upload_offset`."""
        given = {"tus-resumable": "1.0.0"}
        if self.token is not None:
            given["authorization"] = f"Bearer {self.token}"
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(method, path, content=content, headers={k: v for k, v in given.items() if v})

    async def create(self, size: int, name: str = "a.txt", room: str = "standup", **more: Any) -> httpx.Response:
        told = metadata(filename=name, **more.pop("told", {}))
        return await self.ask("POST", f"/files/{room}", upload_length=str(size), upload_metadata=told, **more)

    async def begin(self, size: int, name: str = "a.txt", room: str = "standup", **told: str) -> str:
        created = await self.create(size, name, room, told=told)
        assert created.status_code == 201, created.text
        return created.headers["location"]

    async def patch(self, where: str, offset: int, data: Any, **headers: str) -> httpx.Response:
        return await self.ask("PATCH", where, data, **{"upload_offset": str(offset), "content_type": BODY, **headers})

    async def head(self, where: str) -> httpx.Response:
        return await self.ask("HEAD", where)

    async def upload(self, data: bytes, name: str = "a.txt", room: str = "standup", **told: str) -> str:
        """The id of the file."""
        done = await self.patch(await self.begin(len(data), name, room, **told), 0, data)
        assert done.status_code == 204, done.text
        return done.headers["tertulia-file"]


@asynccontextmanager
async def http(app: Any, *, address: str = "10.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(address, 1), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@asynccontextmanager
async def uploader(app: Any, name: str = "Ana", room: str = "standup") -> AsyncIterator[tuple[Client, Tus]]:
    """Somebody in the room, with leave to upload."""
    who = await person(app, name, room=room)
    granted = await who.ask("file_grant")
    async with http(app) as client:
        yield who, Tus(client, granted["token"])


async def link(who: Client, file: str) -> dict[str, Any]:
    linked = await who.ask("file_links", files=[file])
    (one,) = linked["links"]
    return dict(one)


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]
