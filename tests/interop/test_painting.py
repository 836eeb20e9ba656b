"""The oracle of the other tests: it must know its own pictures, and nobody else's."""

import numpy as np
import pytest
from av import VideoFrame

from tests.interop import painting


def test_it_knows_its_pictures() -> None:
    seen = [painting.seen(painting.picture(number)) for number in range(60)]
    assert seen[:2] == [("red", 0), ("red", 1)]
    assert seen[10] == ("green", 0)
    assert painting.moves(seen)
    assert not painting.moves(seen[:5] * 12)


def test_colours_out_of_order_are_noticed() -> None:
    with pytest.raises(AssertionError, match="out of order"):
        painting.moves([("red", 0), ("blue", 1)])


def test_it_refuses_other_pictures() -> None:
    pixels = painting.picture(0).to_ndarray(format="rgb24")
    grey = np.full_like(pixels, 128)
    torn = pixels.copy()
    torn[:, 200:260] = painting.COLOURS["blue"]
    yellow = pixels.copy()
    yellow[..., 1] = yellow[..., 0]
    for wrong in (grey, torn, yellow, np.zeros_like(pixels)):
        with pytest.raises(AssertionError):
            painting.seen(VideoFrame.from_ndarray(wrong, format="rgb24"))


def test_it_hears_its_tones() -> None:
    assert painting.heard(painting.sound(number) for number in range(25)) == (painting.LEFT_HZ, painting.RIGHT_HZ)
