"""coturn's load tool, `turnutils_uclient`: one run of it, and what it said.

In 4.6.1 it is a client of RFC 5766: it asks for an even port every other time, and numbers channels up to 0x7FFF. It offers HTTP and
TURN by ALPN; and in TLS it reads one record for each time that the socket is readable, so that records which arrive together
leave the last ones unread, whoever the server is: packets have to keep apart there.
"""

from __future__ import annotations

import asyncio
import re
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Sequence
from dataclasses import dataclass

from .server import SECRET, TurnServer

MESSAGES = 20
"""Of each client."""
WITHIN = 45.0
_COUNTED = re.compile(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)")
_LOST = re.compile(r"Total lost packets (\d+)")
_ERROR = re.compile(r"(?:error|refused)\D*(\d{3})")

UDP: tuple[str, ...] = ()
TCP = ("-t",)
TLS = ("-t", "-S", "-z", "200")
CLIENT_TO_CLIENT = "-y"
NO_RTCP = "-c"


@dataclass(frozen=True)
class Outcome:
    code: int
    sent: int
    received: int
    lost: int | None
    """None: it did not come so far."""
    errors: tuple[int, ...]
    """Codes that it was answered."""
    text: str

    @property
    def is_lossless(self) -> bool:
        return self.code == 0 and self.lost == 0 and self.sent == self.received > 0


async def start(server: TurnServer, *options: str, secret: str = SECRET, inside: Sequence[str] = ()) -> Process:
    port = server.tcp_port if "-t" in options else server.udp_port
    return await asyncio.create_subprocess_exec(
        *inside, "turnutils_uclient", "-u", "interop", "-W", secret, "-n", str(MESSAGES), "-p", str(port), *options, server.host,
        stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip


async def run(server: TurnServer, *options: str, secret: str = SECRET, inside: Sequence[str] = ()) -> Outcome:
    process = await start(server, *options, secret=secret, inside=inside)
    try:
        async with asyncio.timeout(WITHIN):
            output, _ = await process.communicate()
    finally:
        await end(process)
    assert process.returncode is not None
    text = output.decode(errors="replace")
    counted, lost = _COUNTED.findall(text), _LOST.findall(text)
    sent, received = map(int, counted[-1]) if counted else (0, 0)
    errors = tuple(map(int, _ERROR.findall(text)))
    return Outcome(process.returncode, sent, received, int(lost[-1]) if lost else None, errors, text)


async def end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
