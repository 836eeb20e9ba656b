"""Pion, the WebRTC stack in Go, against our TURN server; the program is in `pion/`.

    python -m tests.interop.turn.pion_client

It needs Go (1.24) and its module proxy, which not every machine that runs the tests has: so `make conformance` runs it, not `make test`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from .server import TurnServer, credentials

PROGRAM = Path(__file__).parent / "pion"


async def main() -> int:
    go = shutil.which("go")
    if go is None:
        print("Go is missing, for Pion is written in it: https://go.dev/doc/install", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        server = TurnServer(Path(folder), tls=True)
        await server.start()
        try:
            who = credentials("pion")
            trusted = {"SSL_CERT_FILE": str(Path(folder) / "self-signed.crt"), "TURN_PASSWORD": who.password}
            program = Path(folder) / "pion"
            build = await asyncio.create_subprocess_exec(go, "build", "-o", str(program), ".", cwd=PROGRAM)
            if await build.wait():
                return 1
            process = await asyncio.create_subprocess_exec(
                str(program), "-host", server.host, "-udp-port", str(server.udp_port), "-tcp-port", str(server.tcp_port),
                "-username", who.username, env={**os.environ, **trusted},
            )  # fmt: skip
            failed = await process.wait()
            counters = await server.counters()
        finally:
            await server.stop()
    strange = {name: count for name, count in counters.items() if "panics" in name or "dropped_rate" in name}
    print(f"{counters.get('relay_packets_between_clients', 0):,} packets relayed; {strange or 'nothing strange'}")
    return 1 if failed or strange else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
