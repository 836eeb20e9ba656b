"""npm's socket.io-client against our server, over every road that it has."""

import asyncio
import os
from pathlib import Path

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tests.interop import socketio_server
from tests.socketio.serving import serving

pytestmark = pytest.mark.interop

SCRIPT = Path(__file__).with_name("socketio_client.mjs")
WITHIN = 30.0
"""Seconds."""
TRANSPORTS = ["polling", "websocket", "polling+websocket"]
SCENARIOS = [
    "events",
    "acknowledgements",
    "binary",
    "large",
    "order",
    "namespaces",
    "rooms",
    "leaving",
    "heartbeat",
    "comes back as another",
]


@pytest.mark.parametrize("transports", TRANSPORTS)
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_the_client_of_npm(scenario: str, transports: str) -> None:
    async with serving(socketio_server.make()) as url:
        await play(url, transports, scenario)


@pytest.mark.parametrize("transports", TRANSPORTS)
async def test_it_comes_back_as_the_same(transports: str) -> None:
    async with serving(socketio_server.make(recovery=True)) as url:
        await play(url, transports, "comes back as the same")


@pytest.mark.parametrize("scenario", ["events", "binary", "order", "leaving"])
async def test_on_a_server_that_is_not_ours(scenario: str) -> None:
    async with serving(socketio_server.make(), ws=WebSocketsSansIOProtocol) as url:
        await play(url, "websocket", scenario)


async def play(url: str, transports: str, scenario: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "node",
        str(SCRIPT),
        url,
        transports,
        scenario,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NODE_ENV": "test"},
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), WITHIN)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()
