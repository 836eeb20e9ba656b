"""People who open the built app in a browser of their own, in a house where some are moderators."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect

from tertulia import Tertulia

from .browsers import Chromium, ChromiumPage

SECRET = "known to the tests only, and long enough"

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


class Visit:
    """`await visit(role="moderator")` opens the room's page; `path` another one; `scripts` run before the page's own."""

    def __init__(self, url: str, browser: Chromium, room: str) -> None:
        """`url` of a server that knows the secret."""
        self._url = url
        self._browser = browser
        self._room = room
        self._opened: list[ChromiumPage] = []

    async def __call__(self, path: str | None = None, *scripts: str, role: str = "speaker", **options: Any) -> Page:
        token = Tertulia(secret=SECRET).token(self._room, role=role)
        browser = await self._browser.open("about:blank", **options)
        self._opened.append(browser)
        for script in scripts:
            await browser.page.add_init_script(script)
        await browser.page.goto(self._url + (f"/r/{self._room}#t={token}" if path is None else path))
        return browser.page

    async def end(self) -> None:
        """Closes all; fails if a page complained."""
        for browser in self._opened:
            await browser.close()
        errors = [error for browser in self._opened for error in browser.errors]
        assert not errors, errors


async def join(page: Page, name: str) -> None:
    """In whatever language the page speaks."""
    await page.locator("form input").fill(name)
    await page.locator("form [type=submit]").click()
    await expect(page.get_by_role("toolbar").first).to_be_visible()
