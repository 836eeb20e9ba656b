"""A camera is sent in several sizes: everybody gets the one that his tile has use for, and none is sent that nobody looks at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.thorough import thorough

from .browsers import Chromium, ChromiumPage, Firefox
from .caller import Caller, until
from .conftest import Server
from .wire import Bucket, Wire

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]

SCALE = 2
"""Pictures of 640 by 480, which are sent in two sizes."""
WIDTHS = {"h": 320, "f": 640}
SMALL, LARGE = (150, 110), (600, 450)
GRAIN = 400
"""Specks that make the small picture of twenty a second take some 250 kbit/s, and the large one the 900 that it may."""
NARROW = 500_000
"""Bits a second between the two."""
STOPS_WITHIN = 6.0
"""Seconds: what nobody watches is sent for two more, and a layout has to come to rest first."""
LONGEST_FREEZE = 1.0
DESCRIPTOR = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
KEY_FRAMES = 28
"""Of both encodings in a test, for Chromium makes them together: the first ones, those with which two viewers go up when it is known
what their ways carry, and one or two for each change of tiles."""


async def shows(viewer: Caller, publisher: Caller, tile: tuple[int, int]) -> None:
    await viewer.call("tile", name=publisher.name, width=tile[0], height=tile[1])


async def gets(viewer: Caller, publisher: Caller, rid: str) -> None:
    """Decodes the picture of this encoding, and recognises it."""
    await gets_width(viewer, publisher, WIDTHS[rid])


async def gets_width(viewer: Caller, publisher: Caller, width: int) -> None:
    async def wide() -> bool:
        received = await viewer.call("received", name=publisher.name)
        return bool(received) and received["width"] == width

    await until(wide, f"{viewer.name} gets pictures of {width} pixels of {publisher.name}")
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


@pytest.mark.parametrize("codec", ["VP8", thorough("H264")])
async def test_chromium_sends_what_is_watched(people: Invite, sfu_server: Server, codec: str) -> None:
    ana, ben, cleo = await people("Ana", "Ben", "Cleo", at=sfu_server)
    await ana.call("prefer", codec=codec)
    await everybody_gets_what_his_tile_needs(ana, ben, cleo)
    assert await ben.call("codecs") == [f"video/{codec}"]
    assert {sent["layers"] for sent in (await ana.call("sent")).values()} == {"L1T3"}


@pytest.mark.parametrize(
    ("codec", "layers"),
    [("vp9", "L2T3_KEY"), thorough("vp9", "L2T3"), thorough("av1", "L2T3_KEY"), ("av1", "L2T2")],
)
async def test_chromium_sends_all_sizes_in_one_stream(
    people: Invite, sfu_server: Server, codec: str, layers: str
) -> None:
    ana, ben, cleo = await people("Ana", "Ben", "Cleo", at=sfu_server)
    await ana.join(scale=SCALE, sending={"codec": codec, "scalabilityMode": layers})
    for viewer in (ben, cleo):
        await viewer.join(publish=[])
        await viewer.sees(ana)
    await asyncio.gather(gets_width(ben, ana, 640), gets_width(cleo, ana, 640))
    since = await ben.clock(), await cleo.clock()
    await shows(ben, ana, SMALL)
    await gets_width(ben, ana, 320)
    await gets_width(cleo, ana, 640)
    await shows(ben, ana, LARGE)
    await gets_width(ben, ana, 640)
    await went_on(ben, ana, since[0])
    await went_on(cleo, ana, since[1])
    assert await ben.call("codecs") == [f"video/{codec.upper()}"]
    (sent,) = (await ana.call("sent")).values()
    assert sent["layers"] == layers


@pytest.mark.thorough
async def test_frames_of_av1_are_described_from_end_to_end(people: Invite, sfu_server: Server) -> None:
    ana, ben = await people("Ana", "Ben", at=sfu_server)
    await ana.join(scale=SCALE, sending={"codec": "av1", "scalabilityMode": "L1T3", "simulcast": False})
    await ben.join(publish=[])
    await ben.sees(ana)
    assert (await ana.call("extended", uri=DESCRIPTOR))["takes"] == 1
    assert (await ben.call("extended", uri=DESCRIPTOR))["sends"] >= 1
    assert await ben.call("codecs") == ["video/AV1"]
    (sent,) = (await ana.call("sent")).values()
    assert sent["layers"] == "L1T3"


@pytest.mark.thorough
async def test_frames_of_other_codecs_are_not_described(people: Invite, sfu_server: Server) -> None:
    ana, ben = await people("Ana", "Ben", at=sfu_server)
    await ana.join(scale=SCALE)
    await ben.join(publish=[])
    await ben.sees(ana)
    assert (await ana.call("extended", uri=DESCRIPTOR))["takes"] == 0


async def test_firefox_sends_what_is_watched(people: Invite, sfu_server: Server, firefox: Firefox) -> None:
    (ana,) = await people("Ana", at=sfu_server, browser=firefox)
    ben, cleo = await people("Ben", "Cleo", at=sfu_server)
    await everybody_gets_what_his_tile_needs(ana, ben, cleo)


@pytest.mark.thorough
async def test_firefox_watches_what_chromium_sends(
    people: Invite, sfu_server: Server, chromium: Chromium, firefox: Firefox
) -> None:
    ana, ben = await people("Ana", "Ben", at=sfu_server, browser=chromium)
    (cleo,) = await people("Cleo", at=sfu_server, browser=firefox)
    await everybody_gets_what_his_tile_needs(ana, ben, cleo)


async def test_what_nobody_looks_at_is_not_sent_until_somebody_does(people: Invite, sfu_server: Server) -> None:
    ana, ben = await people("Ana", "Ben", at=sfu_server)
    await ana.join(scale=SCALE)
    await ben.join(publish=[])
    await ben.sees(ana)
    await ben.call("hide", name=ana.name, hidden=True)
    await sends_only(ana)
    await ben.call("hide", name=ana.name, hidden=False)
    await gets(ben, ana, "f")


@pytest.mark.thorough
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


@pytest.mark.timeout(120)
async def test_on_a_narrow_road_comes_what_it_carries_and_everybody_is_told_so(people: Invite, serve: Invite) -> None:
    server = await serve("--p2p", "never")
    ana, ben = await people("Ana", "Ben", at=server)
    assert isinstance(ben.page, ChromiumPage)
    wire = Wire()
    await wire.put_into(ben.page.page)
    await ben.page.reload()

    async def told(reason: str, quality: str) -> None:
        async def so() -> bool:
            qualities = await ana.call("qualities"), await ben.call("qualities")
            why = await ben.call("reason", name=ana.name)
            return why == reason and all(of[ben.name] == quality for of in qualities)

        await until(so, f"Ben is told {reason}, and both that his connection is {quality}", patience=30)

    try:
        await ana.join(fps=20, scale=SCALE, grain=GRAIN, publish=["camera"])
        await ben.join(publish=[])
        await ben.sees(ana)
        await shows(ben, ana, LARGE)
        await gets(ben, ana, "f")
        await told("best", "excellent")
        wire.narrow = Bucket(NARROW)
        await gets(ben, ana, "h")
        await told("bandwidth", "good")
        await ben.sees(ana)
        assert (await ana.call("qualities"))[ana.name] == "excellent", "it is not the publisher's fault"
        wire.narrow = None
        await gets(ben, ana, "f")
        await told("best", "excellent")
    finally:
        wire.close()
