"""`<tertulia-room>` in a page of another origin: a whole call in the frame, what it tells the page around it, and who is not heard."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import FrameLocator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from uvicorn import Config
from uvicorn import Server as Uvicorn

from tertulia import Tertulia

from .browsers import Chromium, ChromiumPage
from .caller import until
from .conftest import Server
from .meeting import shows_a_moving_camera

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SECRET = "known to this test only, and long enough"

HOST_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Somebody's shop</title>
<style>tertulia-room {{ inline-size: 800px; }}</style>
<script>
  window.states = [];
  window.posted = [];
  addEventListener('state', (event) => states.push(event.detail), true);
  addEventListener('message', (event) => posted.push({{ origin: event.origin, data: event.data }}));
</script>
<script type="module" src="{server}/sdk/element.js"></script>
</head><body>{body}</body></html>"""

# A frame that says to the page around it what only the room's frame may say, and to every frame beside it what only the page may. (The
# room's frame stands in a shadow tree, where others cannot even find it.)
FORGER = """<!doctype html><script>
  const forged = { tertulia: 1, type: 'state', state: 'closed', reason: 'removed', participants: 66 };
  addEventListener('message', (event) => {
    if (event.data !== 'go') return;
    parent.postMessage(forged, '*');
    for (let i = 0; i < parent.length; i += 1) {
      parent[i].postMessage({ tertulia: 1, type: 'hello', token: null, name: 'Mallory', lang: null, theme: null, autojoin: false }, '*');
      parent[i].postMessage({ tertulia: 1, type: 'leave' }, '*');
    }
    parent.postMessage('done', '*');
  });
</script>"""


class HostSite:
    """The page that embeds: a server of its own on a port of its own."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}

    async def start(self) -> HostSite:
        app = Starlette(routes=[Route("/{name}", self._show)])
        self._uvicorn = Uvicorn(Config(app, port=0, log_level="warning"))
        self._task = asyncio.create_task(self._uvicorn.serve())

        async def started() -> bool:
            return self._uvicorn.started

        await until(started, "the embedding site is served")
        port = self._uvicorn.servers[0].sockets[0].getsockname()[1]
        self.origin = f"http://127.0.0.1:{port}"
        return self

    async def _show(self, request: Request) -> HTMLResponse:
        page = self.pages.get(request.path_params["name"])
        return HTMLResponse(page or "", status_code=200 if page else 404)

    async def stop(self) -> None:
        self._uvicorn.should_exit = True
        await self._task


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site() -> AsyncIterator[HostSite]:
    site = await HostSite().start()
    yield site
    await site.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def embeddable(site: HostSite) -> AsyncIterator[Server]:
    """A server that knows the site."""
    server = await Server("--secret", SECRET, "--allow-origin", site.origin).start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def tabs(chromium: Chromium) -> AsyncIterator[list[ChromiumPage]]:
    opened: list[ChromiumPage] = []
    yield opened
    for tab in opened:
        await tab.close()


def invitation(room: str, name: str, role: str = "speaker") -> str:
    return Tertulia(secret=SECRET).token(room, identity=name.lower(), role=role)


async def embed(
    site: HostSite, server: Server, chromium: Chromium, tabs: list[ChromiumPage], attributes: str, extra: str = ""
) -> Page:
    """A page of the site with the element in it."""
    name = f"page-{len(site.pages)}"
    body = f"<tertulia-room {attributes}></tertulia-room>{extra}"
    site.pages[name] = HOST_PAGE.format(server=server.url, body=body)
    tab = await chromium.open(f"{site.origin}/{name}")
    tabs.append(tab)
    return tab.page


def inside(page: Page) -> FrameLocator:
    return page.locator("tertulia-room").frame_locator("iframe")


async def join(page: Page) -> None:
    await inside(page).get_by_role("button", name="Join", exact=True).click()
    await expect(inside(page).get_by_role("toolbar", name="Call controls")).to_be_visible()


async def told(page: Page, state: str, participants: int | None = None) -> dict[str, Any]:
    """Waits until the page around the frame has been told this last."""

    async def last() -> dict[str, Any] | None:
        states = await page.evaluate("states")
        if not states or states[-1]["state"] != state:
            return None
        return dict(states[-1]) if participants in (None, states[-1]["participants"]) else None

    return await until(last, f"the page is told {state} with {participants} people")


async def names_in(server: Server, room: str) -> list[str]:
    rooms = json.loads(await server.get("/_test/rooms"))
    return sorted(person["name"] for person in rooms.get(room, {}).get("participants", []))


async def test_two_call_each_other_inside_a_page_of_another_origin(
    site: HostSite, embeddable: Server, chromium: Chromium, tabs: list[ChromiumPage], room: str
) -> None:
    pages = {}
    for name in ("Ana", "Ben"):
        attributes = f'room="{room}" name="{name}" token="{invitation(room, name)}"'
        pages[name] = await embed(site, embeddable, chromium, tabs, attributes)
        await told(pages[name], "new")
        await join(pages[name])
    ana, ben = pages["Ana"], pages["Ben"]
    await shows_a_moving_camera(inside(ana), "Ben")
    await shows_a_moving_camera(inside(ben), "Ana")
    await told(ana, "connected", 2)
    box = await ana.locator("tertulia-room").bounding_box()
    assert box and (box["width"], box["height"]) == (800, 450), "16 to 9 where the page says nothing of a height"
    address = await ana.evaluate("document.querySelector('tertulia-room').shadowRoot.querySelector('iframe').src")
    assert "token" not in address and "." not in address.split("/r/")[1], "the token is in no address"

    await ana.evaluate("document.querySelector('tertulia-room').mute('microphone', true)")

    async def muted() -> bool:
        rooms = json.loads(await embeddable.get("/_test/rooms"))
        return [track["owner"] for track in rooms[room]["publications"] if track["muted"]] == ["ana"]

    await until(muted, "the page mutes its person's microphone")

    await ana.evaluate("document.querySelector('tertulia-room').leave()")
    assert (await told(ana, "closed"))["reason"] == "left"
    await told(ben, "connected", 1)

    await ben.evaluate("document.querySelector('tertulia-room').remove()")

    async def gone() -> bool:
        return not await names_in(embeddable, room)

    await until(gone, "with the element its person leaves at once", patience=5)


@pytest.mark.thorough
async def test_it_joins_by_itself_where_the_page_wants_it(
    site: HostSite, embeddable: Server, chromium: Chromium, tabs: list[ChromiumPage], room: str
) -> None:
    page = await embed(site, embeddable, chromium, tabs, 'autojoin lang="zh" theme="dark" mic="off" cam="off"')
    await page.evaluate(
        "([room, token]) => Object.assign(document.querySelector('tertulia-room'), { token }).setAttribute('room', room)"
        " ?? document.querySelector('tertulia-room').setAttribute('name', 'Ana')",
        [room, invitation(room, "Ana")],
    )
    await told(page, "connected", 1)
    assert await names_in(embeddable, room) == ["Ana"]
    root = inside(page).locator("html")
    await expect(root).to_have_attribute("lang", "zh-CN")
    await expect(root).to_have_attribute("data-theme", "dark")
    rooms = json.loads(await embeddable.get("/_test/rooms"))
    assert all(track["muted"] for track in rooms[room]["publications"])


@pytest.mark.thorough
async def test_a_page_that_the_server_does_not_know_cannot_frame_it(
    site: HostSite, chromium: Chromium, tabs: list[ChromiumPage], room: str
) -> None:
    server = await Server("--open").start()
    try:
        page = await embed(site, server, chromium, tabs, f'room="{room}" name="Mallory" autojoin')

        async def refused() -> bool:
            return any("frame-ancestors" in error for error in tabs[-1].errors)

        await until(refused, "the browser refuses the frame")
        await expect(inside(page).get_by_role("button")).to_have_count(0)
        assert await page.evaluate("states") == []
        assert await names_in(server, room) == []
    finally:
        await server.stop()


async def test_what_a_third_frame_says_counts_for_nobody(
    site: HostSite, embeddable: Server, chromium: Chromium, tabs: list[ChromiumPage], room: str
) -> None:
    site.pages["forger"] = FORGER
    # Once from the site itself, once from an origin of nobody.
    frames = "<iframe src='/forger'></iframe><iframe src='/forger' sandbox='allow-scripts'></iframe>"
    attributes = f'room="{room}" name="Ana" token="{invitation(room, "Ana")}"'
    page = await embed(site, embeddable, chromium, tabs, attributes, frames)
    await told(page, "new")
    await join(page)
    await told(page, "connected", 1)
    before = await page.evaluate("states")
    await page.evaluate(
        "for (const frame of document.querySelectorAll('body > iframe')) frame.contentWindow.postMessage('go', '*')"
    )

    async def done() -> bool:
        posted = await page.evaluate("posted")
        return [one["data"] for one in posted].count("done") == 2

    await until(done, "both have forged")
    # What the frame hears after that has been through the same queue.
    await page.evaluate("document.querySelector('tertulia-room').mute('microphone', true)")
    await expect(inside(page).get_by_role("button", name="Unmute microphone")).to_be_visible()
    forged = [
        one for one in await page.evaluate("posted") if one["data"] != "done" and one["data"]["participants"] == 66
    ]
    assert len(forged) == 2, "the forgeries arrived at the page"
    assert await page.evaluate("states") == before
    assert await names_in(embeddable, room) == ["Ana"]
