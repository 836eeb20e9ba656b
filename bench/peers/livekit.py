"""LiveKit, as Go's client builds it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.peer import HERE, INSTALLED, Missing, Peer, Running, address, done, free_port, launched

FOLDER = INSTALLED / "livekit"
PROGRAM = FOLDER / "livekit-server"
MODULE = HERE / "livekit_module"
"""Its version, as a requirement: `go install` refuses a module that replaces others."""
PACKAGE = "github.com/livekit/livekit-server/cmd/server"
HINT = f"go build {PACKAGE}"
CONFIGURATION = """
port: {port}
bind_addresses: ["{host}"]
keys:
  bench: known to this measurement and to nobody else
rtc:
  udp_port: {media}
  tcp_port: 0
  node_ip: {host}
  use_external_ip: false
logging:
  level: warn
room:
  auto_create: true
"""


def install() -> None:
    if PROGRAM.exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("go.mod", "go.sum"):
        shutil.copy(MODULE / name, FOLDER)
    done(("go", "build", "-trimpath", "-o", PROGRAM, PACKAGE), FOLDER)


def version() -> str:
    if not PROGRAM.exists():
        raise Missing(HINT)
    found = re.search(r"\d+\.\d+\.\d+", done((PROGRAM, "--version"), FOLDER))
    return found[0] if found else "unknown"


@contextmanager
def started(folder: Path, core: int) -> Iterator[Running]:
    host, port = address(), free_port()
    configuration = folder / "livekit.yaml"
    configuration.write_text(CONFIGURATION.format(host=host, port=port, media=free_port()))
    with launched((PROGRAM, "--config", configuration), port, core, folder) as running:
        yield running


LIVEKIT = Peer("livekit", "livekit", "one UDP port", install, version, started)
