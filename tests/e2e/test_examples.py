"""The pages under examples/, each served by the command of its README."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Dialog

from .browsers import ChromiumPage
from .caller import until
from .conftest import EXAMPLES
from .stranger import Stranger, present

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


@pytest.mark.parametrize("name", sorted(it.name for it in EXAMPLES.iterdir() if it.is_dir()))
async def test_each_says_in_one_command_how_it_starts(name: str) -> None:
    readme = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"\n```\ntertulia serve --web examples/{name}( --[a-z-]+ \d+)*\n```\n", readme)


async def test_websocket_call(example: Invite, strangers: Invite) -> None:
    server = await example("websocket-call")
    ana, ben = await strangers(f"{server.url}/", 1), await strangers(f"{server.url}/", 2)
    await present(server, "lobby", 2)
    await _press(ana, "Call")
    await ana.sees(2)
    await ben.sees(1)
    await ana.hears(ben.pitch)
    assert not [*ana.errors, *ben.errors]


async def test_websocket_call_asks_first(example: Invite, strangers: Invite) -> None:
    server = await example("websocket-call")
    ana, ben = await strangers(f"{server.url}/", 1), await strangers(f"{server.url}/", 2)
    await present(server, "lobby", 2)
    answers = ["dismiss", "accept"]

    async def answer(dialog: Dialog) -> None:
        await (dialog.accept() if answers.pop(0) == "accept" else dialog.dismiss())

    ben.tab.page.on("dialog", answer)
    await _press(ana, "Ring first")
    await _says(ana, "reject")
    await _press(ana, "Ring first")
    await ana.sees(2)
    await ben.sees(1)
    await _press(ben, "Hang up")
    await _says(ana, "The call has ended")
    assert not [*ana.errors, *ben.errors]


async def test_socketio_live(example: Invite, strangers: Invite) -> None:
    server = await example("socketio-live")
    ana = await strangers(f"{server.url}/#send", 1)
    await present(server, "live", 1)
    ben = await strangers(f"{server.url}/", 2)
    await ben.sees(1, "#picture")
    await until(lambda: ana.evaluate("channel?.readyState === 'open'"), "there is a data channel")
    await ana.evaluate("share({from: [0, 0], to: [1, 1]})")
    await until(lambda: ben.evaluate("strokes.length"), "the line comes over it")
    cora = await strangers(f"{server.url}/", 3)
    await cora.sees(1, "#picture")
    await ben.sees(1, "#picture")
    assert await server.metric("tertulia_rtp_in_total") > 0
    await cora.evaluate("share({from: [0, 1], to: [1, 0]})")
    for page in (ana, ben):
        await _has_strokes(page, 2)


async def test_peerjs_call(example: Invite, strangers: Invite) -> None:
    server = await example("peerjs-call")
    ana, ben = await strangers(f"{server.url}/", 1), await strangers(f"{server.url}/", 2)
    for page in (ana, ben):
        await _says(page, "Ready")
    id = await ben.evaluate("document.getElementById('own').textContent")
    await ana.evaluate(f"document.getElementById('id').value = {id!r}")
    await _press(ana, "Call")
    await ana.sees(2)
    await ben.sees(1)
    await until(lambda: ana.evaluate("friend?.open"), "there is a data connection")
    await ana.evaluate("document.getElementById('text').value = 'Hello <b>Ben</b>'")
    await _press(ana, "Send")
    lines = "document.getElementById('lines').innerText"
    await until(lambda: ben.evaluate(f"{lines} === 'They: Hello <b>Ben</b>'"), "the message is there, as text")
    assert await server.metric("tertulia_rtp_in_total") == 0
    assert not [*ana.errors, *ben.errors]


async def test_consultation(example: Invite, strangers: Invite) -> None:
    server = await example("consultation", "--max-room-size", "2")
    doctor = await strangers(f"{server.url}/doctor.html", 1)
    await _says(doctor, "Nobody is with you")
    patients = [await strangers(f"{server.url}/", number) for number in (2, 3)]
    for patient in patients:
        await _says(patient, "The doctor will let you in")
    await until(lambda: doctor.evaluate("document.querySelectorAll('#waiting li').length === 2"), "two wait")
    first, second = patients
    await _press_first(doctor, "Admit")
    await _says(doctor, "A patient is with you")
    await doctor.sees(2)
    await first.sees(1)
    await first.hears(doctor.pitch)
    await until(lambda: first.evaluate("/^video\\//.test(document.getElementById('codec').textContent)"), "the codec")
    for page in (doctor, first):
        await _says(page, "to the server", "road")
    await _press_first(doctor, "Admit")
    await _says(doctor, "there is no place left (room_full)")
    await _press(doctor, "Next, please")
    await until(lambda: first.evaluate("document.getElementById('state').textContent.includes('removed')"), "told so")
    await _press_first(doctor, "Admit")
    await doctor.sees(3)
    await second.sees(1)


async def _has_strokes(page: Stranger, count: int) -> None:
    await until(lambda: page.evaluate(f"strokes.length === {count}"), f"{page.number} has {count} lines")


async def _press(page: Stranger, button: str) -> None:
    assert isinstance(page.tab, ChromiumPage)
    await page.tab.page.get_by_role("button", name=button, exact=True).click()


async def _press_first(page: Stranger, button: str) -> None:
    assert isinstance(page.tab, ChromiumPage)
    await page.tab.page.get_by_role("button", name=button, exact=True).first.click()


async def _says(page: Stranger, text: str, where: str = "state") -> None:
    await until(
        lambda: page.evaluate(f"document.getElementById('{where}').textContent === '{text}'"), f"it says {text}"
    )
