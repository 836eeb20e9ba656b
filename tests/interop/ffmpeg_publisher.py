"""FFmpeg as a WHIP publisher: `python -m tests.interop.ffmpeg_publisher URL`.

A process of its own: PyAV holds the interpreter's lock while FFmpeg writes the header, which is the whole WHIP exchange and the
DTLS handshake, so a WHIP server in the same process could never answer.
"""

import signal
import sys
import time
from fractions import Fraction

import av
from av import AudioCodecContext, VideoCodecContext

from tests.interop import painting

SECONDS = 50
"""The test ends it earlier, by SIGTERM."""
HANDSHAKE_MS = 15_000


def publish(url: str) -> None:
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    options = {"handshake_timeout": str(HANDSHAKE_MS)}
    with av.open(url, "w", format="whip", options=options) as output:
        # The muxer takes no B-frames, and parameter sets before each key frame; it ignores key-frame requests.
        encoding = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "bf": "0", "g": "30"}
        video = output.add_stream("libx264", rate=painting.RATE, options=encoding)
        assert isinstance(video.codec_context, VideoCodecContext)
        video.codec_context.width, video.codec_context.height = painting.WIDTH, painting.HEIGHT
        video.codec_context.pix_fmt = "yuv420p"
        audio = output.add_stream("libopus", rate=painting.SAMPLE_RATE)
        assert isinstance(audio.codec_context, AudioCodecContext)
        audio.codec_context.layout = "stereo"
        output.start_encoding()
        print("published", flush=True)
        pictures = sounds = 0
        began = time.monotonic()
        # In real time, as a camera would.
        while not ended and (elapsed := time.monotonic() - began) < SECONDS:
            if pictures / painting.RATE <= elapsed:
                picture = painting.picture(pictures)
                picture.pts, picture.time_base = pictures, Fraction(1, painting.RATE)
                output.mux(video.encode(picture))
                pictures += 1
            if sounds * painting.CHUNK / painting.SAMPLE_RATE <= elapsed:
                sound = painting.sound(sounds)
                sound.pts, sound.time_base = sounds * painting.CHUNK, Fraction(1, painting.SAMPLE_RATE)
                output.mux(audio.encode(sound))
                sounds += 1
            due = min(pictures / painting.RATE, sounds * painting.CHUNK / painting.SAMPLE_RATE)
            time.sleep(max(0.0, began + due - time.monotonic()))


if __name__ == "__main__":
    publish(sys.argv[1])
