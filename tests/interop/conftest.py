"""An engine of its own for each test, and aiortc as a viewer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av import AudioFrame, VideoFrame

from tertulia.media import addresses
from tertulia.media.engine import EngineMedia, create_engine
from tertulia.media.port import ConnectionId, MediaEvent, PublicationKey
from tertulia.media.roads import find_roads
from tests.interop import painting

ROOM = "room"
SOUND_FRAMES = 25
"""Half a second."""


class Engine:
    """The engine behind its port, and what it told."""

    def __init__(self) -> None:
        engine = create_engine(addresses.binding("127.0.0.1", 0), local_only=True)
        self.media = EngineMedia(engine, roads=find_roads("127.0.0.1", engine.addresses()))
        self.events: list[MediaEvent] = []
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.media.listen(self._hear)

    def _hear(self, event: MediaEvent) -> None:
        self.events.append(event)
        task = asyncio.ensure_future(self._wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def event(self, matches: Callable[[MediaEvent], bool], within: float = 20) -> MediaEvent:
        """The first event that matches, past ones included."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: any(map(matches, self.events)))
        return next(filter(matches, self.events))

    async def connect(
        self, peer: RTCPeerConnection, name: str, publications: dict[str, PublicationKey] | None = None
    ) -> None:
        await peer.setLocalDescription(await peer.createOffer())
        answer = self.media.answer(ConnectionId(name), ROOM, 1, peer.localDescription.sdp, publications or {})
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))


async def post_offer(peer: RTCPeerConnection, url: str) -> str:
    """Offers what the peer has, as WHIP and WHEP clients do; gives the session's URL."""
    await peer.setLocalDescription(await peer.createOffer())
    async with httpx.AsyncClient() as client:
        headers = {"content-type": "application/sdp"}
        answer = await client.post(url, content=peer.localDescription.sdp, headers=headers)
    assert answer.status_code == 201, answer.text
    await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    return str(answer.url.join(answer.headers["location"]))


class Viewer:
    """aiortc, receiving one sound and one picture."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.peer = RTCPeerConnection()
        self._tracks: dict[str, MediaStreamTrack] = {}
        self.peer.on("track", lambda track: self._tracks.setdefault(track.kind, track))

    async def watch(self, engine: Engine, audio: str = "audio", video: str = "video") -> None:
        self.peer.addTransceiver("audio", direction="recvonly")
        self.peer.addTransceiver("video", direction="recvonly")
        await engine.connect(self.peer, self.name)
        engine.media.subscribe(ConnectionId(self.name), PublicationKey(audio), "audio")
        engine.media.subscribe(ConnectionId(self.name), PublicationKey(video), "video")

    async def play(self, url: str) -> str:
        """As a WHEP player does; gives the session's URL."""
        self.peer.addTransceiver("audio", direction="recvonly")
        self.peer.addTransceiver("video", direction="recvonly")
        return await post_offer(self.peer, url)

    def forget(self) -> None:
        """What has come and was not looked at."""
        for track in self._tracks.values():
            queue = track._queue  # type: ignore[attr-defined]  # aiortc keeps all frames and has no other way to let go of them
            while not queue.empty():
                queue.get_nowait()

    async def sees(self, within: float = 20) -> list[tuple[str, int]]:
        """Watches until everything moved as painted; every decoded picture must be one that was painted."""
        frames: list[tuple[str, int]] = []
        async with asyncio.timeout(within):
            while not painting.moves(frames):
                frame = await self._tracks["video"].recv()
                assert isinstance(frame, VideoFrame)
                frames.append(painting.seen(frame))
        return frames

    async def hears(self, within: float = 20) -> tuple[int, int]:
        """The tones of half a second, left and right, after another half second for the decoder to settle."""
        frames: list[AudioFrame] = []
        async with asyncio.timeout(within):
            while len(frames) < 2 * SOUND_FRAMES:
                frame = await self._tracks["audio"].recv()
                assert isinstance(frame, AudioFrame)
                frames.append(frame)
        return painting.heard(frames[SOUND_FRAMES:])


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = Engine()
    yield engine
    engine.media.stop()


@pytest.fixture
async def viewer() -> AsyncIterator[Callable[[str], Viewer]]:
    async with contextlib.AsyncExitStack() as stack:

        def make(name: str) -> Viewer:
            viewer = Viewer(name)
            stack.push_async_callback(viewer.peer.close)
            return viewer

        yield make
