"""A room whose people are on two media threads: nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .caller import Caller
from .conftest import Server
from .test_simulcast import everybody_gets_what_his_tile_needs

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


async def everyone_meets(callers: list[Caller]) -> None:
    await asyncio.gather(*(caller.meets(*(other for other in callers if other is not caller)) for caller in callers))


async def spread(serve: Invite, folder: Path) -> Server:
    """A server on which every other one of a room goes to the other thread."""
    settings = folder / "tertulia.toml"
    settings.write_text("room_share = 1\n")
    server: Server = await serve("--p2p", "never", "--workers", "2", "--config", str(settings))
    return server


async def test_three_people_see_and_hear_each_other_and_again_when_one_thread_is_lost(
    people: Invite, serve: Invite, tmp_path: Path
) -> None:
    server = await spread(serve, tmp_path)
    callers = await people("Ana", "Ben", "Cora", at=server)
    for caller in callers:
        await caller.join()
    await everyone_meets(callers)
    crossed = await server.metric("tertulia_mirror_in_total")
    assert crossed > 0
    for worker in (1, 0):
        await server.post(f"/_test/crash?worker={worker}")
        await everyone_meets(callers)
    assert await server.metric("tertulia_mirror_in_total") > crossed
    assert await server.metric("tertulia_dropped_mirror_behind_total") == 0


@pytest.mark.thorough
async def test_each_tile_gets_its_size_across_threads(people: Invite, serve: Invite, tmp_path: Path) -> None:
    server = await spread(serve, tmp_path)
    ana, ben, cleo = await people("Ana", "Ben", "Cleo", at=server)
    await everybody_gets_what_his_tile_needs(ana, ben, cleo)
    assert await server.metric("tertulia_mirror_in_total") > 0
