"""A server to compare with: how it is installed and started, and how a program of this machine is run for a measurement."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "bench" / "peers"
INSTALLED = ROOT / "target" / "peers"
"""What was installed for the comparison, by the name of the peer. Nothing goes anywhere else, but for packages of the distribution."""
READY_WITHIN = 30.0
INSTALL_WITHIN = 1200.0
"""Seconds for one peer. Building LiveKit takes most of them where nothing is in Go's cache."""


class Missing(Exception):
    """The peer is not there, or cannot be had here; the text says why, for the table."""


@dataclass(frozen=True)
class Running:
    signalling: str
    """`host:port`."""
    pid: int
    """Children count as well."""


@dataclass(frozen=True)
class Peer:
    name: str
    kind: str
    """Of its signalling, as the generator calls it."""
    settings: str
    """That differ from its defaults, for the table's footnotes."""
    install: Callable[[], None]
    """Does nothing where it is there already. Raises Missing."""
    version: Callable[[], str]
    """Raises Missing."""
    started: Callable[[Path, int], AbstractContextManager[Running]]
    """Given a folder for its files, and the core that it may use."""


def address() -> str:
    """Of this machine, by which it reaches itself: some servers know no candidates on 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent by this. The address is one of documentation (RFC 5737).
            probe.connect(("203.0.113.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((address(), 0))
        return int(listener.getsockname()[1])


def pin(core: int) -> None:
    """For a child: one core, and as many sockets as the system lets it have."""
    os.sched_setaffinity(0, {core})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def launched(
    command: Sequence[str | Path],
    port: int,
    core: int,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """A server until the end of the block, when it listens at `port` of this machine."""
    host = address()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*map(str, command)],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(pin, core),
        )
        try:
            _wait_until_listening(process, host, port, Path(f"/proc/self/fd/{log.fileno()}"))
            yield Running(f"{host}:{port}", process.pid)
        finally:
            _end(process)


def _wait_until_listening(process: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as attempt:
            attempt.settimeout(1)
            if attempt.connect_ex((host, port)) == 0:
                return
        time.sleep(0.05)
    said = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise RuntimeError(f"{process.args!r} did not become ready:\n{said}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """With its children, which share its session."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def done(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What a step of an installation printed. Raises Missing with the line that says why."""
    step = " ".join((Path(command[0]).name, *map(str, command[1:2])))
    try:
        finished = subprocess.run(
            [*map(str, command)],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_WITHIN,
        )
    except FileNotFoundError:
        raise Missing(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Missing(f"{step}: took longer than {INSTALL_WITHIN:.0f} s") from None
    if finished.returncode != 0:
        raise Missing(f"{step}: {why(finished.stdout)}")
    return finished.stdout


def why(printed: str) -> str:
    """The last error that a tool tells of, or else the last thing that it says; without the places of this checkout."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR: " in line] or lines or ["it failed"]
    return errors[-1].removeprefix("npm error ").replace(f"{ROOT}/", "")
