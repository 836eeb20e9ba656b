"""A camera is sent in several sizes: everybody gets the one that his tile has use for, and none is sent that nobody looks at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from .browsers import Chromium, Firefox
from .caller import Caller, until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]

SCALE = 2
"""Pictures of 640 by 480, which are sent in two sizes."""
WIDTHS = {"h": 320, "f": 640}
SMALL, LARGE = (150, 110), (600, 450)
STOPS_WITHIN = 6.0
"""Seconds: what nobody watches is sent for two more, and a layout has to come to rest first."""
LONGEST_FREEZE = 1.0
KEY_FRAMES = 28
"""Of both encodings in a test, for Chromium makes them together: the first ones, those with which two viewers go up when it is known
what their ways carry, and one or two for each change of tiles."""


async def shows(viewer: Caller, publisher: Caller, tile: tuple[int, int]) -> None:
    await viewer.call("tile", name=publisher.name, width=tile[0], height=tile[1])


async def gets(viewer: Caller, publisher: Caller, rid: str) -> None:
    """Decodes the picture of this encoding, and recognises it."""

    async def wide() -> bool:
        received = await viewer.call("received", name=publisher.name)
        return bool(received) and received["width"] == WIDTHS[rid]

    await until(wide, f"{viewer.name} gets {rid} of {publisher.name}")
    await viewer.sees(publisher)


async def sends_only(publisher: Caller, *rids: str) -> None:
    """No other encodings than these are encoded any more."""

    async def flowing() -> bool:
        before = await publisher.call("sent")
        await asyncio.sleep(0.7)
        after = await publisher.call("sent")
        return {rid for rid in after if after[rid]["frames"] > before.get(rid, {"frames": 0})["frames"] + 1} == set(
            rids
        )

    await until(flowing, f"{publisher.name} sends {rids}", STOPS_WITHIN)


async def went_on(viewer: Caller, publisher: Caller, since: float) -> None:
    gaps = await viewer.gaps(publisher, since)
    assert gaps.longest <= LONGEST_FREEZE, gaps


async def key_frames(publisher: Caller) -> int:
    return sum(encoding["keyFrames"] for encoding in (await publisher.call("sent")).values())


async def everybody_gets_what_his_tile_needs(ana: Caller, ben: Caller, cleo: Caller) -> None:
    """`ana` sends, the others watch."""
    await ana.join(scale=SCALE)
    for viewer in (ben, cleo):
        await viewer.join(publish=[])
        await viewer.sees(ana)
    await shows(ben, ana, SMALL)
    await shows(cleo, ana, LARGE)
    await asyncio.gather(gets(ben, ana, "h"), gets(cleo, ana, "f"))
    since = await ben.clock(), await cleo.clock()
    await shows(cleo, ana, SMALL)
    await gets(cleo, ana, "h")
    await sends_only(ana, "h")
    await shows(ben, ana, LARGE)
    await gets(ben, ana, "f")
    await gets(cleo, ana, "h")
    await went_on(ben, ana, since[0])
    await went_on(cleo, ana, since[1])
    assert await key_frames(ana) <= KEY_FRAMES


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_chromium_sends_what_is_watched(people: Invite, serve: Invite, codec: str) -> None:
    server = await serve("--p2p", "never")
    ana, ben, cleo = await people("Ana", "Ben", "Cleo", at=server)
    await ana.call("prefer", codec=codec)
    await everybody_gets_what_his_tile_needs(ana, ben, cleo)
    assert await ben.call("codecs") == [f"video/{codec}"]


async def test_firefox_sends_what_is_watched(people: Invite, serve: Invite, firefox: Firefox) -> None:
    server = await serve("--p2p", "never")
    (ana,) = await people("Ana", at=server, browser=firefox)
    ben, cleo = await people("Ben", "Cleo", at=server)
    await everybody_gets_what_his_tile_needs(ana, ben, cleo)


async def test_firefox_watches_what_chromium_sends(
    people: Invite, serve: Invite, chromium: Chromium, firefox: Firefox
) -> None:
    server = await serve("--p2p", "never")
    ana, ben = await people("Ana", "Ben", at=server, browser=chromium)
    (cleo,) = await people("Cleo", at=server, browser=firefox)
    await everybody_gets_what_his_tile_needs(ana, ben, cleo)


async def test_what_nobody_looks_at_is_not_sent_until_somebody_does(people: Invite, serve: Invite) -> None:
    server = await serve("--p2p", "never")
    ana, ben = await people("Ana", "Ben", at=server)
    await ana.join(scale=SCALE)
    await ben.join(publish=[])
    await ben.sees(ana)
    await ben.call("hide", name=ana.name, hidden=True)
    await sends_only(ana)
    await ben.call("hide", name=ana.name, hidden=False)
    await gets(ben, ana, "f")


async def test_one_stream_goes_directly_and_several_to_the_server(people: Invite) -> None:
    ana, ben = await people("Ana", "Ben")
    await ana.join(scale=SCALE)
    await ben.join(publish=[])
    await ben.sees(ana)
    await ben.talks_directly()
    (cleo,) = await people("Cleo")
    await cleo.join(publish=[])
    await cleo.sees(ana)
    assert set(await ana.call("sent")) == set(WIDTHS)
