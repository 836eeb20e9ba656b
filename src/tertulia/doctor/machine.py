"""The machine itself: limits, and what the kernel can do. Only where the server runs."""

import socket
import sys
from pathlib import Path
from typing import Final

import psutil

from tertulia.config import DEFAULT_UDP_PORT
from tertulia.doctor.finding import Finding
from tertulia.doctor.site import Site

FILES: Final = 4096
"""Below that a busy relay or a few hundred people with TCP use them up."""
RECEIVE_BUFFER: Final = 8 << 20
SEND_BUFFER: Final = 4 << 20
"""Bytes that the engine asks for (crates/engine/src/socket.rs)."""
UDP_SEGMENT: Final = 103
"""linux/udp.h"""
NEXT_ONES: Final = 20
"""So many ports `serve` tries from the default on, where none is named; any other was named."""
SETTINGS: Final = Path("/proc/sys/net/core")


def check(site: Site, media_port: int | None) -> list[Finding]:
    """`media_port`: the UDP port that the server told, where it did."""
    server = _who_listens(site.port)
    return [files(server), buffers(SETTINGS), gso(), ports(media_port)]


def files(server: psutil.Process | None) -> Finding:
    if server is None:
        return Finding(
            "files_unknown", "the server's process is not to be seen: try it as the user that it runs as, or as root"
        )
    try:
        soft, _ = server.rlimit(psutil.RLIMIT_NOFILE)
        used = server.num_fds()
    except (psutil.Error, AttributeError, OSError):
        return Finding(
            "files_unknown", f"process {server.pid} does not show it: try it as the user that it runs as, or as root"
        )
    if soft == psutil.RLIM_INFINITY:
        return Finding("files_ok", f"{used:,} open, no limit")
    return Finding("files_ok" if soft >= FILES else "files_low", f"{used:,} of {soft:,} open")


def buffers(settings: Path) -> Finding:
    try:
        receive, send = (int((settings / name).read_text()) for name in ("rmem_max", "wmem_max"))
    except (OSError, ValueError):
        return Finding("buffers_unknown", "no net.core.rmem_max here")
    words = f"the kernel gives up to {receive:,} bytes for receiving and {send:,} for sending"
    if receive >= RECEIVE_BUFFER and send >= SEND_BUFFER:
        return Finding("buffers_ok", words)
    return Finding(
        "buffers_small",
        f"{words}, unless the server has CAP_NET_ADMIN; it asks for {RECEIVE_BUFFER:,} and {SEND_BUFFER:,}",
    )


def gso() -> Finding:
    """Sends two segments by one call to itself."""
    if sys.platform != "linux":
        return Finding("gso_missing", f"{sys.platform} has no UDP segmentation")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as into,
    ):
        into.bind(("127.0.0.1", 0))
        into.settimeout(1)
        try:
            out.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 1000)
            out.sendto(bytes(1500), into.getsockname())
            sizes = [len(into.recv(2000)) for _ in range(2)]
        except OSError as error:
            return Finding("gso_missing", error.strerror or str(error))
    return (
        Finding("gso_ok", "two packets by one call")
        if sizes == [1000, 500]
        else Finding("gso_missing", f"came as {sizes}")
    )


def ports(media_port: int | None) -> Finding:
    if media_port is None:
        return Finding("ports_unknown", "the server's UDP port is not known")
    if not DEFAULT_UDP_PORT < media_port < DEFAULT_UDP_PORT + NEXT_ONES:
        return Finding("ports_ok", f"UDP {media_port}")
    try:
        others = [it for it in psutil.net_connections("udp") if it.laddr and it.laddr.port == DEFAULT_UDP_PORT]
    except (psutil.Error, OSError):
        return Finding("ports_unknown", f"UDP {media_port}; who has {DEFAULT_UDP_PORT} is not to be seen")
    if not others:
        return Finding("ports_ok", f"UDP {media_port}")
    return Finding("ports_moved", f"UDP {media_port}, for {DEFAULT_UDP_PORT} belongs to {_name(others[0].pid)}")


def _who_listens(port: int) -> psutil.Process | None:
    try:
        for connection in psutil.net_connections("tcp"):
            if (
                connection.status == psutil.CONN_LISTEN
                and connection.laddr
                and connection.laddr.port == port
                and connection.pid
            ):
                return psutil.Process(connection.pid)
    except (psutil.Error, OSError):
        pass
    return None


def _name(pid: int | None) -> str:
    try:
        return "another program" if pid is None else psutil.Process(pid).name()
    except psutil.Error:
        return "another program"
