"""Pictures and sound by the WebSocket: without WebRTC, together with people who have it, and for a page that falls behind."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable
from typing import Any

import pytest

from .browsers import Firefox
from .caller import Caller, until
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SOCKET = {"media": "socket"}
GLASS_TO_GLASS_MAX = 1500
"""Milliseconds; a quiet machine shows a picture within 100."""


async def needs_no_webrtc(caller: Caller) -> None:
    assert await caller.page.evaluate("person.room.bySocket && person.room.snapshot.bySocket")
    assert await caller.page.evaluate("person.room.roads().sfu === null && person.room.roads().peers.size === 0")


async def newest_of(caller: Caller) -> int:
    """Number of the picture that was painted last."""
    return max(int(n) for n in await caller.call("painting"))


async def test_one_by_the_socket_and_one_by_webrtc_meet(people: Callable[..., Any], sfu_server: Server) -> None:
    (ana,) = await people("Ana", at=sfu_server, **SOCKET)
    (ben,) = await people("Ben", at=sfu_server)
    await ana.join()
    await ben.join()
    await ben.meets(ana)
    await ana.meets(ben)
    await needs_no_webrtc(ana)

    async def speak() -> bool:
        return {ana.identity, ben.identity} <= set(await ben.call("speakers"))

    await until(speak, "both are heard to speak")


@pytest.mark.thorough
async def test_two_by_the_socket_meet_and_are_seen_with_little_delay(
    people: Callable[..., Any], server: Server
) -> None:
    """Where they might talk directly, too."""
    ana, ben = await people("Ana", "Ben", **SOCKET)
    await ana.join(fps=25)
    await ben.join()
    await ana.meets(ben)
    await ben.meets(ana)
    await needs_no_webrtc(ana)
    since = await ben.clock()
    await ben.sees(ana, frames=50)
    painted = {int(n): at for n, at in (await ana.call("painting")).items()}
    origin = float(await ben.page.evaluate("performance.timeOrigin"))
    shown = [frame for frame in await ben.call("watch", name="Ana", since=since) if frame["n"] in painted]
    delays = [frame["at"] + origin - painted[frame["n"]] for frame in shown]
    print(f"glass to glass: median {statistics.median(delays):.0f} ms, worst of {len(delays)} {max(delays):.0f} ms")
    assert statistics.median(delays) < GLASS_TO_GLASS_MAX


@pytest.mark.thorough
async def test_who_comes_late_is_given_a_key_frame_and_a_muted_camera_comes_back(
    people: Callable[..., Any], sfu_server: Server
) -> None:
    (ana,) = await people("Ana", at=sfu_server, **SOCKET)
    ben, cora = await people("Ben", "Cora", at=sfu_server)
    await ana.join()
    await ben.join()
    await ben.sees(ana)
    await cora.join()
    await cora.sees(ana)
    (dan,) = await people("Dan", at=sfu_server, **SOCKET)
    await dan.join()
    await dan.sees(ana)
    await dan.sees(ben)
    await ana.call("mute", source="camera", muted=True)
    muted_at = await newest_of(ana)

    async def painted_on() -> bool:
        return await newest_of(ana) > muted_at + 30

    await until(painted_on, "Ana goes on painting")
    shown = [frame["n"] for frame in await ben.call("watch", name="Ana")]
    assert max(shown) <= muted_at + 2, "what was painted after it nobody sees"
    await ana.call("mute", source="camera", muted=False)
    await ben.sees(ana)
    await dan.sees(ana)
    await ana.call("exchange", id=ana.number, scale=2, hz=ana.pitch)
    await ben.meets(ana)


async def test_firefox_sends_and_watches_by_the_socket(
    people: Callable[..., Any], firefox: Firefox, sfu_server: Server
) -> None:
    """It has no way to read a track in a page."""
    (ana,) = await people("Ana", at=sfu_server, browser=firefox, **SOCKET)
    (ben,) = await people("Ben", at=sfu_server)
    await ana.join()
    await ben.join()
    await ben.meets(ana)
    await ana.meets(ben)
    await needs_no_webrtc(ana)


async def test_a_browser_without_webrtc_takes_the_socket_by_itself(
    people: Callable[..., Any], sfu_server: Server
) -> None:
    ana, ben = await people("Ana", "Ben", at=sfu_server)
    await ana.page.evaluate("void (delete globalThis.RTCPeerConnection)")
    await ana.join()
    await ben.join()
    await ana.meets(ben)
    await ben.meets(ana)
    await needs_no_webrtc(ana)


@pytest.mark.thorough
async def test_where_no_connection_comes_about_the_socket_takes_over(
    people: Callable[..., Any], sfu_server: Server
) -> None:
    """A network that lets no UDP through, and no TCP but that of the page: of such candidates none is left."""
    ana, ben = await people("Ana", "Ben", at=sfu_server)
    await ana.page.evaluate("""void (() => {
        const Real = RTCPeerConnection;
        globalThis.RTCPeerConnection = class extends Real {
          constructor(config) { super({ ...config, iceServers: [], iceTransportPolicy: 'relay' }); }
          setConfiguration() {}
        };
    })()""")
    await ana.join()
    await ben.join()
    assert not await ana.page.evaluate("person.room.bySocket")
    await ana.sees(ben, patience=60)
    await ben.meets(ana)
    await needs_no_webrtc(ana)

    async def connected() -> bool:
        return bool((await ana.call("state"))["state"] == "connected")

    await until(connected, "the room says that all is well again")


async def test_a_page_that_falls_behind_misses_pictures_and_then_sees_what_is_painted_now(
    people: Callable[..., Any], sfu_server: Server
) -> None:
    ana, ben = await people("Ana", "Ben", at=sfu_server, **SOCKET)
    await ana.join(fps=25, scale=2, grain=40)
    await ben.join()
    await ben.sees(ana)
    since = await ben.clock()
    # It reads nothing: what is sent meanwhile waits in the network.
    await ben.page.evaluate("void (() => { const end = performance.now() + 5000; while (performance.now() < end); })()")

    async def caught_up() -> bool:
        seen = await ben.call("watch", name="Ana", since=since)
        if not seen:
            return False
        return await newest_of(ana) - int(seen[-1]["n"]) < 50

    await until(caught_up, "what Ben sees was painted in the last two seconds")
    shown = [frame["n"] for frame in await ben.call("watch", name="Ana", since=since)]
    assert max(after - before for before, after in itertools.pairwise(shown)) > 25, "more than a second was left out"
    await ben.meets(ana)
