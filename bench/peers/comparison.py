"""The comparison with other servers: the same clients, the same packets, the same core, turn by turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench.peers.aiortc import AIORTC
from bench.peers.galene import GALENE
from bench.peers.janus import JANUS
from bench.peers.livekit import LIVEKIT
from bench.peers.mediasoup import MEDIASOUP
from bench.peers.peer import INSTALLED, Missing, Running

PEERS = {peer.name: peer for peer in (JANUS, MEDIASOUP, AIORTC, GALENE, LIVEKIT)}
OURS = "tertulia"
RUN_WITHIN = 150.0
"""Seconds of one run, with joins. A server that needs longer cannot hold the load."""

Figures = dict[str, Any]


@dataclass(frozen=True)
class Case:
    name: str
    """As the generator calls it."""
    viewers: int | None = None
    """Of a fan-out."""
    quick: bool = False


CASES = (
    Case("fanout-20-spaced", 20, quick=True),
    Case("fanout-50-spaced", 50),
    Case("fanout-100-spaced", 100, quick=True),
    Case("fanout-300-spaced", 300),
    Case("fanout-500-spaced", 500),
    Case("meeting-6", quick=True),
    Case("meeting-10"),
    Case("meeting-20"),
    Case("speakers-10-50"),
)


@dataclass
class Outcome:
    """Of the runs of one server in one case."""

    figures: list[Figures] = field(default_factory=list)
    """Of runs that may be believed. Where `overload` is true, the server lost packets."""
    failures: list[str] = field(default_factory=list)
    """Why the server did not get as far as that."""
    invalid: list[str] = field(default_factory=list)
    """Why a run says nothing of the server."""

    @property
    def is_held(self) -> bool:
        return not self.failures and not any(one["overload"] for one in self.figures)

    def median(self, *path: str) -> float | None:
        values = [value for one in self.figures if (value := _at(one, path)) is not None]
        return statistics.median(values) if values else None


Results = dict[str, dict[str, Outcome]]
"""By case, then by server."""


def _at(figures: Figures, path: Sequence[str]) -> float | None:
    value: Any = figures
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None


@dataclass(frozen=True)
class Contestant:
    name: str
    version: str
    kind: str
    settings: str
    started: Callable[[Path, int], AbstractContextManager[Running]]


def contestants(ours: Contestant, names: Sequence[str]) -> tuple[list[Contestant], dict[str, str]]:
    """Ours and those of `names` that can be had, and why the others cannot."""
    there, missing = [ours], {}
    for name in names:
        peer = PEERS[name]
        print(f"{name}: installing where it is not there", flush=True)
        try:
            peer.install()
            there.append(Contestant(name, peer.version(), peer.kind, peer.settings, peer.started))
        except Missing as reason:
            missing[name] = str(reason)
            print(f"{name}: left out: {reason}", flush=True)
    return there, missing


def compare(
    servers: Sequence[Contestant],
    cases: Sequence[Case],
    runs: int,
    seconds: float,
    cores: Sequence[int],
    until: float,
    generator: Path,
) -> Results:
    """Servers take turns, so that a slow minute of the machine falls on all of them. Nothing begins after `until` (monotonic)."""
    results: Results = {case.name: {server.name: Outcome() for server in servers} for case in cases}
    for number in range(runs):
        for case in cases:
            for server in servers:
                outcome = results[case.name][server.name]
                beaten = beaten_by(results, server.name, case)
                if beaten and not outcome.failures:
                    outcome.failures.append(f"not tried after {beaten} viewers")
                if outcome.failures or time.monotonic() > until:
                    continue
                print(f"{case.name}, {server.name}, run {number + 1} of {runs}", flush=True)
                measure(server, case, seconds, cores, generator, outcome)
    return results


def beaten_by(results: Results, server: str, case: Case) -> int | None:
    """The smaller number of viewers at which a server has failed already: what it cannot take with fewer it is spared with more."""
    for other in CASES:
        smaller = other.viewers is not None and case.viewers is not None and other.viewers < case.viewers
        if smaller and other.name in results and not results[other.name][server].is_held:
            return other.viewers
    return None


def measure(
    server: Contestant, case: Case, seconds: float, cores: Sequence[int], generator: Path, outcome: Outcome
) -> None:
    """One run against a fresh server."""
    with tempfile.TemporaryDirectory() as folder, server.started(Path(folder), cores[0]) as running:
        command = (
            generator, "--kind", server.kind, "--server", running.signalling, "--server-pid", str(running.pid),
            "--case", case.name, "--seconds", str(seconds),
        )  # fmt: skip
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=RUN_WITHIN,
                preexec_fn=partial(os.sched_setaffinity, 0, {cores[-1]}),
            )
        except subprocess.TimeoutExpired:
            outcome.failures.append(f"not done in {RUN_WITHIN:.0f} s")
            return
    take(done.stdout, done.stderr, outcome)


def take(stdout: str, stderr: str, outcome: Outcome) -> None:
    """What the generator said of a run."""
    lines = stdout.splitlines()
    print("".join(f"  {line}\n" for line in lines if not line.startswith("{")), end="", flush=True)
    reason = next((line for line in lines if line.startswith("INVALID: ")), "").removeprefix("INVALID: ")
    figures = json.loads(lines[0]) if lines and lines[0].startswith("{") else None
    if figures is not None and (not reason or figures["overload"]):
        outcome.figures.append(figures)
    elif figures is not None:
        outcome.invalid.append(reason)
    else:
        outcome.failures.append(reason or stderr.strip() or "nothing came of it")


def keep(results: Results, servers: Sequence[Contestant]) -> Path:
    """All that was measured, as JSON."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    file = INSTALLED / "results.json"
    runs = {case: {name: vars(outcome) for name, outcome in by_server.items()} for case, by_server in results.items()}
    versions = {server.name: server.version for server in servers}
    file.write_text(json.dumps({"command": sys.argv, "versions": versions, "runs": runs}, indent=1))
    return file


def as_contestant(
    version: str, settings: str, served: Callable[[Sequence[int]], AbstractContextManager[tuple[str, int]]]
) -> Contestant:
    """Ours, as bench/run.py starts it."""

    @contextmanager
    def started(folder: Path, core: int) -> Iterator[Running]:
        with served([core]) as (url, pid):
            yield Running(url.removeprefix("http://"), pid)

    return Contestant(OURS, version, "native", settings, started)
