"""aiortc, which the tests use too, in a small server that forwards packets by its transports."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.peer import HERE, Missing, Peer, Running, address, free_port, launched


def version() -> str:
    try:
        return importlib.metadata.version("aiortc")
    except importlib.metadata.PackageNotFoundError:
        raise Missing("pip install -r requirements-dev.txt") from None


def install() -> None:
    version()


@contextmanager
def started(folder: Path, core: int) -> Iterator[Running]:
    port = free_port()
    command = (sys.executable, HERE / "aiortc_server" / "server.py", address(), str(port))
    with launched(command, port, core, folder) as running:
        yield running


AIORTC = Peer("aiortc", "ortc", "packets passed on without decoding", install, version, started)
