"""Janus as the distribution packages it, with its video room."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.peer import Missing, Peer, Running, address, done, free_port, launched

PROGRAM = "janus"
HINT = "apt-get install janus"
ROOM = """
room-1: {
  description = "bench"
  publishers = 1000
  bitrate = 0
  audiocodec = "opus"
  videocodec = "vp8"
}
"""


def install() -> None:
    if shutil.which(PROGRAM):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Missing(HINT)
    done(
        ("apt-get", "install", "--yes", "--no-install-recommends", PROGRAM),
        Path("/"),
        {"DEBIAN_FRONTEND": "noninteractive"},
    )


def version() -> str:
    if not shutil.which(PROGRAM):
        raise Missing(HINT)
    # It has no option that tells; its plugins have it in their names.
    names = [path.name for path in Path("/usr/lib").glob("*/janus/plugins/libjanus_videoroom.so.*.*")]
    return names[0].split(".so.")[1] if names else "of unknown version"


@contextmanager
def started(folder: Path, core: int) -> Iterator[Running]:
    host, port = address(), free_port()
    files = {
        "janus.jcfg": f"""
general: {{ debug_level = 3, event_loops = 2 }}
media: {{ ipv6 = false }}
nat: {{ ice_lite = true, ice_enforce_list = "{host}" }}
plugins: {{ disable = "{_others("plugins", "videoroom")}" }}
transports: {{ disable = "{_others("transports", "websockets")}" }}
""",
        "janus.transport.websockets.jcfg": f"""
general: {{ json = "compact", ws = true, ws_port = {port}, ws_ip = "{host}" }}
""",
        "janus.plugin.videoroom.jcfg": ROOM,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    with launched((PROGRAM, f"--configs-folder={folder}", "--disable-colors"), port, core, folder) as running:
        yield running


def _others(folder: str, wanted: str) -> str:
    """All plugins of a sort but one, as Janus wants to be told: those for recordings and brokers have threads of their own."""
    found = {path.name.split(".so")[0] + ".so" for path in Path("/usr/lib").glob(f"*/janus/{folder}/*.so*")}
    return ",".join(sorted(name for name in found if wanted not in name))


JANUS = Peer("janus", "janus", "event_loops = 2, ice_lite, only the video room's plugin", install, version, started)
