"""STUN: coturn's `turnutils_stunclient`, and what RFC 5780 would have a server send elsewhere."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from asyncio.subprocess import PIPE, STDOUT

import pytest

from tests.hostile import stun

from .conftest import Serve

pytestmark = [pytest.mark.interop]

CHANGE_REQUEST, PADDING, RESPONSE_PORT = 0x0003, 0x0026, 0x0027


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_client_learns_its_address(serve: Serve, host: str) -> None:
    server = await serve(host=host)
    process = await asyncio.create_subprocess_exec(
        "turnutils_stunclient", "-p", str(server.udp_port), host, stdout=PIPE, stderr=STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert re.search(rf"UDP reflexive addr: \[?{re.escape(host)}\]?:\d+", output.decode())


@pytest.mark.parametrize(
    ("wish", "value"),
    [
        (CHANGE_REQUEST, struct.pack("!I", 6)),
        (PADDING, bytes(1500)),
        (RESPONSE_PORT, struct.pack("!HH", 9, 0)),
    ],
    ids=["another address", "padding", "another port"],
)
async def test_answers_go_nowhere_but_back(serve: Serve, wish: int, value: bytes) -> None:
    """Where it is asked for that, stunclient `-f` waits for ever at the other port, so it is asked for here."""
    server = await serve()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect((server.host, server.udp_port))
        request = stun.message(stun.BINDING, (wish, value))
        client.send(request)
        answer = await asyncio.to_thread(client.recv, 2048)
    assert (stun.kind(answer), stun.transaction(answer)) == (stun.ERROR, stun.transaction(request))
    attributes = stun.attributes(answer)
    assert attributes[stun.ERROR_CODE][:4] == bytes([0, 0, 4, 20])
    assert attributes[stun.UNKNOWN][:2] == struct.pack("!H", wish)
    assert len(answer) < len(request) + 20
