"""Sockets of pages that bring their own signalling, on the real server: no heartbeat of their own, and tokens in their URLs."""

import asyncio
import base64
import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from .test_serve import WITHIN, serve

PING = 0x89


async def test_a_page_that_is_gone_without_a_word_is_noticed(tmp_path: Path) -> None:
    async with serve(tmp_path, TERTULIA_HEARTBEAT="0.1") as server:
        address = urlsplit(server.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /signaling HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101")
        async with connect(f"{server.url.replace('http', 'ws', 1)}/signaling?events=1") as page:
            assert b'"peers":[{' in await asyncio.wait_for(page.recv(decode=False), WITHIN)
            # This one answers pings, as browsers do, and stays; the other one reads them and says nothing.
            assert (await asyncio.wait_for(reader.readexactly(1), WITHIN))[0] == PING
            assert b'"type":"peer-left"' in await asyncio.wait_for(page.recv(decode=False), WITHIN)
            await asyncio.wait_for(reader.read(), WITHIN)
            await page.send('{"type":"call"}')
            assert b"no_such_participant" in await asyncio.wait_for(page.recv(decode=False), WITHIN)
        writer.close()


async def test_a_token_in_a_url_is_in_no_log(tmp_path: Path) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJyb29tIjoibG9iYnkifQ.not-a-signature"
    async with serve(tmp_path, "--secret", "a secret of more than thirty-two bytes") as server:
        base = server.url.replace("http", "ws", 1)
        for path in (f"/signaling?token={token}", f"/peerjs/peerjs?key=peerjs&id=ana&token={token}"):
            async with connect(base + path) as page:
                assert b"token_invalid" in await asyncio.wait_for(page.recv(decode=False), WITHIN)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.stdout
        rest = await asyncio.wait_for(server.process.stdout.read(), WITHIN)
        assert await server.ended() == 0
    log = "".join(server.texts) + rest.decode()
    assert "ready" in log
    assert "eyJ" not in log
