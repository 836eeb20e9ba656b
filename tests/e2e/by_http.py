"""Who sends or plays by HTTP, with a page of a few lines or with somebody else's client in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.async_api import Route

from .browsers import Chromium, ChromiumPage, Page
from .caller import PATIENCE, until
from .meeting import WEB, Somebody

CLIENTS = Path(__file__).parents[2] / "node_modules" / "@binbat" / "whip-whep"
"""WHIP and WHEP clients of the author of both specifications."""
_OURS = ("whip.html", "whip.js", "picture.js")


class ByHttp(Somebody):
    """One page: an encoder with a picture and a tone of its own, or a player."""

    def __init__(self, page: Page, server: str, name: str, number: int) -> None:
        super().__init__(name, number)
        self.page = page
        self.server = server

    async def evaluate(self, expression: str) -> Any:
        return await self.page.evaluate(expression)

    async def call(self, method: str, **arguments: Any) -> Any:
        return await self.evaluate(f"http.{method}({json.dumps(arguments)})")

    async def publish(self, path: str, **arguments: Any) -> dict[str, Any]:
        """What came of it; its status is 201 when all is well."""
        answer = await self.call("publish", url=self.server + path, id=self.number, hz=self.pitch, **arguments)
        return dict(answer)

    async def play(self, path: str, **arguments: Any) -> dict[str, Any]:
        return dict(await self.call("play", url=self.server + path, **arguments))

    async def use(self, what: str, path: str) -> None:
        """Has somebody else's client do it: `whip` or `whep`."""
        url = self.server + path
        await self.call("use", module=f"/their/{what}.js", what=what, url=url, id=self.number, hz=self.pitch)

    async def sees(self, other: Somebody | int, patience: float = PATIENCE) -> None:
        """Fails unless new pictures of this identity are shown from now on."""
        picture = other if isinstance(other, int) else other.number
        await self._looks(lambda: self.call("look"), picture, patience)

    async def _plays(self, hz: float) -> bool:
        heard = await self.call("hear")
        return bool(heard) and abs(heard["hz"] - hz) < 12 and heard["above"] > 25

    async def ice_is(self, offered_not: str) -> None:
        """Media takes a pair of the newest ICE session, which is another than this."""

        async def fresh() -> bool:
            ice = await self.call("ice")
            return bool(ice["used"]) and ice["used"] == ice["offered"] != offered_not

        await until(fresh, f"{self.name} uses its new ICE session")


async def open_page(browser: Chromium, server: str, name: str, number: int) -> ByHttp:
    """On the server's own origin, whatever it serves there."""
    tab: ChromiumPage = await browser.open("about:blank")

    async def serve(route: Route) -> None:
        file = route.request.url.rsplit("/", 1)[1]
        await route.fulfill(path=(CLIENTS if "/their/" in route.request.url else WEB) / file)

    for file in (*(f"/{ours}" for ours in _OURS), "/their/*"):
        await tab.page.route(server + file, serve)
    await tab.page.goto(f"{server}/whip.html")
    await until(lambda: tab.evaluate("typeof http !== 'undefined'"), lambda: f"page of {name}: {tab.errors}")
    return ByHttp(tab, server, name, number)
