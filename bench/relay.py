"""What it costs to relay: our TURN beside coturn's, with coturn's own load tool as the clients of both.

Clients come in pairs, and each message of 1,000 bytes goes from one of them to its relayed address, from there to the relayed address
of the other, and by channel data to that one. Server and clients have a core each; runs alternate. CPU is counted while messages flow,
not while clients come and go. Needs coturn (Debian: apt-get install coturn).

    python bench/relay.py [--allocations 10 100 1000] [--rates 1 10 100] [--seconds 6] [--runs 3]
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from delivery import CORES, Server, started

SECRET = "known to this measurement and nobody else"
MESSAGE = 1000
"""Bytes."""
LOST_MAX = 0.001
PROGRESS = re.compile(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)")
PATIENCE = 60.0
"""Seconds for the clients to come and go, besides those in which they send."""
PATIENCE_EACH = 0.2
"""The same for each client: the tool waits a tenth of a second for each of them before the first one sends."""


@dataclass(frozen=True)
class Case:
    allocations: int
    rate: int
    """Messages a second of each."""


@dataclass(frozen=True)
class Sample:
    received: int
    """Messages, by all clients."""
    cpu: float
    at: float


@dataclass(frozen=True)
class Figures:
    microseconds: float
    """CPU for one message."""
    kilobytes: float
    """Memory for one allocation."""
    per_second: float
    """Messages that came through."""


def tertulia(stack: ExitStack) -> tuple[Server, int]:
    limits = {"ALLOCATIONS": "4096", "PER_USER": "4096", "PER_ADDRESS": "4096"}
    for name, value in limits.items():
        os.environ[f"TERTULIA_TURN_{name}"] = value
    pid, lines = started(
        stack, sys.executable, "-m", "tertulia", "serve",
        "--port", "0", "--udp-port", "0", "--log", "json", "--workers", "1", "--turn-secret", SECRET,
    )  # fmt: skip
    ready = next(json.loads(line) for line in lines if '"event":"ready"' in line.replace(" ", ""))
    return Server(pid, ""), int(ready["udp_port"])


def coturn(stack: ExitStack) -> tuple[Server, int]:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    pid, lines = started(
        stack, "turnserver", "-n", "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=tertulia",
        "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}", "--allow-loopback-peers",
        "--no-cli", "--no-tls", "--no-dtls", "--relay-threads=1", "--log-file=stdout", f"--pidfile={folder}/pid", f"--db={folder}/db",
    )  # fmt: skip
    next(line for line in lines if "Total General servers" in line)
    return Server(pid, ""), port


SERVERS: dict[str, Callable[[ExitStack], tuple[Server, int]]] = {"tertulia": tertulia, "coturn": coturn}


def measure(start: Callable[[ExitStack], tuple[Server, int]], case: Case, seconds: float) -> Figures:
    """Raises RuntimeError where messages were lost."""
    messages = max(4, round(case.rate * seconds))
    total = case.allocations * messages
    patience = seconds + PATIENCE + case.allocations * PATIENCE_EACH
    with ExitStack() as stack:
        server, port = start(stack)
        empty = held = resident(server.pid)
        clients = subprocess.Popen(
            [
                "timeout", str(patience), "taskset", "--cpu-list", str(CORES[-1]), "turnutils_uclient",
                "-c", "-y", "-m", str(case.allocations), "-n", str(messages), "-l", str(MESSAGE), "-z", str(1000 // case.rate),
                "-u", "bench", "-W", SECRET, "-p", str(port), "127.0.0.1",
            ],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        stack.callback(clients.wait, patience + 5)
        samples = []
        for sample in progress(clients, server):
            samples.append(sample)
            held = max(held, resident(server.pid))
    received = samples[-1].received if samples else 0
    if received < total * (1 - LOST_MAX):
        raise RuntimeError(f"{case}: {total - received:,} of {total:,} messages lost")
    # They begin one after the other, and end so.
    flowing = [sample for sample in samples if 0.1 * total <= sample.received <= 0.95 * total]
    if len(flowing) < 2:
        raise RuntimeError(f"{case}: over too soon to be measured: give more --seconds")
    first, last = flowing[0], flowing[-1]
    count = last.received - first.received
    return Figures(
        microseconds=(last.cpu - first.cpu) / count * 1e6,
        kilobytes=(held - empty) / case.allocations,
        per_second=count / (last.at - first.at),
    )


def progress(clients: subprocess.Popen[str], server: Server) -> Iterator[Sample]:
    """About once a second."""
    assert clients.stdout
    for line in clients.stdout:
        if found := PROGRESS.search(line):
            yield Sample(int(found[2]), server.cpu(), time.monotonic())


def resident(pid: int) -> float:
    """Memory of a process in kB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return float(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Rss:")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--allocations", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--rates", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if shutil.which("turnserver") is None or shutil.which("turnutils_uclient") is None:
        sys.exit("coturn is not installed: apt-get install coturn")
    columns = " | ".join(f"{name}: CPU-µs a message | kB an allocation | messages/s" for name in SERVERS)
    print(f"| allocations | messages/s of each | {columns} |")
    print("|---|---|" + "---|---|---|" * len(SERVERS), flush=True)
    for case in (Case(allocations, rate) for allocations in options.allocations for rate in options.rates):
        runs: dict[str, list[Figures]] = {name: [] for name in SERVERS}
        for _ in range(options.runs):
            for name, start in SERVERS.items():
                runs[name].append(measure(start, case, options.seconds))
        cells = " | ".join(shown(figures) for figures in runs.values())
        print(f"| {case.allocations:,} | {case.rate} | {cells} |", flush=True)


def shown(runs: list[Figures]) -> str:
    """Medians."""
    microseconds = statistics.median(run.microseconds for run in runs)
    kilobytes = statistics.median(run.kilobytes for run in runs)
    return f"{microseconds:.1f} | {kilobytes:.1f} | {statistics.median(run.per_second for run in runs):,.0f}"


if __name__ == "__main__":
    main()
