"""The built web app as a person uses it: found by role and name, judged by what is seen."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tertulia import Tertulia
from tests.thorough import thorough

from .browsers import Chromium
from .conftest import Server
from .meeting import enter, shows_a_moving_camera, tile_of

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

Visitor = Callable[..., Any]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app() -> AsyncIterator[Server]:
    server = await Server().start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(app: Server, chromium: Chromium) -> AsyncIterator[Visitor]:
    """`await visitor("/r/x")` opens a page of the app in a profile of its own."""
    opened = []

    async def open_page(path: str = "/", **options: Any) -> Page:
        page = await chromium.open(f"{app.url}{path}", **options)
        opened.append(page)
        return page.page

    yield open_page
    errors = [error for page in opened for error in page.errors]
    for page in opened:
        await page.close()
    assert not errors, errors


async def test_from_the_landing_page_to_a_call_of_three(visitor: Visitor) -> None:
    ana = await visitor("/", permissions=["camera", "microphone", "clipboard-read", "clipboard-write"])
    await ana.get_by_role("button", name="Start a new room").click()
    await expect(ana.get_by_role("heading", name="Ready to join?")).to_be_visible()
    await enter(ana, "Ana")
    await expect(ana.get_by_text("Nobody else is here yet")).to_be_visible()
    await ana.get_by_role("button", name="Copy link").click()
    await expect(ana.get_by_text("Link copied")).to_be_visible()
    link = await ana.evaluate("navigator.clipboard.readText()")
    path = "/r/" + link.rsplit("/r/", 1)[1]
    ben, cora = await visitor(path), await visitor(path)
    await enter(ben, "Ben")
    await shows_a_moving_camera(ana, "Ben")
    await shows_a_moving_camera(ben, "Ana")
    await expect(ana.get_by_text("Direct", exact=True)).to_be_visible()
    await enter(cora, "Cora")
    for page, others in ((ana, ("Ben", "Cora")), (ben, ("Ana", "Cora")), (cora, ("Ana", "Ben"))):
        for other in others:
            await shows_a_moving_camera(page, other)
    await expect(ana.get_by_text("By the server")).to_be_visible()
    await expect(ana.get_by_text("3 people")).to_be_visible()


@pytest.mark.thorough
async def test_a_moderators_link_makes_a_guest_and_not_another_moderator(chromium: Chromium) -> None:
    secret = "known to this test only, and long enough"
    server = await Server("--secret", secret).start()
    pages = []
    try:
        token = Tertulia(secret=secret).token("board", identity="ana", role="moderator")
        access = {"permissions": ["camera", "microphone", "clipboard-read", "clipboard-write"]}
        pages.append(await chromium.open(f"{server.url}/r/board#t={token}", **access))
        ana = pages[0].page
        await enter(ana, "Ana")
        await ana.get_by_role("button", name="Copy link").click()
        await expect(ana.get_by_text("Link copied")).to_be_visible()
        link = await ana.evaluate("navigator.clipboard.readText()")
        assert token not in link
        pages.append(await chromium.open(link))
        await enter(pages[1].page, "Ben")
        await shows_a_moving_camera(ana, "Ben")
        rooms = json.loads(await server.get("/_test/rooms"))
        roles = {person["name"]: person["role"] for person in rooms["board"]["participants"]}
        assert roles == {"Ana": "moderator", "Ben": "speaker"}
        pages.append(await chromium.open(f"{server.url}/r/board"))
        await pages[2].page.get_by_label("Your name").fill("Mallory")
        await pages[2].page.get_by_role("button", name="Join", exact=True).click()
        await expect(pages[2].page.get_by_role("heading", name="You need an invitation for this room")).to_be_visible()
    finally:
        for page in pages:
            await page.close()
        await server.stop()


async def test_mute_is_seen_by_the_others_and_leave_ends_with_a_reason(visitor: Visitor, room: str) -> None:
    ana, ben = await visitor(f"/r/{room}"), await visitor(f"/r/{room}")
    await enter(ana, "Ana")
    await enter(ben, "Ben")
    await shows_a_moving_camera(ana, "Ben")
    tile = tile_of(ana, "Ben")
    await ben.get_by_role("button", name="Mute microphone").click()
    await expect(tile.get_by_role("img", name="Microphone is muted")).to_be_visible()
    await ben.get_by_role("button", name="Turn camera off").click()
    await expect(tile.locator("video")).to_have_count(0)
    await ben.get_by_role("button", name="Turn camera on").click()
    await shows_a_moving_camera(ana, "Ben")
    await ben.get_by_role("button", name="Leave").click()
    await expect(ben.get_by_role("heading", name="You left the room")).to_be_visible()
    await expect(tile).to_have_count(0)
    await ben.get_by_role("button", name="Join again").click()
    await expect(tile).to_be_visible()


@pytest.mark.parametrize(
    ("error", "title"),
    [
        ("NotAllowedError", "Camera is blocked"),
        thorough("NotFoundError", "No camera found"),
        thorough("NotReadableError", "Camera is used by another program"),
    ],
)
async def test_joining_never_depends_on_a_device(visitor: Visitor, room: str, error: str, title: str) -> None:
    page = await visitor("/")
    await page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('no', '{error}'); }};"
    )
    await page.goto(page.url + f"r/{room}")
    await expect(page.get_by_text(title)).to_be_visible()
    await expect(page.get_by_text("You can join without it.").first).to_be_visible()
    await enter(page, "Ana")


@pytest.mark.thorough
async def test_who_joins_while_the_camera_starts_does_not_lose_it(visitor: Visitor, room: str) -> None:
    ana, ben = await visitor("/"), await visitor(f"/r/{room}")
    await ana.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = async (wanted) => {"
        "  await new Promise((done) => setTimeout(done, 1500)); return open(wanted); };"
    )
    await ana.goto(ana.url + f"r/{room}")
    await expect(ana.get_by_text("Starting…")).to_be_visible()
    await enter(ana, "Ana")
    await enter(ben, "Ben")
    await shows_a_moving_camera(ben, "Ana")


@pytest.mark.thorough
async def test_an_insecure_origin_is_told_in_plain_words(visitor: Visitor, room: str) -> None:
    page = await visitor("/")
    await page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false });")
    await page.goto(page.url + f"r/{room}")
    await expect(page.get_by_text("This page is not secure")).to_be_visible()
    await enter(page, "Ana")


@pytest.mark.thorough
async def test_a_room_name_is_taken_from_a_link_and_a_bad_one_is_explained(visitor: Visitor, app: Server) -> None:
    page = await visitor("/")
    field = page.get_by_label("Join by name or link")
    await field.fill("no spaces here")
    await page.get_by_role("button", name="Go").click()
    await expect(page.get_by_role("alert")).to_contain_text("may not be empty or hold spaces")
    await field.fill(f"{app.url}/r/tea-time")
    await page.get_by_role("button", name="Go").click()
    await expect(page.get_by_text("Room tea-time")).to_be_visible()


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", thorough("\u202egnp.exe"), thorough("👩‍👩‍👧‍👦 家庭")])
async def test_a_hostile_name_is_only_a_name(visitor: Visitor, room: str, name: str) -> None:
    ana, mallory = await visitor(f"/r/{room}"), await visitor(f"/r/{room}")
    alarms: list[str] = []
    ana.on("dialog", lambda dialog: alarms.append(dialog.message))
    await enter(ana, "Ana")
    await enter(mallory, name)
    await expect(ana.get_by_role("list").get_by_text(name, exact=True)).to_be_visible()
    assert not alarms


@pytest.mark.parametrize(
    "size", [(360, 640), thorough((1280, 760)), thorough((3840, 2160))], ids=["phone", "desk", "4k"]
)
async def test_nothing_overflows_at_any_size(visitor: Visitor, room: str, size: tuple[int, int]) -> None:
    page = await visitor("/", viewport={"width": size[0], "height": size[1]})
    for path in ("", f"r/{room}"):
        await page.goto(page.url.split("/r/")[0].rstrip("/") + "/" + path)
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path
    await enter(page, "Ana")
    for button in await page.get_by_role("toolbar").get_by_role("button").all():
        box = await button.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= size[0] and box["y"] + box["height"] <= size[1]
