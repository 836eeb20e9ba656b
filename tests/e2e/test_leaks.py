"""What a call leaves behind in its page, after many of them: nothing."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.async_api import CDPSession, Page, expect

from .browsers import Chromium
from .caller import until
from .conftest import Server
from .visits import Visit, join

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="session")]

SETTLED = 10
"""After so many, caches are warm: from here on nothing grows."""

# Counts whatever has to be given back. Weak references, so that counting keeps nothing alive.
LEDGER = """
(() => {
  const ledger = { tracks: [], connections: [], sockets: [], contexts: [], intervals: new Set(), timeouts: new Set() };
  const noted = (list, one) => { list.push(new WeakRef(one)); return one; };
  for (const kind of ['getUserMedia', 'getDisplayMedia']) {
    const open = navigator.mediaDevices[kind].bind(navigator.mediaDevices);
    navigator.mediaDevices[kind] = async (wanted) => {
      const stream = await open(wanted);
      for (const track of stream.getTracks()) noted(ledger.tracks, track);
      return stream;
    };
  }
  const clone = MediaStreamTrack.prototype.clone;
  MediaStreamTrack.prototype.clone = function () { return noted(ledger.tracks, clone.call(this)); };
  for (const [name, list] of [['RTCPeerConnection', 'connections'], ['WebSocket', 'sockets'], ['AudioContext', 'contexts']])
    window[name] = new Proxy(window[name], { construct: (type, given) => noted(ledger[list], new type(...given)) });
  const { setInterval, clearInterval, setTimeout, clearTimeout } = window;
  window.setInterval = (...given) => { const id = setInterval(...given); ledger.intervals.add(id); return id; };
  window.clearInterval = (id) => { ledger.intervals.delete(id); clearInterval(id); };
  window.setTimeout = (run, after, ...given) => {
    const id = setTimeout((...given) => { ledger.timeouts.delete(id); run(...given); }, after, ...given);
    ledger.timeouts.add(id);
    return id;
  };
  window.clearTimeout = (id) => { ledger.timeouts.delete(id); clearTimeout(id); };
  const left = (list, isOpen) => list.filter((one) => { const it = one.deref(); return it !== undefined && isOpen(it); }).length;
  window.ledger = () => ({
    opened: [ledger.tracks.length, ledger.connections.length, ledger.sockets.length],
    tracks: left(ledger.tracks, ({ readyState }) => readyState === 'live'),
    connections: left(ledger.connections, ({ connectionState }) => connectionState !== 'closed'),
    sockets: left(ledger.sockets, ({ readyState }) => readyState < WebSocket.CLOSING),
    contexts: left(ledger.contexts, ({ state }) => state === 'running'),
    intervals: ledger.intervals.size,
    timeouts: ledger.timeouts.size,
  });
})();
"""


@dataclass(frozen=True)
class Weight:
    """Of a page in which no call is going on, after garbage collection."""

    heap: int
    """Bytes that JavaScript uses."""
    nodes: int
    listeners: int


async def weigh(session: CDPSession) -> Weight:
    # Finalizers free more for the next round.
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    heap = await session.send("Runtime.getHeapUsage")
    dom = await session.send("Memory.getDOMCounters")
    return Weight(int(heap["usedSize"]), int(dom["nodes"]), int(dom["jsEventListeners"]))


async def leave(page: Page) -> None:
    await page.get_by_role("button", name="Leave", exact=True).click()
    await expect(page.get_by_role("heading", name="You left the room")).to_be_visible()


@pytest.mark.thorough
@pytest.mark.parametrize("calls", [25, pytest.param(50, marks=pytest.mark.soak)])
async def test_calls_leave_nothing_behind(app_server: Server, chromium: Chromium, room: str, calls: int) -> None:
    visit = Visit(app_server.url, chromium, room)
    other = await visit(f"/r/{room}")
    await join(other, "Ben")
    page = await visit(f"/r/{room}", LEDGER)
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.enable")
    await join(page, "Ana")
    before = None

    async def at_rest() -> bool:
        left = await page.evaluate("ledger()")
        return not any(left[what] for what in ("tracks", "connections", "sockets", "contexts", "intervals", "timeouts"))

    async def weigh_at_rest() -> Weight:
        # The end of a sentence for screen readers takes some seconds more.
        await until(at_rest, "every track, connection, socket, sound context and timer is given back", patience=15)
        return await weigh(session)

    for call in range(1, calls + 1):
        # Every fifth has all that a call can have: pictures of somebody else, a panel, a dialog.
        if call % 5 == 0:
            await expect(page.locator("[data-tile] video")).to_have_count(2)
            await page.keyboard.press("c")
            await expect(page.get_by_role("log")).to_be_visible()
            await page.keyboard.press("Escape")
            await page.keyboard.press("?")
            await expect(page.get_by_role("dialog")).to_be_visible()
            await page.keyboard.press("Escape")
            await expect(page.get_by_role("dialog")).to_have_count(0)
        await leave(page)
        if call == SETTLED:
            before = await weigh_at_rest()
        if call < calls:
            await page.get_by_role("button", name="Join again").click()
            await expect(page.get_by_role("toolbar").first).to_be_visible()
    opened = (await page.evaluate("ledger()"))["opened"]
    assert min(opened) >= calls, f"not counted: {opened}"
    assert before
    after = await weigh_at_rest()

    async def as_light_as_before() -> bool:
        nonlocal after
        after = await weigh(session)
        # One node or listener that every call keeps would be one for each since then. What the heap gains is machine code.
        spare = calls - SETTLED
        return (
            after.nodes < before.nodes + spare
            and after.listeners < before.listeners + spare
            and after.heap < before.heap + 1_500_000
        )

    # The browser gives back the last calls' elements in its own time, some seconds late; what is kept for good stays for good.
    await until(as_light_as_before, lambda: f"the page is as light as before: {before}, now {after}", patience=30)
    print(f"after {SETTLED} calls {before}, after {calls} {after}")
    await visit.end()
