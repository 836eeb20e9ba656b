"""Databases to keep things in: SQLite in memory and in a file, and PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tertulia.store import Database

BINARIES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *map(Path, os.get_exec_path()))
WITHIN = 60.0


def binary(name: str) -> Path:
    """Debian keeps the server's programs out of the path."""
    found = next((folder / name for folder in BINARIES if (folder / name).exists()), None)
    assert found is not None, f"{name} is missing: scripts/setup test"
    return found


class Cluster:
    """A PostgreSQL server of our own, reached by a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # It refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        self._made = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._run(
            "initdb",
            "-D",
            str(self._data),
            "-U",
            "tertulia",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        self._process = subprocess.Popen(
            [binary("postgres"), "-D", self._data, "-k", self._folder, "-c", "listen_addresses=", "-c", "fsync=off"],
            user=self._user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "log").open("wb"),
        )
        end = time.monotonic() + WITHIN
        while subprocess.run([binary("pg_isready"), "-q", "-h", self._folder], check=False).returncode != 0:
            assert time.monotonic() < end and self._process.poll() is None, (self._folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(2)  # "fast": it waits for nobody
            self._process.wait(WITHIN)

    def database(self) -> str:
        """The URL of a new one."""
        self._made += 1
        name = f"test{self._made}"
        self._run("createdb", "-h", str(self._folder), "-U", "tertulia", name)
        return f"postgresql://tertulia@/{name}?host={self._folder}"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [binary(program), *arguments],
            user=self._user,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    # pytest's own folders are closed to other users.
    with tempfile.TemporaryDirectory(prefix="tertulia-postgresql-", dir="/tmp") as folder:
        cluster = Cluster(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database that outlives its connections."""
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("postgresql")
        return cluster.database()
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["memory", "file", "postgresql"])
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("postgresql")
        return lambda: Database(cluster.database())
    return lambda: Database("sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'test.db'}")
