"""Runs the conformance suites that the Socket.IO project publishes, against our layer.

Their code is not ours and is in no package registry, so it is read from a checkout of https://github.com/socketio/socket.io:

    make conformance SUITES=path/to/socket.io

The suites expect their server on port 3000 of this machine.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PORT = 3000
UVICORN = "--ws websockets-sansio --lifespan off --log-level warning"
READY_WITHIN = 90.0
"""Seconds."""


@dataclass(frozen=True)
class Suite:
    name: str
    app: str
    places: tuple[str, ...]
    """Where it may be below the checkout: in the repository of all, or in the one of the protocol."""
    cases: int
    """That it had when it was last looked at; fewer passing ones are a failure."""


SUITES = (
    Suite("Engine.IO 4", "tests.conformance.echo_engine:app", ("docs/engine.io-protocol/v4-test-suite",), 24),
    Suite("Socket.IO 5", "tests.conformance.echo_socketio:app", ("docs/socket.io-protocol/v5-test-suite",), 32),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="?", type=Path, help="a checkout of github.com/socketio/socket.io")
    given = parser.parse_args()
    if given.suites is None:
        print("SUITES is missing: git clone --depth 1 https://github.com/socketio/socket.io, then", file=sys.stderr)
        print("make conformance SUITES=socket.io", file=sys.stderr)
        return 2
    if in_use():
        print(f"Port {PORT} is taken, and the suites know no other.", file=sys.stderr)
        return 2
    return 0 if all([passes(suite, given.suites) for suite in SUITES]) else 1


def passes(suite: Suite, checkout: Path) -> bool:
    source = next((checkout / place for place in suite.places if (checkout / place).is_dir()), None)
    if source is None:
        print(f"{suite.name}: {checkout} has no {suite.places[0]}", file=sys.stderr)
        return False
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", suite.app, *f"--host localhost --port {PORT} {UVICORN}".split()],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "src:."},
    )
    try:
        wait_until_ready(server)
        report = mocha(source)
    finally:
        server.terminate()
        server.wait(10)
    passed, failures = report["stats"]["passes"], report["failures"]
    print(f"{suite.name}: {passed} of {max(suite.cases, report['stats']['tests'])} pass")
    for failure in failures:
        print(f"  {failure['fullTitle']}: {failure['err'].get('message', '')}")
    return not failures and passed >= suite.cases


def mocha(source: Path) -> dict[str, Any]:
    """Its report. What a suite imports is looked for beside it, so it runs in a folder where that is."""
    with tempfile.TemporaryDirectory() as folder:
        for file in source.glob("*.js"):
            shutil.copy(file, folder)
        Path(folder, "node_modules").symlink_to(HERE / "node_modules")
        Path(folder, "package.json").write_text('{"type": "module"}', encoding="utf-8")
        result = subprocess.run(
            ["node_modules/.bin/mocha", "--exit", "--reporter", "json", "test-suite.js"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    if not result.stdout.startswith("{"):
        raise RuntimeError(f"mocha: {result.stdout}{result.stderr}")
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def wait_until_ready(server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN
    while not in_use():
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the server did not start")
        time.sleep(0.05)


def in_use() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


if __name__ == "__main__":
    sys.exit(main())
