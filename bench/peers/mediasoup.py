"""mediasoup from npm, behind a small server of ours: it is a library, and comes without signalling."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.peer import HERE, INSTALLED, Missing, Peer, Running, address, done, free_port, launched

SOURCE = HERE / "mediasoup_server"
FOLDER = INSTALLED / "mediasoup"
PACKAGE = FOLDER / "node_modules" / "mediasoup"
WORKER = Path(os.environ.get("MEDIASOUP_WORKER_BIN", PACKAGE / "worker" / "out" / "Release" / "mediasoup-worker"))
"""The package fetches this program from its releases, or builds it from sources that it fetches. Where it can do neither, the variable,
which is the package's own, names one that was built elsewhere."""


def install() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = json.loads((SOURCE / "package.json").read_text())["dependencies"]["mediasoup"]
    if WORKER.exists() and PACKAGE.exists() and version() == wanted:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / name, FOLDER)
    done(("npm", "ci", "--no-progress", "--loglevel=error"), FOLDER)


def version() -> str:
    if not PACKAGE.exists() or not WORKER.exists():
        raise Missing("npm ci: its worker could be neither fetched nor built")
    return str(json.loads((PACKAGE / "package.json").read_text())["version"])


@contextmanager
def started(folder: Path, core: int) -> Iterator[Running]:
    # Node looks for packages beside the program, not beside the working directory.
    program = Path(shutil.copy(SOURCE / "server.js", FOLDER))
    port = free_port()
    environment = {"MEDIASOUP_WORKER_BIN": str(WORKER)}
    with launched(("node", program, address(), str(port)), port, core, folder, environment) as running:
        yield running


MEDIASOUP = Peer("mediasoup", "ortc", "one worker, WebRtcServer", install, version, started)
