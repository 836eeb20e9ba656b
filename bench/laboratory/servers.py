"""The servers that are compared, each started in a place of the laboratory and serving its pages there."""

from __future__ import annotations

import asyncio
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.e2e.conftest import Server
from tests.network.world import World

WEB = Path(__file__).parent / "web"
PORT, UDP_PORT = 3000, 3478
READY_WITHIN = 20.0

Ended = Callable[[], Awaitable[None]]
"""Waits until the server is gone, which it is with the world."""


async def start_tertulia(world: World, place: str, folder: Path) -> Ended:
    server = Server(
        "--host", "0.0.0.0", "--open", "--p2p", "never", "--data-dir", str(folder / "data"), "--web", str(WEB),
        port=PORT, udp_port=UDP_PORT, inside=world.inside(place),
    )  # fmt: skip
    await server.start()

    async def ended() -> None:
        await server.stop()

    return ended


async def start_janus(world: World, place: str, folder: Path) -> Ended:
    """Debian's package; its video room is used, by its HTTP interface."""
    program = shutil.which("janus")
    if program is None:
        raise FileNotFoundError("janus is not installed: apt-get install janus")
    configuration = folder / "janus"
    configuration.mkdir()
    (configuration / "janus.jcfg").write_text("general: { debug_level = 4 }\nmedia: { ipv6 = false }\n")
    (configuration / "janus.transport.http.jcfg").write_text(
        'general: { http = true; port = 8088; json = "compact" }\n'
    )
    (configuration / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")
    janus = await asyncio.create_subprocess_exec(
        *world.inside(place),
        program,
        f"--configs-folder={configuration}",
        "--disable-colors",
        stdout=PIPE,
        stderr=STDOUT,
    )
    pages = await asyncio.create_subprocess_exec(
        *world.inside(place),
        sys.executable,
        "-m",
        "http.server",
        str(PORT),
        "--directory",
        str(WEB),
        stdout=DEVNULL,
        stderr=DEVNULL,
    )

    async def ended() -> None:
        for process in (janus, pages):
            await process.wait()
        await drain

    said: list[str] = []

    async def read() -> None:
        assert janus.stdout
        while line := await janus.stdout.readline():
            said.append(line.decode(errors="replace").rstrip())

    drain = asyncio.create_task(read())
    async with asyncio.timeout(READY_WITHIN):
        while not any("HTTP webserver started" in line for line in said):
            if drain.done():
                raise RuntimeError("\n".join(("janus ended:", *said[-20:])))
            await asyncio.sleep(0.1)
    return ended


SERVERS: dict[str, Callable[[World, str, Path], Awaitable[Ended]]] = {"tertulia": start_tertulia, "janus": start_janus}
