"""A TCP port of its own for TURN and ICE, for a Tertulia that is mounted in somebody else's server."""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tertulia import Tertulia
from tertulia.cli import certificate
from tests.doors.whip import SENDS
from tests.hostile import stun

WITHIN = 30.0


@asynccontextmanager
async def mounted(**settings: Any) -> AsyncIterator[int]:
    """Gives the TCP port that an answer tells of."""
    rt = Tertulia(open=True, udp_port=0, workers=1, tcp_port=0, **settings)
    async with rt.lifespan(), httpx.AsyncClient(transport=httpx.ASGITransport(rt), base_url="http://localhost") as http:
        headers = {"content-type": "application/sdp"}
        answer = await http.post("/whip/lobby", content=SENDS, headers=headers)
        assert answer.status_code == 201, answer.text
        ports = re.findall(r"a=candidate:\d+ 1 tcp \d+ 127\.0\.0\.1 (\d+) typ host tcptype passive", answer.text)
        assert len(set(ports)) == 1
        yield int(ports[0])


async def ask_stun(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(stun.message())
    return await asyncio.wait_for(reader.readexactly(2), WITHIN)


async def test_stun_is_answered_there_and_pages_are_elsewhere() -> None:
    async with mounted() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await ask_stun(reader, writer) == stun.SUCCESS.to_bytes(2)
        writer.close()
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"http://127.0.0.1:{port}/")
            assert (answer.status_code, "TURN" in answer.text) == (404, True)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_with_a_certificate_it_speaks_tls(tmp_path: Path) -> None:
    chain, key = certificate.read_or_make(tmp_path, [])
    async with mounted(tls_cert=chain, tls_key=key) as port:
        context = ssl.create_default_context(cafile=str(chain))
        reader, writer = await asyncio.open_connection("localhost", port, ssl=context, family=socket.AF_INET)
        assert await ask_stun(reader, writer) == stun.SUCCESS.to_bytes(2)
        writer.close()
        reader, writer = await asyncio.open_connection("localhost", port, ssl=context, family=socket.AF_INET)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), WITHIN) == b"", "there is nobody who would answer it"
        writer.close()


async def test_a_port_that_is_taken_is_named_and_nothing_is_left_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        rt = Tertulia(open=True, udp_port=0, workers=1, tcp_port=port)
        with pytest.raises(OSError, match=rf"tcp_port: cannot listen on 127\.0\.0\.1 port {port}"):
            async with rt.lifespan():
                raise AssertionError("it started")
    async with rt.lifespan():
        pass


async def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "nonsense.pem"
    file.write_text("nonsense")
    rt = Tertulia(open=True, udp_port=0, workers=1, tcp_port=0, tls_cert=file, tls_key=file)
    with pytest.raises(ValueError, match="certificate"):
        async with rt.lifespan():
            raise AssertionError("it started")
