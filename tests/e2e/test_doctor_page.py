"""`/doctor`, and the way there from a call that does not connect."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tertulia import Tertulia

from .browsers import Chromium, Firefox
from .caller import until
from .conftest import Server
from .meeting import Network, enter
from .test_accessibility import Auditor
from .test_leaks import LEDGER
from .test_phone import fits, phone
from .visits import SECRET, Visit

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]

WITHIN = 60_000
"""Milliseconds that the whole examination may take."""
NO_UDP = """
// As behind a firewall that lets no UDP out: no address of this device is offered, and no server is asked by UDP.
const Real = RTCPeerConnection;
const byTcp = ({ urls, ...rest }) => ({ urls: [urls].flat().filter((url) => /transport=tcp/.test(url)), ...rest });
window.RTCPeerConnection = class extends Real {
  constructor(config = {}) {
    const iceServers = (config.iceServers ?? []).map(byTcp).filter(({ urls }) => urls.length > 0);
    super({ ...config, iceServers, iceTransportPolicy: 'relay' });
  }
  setConfiguration() {}
};
"""
NOTHING = "window.RTCPeerConnection.prototype.addIceCandidate = async () => {};" + NO_UDP.replace(
    "/transport=tcp/.test(url)", "false"
)


def summary(page: Page) -> Locator:
    return page.locator("[data-verdict]")


async def verdict(page: Page) -> str:
    await expect(summary(page)).not_to_have_attribute("data-verdict", "checking", timeout=WITHIN)
    return str(await summary(page).get_attribute("data-verdict"))


async def states(page: Page) -> dict[str, str]:
    lines = "[...document.querySelectorAll('[data-check]')].map(({ dataset }) => [dataset.check, dataset.state])"
    return dict(await page.evaluate(lines))


async def test_it_says_in_plain_words_that_calls_work(app_server: Server, chromium: Chromium) -> None:
    tab = await chromium.open(f"{app_server.url}/doctor", permissions=[])
    page = tab.page
    assert await page.title() == "Can I connect? · Tertulia"
    assert await verdict(page) == "udp"
    await expect(summary(page)).to_contain_text("Video will go directly, by UDP: best quality.")
    found = await states(page)
    for check in ("browser", "secure", "server", "socket", "media", "stun", "turn-udp", "turn-tcp"):
        assert found[check] == "ok", f"{check}: {found}"
    assert found["turn-tls"] == "skipped", "this server has no TLS"
    relay = page.get_by_role("listitem").filter(has_text="Relay by TCP")
    await expect(relay).to_contain_text(
        re.compile(r"Bytes went through it and came back, by TCP\. Round trip \d+ ms\.")
    )
    rooms = json.loads(await app_server.get("/_test/rooms"))
    assert not [name for name, room in rooms.items() if name.startswith("doctor-") and room["participants"]]
    await tab.close()
    assert not tab.errors


@pytest.mark.thorough
async def test_it_leaves_nothing_open(app_server: Server, chromium: Chromium) -> None:
    tab = await chromium.open("about:blank", permissions=[])
    await tab.page.add_init_script(LEDGER)
    await tab.page.goto(f"{app_server.url}/doctor")
    await verdict(tab.page)

    async def given_back() -> bool:
        left = await tab.page.evaluate("ledger()")
        assert left["opened"][1] >= 6, "two for each relay, one to see the address, one to the server"
        return not any(left[what] for what in ("tracks", "connections", "sockets", "contexts", "intervals", "timeouts"))

    await until(given_back, "every connection, socket and timer is given back")
    await tab.page.get_by_role("button", name="Try again").click()
    await expect(summary(tab.page)).to_have_attribute("data-verdict", "checking")
    await verdict(tab.page)
    await until(given_back, "and after the second time, too")
    await tab.close()


@pytest.mark.thorough
async def test_firefox_says_the_same(app_server: Server, firefox: Firefox) -> None:
    page = await firefox.open(f"{app_server.url}/doctor")

    async def done() -> str | None:
        found = await page.evaluate("document.querySelector('[data-verdict]')?.dataset.verdict ?? null")
        return None if found == "checking" else found

    assert await until(done, "Firefox has tried everything", patience=WITHIN / 1000) == "udp"
    lines = "[...document.querySelectorAll('[data-check]')].map(({ dataset }) => [dataset.check, dataset.state])"
    found = dict(await page.evaluate(lines))
    for check in ("server", "socket", "media"):
        assert found[check] == "ok", f"{check}: {found}"
    await page.close()


async def test_where_udp_is_blocked_it_says_so(app_server: Server, chromium: Chromium) -> None:
    tab = await chromium.open("about:blank", permissions=[])
    await tab.page.add_init_script(NO_UDP)
    await tab.page.goto(f"{app_server.url}/doctor")
    assert await verdict(tab.page) == "tcp"
    await expect(summary(tab.page)).to_contain_text("Your network blocks UDP")
    found = await states(tab.page)
    assert (found["media"], found["turn-udp"], found["turn-tcp"]) == ("ok", "failed", "ok")
    await expect(tab.page.get_by_role("listitem").filter(has_text="Picture and sound")).to_contain_text("through TCP")
    await tab.close()


async def test_where_nothing_gets_through_it_names_what_has_to_be_opened(
    app_server: Server, chromium: Chromium
) -> None:
    tab = await chromium.open("about:blank", permissions=[])
    await tab.page.add_init_script(NOTHING)
    await tab.page.goto(f"{app_server.url}/doctor")
    assert await verdict(tab.page) == "blocked"
    port = app_server.url.rsplit(":", 1)[1]
    said = summary(tab.page)
    await expect(said).to_contain_text(re.compile(rf"open UDP to \S+:{app_server.udp_port} or TCP to \S+:{port}\."))
    await tab.close()


@pytest.mark.thorough
async def test_a_server_that_is_away_and_a_proxy_that_stops_sockets_are_two_things(
    app_server: Server, chromium: Chromium
) -> None:
    tab = await chromium.open("about:blank", permissions=[])
    network = await Network(tab.page).watch()
    await network.fail()
    await tab.page.goto(f"{app_server.url}/doctor")
    assert await verdict(tab.page) == "no-socket"
    await tab.page.route("**/api/**", lambda route: route.abort())
    await expect(tab.page.get_by_role("button", name="Try again")).to_be_enabled(timeout=WITHIN)
    await tab.page.get_by_role("button", name="Try again").click()
    await expect(summary(tab.page)).to_have_attribute("data-verdict", "no-server", timeout=WITHIN)
    await tab.close()


async def test_with_an_invitation_it_sees_more(house: Server, chromium: Chromium, room: str) -> None:
    tab = await chromium.open(f"{house.url}/doctor", permissions=[])
    assert await verdict(tab.page) == "unknown"
    await expect(summary(tab.page)).to_contain_text("Join by your link")
    token = Tertulia(secret=SECRET).token(room)
    await tab.page.goto(f"{house.url}/doctor?room={room}#t={token}")
    assert await verdict(tab.page) == "udp"
    assert (await states(tab.page))["media"] == "ok"
    await tab.page.get_by_role("link", name="To the room").click()
    await expect(tab.page.get_by_role("heading", name="Ready to join?")).to_be_visible()
    assert tab.page.url == f"{house.url}/r/{room}#t={token}"
    rooms = json.loads(await house.get("/_test/rooms"))
    assert room not in rooms or not rooms[room]["participants"]
    await tab.close()


@pytest.mark.thorough
async def test_the_report_is_copied_by_keyboard_and_holds_no_secret(
    house: Server, chromium: Chromium, room: str
) -> None:
    tab = await chromium.open("about:blank", permissions=["clipboard-read", "clipboard-write"])
    given: list[Any] = []
    tab.page.on("response", lambda answer: given.append(answer) if "/ice-servers" in answer.url else None)
    token = Tertulia(secret=SECRET).token(room)
    await tab.page.goto(f"{house.url}/doctor?room={room}#t={token}")
    assert await verdict(tab.page) == "udp"
    copying = tab.page.get_by_role("button", name="Copy report")
    await expect(copying).to_be_enabled()
    for _ in range(20):
        await tab.page.keyboard.press("Tab")
        if await copying.evaluate("(button) => button === document.activeElement"):
            break
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_text("Copied", exact=True)).to_be_visible()
    report = await tab.page.evaluate("navigator.clipboard.readText()")
    assert report.startswith("Tertulia connection report: udp\n")
    assert re.search(r"^turn-tcp +ok +road=tcp relayed=true rtt=\d+ at=\S+$", report, re.MULTILINE)
    servers = [server for answer in given for server in (await answer.json())["iceServers"]]
    secrets = [server[what] for server in servers for what in ("username", "credential") if server.get(what)]
    assert secrets
    assert not [secret for secret in (token, room, *secrets) if secret in report]
    await tab.close()


@pytest.mark.thorough
async def test_camera_and_microphone_are_tried_when_the_person_says_so(app_server: Server, chromium: Chromium) -> None:
    tab = await chromium.open("about:blank")
    await tab.page.add_init_script(
        "navigator.permissions.query = async () => ({ state: 'prompt' });"
        "window.asked = 0; const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = (wanted) => { asked += 1; return get(wanted); };"
    )
    await tab.page.goto(f"{app_server.url}/doctor")
    await verdict(tab.page)
    assert await tab.page.evaluate("asked") == 0
    await tab.page.get_by_role("button", name="Try camera and microphone").click()
    for check in ("camera", "microphone"):
        await expect(tab.page.locator(f"[data-check={check}]")).to_have_attribute("data-state", "ok")
    assert await tab.page.evaluate("asked") == 2
    await tab.close()


@pytest.mark.thorough
async def test_it_fits_a_phone(app_server: Server, chromium: Chromium) -> None:
    tab = await chromium.open(f"{app_server.url}/doctor", permissions=[], **phone((360, 740)))
    await verdict(tab.page)
    await fits(tab.page)
    await tab.close()


@pytest.mark.thorough
@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
async def test_everybody_can_read_it(app_server: Server, chromium: Chromium, language: str, theme: str) -> None:
    auditor = Auditor(language, theme)
    tab = await chromium.open(f"{app_server.url}/doctor", permissions=[], **auditor.browser)
    await tab.page.get_by_role("main").wait_for()
    await auditor.look(tab.page, "doctor, at work")
    await verdict(tab.page)
    await auditor.look(tab.page, "doctor, all well")
    await tab.page.add_init_script(NOTHING)
    await tab.page.reload()
    assert await verdict(tab.page) == "blocked"
    await auditor.look(tab.page, "doctor, blocked")
    auditor.verdict()
    await tab.close()


async def test_a_room_that_cannot_be_reached_leads_there(app_server: Server, chromium: Chromium, room: str) -> None:
    tab = await chromium.open("about:blank")
    network = await Network(tab.page).watch()
    await network.fail()
    page = tab.page
    await page.goto(f"{app_server.url}/r/{room}")
    await page.get_by_label("Your name").fill("Ana")
    await page.get_by_role("button", name="Join", exact=True).click()
    await expect(page.get_by_role("heading", name="No connection to the server")).to_be_visible(timeout=45_000)
    await page.get_by_role("button", name="Check my connection").click()
    assert await verdict(page) == "no-socket"
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    network.heal()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("toolbar", name="Call controls")).to_be_visible()
    await tab.close()


@pytest.mark.thorough
async def test_a_call_that_lost_the_server_says_so_and_goes_on_trying(guests: Invite) -> None:
    ana, ben = await guests("Ana", "Ben")
    network = await Network(ben.page).watch()
    await ben.page.reload()
    await ana.enter()
    await ben.enter()
    await ana.meets(ben)
    await network.fail()
    # Behind the dialog nothing has a role.
    banner = ben.page.locator("main")
    await expect(banner.get_by_text("The server does not answer. We go on trying.")).to_be_visible(timeout=45_000)
    await ben.press("Check my connection")
    assert await verdict(ben.page) == "no-socket"
    await ben.sees_on(ben.page.locator("[data-tile]").filter(has_text="Ana"), ana.number)
    network.heal()
    await expect(banner.get_by_text("You are back")).to_be_attached(timeout=45_000)
    await expect(ben.page.get_by_role("dialog", name="Can I connect?")).to_be_visible()
    await ben.page.keyboard.press("Escape")
    await ana.meets(ben)
    await ben.meets(ana)


@pytest.mark.thorough
async def test_a_call_whose_media_never_connects_says_so(app_server: Server, chromium: Chromium, room: str) -> None:
    visit = Visit(app_server.url, chromium, room)
    ana, ben = await visit(f"/r/{room}", NOTHING), await visit(f"/r/{room}")
    for page, name in ((ana, "Ana"), (ben, "Ben")):
        await enter(page, name)
    main = ana.get_by_role("main")
    await expect(main.get_by_text("Picture and sound do not get through")).to_be_visible(timeout=60_000)
    await ana.get_by_role("button", name="Try again").click()
    await expect(main.get_by_text("Picture and sound do not get through")).to_be_visible()
    await ana.get_by_role("button", name="Check my connection").click()
    assert await verdict(ana) == "blocked"
    await visit.end()
