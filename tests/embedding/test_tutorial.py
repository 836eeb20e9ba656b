"""docs/guides/embed-in-fastapi.md, followed word for word with the wheel in a fresh environment."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.e2e.browsers import Chromium
from tests.e2e.caller import PATIENCE, until

from .conftest import ROOT
from .tutorial import Tutorial

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

INSTALLED_WITHIN = 300.0
PICTURE = ROOT / "tests" / "e2e" / "web" / "picture.js"


@asynccontextmanager
async def followed(tutorial: Tutorial, folder: Path, wheel: Path) -> AsyncIterator[str]:
    """The address of the app that the tutorial ends with."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = tutorial.script.replace("--port 8000", f"--port {port}")
    assert script != tutorial.script
    constraint = folder / "constraint.txt"
    constraint.write_text(f"tertulia @ {wheel.as_uri()}\n")
    environment = {**os.environ, "PIP_CONSTRAINT": str(constraint), "TERTULIA_UDP_PORT": "0"}
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", script, cwd=folder, env=environment, stdout=out, stderr=asyncio.subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"

    async def up() -> bool:
        assert process.returncode is None, log.read_text()
        async with httpx.AsyncClient() as http:
            try:
                return (await http.get(f"{url}/rt/healthz")).status_code == 200
            except httpx.TransportError:
                return False

    try:
        await until(up, log.read_text, INSTALLED_WITHIN)
        yield url
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 30) in (0, -signal.SIGINT), log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def enter(chromium: Chromium, url: str, name: str, number: int) -> Page:
    """Joins with a camera that shows this number."""
    page = (await chromium.open("about:blank")).page
    # An init script is no module.
    picture = PICTURE.read_text(encoding="utf-8").replace("export ", "")
    await page.add_init_script(
        f"window.picture = (() => {{ {picture}; return {{ paint, read, tone }}; }})();"
        f"if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async ({{ video }}) => new MediaStream("
        f"  [video ? picture.paint({number}).track : picture.tone({300 + 130 * number})]);"
    )
    await page.goto(url)
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Join").click()
    return page


async def sees(page: Page, number: int) -> None:
    """Somebody else's video shows this number's pictures, one after the other."""
    shown: set[int] = set()

    async def moves() -> bool:
        looks = await page.evaluate("[...document.querySelectorAll('main > video:not(.me)')].map(picture.read)")
        shown.update(look["n"] for look in looks if look and look.get("id") == number)
        return len(shown) >= 5

    await until(moves, f"the pictures of {number} are seen")


async def test_from_an_empty_folder_to_a_call(wheel: Path, chromium: Chromium, tmp_path: Path) -> None:
    tutorial = Tutorial.read(ROOT / "docs" / "guides" / "embed-in-fastapi.md")
    assert tutorial.files == ("main.py", "index.html")
    assert tutorial.commands[-1].startswith("uvicorn ")
    async with followed(tutorial, tmp_path, wheel) as url:
        ana = await enter(chromium, url, "Ana", 11)
        await expect(ana.get_by_role("log")).to_have_text("Welcome, Ana", timeout=PATIENCE * 1000)
        ben = await enter(chromium, url, "Ben", 22)
        await sees(ana, 22)
        await sees(ben, 11)
        await ben.context.close()
        await expect(ana.locator("main > video:not(.me)")).to_have_count(0, timeout=45_000)
        await ana.context.close()
