"""People who open the built app in a browser of their own, in a house where some are moderators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect

from tertulia import Tertulia

from .browsers import Chromium
from .conftest import Server

SECRET = "known to the tests only, and long enough"
Visit = Callable[..., Awaitable[Page]]

# A drawn page in place of the screen: a headless browser has nobody to choose one.
SCREEN = """
navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
  const context = canvas.getContext('2d');
  const draw = () => {
    context.fillStyle = '#fff';
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = '#123';
    context.fillRect(100 + (Date.now() / 20) % 900, 300, 120, 120);
  };
  draw();
  setInterval(draw, 100);
  return canvas.captureStream(10);
};
"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house() -> AsyncIterator[Server]:
    """A server that asks for tokens."""
    server = await Server("--secret", SECRET).start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(house: Server, chromium: Chromium, room: str) -> AsyncIterator[Visit]:
    """`await visit(role="moderator")` opens the room's page; `path` another one; `scripts` run before the page's own."""
    opened = []

    async def open_page(
        path: str | None = None, *scripts: str, role: str = "speaker", can: list[str] | None = None, **options: Any
    ) -> Page:
        token = Tertulia(secret=SECRET).token(room, role=role, can=can)
        browser = await chromium.open("about:blank", **options)
        opened.append(browser)
        for script in scripts:
            await browser.page.add_init_script(script)
        await browser.page.goto(f"{house.url}/r/{room}#t={token}" if path is None else f"{house.url}{path}")
        return browser.page

    yield open_page
    for browser in opened:
        await browser.close()
    errors = [error for browser in opened for error in browser.errors]
    assert not errors, errors


async def join(page: Page, name: str) -> None:
    """In whatever language the page speaks."""
    await page.locator("form input").fill(name)
    await page.locator("form [type=submit]").click()
    await expect(page.get_by_role("toolbar").first).to_be_visible()
