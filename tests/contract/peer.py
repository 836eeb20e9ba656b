"""An independent WebRTC stack behind the client: aiortc. It knows no trickle: candidates are gathered before the offer is made."""

from __future__ import annotations

import asyncio
import fractions
import time
from typing import Any

import numpy as np
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack
from av import AudioFrame, VideoFrame

from tertulia.client import Client

from .support import WITHIN

WIDTH, HEIGHT, BAR = 320, 240, 40
LEFT, RIGHT = (200, 40, 40), (40, 40, 200)
"""Colours of the halves, red, green, blue."""
TONE, RATE = 440.0, 48_000
"""Hz."""


class Picture(VideoStreamTrack):
    """Red on the left, blue on the right, and a white bar that goes through, a step of 8 pixels a frame, 30 a second."""

    frames = 0

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        pixels = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        pixels[:, : WIDTH // 2] = LEFT
        pixels[:, WIDTH // 2 :] = RIGHT
        at = self.frames * 8 % (WIDTH - BAR)
        pixels[HEIGHT // 3 : HEIGHT * 2 // 3, at : at + BAR] = 255
        self.frames += 1
        frame = VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(AudioStreamTrack):
    """A sine."""

    _samples = 0
    _began = 0.0

    async def recv(self) -> AudioFrame:
        count = RATE // 50
        self._began = self._began or time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._samples / RATE - time.monotonic()))
        moments = (self._samples + np.arange(count)) / RATE
        wave = (np.sin(2 * np.pi * TONE * moments) * 8000).astype(np.int16)
        frame = AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.pts, frame.sample_rate, frame.time_base = self._samples, RATE, fractions.Fraction(1, RATE)
        self._samples += count
        return frame


class Peer:
    """Somebody's connection to the server.

    Three things that aiortc 1.16 does when it applies an answer to a bundle are gone round: it stops the one transport where a data
    channel was there before the other sections of the first offer, it takes the candidates of the bundle's last section though
    they stand in the first (RFC 9429, section 5.3.1), and it never starts sections that an answer brings while DTLS is under way.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._connected = asyncio.Event()
        self.connection.on("connectionstatechange", self._look)
        self._serial = 0
        self._sending: dict[str, Any] = {}

    async def publish(self, picture: Picture | None, tone: Tone | None) -> None:
        """Announces the tracks; media flows after `negotiate`."""
        if picture:
            camera = await self.client.publish("camera", "video", width=WIDTH, height=HEIGHT)
            self._sending[camera.id] = self.connection.addTransceiver(picture, direction="sendonly")
        if tone:
            microphone = await self.client.publish("microphone", "audio")
            self._sending[microphone.id] = self.connection.addTransceiver(tone, direction="sendonly")

    def receive(self, audio: int, video: int) -> None:
        """Sections for as many tracks."""
        for kind, count in (("audio", audio), ("video", video)):
            for _ in range(count):
                self.connection.addTransceiver(kind, direction="recvonly")

    async def negotiate(self) -> None:
        if not self._serial:
            self.connection.createDataChannel("tertulia")
        else:
            await asyncio.wait_for(self._connected.wait(), WITHIN)
        await self.connection.setLocalDescription(await self.connection.createOffer())
        self._serial += 1
        publications = {transceiver.mid: key for key, transceiver in self._sending.items()}
        answer = await self.client.offer_to_server(self._serial, self.connection.localDescription.sdp, publications)
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=with_candidates(answer), type="answer"))

    def _look(self) -> None:
        if self.connection.connectionState == "connected":
            self._connected.set()

    async def track(self, publication: str) -> MediaStreamTrack:
        """What the server bound to a section of ours."""
        await self.client.until(lambda c: publication in c.room.bindings.values(), 10)
        mid = next(mid for mid, key in self.client.room.bindings.items() if key == publication)
        return next(t.receiver.track for t in self.connection.getTransceivers() if t.mid == mid)

    async def close(self) -> None:
        await self.connection.close()


def with_candidates(answer: str) -> str:
    """The candidates in every section."""
    head, *sections = answer.split("m=")
    lines = [line for line in answer.splitlines(keepends=True) if line.startswith(("a=candidate", "a=end-of-cand"))]
    return "m=".join([head, *(text if "a=candidate" in text else text + "".join(lines) for text in sections)])


def bar(frame: VideoFrame) -> int | None:
    """Where the bar is, in pixels from the left; None where the picture isn't ours."""
    pixels = frame.to_ndarray(format="rgb24").astype(int)
    for x, colour in ((WIDTH // 4, LEFT), (WIDTH * 3 // 4, RIGHT)):
        seen = pixels[10 : HEIGHT // 6, x - 40 : x + 40].mean(axis=(0, 1))
        if np.abs(seen - colour).max() > 40:
            return None
    bright = pixels[HEIGHT // 2 - 20 : HEIGHT // 2 + 20].min(axis=2).mean(axis=0) > 150
    return int(np.flatnonzero(bright).mean()) if bright.sum() >= BAR // 2 else None


def pitch(frames: list[AudioFrame]) -> float:
    """The strongest frequency, in Hz."""
    rate = frames[0].sample_rate
    waves = [frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0] for frame in frames]
    wave = np.concatenate(waves).astype(float)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(np.argmax(spectrum) * rate / len(wave))
