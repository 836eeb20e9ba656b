"""What it costs an HTTP connection that the port is shared with TURN, ICE and TLS without HTTP: the gate against uvicorn's own accept.

One request on each connection, of an app that answers two bytes. Server and clients have a core each; runs alternate.

    python bench/connections.py [--clients 32] [--seconds 5] [--runs 3]
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from tertulia.app import open_media
from tertulia.cli.server import Server, WebSocketProtocol
from tertulia.config import Settings
from tertulia.net import BACKLOG, listen

CORES = sorted(os.sched_getaffinity(0))
"""The first is the server's, the last the clients'."""
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
WARM_UP = 1.0


async def app(scope: Any, receive: Any, send: Any) -> None:
    """ASGI app."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def serve(shared: bool) -> None:
    listening = listen("127.0.0.1", 0)
    # Made in both cases, so that its threads are no difference.
    media, _ = open_media(Settings(udp_port=0, workers=1), listening)
    media.listen(lambda event: None)

    async def nobody() -> None:
        """There is nobody to wait for."""

    config = uvicorn.Config(
        app,
        ws=WebSocketProtocol,
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=BACKLOG,
        lifespan="off",
    )
    server = Server(
        config,
        on_ready=lambda: print(listening[0].getsockname()[1], flush=True),
        drain=nobody,
        streams=media.streams if shared else None,
    )
    await server.serve(sockets=listening)


async def load(port: int, clients: int, seconds: float) -> int:
    """Connections that were answered."""
    done = 0
    end = time.monotonic() + seconds

    async def client() -> None:
        nonlocal done
        while time.monotonic() < end:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(REQUEST)
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 200"), answer
            writer.close()
            done += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return done


def cpu(pid: int) -> float:
    """Seconds that all its threads have run, in the kernel and outside."""
    return sum(int(it.read_text().split()[0]) for it in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def measure(name: str, clients: int, seconds: float) -> tuple[float, float]:
    """Connections in a second, and microseconds of the server's CPU for each."""
    command = [sys.executable, __file__, "--serve", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            os.sched_setaffinity(server.pid, CORES[:1])
            assert server.stdout
            port = int(server.stdout.readline())
            for task in Path(f"/proc/{server.pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), CORES[:1])
            uvloop.run(load(port, clients, WARM_UP))
            began, used = time.monotonic(), cpu(server.pid)
            done = uvloop.run(load(port, clients, seconds))
            return done / (time.monotonic() - began), (cpu(server.pid) - used) / done * 1e6
        finally:
            server.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description="The cost of the gate.")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--serve", choices=("shared", "plain"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        uvloop.run(serve(given.serve == "shared"))
        return
    os.sched_setaffinity(0, CORES[-1:])
    results: dict[str, list[tuple[float, float]]] = {"plain": [], "shared": []}
    for _ in range(given.runs):
        for name, found in results.items():
            found.append(measure(name, given.clients, given.seconds))
    for name, found in results.items():
        rate, cost = (statistics.median(values) for values in zip(*found, strict=True))
        print(f"{name:7} {rate:8,.0f} connections/s {cost:8.1f} CPU-us each")


if __name__ == "__main__":
    main()
