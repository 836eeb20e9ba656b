"""Files in the app: chosen, dropped and pasted, shown, fetched, given up, and gone on with."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import FilePayload, Locator, Route, expect

from .caller import until
from .meeting import Guest, in_the_call

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


def picture(path: Path) -> Path:
    Image.new("RGB", (320, 200), "teal").save(path)
    return path


async def told(it: bool) -> bool:
    return it


def told_of(guest: Guest, what: str) -> None:
    """The browser itself complains of this, and of nothing else."""
    assert guest.tab.errors and all(what in error for error in guest.tab.errors), guest.tab.errors
    guest.tab.errors.clear()


def content_of(path: Path) -> bytes:
    return Path(path).read_bytes()


async def attach(guest: Guest, *paths: Path) -> Locator:
    panel = await guest.open("Chat")
    await panel.locator("input[type=file]").set_input_files(list(paths))
    return panel


async def test_a_file_is_shared_with_its_preview_and_fetched_as_it_was(guests: Invite, tmp_path: Path) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    cat = picture(tmp_path / "cat.png")
    await attach(ana, cat)
    await ben.told("Ana shared cat.png")
    shown = (await ben.messages()).filter(has_text="cat.png")
    image = shown.get_by_role("img", name="Picture cat.png")
    await expect(image).to_be_visible()
    await expect(image).to_have_js_property("naturalWidth", 320)
    async with ben.page.expect_download() as download:
        await shown.get_by_role("button", name="Download cat.png").click()
    fetched = await download.value
    assert fetched.suggested_filename == "cat.png"
    assert content_of(await fetched.path()) == content_of(cat)
    (cora,) = await in_the_call(guests, "Cora")
    await expect((await cora.messages()).filter(has_text="cat.png")).to_be_visible()
    mine = (await ana.messages()).filter(has_text="cat.png")
    await mine.get_by_role("button", name="Delete cat.png").click()
    await mine.get_by_role("button", name="Delete for all").click()
    for guest in (ana, ben, cora):
        await expect((await guest.messages()).filter(has_text="cat.png")).to_have_count(0)


@pytest.mark.thorough
async def test_files_stand_between_the_messages(guests: Invite, tmp_path: Path) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    note = tmp_path / "note.txt"
    note.write_text("hello")
    await ana.writes("before")
    await (await ben.messages()).filter(has_text="before").wait_for()
    await attach(ana, note)
    await (await ben.messages()).filter(has_text="note.txt").wait_for()
    await ana.writes("after")
    wanted = [re.compile("before"), re.compile("note.txt"), re.compile("after")]
    await expect(await ben.messages()).to_have_text(wanted)
    await expect(await ana.messages()).to_have_text(wanted)


@pytest.mark.thorough
async def test_a_dropped_and_a_pasted_file_are_shared(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    panel = await ana.open("Chat")
    carry = await ana.page.evaluate_handle(
        "() => { const carry = new DataTransfer(); carry.items.add(new File(['x'], 'dropped.txt')); return carry; }"
    )
    log = panel.get_by_role("log")
    await log.dispatch_event("dragenter", {"dataTransfer": carry})
    await expect(panel.get_by_text("Drop files here")).to_be_visible()
    await log.dispatch_event("drop", {"dataTransfer": carry})
    await expect(panel.get_by_text("Drop files here")).to_have_count(0)
    await panel.get_by_role("textbox").evaluate(
        """(field) => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File(['y'], 'pasted.txt'));
          field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
        }"""
    )
    for name in ("dropped.txt", "pasted.txt"):
        await expect((await ben.messages()).filter(has_text=name)).to_be_visible()


@pytest.mark.thorough
async def test_a_name_is_only_a_text(guests: Invite) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    name = "<img src=x onerror=alert(1)>\u202egpj.exe"
    panel = await ana.open("Chat")
    await panel.locator("input[type=file]").set_input_files(
        FilePayload(name=name, mimeType="image/png", buffer=b"<script>alert(1)</script>")
    )
    shown = (await ben.messages()).filter(has_text="onerror=alert(1)>gpj.exe")
    await expect(shown).to_be_visible()
    await expect(shown.get_by_role("img")).to_have_count(0)


async def test_an_upload_goes_on_when_the_network_is_back_and_can_be_given_up(guests: Invite, tmp_path: Path) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    big, other = tmp_path / "big.bin", tmp_path / "other.bin"
    big.write_bytes(os.urandom(3_000_000))
    other.write_bytes(os.urandom(3_000_000))
    held = asyncio.Event()
    patches = 0

    async def unreliable(route: Route) -> None:
        nonlocal patches
        if route.request.method != "PATCH":
            return await route.continue_()
        patches += 1
        if patches in (2, 3):
            return await route.abort("connectionreset")
        if patches > 3:
            await held.wait()
        await route.continue_()

    await ana.page.route("**/files/**", unreliable)
    panel = await attach(ana, big)
    progress = panel.get_by_role("progressbar", name="Uploading big.bin")
    await expect(progress).to_be_visible()
    await attach(ana, other)
    await panel.get_by_role("button", name="Cancel other.bin").click()
    await expect(panel.get_by_text("other.bin")).to_have_count(0)
    held.set()
    await expect((await ben.messages()).filter(has_text="big.bin")).to_be_visible(timeout=45_000)
    await expect(progress).to_have_count(0)
    async with ben.page.expect_download() as download:
        await ben.press("Download big.bin")
    content = content_of(await (await download.value).path())
    assert hashlib.sha256(content).digest() == hashlib.sha256(content_of(big)).digest()
    await expect((await ben.messages()).filter(has_text="other.bin")).to_have_count(0)
    told_of(ana, "net::ERR_CONNECTION_RESET")


@pytest.mark.thorough
async def test_who_loads_the_page_anew_goes_on_with_the_same_file(guests: Invite, tmp_path: Path) -> None:
    ana, ben = await in_the_call(guests, "Ana", "Ben")
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(3_000_000))
    sent: list[int] = []

    async def stuck(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(int(route.request.headers["upload-offset"]))
            if len(sent) == 2:
                return  # never answered
        await route.continue_()

    await ana.page.route("**/files/**", stuck)
    await attach(ana, big)
    await until(lambda: told(len(sent) >= 2), "an upload is in its second request")
    await ana.page.reload()
    await ana.enter()
    await attach(ana, big)
    await expect((await ben.messages()).filter(has_text="big.bin")).to_be_visible(timeout=45_000)
    assert sent[0] == 0 and sent[1] > 0 and min(sent[2:]) == sent[1], "what had come was not sent again"


async def test_what_is_not_taken_is_said_in_words(guests: Invite, tmp_path: Path) -> None:
    (ana,) = await in_the_call(guests, "Ana")

    async def full(route: Route) -> None:
        if route.request.method != "POST":
            return await route.continue_()
        body = io.BytesIO(b'{"code": "too_large", "detail": "too large"}')
        await route.fulfill(status=413, body=body.read(), content_type="application/problem+json")

    await ana.page.route("**/files/**", full)
    note = tmp_path / "note.txt"
    note.write_text("x")
    panel = await attach(ana, note)
    await expect(panel.get_by_role("alert").filter(has_text="The file is too large.")).to_be_visible()
    await ana.page.unroute("**/files/**")
    await panel.get_by_role("button", name="Try again").click()
    await expect(panel.get_by_role("button", name="Download note.txt")).to_be_visible()
    told_of(ana, "413")
