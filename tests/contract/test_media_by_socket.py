"""Media by the socket, encoded and decoded by another implementation, written from the reference alone."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from fractions import Fraction
from typing import Any

import av
import pytest
from av.video.frame import PictureType

from tertulia.client import Client, EventStream
from tertulia.errors import Code
from tertulia.wire import native

from .peer import HEIGHT, TONE, WIDTH, Peer, Picture, Tone, bar, pitch
from .server import Server
from .support import WITHIN, Invite

pytestmark = pytest.mark.interop
MICROSECONDS = Fraction(1, 1_000_000)


class Camera:
    """Sends pictures in VP8, a key frame whenever one is wanted."""

    def __init__(self, client: Client, publication: str) -> None:
        self._client = client
        self.publication = publication
        self._wanted = client.events(native.KeyFrameWanted)
        self._picture = Picture()
        self.keys = 0
        self._encoder: Any = av.CodecContext.create("libvpx", "w")
        self._encoder.width, self._encoder.height, self._encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        self._encoder.time_base = MICROSECONDS
        self._encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "3000"}

    async def run(self) -> None:
        while True:
            frame = (await self._picture.recv()).reformat(format="yuv420p")
            frame.pts, frame.time_base = time.monotonic_ns() // 1000, MICROSECONDS
            frame.pict_type = PictureType.I if self._wanted.waiting() else PictureType.NONE
            for packet in self._encoder.encode(frame):
                self.keys += packet.is_keyframe
                await self._client.media.send(
                    self.publication, "vp8", bytes(packet), time=packet.pts, key=packet.is_keyframe
                )


class Microphone:
    """Sends a tone in Opus."""

    def __init__(self, client: Client, publication: str) -> None:
        self._client = client
        self._publication = publication
        self._tone = Tone()
        self._encoder: Any = av.CodecContext.create("libopus", "w")
        self._encoder.sample_rate, self._encoder.layout, self._encoder.format = 48_000, "mono", "s16"

    async def run(self) -> None:
        while True:
            for packet in self._encoder.encode(await self._tone.recv()):
                now = time.monotonic_ns() // 1000
                await self._client.media.send(self._publication, "opus", bytes(packet), time=now, level=20)


class Person:
    """Somebody whose media goes by the socket."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.chunks: EventStream[native.MediaChunkCame] = client.media.chunks(limit=4096)
        self.camera = self.microphone = ""
        self._decoders: dict[str, Any] = {}
        self._work: list[asyncio.Task[None]] = []

    async def sends(self) -> "Camera":
        self.camera = (await self.client.publish("camera", "video")).id
        self.microphone = (await self.client.publish("microphone", "audio")).id
        camera = Camera(self.client, self.camera)
        for work in (camera, Microphone(self.client, self.microphone)):
            self._work.append(asyncio.create_task(work.run()))
        return camera

    async def sees(self, publication: str, count: int) -> list[int]:
        """Where the bar is in so many pictures, decoded one after another."""
        found: list[int] = []
        async with asyncio.timeout(WITHIN):
            async for chunk in self.chunks:
                if chunk.publication != publication:
                    continue
                if publication not in self._decoders:
                    assert chunk.codec == "vp8" and chunk.key, "the first one is a key frame"
                    self._decoders[publication] = av.CodecContext.create("vp8", "r")
                for frame in self._decoders[publication].decode(av.Packet(chunk.bytes)):
                    at = bar(frame)
                    found.extend([] if at is None else [at])
                if len(found) >= count:
                    return found
        raise EOFError

    async def hears(self, publication: str) -> float:
        """The pitch of its sound, in Hz."""
        decoder: Any = av.CodecContext.create("opus", "r")
        decoder.sample_rate, decoder.layout = 48_000, "stereo"
        packed = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        frames: list[Any] = []
        async with asyncio.timeout(WITHIN):
            async for chunk in self.chunks:
                if chunk.publication == publication:
                    assert chunk.codec == "opus" and chunk.key
                    frames.extend(one for it in decoder.decode(av.Packet(chunk.bytes)) for one in packed.resample(it))
                if len(frames) >= 30:
                    return pitch(frames)
        raise EOFError

    def close(self) -> None:
        for work in self._work:
            work.cancel()


Persons = Callable[[str], Awaitable[Person]]


@pytest.fixture
def url(servers: Callable[..., Server]) -> str:
    return servers("--p2p", "never").url


@pytest.fixture
async def persons(url: str, invite: Invite) -> AsyncIterator[Persons]:
    with contextlib.ExitStack() as stack:

        async def come(name: str) -> Person:
            person = Person(await invite(name, url=url))
            stack.callback(person.close)
            await person.client.media.open()
            return person

        yield come


@pytest.fixture
async def peer(url: str, invite: Invite) -> AsyncIterator[Peer]:
    """Somebody with WebRTC."""
    peer = Peer(await invite("Cora", url=url))
    yield peer
    await peer.close()


def moves(found: list[int]) -> bool:
    return len(set(found)) > len(found) // 2


async def test_picture_and_sound_go_from_one_socket_to_another(persons: Persons) -> None:
    ana, bo = await persons("Ana"), await persons("Bo")
    camera = await ana.sends()
    assert moves(await bo.sees(ana.camera, 15))
    assert abs(await bo.hears(ana.microphone) - TONE) < 10
    before = camera.keys
    late = await persons("Late")
    assert moves(await late.sees(ana.camera, 5))
    assert camera.keys > before, "who comes late is given a key frame"
    await bo.client.until(lambda it: any(one.publication == ana.microphone for one in it.room.speakers), WITHIN)


async def test_somebody_with_webrtc_sees_and_is_seen(persons: Persons, peer: Peer) -> None:
    ana = await persons("Ana")
    await ana.sends()
    await peer.publish(Picture(), Tone())
    peer.receive(audio=1, video=1)
    await peer.negotiate()
    track: Any = await peer.track(ana.camera)
    found: list[int] = []
    async with asyncio.timeout(WITHIN):
        while len(found) < 10:
            at = bar(await track.recv())
            found.extend([] if at is None else [at])
    assert moves(found)
    ids = {publication.kind: publication.id for publication in peer.client.room.you.publications}
    assert moves(await ana.sees(ids["video"], 10))
    assert abs(await ana.hears(ids["audio"]) - TONE) < 10


async def test_what_is_no_picture_is_refused_and_the_next_ones_are_seen(persons: Persons) -> None:
    ana, bo = await persons("Ana"), await persons("Bo")
    errors = ana.client.events(native.Error)
    await ana.sends()
    await bo.sees(ana.camera, 3)
    for publication, payload, code in (
        (ana.camera, b"nothing that decodes", Code.INVALID),
        (ana.microphone, b"\x00\x00\x00\x9d\x01\x2a", Code.INVALID),
        ("nothing", b"\x01\x00\x00", Code.NO_SUCH_PUBLICATION),
        (ana.camera, bytes(600_000), Code.TOO_LARGE),
    ):
        await asyncio.sleep(1.1)  # each code is told once a second
        await ana.client.media.send(publication, "vp8", payload, time=2**52, key=True)
        error = await errors.next(WITHIN)
        assert (error.id, error.code) == (None, code)
    assert moves(await bo.sees(ana.camera, 10)), "nobody else has noticed"
    assert abs(await bo.hears(ana.microphone) - TONE) < 10


async def test_a_muted_publication_reaches_nobody_whatever_is_sent(persons: Persons) -> None:
    ana, bo = await persons("Ana"), await persons("Bo")
    await ana.sends()
    await bo.sees(ana.camera, 3)
    await ana.client.set_role(bo.client.identity, "moderator")
    await bo.client.until(lambda it: "moderate" in it.room.rights, WITHIN)
    await bo.client.mute(ana.camera)
    bo.chunks.waiting()
    await bo.hears(ana.microphone)
    late = [it for it in bo.chunks.waiting() if it.publication == ana.camera]
    await bo.hears(ana.microphone)
    assert [it for it in bo.chunks.waiting() if it.publication == ana.camera] == [], late
