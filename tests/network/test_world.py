"""What a test makes is gone when the test is, and nobody else sees it meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil
import pytest

from tests.e2e.caller import until

from .world import ROOT, World

pytestmark = pytest.mark.network

MAKER = """
import asyncio
from tests.network.world import World

async def main():
    async with World() as world:
        await world.add("place")
        process = await asyncio.create_subprocess_exec(*world.inside("place"), "sleep", "600")
        print(world.pid, flush=True)
        await process.wait()

asyncio.run(main())
"""


def namespace_of(process: int) -> str:
    return str(Path(f"/proc/{process}/ns/pid").readlink())


def seen_from_here() -> tuple[set[str], set[str]]:
    """Interfaces, and names that ip(8) gives to namespaces."""
    return set(psutil.net_if_addrs()), {file.name for file in Path("/run").glob("netns/*")}


def inhabitants(namespace: str) -> list[str]:
    """Names of all processes in a PID namespace."""
    names = []
    for process in psutil.process_iter(["name"]):
        try:
            if namespace_of(process.pid) == namespace:
                names.append(str(process.info["name"]))
        except OSError:  # it is gone, or not ours
            continue
    return names


async def test_a_world_ends_with_a_test_that_is_killed() -> None:
    maker = await asyncio.create_subprocess_exec(sys.executable, "-c", MAKER, stdout=PIPE, cwd=ROOT)
    assert maker.stdout
    first = int(await maker.stdout.readline())
    namespace = namespace_of(first)
    assert namespace != namespace_of(os.getpid())

    async def lived_in() -> bool:
        return "sleep" in inhabitants(namespace)

    async def deserted() -> bool:
        return not inhabitants(namespace)

    await until(lived_in, lambda: f"a process in the world: {inhabitants(namespace)}")
    maker.kill()
    await maker.wait()
    await until(deserted, lambda: f"nobody is left: {inhabitants(namespace)}")


async def test_nobody_outside_sees_a_world() -> None:
    before = seen_from_here()
    async with World() as world:
        await world.add("one")
        await world.add("other")
        await world.ip("one", "link add wire0 type veth peer name wire1 netns other")
        assert "wire0" in await world.run("one", "ip", "link")
        assert "wire1" in await world.run("other", "ip", "link")
        assert seen_from_here() == before


async def test_a_command_that_fails_tells_what_it_said() -> None:
    async with World() as world:
        await world.add("place")
        with pytest.raises(RuntimeError, match="no-such-link"):
            await world.ip("place", "link set no-such-link up")
