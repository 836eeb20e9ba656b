"""An honest call by the server: Ana sends sound and picture, Ben receives them, both by aiortc."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av import VideoFrame

from tertulia.client import Client
from tests.interop import painting
from tests.interop.tracks import Painted, Played

WITHIN = 30.0
FREEZE = 6.0
"""Seconds without a picture that a busy machine may still be excused for."""
AFTERWARDS = 15
"""Pictures that must come after an attack."""


class Call:
    def __init__(self, url: str, room: str) -> None:
        self.room = room
        self.ana = Client(url, room=room, name="Ana")
        self.ben = Client(url, room=room, name="Ben")
        self.peers: dict[str, RTCPeerConnection] = {"ana": RTCPeerConnection(), "ben": RTCPeerConnection()}
        self.sent: list[bytes] = []
        """SRTP and SRTCP as Ana sent it, the newest last."""
        self._send_again: Callable[[bytes], Awaitable[None]]
        self._frames: list[tuple[float, tuple[str, int]]] = []
        self._news = asyncio.Condition()

    async def start(self) -> None:
        await self.ana.open()
        await self.ben.open()
        ana, ben = self.peers["ana"], self.peers["ben"]
        microphone = await self.ana.publish("microphone", "audio")
        camera = await self.ana.publish("camera", "video", width=painting.WIDTH, height=painting.HEIGHT)
        tracks: list[MediaStreamTrack] = []
        ben.on("track", tracks.append)
        ben.addTransceiver("audio", direction="recvonly")
        ben.addTransceiver("video", direction="recvonly")
        await negotiate(self.ben, ben, {})
        audio = ana.addTransceiver(Played(), direction="sendonly")
        ana.addTransceiver(Painted(), direction="sendonly")
        self._listen_in(audio.sender.transport.transport)
        await negotiate(self.ana, ana, {"0": microphone.id, "1": camera.id})
        (video,) = (track for track in tracks if track.kind == "video")
        self._watching = asyncio.create_task(self._watch(video))
        await self._more(AFTERWARDS)

    def _listen_in(self, ice: Any) -> None:
        genuine = ice._send

        async def send(data: bytes) -> None:
            if 128 <= data[0] < 192:
                self.sent.append(data)
            await genuine(data)

        ice._send = send
        self._send_again = genuine

    async def replay(self, datagram: bytes) -> None:
        """Sends it from Ana's own address."""
        await self._send_again(datagram)

    async def _watch(self, track: MediaStreamTrack) -> None:
        while True:
            frame = await track.recv()
            assert isinstance(frame, VideoFrame)
            seen = painting.seen(frame)
            async with self._news:
                self._frames.append((monotonic(), seen))
                self._news.notify_all()

    async def _more(self, count: int) -> None:
        wanted = len(self._frames) + count

        async def come() -> None:
            async with self._news:
                await self._news.wait_for(lambda: len(self._frames) >= wanted)

        coming = asyncio.create_task(come())
        try:
            await asyncio.wait({coming, self._watching}, timeout=WITHIN, return_when=asyncio.FIRST_COMPLETED)
            if self._watching.done():
                self._watching.result()
            assert coming.done(), f"{wanted - len(self._frames)} of {count} pictures did not come within {WITHIN} s"
        finally:
            coming.cancel()

    @contextlib.asynccontextmanager
    async def undisturbed(self) -> AsyncIterator[None]:
        """What is done within neither stops nor freezes nor spoils the picture, and nobody's session suffers."""
        first = len(self._frames) - 1
        yield
        await self._more(AFTERWARDS)
        times = [time for time, _ in self._frames[first:]]
        longest = max(later - earlier for earlier, later in itertools.pairwise(times))
        assert longest < FREEZE, f"the picture froze for {longest:.1f} s"
        assert {peer.connectionState for peer in self.peers.values()} == {"connected"}
        assert not self.ana.error and not self.ben.error

    async def stop(self) -> None:
        self._watching.cancel()
        for peer in self.peers.values():
            await peer.close()
        await self.ana.close()
        await self.ben.close()


async def negotiate(client: Client, peer: RTCPeerConnection, publications: dict[str, str], serial: int = 1) -> None:
    await peer.setLocalDescription(await peer.createOffer())
    answer = await client.offer_to_server(serial, peer.localDescription.sdp, publications)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
