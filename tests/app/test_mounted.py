"""Mounted in somebody else's app, under somebody else's uvicorn: deflate on, limits of 16 MiB, no transport of ours."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from websockets.asyncio.client import ClientConnection, connect

from tertulia import Participant, Room, Tertulia
from tertulia.media.fake import FakeMedia
from tertulia.media.roads import Roads

WITHIN = 30.0


class Host:
    """The foreign app, listening."""

    def __init__(self, rt: Tertulia, port: int) -> None:
        self.rt = rt
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def socket(self, **options: Any) -> connect:
        return connect(f"ws://127.0.0.1:{self.port}/rt/ws", subprotocols=["tertulia.v1"], max_size=None, **options)  # type: ignore[list-item]


@asynccontextmanager
async def host(**given: Any) -> AsyncIterator[Host]:
    rt = Tertulia(open=True, messages_per_second=10_000, media=FakeMedia(), **given)

    async def home(request: object) -> PlainTextResponse:
        return PlainTextResponse("the host's own page")

    app = Starlette(routes=[Route("/", home), Mount("/rt", rt)], lifespan=rt.lifespan)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, ws="websockets-sansio", log_level="warning")
    assert config.ws_per_message_deflate and config.ws_max_size == 16 * 1024 * 1024
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(WITHIN):
        while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.01)
    try:
        yield Host(rt, listener.getsockname()[1])
    finally:
        server.should_exit = True
        await task


async def join(client: ClientConnection, name: str) -> dict[str, Any]:
    await client.send(json.dumps({"type": "join", "id": 1, "room": "den", "name": name}))
    return await until(client, "joined")


async def until(client: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN):
        while True:
            message: dict[str, Any] = json.loads(await client.recv())
            if message["type"] == kind:
                return message


async def test_pages_and_sockets_below_a_prefix() -> None:
    async with host() as there, httpx.AsyncClient() as http:
        assert (await http.get(there.url)).text == "the host's own page"
        assert (await http.get(f"{there.url}/rt/healthz")).text == "ok\n"
        assert '<base href="/rt/">' in (await http.get(f"{there.url}/rt/r/den")).text
        async with there.socket() as ana:
            assert (await join(ana, "Ana"))["room"]["name"] == "den"


async def test_ice_servers_are_on_ports_of_its_own_whatever_serves_the_pages() -> None:
    roads = Roads(("127.0.0.1:3478",), ("127.0.0.1:5349",))
    async with host(roads=roads) as there, httpx.AsyncClient() as http, there.socket() as ana:
        told = (await http.get(f"{there.url}/rt/api/v1/ice-servers?room=den")).json()
        assert [it["urls"] for it in told["sfu"]] == [["turn:127.0.0.1:5349?transport=tcp"]]
        joined = (await join(ana, "Ana"))["iceServers"]
        assert [it["urls"] for it in joined["sfu"]] == [["turn:127.0.0.1:5349?transport=tcp"]]
        assert joined["direct"][0]["urls"] == ["stun:127.0.0.1:3478"]


async def test_handlers_greet_a_newcomer() -> None:
    async with host() as there:

        @there.rt.on("participant_joined")
        async def greet(room: Room, who: Participant) -> None:
            await room.chat.send(f"Welcome, {who.name}")

        async with there.socket() as ana:
            await join(ana, "Ana")
            chat = await until(ana, "chat")
            assert (chat["message"]["text"], chat["message"]["sender"]) == ("Welcome, Ana", "server")


async def test_a_bomb_that_the_host_lets_through_is_too_large_for_us() -> None:
    async with host() as there, there.socket() as ana, there.socket(compression="deflate") as ben:
        await join(ana, "Ana")
        await join(ben, "Ben")
        await ben.send(json.dumps({"type": "chat", "id": 2, "text": "a" * 8_000_000}))
        assert (await until(ben, "error"))["code"] == "too_large"
        await ana.send(json.dumps({"type": "chat", "id": 2, "text": "still here"}))
        assert (await until(ben, "chat"))["message"]["text"] == "still here"


async def test_a_stalled_reader_is_let_go_and_stops_nobody() -> None:
    async with host() as there, there.socket() as ana, there.socket(compression=None) as mute:
        await join(ana, "Ana")
        stalled = (await join(mute, "Mute"))["you"]["id"]
        mute.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        mute.transport.pause_reading()
        # Varied characters, or the host's deflate would make nothing of them.
        text = "".join(chr(0x4E00 + n * 37 % 20000) for n in range(5000))
        for id in range(2, 3000):
            await ana.send(json.dumps({"type": "chat", "id": id, "text": text}))
            async with asyncio.timeout(WITHIN):
                answer = json.loads(await ana.recv())
                while answer["type"] not in ("ok", "error", "participant_updated"):
                    answer = json.loads(await ana.recv())
            if answer["type"] == "participant_updated":
                assert (answer["participant"], answer["connected"]) == (stalled, False)
                break
            assert answer["type"] == "ok", answer
        else:
            raise AssertionError("the stalled reader was never let go")
        mute.transport.abort()
