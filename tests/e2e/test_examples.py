"""The pages under examples/, each served by the command of its README."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Dialog

from tests.thorough import thorough

from .browsers import ChromiumPage
from .caller import until
from .conftest import EXAMPLES
from .stranger import Stranger, present

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


@pytest.mark.parametrize("name", sorted(it.name for it in EXAMPLES.iterdir() if it.is_dir()))
async def test_each_says_in_one_command_how_it_starts(name: str) -> None:
    readme = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    serve = rf"tertulia serve --web examples/{name}( --[a-z-]+ \d+)*"
    assert re.search(rf"\n```\n({serve}|python examples/{name}/server\.py)\n```\n", readme)


async def test_websocket_call(example: Invite, strangers: Invite) -> None:
    server = await example("websocket-call")
    ana, ben = await strangers(f"{server.url}/", 1), await strangers(f"{server.url}/", 2)
    await present(server, "lobby", 2)
    await _press(ana, "Call")
    await ana.sees(2)
    await ben.sees(1)
    await ana.hears(ben.pitch)
    assert not [*ana.errors, *ben.errors]


@pytest.mark.thorough
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


async def test_quotes(program: Invite, strangers: Invite) -> None:
    url = await program("quotes")
    desk, phone = await strangers(f"{url}/", 1), await strangers(f"{url}/?every=1000", 2)
    for page in (desk, phone):
        await _holds(page, "quotes.size === 500")
    counts = "({desk: count.updates, newest: count.newest})"
    before = [await page.evaluate(counts) for page in (desk, phone)]
    await _holds(desk, f"count.updates > {before[0]['desk'] + 2500}")
    after = [await page.evaluate(counts) for page in (desk, phone)]
    took = (after[0]["newest"] - before[0]["newest"]) / 1000
    assert after[0]["desk"] - before[0]["desk"] >= 900 * took, "the desk gets each of them"
    slow = "Math.max(...[...quotes.values()].map(({updates}) => updates))"
    assert await phone.evaluate(slow) < 0.5 * await desk.evaluate(slow)
    assert after[1]["desk"] - before[1]["desk"] <= 500 * (took + 2)
    assert after[1]["newest"] > after[0]["newest"] - 2000, "what the phone gets is new"
    assert not [*desk.errors, *phone.errors]


async def test_positions(example: Invite, strangers: Invite) -> None:
    server = await example("positions")
    ana, ben = await strangers(f"{server.url}/", 1), await strangers(f"{server.url}/", 2)
    for page in (ana, ben):
        await _holds(page, "document.querySelectorAll('.who').length === 2")
    id = await ana.evaluate("room.local.id")
    assert isinstance(ana.tab, ChromiumPage)
    map_ = ana.tab.page.locator("#map")
    box = await map_.bounding_box()
    assert box
    await ana.tab.page.mouse.move(box["x"] + 10, box["y"] + 10)
    await ana.tab.page.mouse.down()
    await ana.tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=30)
    await ana.tab.page.mouse.up()
    seen = f"document.querySelector('[data-id=\"{id}\"]')?.getAttribute('transform')"
    await until(lambda: ben.evaluate(f"{seen} === 'translate(500 300)'"), "the other page follows")
    await ana.tab.page.keyboard.press("ArrowRight")
    await until(lambda: ben.evaluate(f"{seen} === 'translate(510 300)'"), "by key, too")
    await _press(ana, "Meet here")
    cem = await strangers(f"{server.url}/", 3)
    flag = "document.getElementById('flag')"
    for page in (ben, cem):
        await _holds(page, f"!{flag}.hasAttribute('hidden') && {flag}.getAttribute('transform')")
        assert await page.evaluate(f"{flag}.getAttribute('transform')") == "translate(510 300)"
    await ana.evaluate("room.leave()")
    await until(
        lambda: ben.evaluate("document.querySelectorAll('.who').length === 2"), "who goes takes his marker along"
    )
    assert not [*ben.errors, *cem.errors]


async def test_chat(example: Invite, strangers: Invite) -> None:
    server = await example("chat")
    ana, ben = await strangers(f"{server.url}/", 1), await strangers(f"{server.url}/", 2)
    await present(server, "chat", 2)
    field, send = "document.getElementById('text')", "document.getElementById('form').requestSubmit()"
    lines = "document.getElementById('lines').innerText"
    await ana.evaluate(f"{field}.dispatchEvent(new Event('input'))")
    await _holds(ben, "document.getElementById('typists').textContent.endsWith('…')")
    await ana.evaluate(f"({field}.value = 'Hello <b>Ben</b>', {send})")
    await _holds(ben, f"{lines}.includes(': Hello <b>Ben</b>')")
    await _press_first(ben, "👍 0")
    await _holds(ana, f"{lines}.includes('👍 1')")
    await ana.evaluate("(window.prompt = () => 'Hello Ben', null)")
    await _press_first(ana, "Edit")
    await _holds(ben, f"{lines}.includes(': Hello Ben (edited)')")
    await _press_first(ana, "Delete")
    await _holds(ben, f"{lines}.includes(': deleted') && !{lines}.includes('Hello')")
    assert not [*ana.errors, *ben.errors]


async def _holds(page: Stranger, expression: str) -> None:
    await until(lambda: page.evaluate(expression), f"{page.number}: {expression}")


async def test_whiteboard(example: Invite, strangers: Invite) -> None:
    server = await example("whiteboard")
    ana, ben = await strangers(f"{server.url}/", 1), await strangers(f"{server.url}/", 2)
    for page in (ana, ben):
        await _says(page, "synced")
    blank = await _picture(ana)
    await _draw(ana, (100, 100), (400, 250))
    await _draw(ben, (400, 100), (100, 250))
    await until(lambda: _same(ana, ben, but=blank), "both have both lines")
    both = await _picture(ana)
    assert isinstance(ana.tab, ChromiumPage)
    await ana.tab.page.reload()
    await _says(ana, "synced")
    await until(lambda: _same(ana, ben, but=blank), "it is there again")
    await _press(ben, "Undo")
    await until(lambda: _same(ana, ben, but=both), "Ben's line is gone, Ana's is not")
    assert await _picture(ana) != blank
    assert not [*ana.errors, *ben.errors]


async def _draw(page: Stranger, start: tuple[int, int], end: tuple[int, int]) -> None:
    assert isinstance(page.tab, ChromiumPage)
    box = await page.tab.page.locator("#board").bounding_box()
    assert box
    mouse = page.tab.page.mouse
    await mouse.move(box["x"] + start[0], box["y"] + start[1])
    await mouse.down()
    await mouse.move(box["x"] + end[0], box["y"] + end[1], steps=10)
    await mouse.up()
    # Away from the board, where the others are not shown the pointer.
    await mouse.move(box["x"] + 10, box["y"] - 30)


async def _picture(page: Stranger) -> str:
    return str(
        await page.evaluate(
            """(() => {
              const [canvas, size] = [document.getElementById('board'), 60];
              const small = Object.assign(document.createElement('canvas'), { width: size, height: size });
              small.getContext('2d').drawImage(canvas, 0, 0, 800, 500, 0, 0, size, size);
              return small.toDataURL();
            })()"""
        )
    )


async def _same(one: Stranger, other: Stranger, but: str) -> bool:
    first, second = await _picture(one), await _picture(other)
    return first == second != but


async def _has_strokes(page: Stranger, count: int) -> None:
    await until(lambda: page.evaluate(f"strokes.length === {count}"), f"{page.number} has {count} lines")


@pytest.mark.parametrize(("arguments", "road"), [thorough((), "direct"), (("--p2p", "never"), "sfu")])
async def test_game(example: Invite, strangers: Invite, arguments: tuple[str, ...], road: str) -> None:
    server = await example("game", *arguments)
    ana, ben = await strangers(f"{server.url}/", 1), await strangers(f"{server.url}/", 2)
    await present(server, "game", 2)
    for page in (ana, ben):
        await _holds(page, "document.body.innerText.startsWith('You are on')")
        await _holds(page, f"document.getElementById('road').textContent === '{road}'")
        await _holds(page, "((ms) => 0 < ms && ms < 1000)(Number(document.getElementById('latency').textContent))")
    left, right = (ana, ben) if await ana.evaluate("game.own() === 'left'") else (ben, ana)
    await right.evaluate("game.paddles.right = 33")
    await until(lambda: left.evaluate("game.paddles.right === 33"), "the move arrives")
    await left.evaluate("Object.assign(game.score, { left: 3, right: 4 })")
    same = "document.getElementById('score').textContent"
    await until(lambda: right.evaluate("game.score.left >= 3"), "the score arrives")

    async def agree() -> bool:
        return bool(await left.evaluate(same) == await right.evaluate(same))

    await until(agree, "both see the same score")
    first = await right.evaluate("game.ball.x")
    await until(lambda: right.evaluate(f"game.ball.x !== {first}"), "the ball moves there, too")
    if road == "sfu":
        assert await server.metric("tertulia_data_in_total") > 0
    assert not [*ana.errors, *ben.errors]


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
