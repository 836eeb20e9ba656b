"""What is painted and played, as aiortc wants it."""

from fractions import Fraction

from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from av import AudioFrame, VideoFrame

from tests.interop import painting


class Painted(VideoStreamTrack):
    number = 0

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = painting.picture(self.number)
        frame.pts, frame.time_base = pts, time_base
        self.number += 1
        return frame


class Played(AudioStreamTrack):
    number = 0

    async def recv(self) -> AudioFrame:
        await super().recv()  # keeps the time
        frame = painting.sound(self.number)
        frame.pts, frame.time_base = self.number * painting.CHUNK, Fraction(1, painting.SAMPLE_RATE)
        self.number += 1
        return frame
