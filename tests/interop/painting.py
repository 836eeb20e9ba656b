"""A picture and a sound that can be recognised after any codec: who receives them checks that it is them, and that they move."""

import itertools
from collections.abc import Iterable

import numpy as np
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

WIDTH, HEIGHT, RATE = 320, 240, 30
SAMPLE_RATE = 48_000
CHUNK = 960
"""Samples of 20 ms."""
COLOURS = {"red": (200, 30, 30), "green": (30, 160, 30), "blue": (30, 30, 200)}
ORDER = tuple(COLOURS)
FRAMES_A_COLOUR = 10
BAR = 32
"""The white bar's width; it stands one bar further to the right with every frame."""
LEFT_HZ, RIGHT_HZ = 440, 1_000
NEAR = 40
"""How far a component of a colour may be off after a lossy codec."""


def picture(number: int) -> VideoFrame:
    """A ground that changes its colour every third of a second, and a white bar that walks."""
    pixels = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:] = COLOURS[ORDER[number // FRAMES_A_COLOUR % len(ORDER)]]
    left = number * BAR % WIDTH
    pixels[:, left : left + BAR] = 255
    return VideoFrame.from_ndarray(pixels, format="rgb24")


def sound(number: int) -> AudioFrame:
    """20 ms of two tones: one in the left ear, another in the right."""
    at = np.arange(number * CHUNK, (number + 1) * CHUNK) / SAMPLE_RATE
    tones = np.stack([np.sin(2 * np.pi * LEFT_HZ * at), np.sin(2 * np.pi * RIGHT_HZ * at)])
    interleaved = (tones * 12_000).astype(np.int16).T.reshape(1, -1)
    frame = AudioFrame.from_ndarray(interleaved, format="s16", layout="stereo")
    frame.sample_rate = SAMPLE_RATE
    return frame


def seen(frame: VideoFrame) -> tuple[str, int]:
    """The ground's colour and the bar's place, 0 to 9. Raises AssertionError for any other picture."""
    pixels = frame.to_ndarray(format="rgb24").astype(int)
    height, width, _ = pixels.shape
    # The middle of each place, away from edges that a codec blurs.
    bar = width * BAR // WIDTH
    places = [
        pixels[height // 4 : -height // 4, start + bar // 4 : start + bar * 3 // 4].mean(axis=(0, 1))
        for start in range(0, width, bar)
    ]
    white = [place for place, colour in enumerate(places) if colour.min() > 255 - NEAR]
    assert len(white) == 1, f"one white bar, not {white}: {places}"
    ground = [colour for place, colour in enumerate(places) if place != white[0]]
    names = {_name(colour) for colour in ground}
    assert len(names) == 1, f"one ground, not {names}"
    return names.pop(), white[0]


def _name(colour: NDArray[np.float64]) -> str:
    for name, painted in COLOURS.items():
        if np.abs(colour - painted).max() < NEAR:
            return name
    raise AssertionError(f"nobody painted {colour}")


def moves(frames: Iterable[tuple[str, int]]) -> bool:
    """Whether all colours came, in their order, and the bar stood in most places."""
    frames = list(frames)
    colours = [colour for at, (colour, _) in enumerate(frames) if at == 0 or colour != frames[at - 1][0]]
    followed = itertools.pairwise(colours)
    assert all(ORDER[(ORDER.index(a) + 1) % len(ORDER)] == b for a, b in followed), f"out of order: {colours}"
    return set(colours) == set(ORDER) and len({place for _, place in frames}) >= 8


def heard(frames: Iterable[AudioFrame]) -> tuple[int, int]:
    """The loudest tone on the left and on the right, in Hz."""
    both = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])
    spectrum = np.abs(np.fft.rfft(both, axis=0))
    left, right = (np.fft.rfftfreq(len(both), 1 / SAMPLE_RATE)[channel.argmax()] for channel in spectrum.T)
    return round(left), round(right)
