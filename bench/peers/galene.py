"""Galène, as Go's client builds it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.peer import INSTALLED, Missing, Peer, Running, address, done, free_port, launched

FOLDER = INSTALLED / "galene"
MODULE = "github.com/jech/galene"
REVISION = "9e03b36ba93f"
"""Its releases have no names that Go takes for versions."""
GROUP = {"wildcard-user": {"password": {"type": "wildcard"}, "permissions": "present"}}


def _program() -> str | None:
    """The one that was installed for this, or else any."""
    own = FOLDER / "galene"
    return str(own) if own.exists() else shutil.which("galene")


def install() -> None:
    if not _program():
        FOLDER.mkdir(parents=True, exist_ok=True)
        done(("go", "install", f"{MODULE}@{REVISION}"), FOLDER, {"GOBIN": str(FOLDER), "CGO_ENABLED": "0"})


def version() -> str:
    program = _program()
    if not program:
        raise Missing(f"go install {MODULE}@{REVISION}")
    told = subprocess.run(("go", "version", "-m", program), capture_output=True, text=True).stdout
    for line in told.splitlines():
        words = line.split()
        if words[:2] == ["mod", MODULE] and words[2] != "(devel)":
            return words[2]
    return f"revision {REVISION[:8]}"


@contextmanager
def started(folder: Path, core: int) -> Iterator[Running]:
    for name in ("groups", "data", "static", "recordings"):
        (folder / name).mkdir()
    (folder / "groups" / "bench.json").write_text(json.dumps(GROUP))
    host, port = address(), free_port()
    command = (
        _program() or "galene", "-insecure", "-http", f"{host}:{port}", "-turn", "",
        "-groups", "groups", "-data", "data", "-static", "static", "-recordings", "recordings",
    )  # fmt: skip
    with launched(command, port, core, folder) as running:
        yield running


GALENE = Peer("galene", "galene", "no TURN", install, version, started)
