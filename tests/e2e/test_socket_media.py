"""Pictures and sound by the WebSocket: without WebRTC, together with people who have it, and on a socket that is too narrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .caller import Caller, until
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SOCKET = {"media": "socket"}


async def opens_no_connection(caller: Caller) -> None:
    assert await caller.page.evaluate("person.room.bySocket")
    assert await caller.page.evaluate("person.room.roads().sfu === null && person.room.roads().peers.size === 0")


async def test_one_by_the_socket_and_one_by_webrtc_meet(people: Callable[..., Any], sfu_server: Server) -> None:
    (ana,) = await people("Ana", at=sfu_server, **SOCKET)
    (ben,) = await people("Ben", at=sfu_server)
    await ana.join()
    await ben.join()
    await ben.meets(ana)
    await ana.meets(ben)
    await opens_no_connection(ana)
