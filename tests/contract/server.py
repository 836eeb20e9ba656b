"""`tertulia serve` as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from queue import Empty, Queue
from time import monotonic
from typing import Any

READY_WITHIN = 90.0
SECRET = "a secret for tests, of more than 32 bytes"


class Server:
    """On ports of its own. What has no flag is set by `settings`: `heartbeat=0.2` for TERTULIA_HEARTBEAT."""

    def __init__(self, *arguments: str, port: int = 0, **settings: object) -> None:
        self._arguments = arguments
        self._settings = {f"TERTULIA_{name.upper()}": str(value) for name, value in settings.items()}
        self._port = port
        self.url = ""
        self.lines: list[dict[str, Any]] = []

    def start(self) -> Server:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tertulia",
                "serve",
                "--port",
                str(self._port),
                "--udp-port",
                "0",
                "--log",
                "json",
                *self._arguments,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self._settings},
        )
        self._news: Queue[dict[str, Any]] = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        ready = self.entry("ready", READY_WITHIN)
        self.url = ready["url"].rstrip("/")
        self._port = int(self.url.rsplit(":", 1)[1])
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    def entry(self, event: str, within: float) -> dict[str, Any]:
        """The next entry of the log with this text."""
        deadline = monotonic() + within
        while True:
            try:
                entry = self._news.get(timeout=max(0.0, deadline - monotonic()))
            except Empty:
                raise TimeoutError(f"no {event!r} in {self.lines}") from None
            if entry.get("event") == event:
                return entry

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"event": line.decode(errors="replace").rstrip()}
            self.lines.append(entry)
            self._news.put(entry)

    def faults(self) -> list[dict[str, Any]]:
        """What it complained of; tracebacks too."""
        bad = ("error", "critical")
        return [line for line in self.lines if line.get("level") in bad or "Traceback" in str(line.get("event"))]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
