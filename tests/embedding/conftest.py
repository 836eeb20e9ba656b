"""The wheel that users get, and a browser to look with."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.browsers import Chromium

ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make build` does it; what `make setup` has compiled is used again."""
    out = tmp_path_factory.mktemp("wheel")
    maturin = shutil.which("maturin")
    assert maturin, "maturin is part of requirements-build.txt: make setup"
    building = await asyncio.create_subprocess_exec(
        maturin, "build", "--release", "--locked", "--out", str(out),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await building.communicate()
    assert building.returncode == 0, said.decode()
    (built,) = out.glob("tertulia-*.whl")
    return built


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Chromium]:
    async with Chromium() as browser:
        yield browser
