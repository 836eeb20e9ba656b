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

from tests.interop import painting
from tests.interop.conftest import Viewer
from tests.interop.house import House

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
            raise AssertionError((await asyncio.wait_for(process.stderr.read(), 30)).decode())
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_whep_player_sees_and_hears_what_ffmpeg_sends(viewer: Callable[[str], Viewer]) -> None:
    """The early player is there before anything is sent; both get whoever is in front, which is FFmpeg."""
    early, late = viewer("early"), viewer("late")
    async with House() as house:
        await early.play(f"{house.url}/whep/studio")
        async with ffmpeg(f"{house.url}/whip/studio/ffmpeg") as process:
            _, tones = await asyncio.gather(early.sees(), early.hears())
            assert tones == pytest.approx((painting.LEFT_HZ, painting.RIGHT_HZ), abs=5)
            # FFmpeg ignores key-frame requests: its next key frame is at most a second away.
            await late.play(f"{house.url}/whep/studio/ffmpeg")
            _, tones = await asyncio.gather(late.sees(), late.hears())
            assert tones == pytest.approx((painting.LEFT_HZ, painting.RIGHT_HZ), abs=5)
            assert process.returncode is None
            assert house.person("studio", "ffmpeg") is not None
            process.terminate()
            await house.gone("studio", "ffmpeg")
            assert await asyncio.wait_for(process.wait(), 30) == 0
        counters = house.media.counters()
        assert {name: counters[name] for name in ("dropped_bad_auth", "dropped_replayed", "dropped_bad_dtls")} == {
            "dropped_bad_auth": 0, "dropped_replayed": 0, "dropped_bad_dtls": 0,
        }  # fmt: skip


async def test_ffmpeg_that_was_killed_comes_back_with_the_same_name(viewer: Callable[[str], Viewer]) -> None:
    """Its place is taken until its silence is noticed; the player stays and sees it again."""
    player = viewer("player")
    async with House() as house:
        url = f"{house.url}/whip/studio/ffmpeg"
        await player.play(f"{house.url}/whep/studio/ffmpeg")
        async with ffmpeg(url) as process:
            await player.sees()
            process.kill()
            await process.wait()
        room = house.app.room("studio")
        assert room is not None
        updated = room.events("participant_updated")
        with pytest.raises(AssertionError, match="Server returned 4XX"):
            async with ffmpeg(url):
                pass
        async with asyncio.timeout(30):
            while (now := house.person("studio", "ffmpeg")) is not None and now.connected:
                await anext(updated)
        player.forget()
        async with ffmpeg(url):
            await player.sees()
