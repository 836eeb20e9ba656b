"""FFmpeg's own ICE, DTLS and SRTP publish by WHIP; aiortc's decode what arrives."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import av
import pytest

from tertulia.media.port import Bound, Connected, ConnectionId, PublicationKey
from tests.interop import painting
from tests.interop.conftest import ROOM, Engine, Viewer
from tests.interop.whip import PUBLISHER, Whip

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif("whip" not in av.formats_available, reason="this FFmpeg has no WHIP muxer"),
]


@contextlib.asynccontextmanager
async def ffmpeg(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Publishing; its complaints are in the error when it does not."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.interop.ffmpeg_publisher", url,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.stdout and process.stderr
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        if line != b"published\n":
            raise AssertionError((await asyncio.wait_for(process.stderr.read(), 10)).decode())
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_viewer_sees_and_hears_what_ffmpeg_sends(engine: Engine, viewer: Callable[[str], Viewer]) -> None:
    early, late = viewer("early"), viewer("late")
    async with Whip(engine.media, ROOM) as whip:
        await early.watch(engine)
        async with ffmpeg(whip.url) as process:
            await engine.event(lambda event: event == Connected(PUBLISHER))
            _, tones = await asyncio.gather(early.sees(), early.hears())
            assert tones == pytest.approx((painting.LEFT_HZ, painting.RIGHT_HZ), abs=5)
            assert Bound(ConnectionId("early"), "1", PublicationKey("video")) in engine.events
            # FFmpeg ignores key-frame requests: its next key frame is at most a second away.
            await late.watch(engine)
            _, tones = await asyncio.gather(late.sees(), late.hears())
            assert tones == pytest.approx((painting.LEFT_HZ, painting.RIGHT_HZ), abs=5)
            assert process.returncode is None
            process.terminate()
            await asyncio.wait_for(whip.deleted.wait(), 10)
            assert await asyncio.wait_for(process.wait(), 10) == 0
    (offer,) = whip.offers
    assert "a=setup:passive" in offer
    counters = engine.media.counters()
    assert {name: counters[name] for name in ("dropped_bad_auth", "dropped_replayed", "dropped_bad_dtls")} == {
        "dropped_bad_auth": 0, "dropped_replayed": 0, "dropped_bad_dtls": 0,
    }  # fmt: skip
