"""One port for pages, TURN, ICE and TLS: the server with its gate and the engine, over real sockets."""

import asyncio
import base64
import contextlib
import functools
import json
import os
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect

from tertulia.app import open_media
from tertulia.cli import certificate
from tertulia.cli.server import Server, WebSocketProtocol
from tertulia.config import Settings
from tertulia.net import listen
from tests.hostile import stun

from .test_serve import PROTOCOL, WITHIN, Process, ask, serve

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ALLOCATE, ALLOCATE_ERROR = 0x0003, 0x0113
REQUESTED_TRANSPORT, REALM = 0x0019, 0x0014
UDP = b"\x11\0\0\0"


def port(server: Process) -> int:
    found = urlsplit(server.url).port
    assert found
    return found


@asynccontextmanager
async def plain(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


class Tls:
    """TLS by hand over a stream, so that it can come in pieces."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, alpn: list[str]) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if alpn:
            context.set_alpn_protocols(alpn)
        self._reader = reader
        self._writer = writer
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self._in, self._out, server_hostname="localhost")

    async def shake_hands(self, pieces: int = 1) -> None:
        """The ClientHello comes in so many `pieces`, with time to look at each."""
        with pytest.raises(ssl.SSLWantReadError):
            self.object.do_handshake()
        hello = self._out.read()
        size = -(-len(hello) // pieces)
        for at in range(0, len(hello), size):
            self._writer.write(hello[at : at + size])
            await self._writer.drain()
            await asyncio.sleep(0.01 if pieces > 1 else 0)
        await self._until(self.object.do_handshake)

    async def write(self, data: bytes) -> None:
        self.object.write(data)
        self._writer.write(self._out.read())
        await self._writer.drain()

    async def read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            missing = length - len(data)
            part = await self._until(functools.partial(self.object.read, missing))
            if not part:
                raise EOFError(data)
            data += part
        return data

    async def _until(self, step: Callable[[], Any]) -> Any:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._writer.write(self._out.read())
                data = await asyncio.wait_for(self._reader.read(65536), WITHIN)
                if not data:
                    self._in.write_eof()
                self._in.write(data)
            finally:
                self._writer.write(self._out.read())


async def answered(read: Callable[[int], Awaitable[bytes]]) -> bytes:
    """One STUN message."""
    head = await read(20)
    return head + await read(int.from_bytes(head[2:4]))


def asks_for_credentials(message: bytes) -> bool:
    said = stun.attributes(message)
    return (
        stun.kind(message) == ALLOCATE_ERROR
        and said[stun.ERROR_CODE][2:4] == bytes((4, 1))
        and said[REALM] == b"tertulia"
    )


def exactly(reader: asyncio.StreamReader) -> Callable[[int], Awaitable[bytes]]:
    return lambda length: asyncio.wait_for(reader.readexactly(length), WITHIN)


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What came until the server closed; with a reset where it had not read everything."""
    with contextlib.suppress(ConnectionResetError):
        return await asyncio.wait_for(reader.read(), WITHIN)
    return b""


async def test_a_page_may_come_slowly(tmp_path: Path) -> None:
    async with serve(tmp_path) as server, plain(port(server)) as (reader, writer):
        for byte in GET[:6]:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.write(GET[6:])
        assert b"200 OK" in await asyncio.wait_for(reader.readline(), WITHIN)


async def test_three_hundred_silent_connections_keep_nobody_out(tmp_path: Path) -> None:
    async with serve(tmp_path) as server:
        silent = []
        for _ in range(300):
            client = socket.socket()
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port(server)))
            silent.append(client)
        async with httpx.AsyncClient() as http:
            assert (await http.get(server.url + "/healthz")).status_code == 200
        async with connect(server.ws, subprotocols=PROTOCOL) as ana:
            assert (await ask(ana, type="join", id=1, room="standup", name="Ana"))["type"] == "joined"
            server.process.send_signal(signal.SIGTERM)
            assert await server.ended() == 0, "nor does it wait for them when it stops"
        for client in silent:
            client.close()


async def test_nonsense_and_tls_on_a_plain_port_are_no_trouble(tmp_path: Path) -> None:
    async with serve(tmp_path) as server:
        for said in (b"\xff" * 100, b"\0" * 100, b"\x16\x03\x01\x00\x00"):
            async with plain(port(server)) as (reader, writer):
                writer.write(said)
                assert await ended(reader) == b""
        async with plain(port(server)) as (reader, writer):
            with pytest.raises((ssl.SSLError, OSError)):
                await Tls(reader, writer, ["http/1.1"]).shake_hands()
        async with httpx.AsyncClient() as client:
            assert (await client.get(server.url + "/healthz")).status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.stdout
        rest = (await asyncio.wait_for(server.process.stdout.read(), WITHIN)).decode()
        assert "Traceback" not in rest and '"level": "error"' not in rest


async def test_stun_and_turn_are_answered_on_the_port_of_the_pages(tmp_path: Path) -> None:
    async with serve(tmp_path) as server, plain(port(server)) as (reader, writer):
        writer.write(stun.message())
        answer = await answered(exactly(reader))
        assert stun.kind(answer) == stun.SUCCESS
        assert stun.mapped(answer) == writer.get_extra_info("sockname")
        writer.write(stun.message(ALLOCATE, (REQUESTED_TRANSPORT, UDP)))
        assert asks_for_credentials(await answered(exactly(reader)))


async def test_without_turn_stun_is_answered_and_nothing_relayed(tmp_path: Path) -> None:
    async with (
        serve(tmp_path, "--no-turn") as server,
        plain(port(server)) as (reader, writer),
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.connect(("127.0.0.1", server.lines[-1]["udp_port"]))
            await loop.sock_sendall(client, stun.message())
            answer = await asyncio.wait_for(loop.sock_recv(client, 2000), WITHIN)
            assert stun.mapped(answer) == client.getsockname()
        writer.write(stun.message())
        assert stun.mapped(await answered(exactly(reader))) == writer.get_extra_info("sockname")
        writer.write(stun.message(ALLOCATE, (REQUESTED_TRANSPORT, UDP)))
        async with asyncio.timeout(WITHIN):
            while "tertulia_dropped_turn_total 1.0" not in (await http.get("/metrics")).text:  # noqa: ASYNC110  asked over HTTP
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("pieces", [1, 40])
@pytest.mark.parametrize("alpn", [[], ["http/1.1"], ["stun.turn"]])
async def test_a_page_over_tls_in_any_dress(tmp_path: Path, alpn: list[str], pieces: int) -> None:
    async with (
        serve(tmp_path, "--tls", "self-signed") as server,
        plain(port(server)) as (reader, writer),
    ):
        tls = Tls(reader, writer, alpn)
        await tls.shake_hands(pieces)
        await tls.write(GET)
        assert await tls.read(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("alpn", [[], ["stun.turn"]])
async def test_turn_over_tls(tmp_path: Path, alpn: list[str]) -> None:
    async with (
        serve(tmp_path, "--tls", "self-signed") as server,
        plain(port(server)) as (reader, writer),
    ):
        tls = Tls(reader, writer, alpn)
        await tls.shake_hands()
        await tls.write(stun.message(ALLOCATE, (REQUESTED_TRANSPORT, UDP)))
        assert asks_for_credentials(await answered(tls.read))


async def test_a_port_with_tls_says_so_to_who_comes_without(tmp_path: Path) -> None:
    async with (
        serve(tmp_path, "--tls", "self-signed") as server,
        plain(port(server)) as (reader, writer),
    ):
        writer.write(GET)
        answer = await asyncio.wait_for(reader.read(), WITHIN)
        assert answer.startswith(b"HTTP/1.1 400") and b"https://" in answer


async def echo_scope(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI app: says what it was told of the client."""
    if scope["type"] == "lifespan":
        return
    told = json.dumps({key: scope[key] for key in ("scheme", "client", "server")})
    await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": told})
        await receive()
    else:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(told))]})
        await send({"type": "http.response.body", "body": told.encode()})


@asynccontextmanager
async def echoing(data: Path, host: str) -> AsyncIterator[int]:
    """A server of that app with TLS; gives its port."""
    settings = Settings(host=host, udp_port=0, workers=1)
    listening = listen(host, 0)
    files = certificate.read_or_make(data, [])
    media, _ = open_media(settings, listening, certificate=(files[0].read_bytes(), files[1].read_bytes()))
    media.listen(lambda event: None)
    ready = asyncio.Event()

    async def nobody() -> None:
        """There is nobody to wait for."""

    server = Server(
        uvicorn.Config(
            echo_scope,
            ws=WebSocketProtocol,
            access_log=False,
            log_config=None,
            lifespan="off",
            ssl_certfile=files[0],
            ssl_keyfile=files[1],
        ),
        on_ready=ready.set,
        drain=nobody,
        streams=media.streams,
    )
    task = asyncio.create_task(server.serve(sockets=listening))
    try:
        await asyncio.wait_for(ready.wait(), WITHIN)
        yield listening[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task
        media.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("alpn", [[], ["http/1.1"]])
async def test_the_application_is_told_of_the_client_whoever_ended_tls(
    tmp_path: Path, host: str, alpn: list[str]
) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(alpn)
    async with echoing(tmp_path, host) as port:
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
        us = list(writer.get_extra_info("sockname")[:2])
        writer.write(GET)
        told = json.loads((await asyncio.wait_for(reader.read(), WITHIN)).partition(b"\r\n\r\n")[2])
        assert told == {"scheme": "https", "client": us, "server": [host, port]}
        writer.close()

        reader, writer = await asyncio.open_connection(host, port, ssl=context)
        us = list(writer.get_extra_info("sockname")[:2])
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert b" 101 " in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WITHIN)
        head = await asyncio.wait_for(reader.readexactly(2), WITHIN)
        told = json.loads(await asyncio.wait_for(reader.readexactly(head[1]), WITHIN))
        assert told == {"scheme": "wss", "client": us, "server": [host, port]}
        writer.close()


@pytest.mark.parametrize("tls", [(), ("--tls", "self-signed")])
async def test_a_stopping_server_waits_for_no_handshake(tmp_path: Path, tls: tuple[str, ...]) -> None:
    async with serve(tmp_path, *tls) as server:
        waiting = []
        # Nothing, the beginning of a request, and that of a handshake with HTTP and without.
        for said in (b"", b"GE", b"\x16\x03\x01", b"\0\x03\0"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port(server))
            writer.write(said)
            waiting.append((reader, writer))
        async with plain(port(server)) as (reader, writer):
            if tls:
                await Tls(reader, writer, []).shake_hands()
            server.process.send_signal(signal.SIGTERM)
            assert await server.ended() == 0
        for _, writer in waiting:
            writer.close()
