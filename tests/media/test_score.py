"""Scores, held against what the recommendations say and against what people would say."""

import pytest

from tertulia.media.score import BEST, WORST, Word, picture, voice, word


@pytest.mark.parametrize(
    ("loss", "round_trip", "expected"),
    [
        (0.0, 0.0, 4.39),  # G.107: R = 93.2 is 4.41, and a short delay is not quite none
        (0.01, 0.05, 4.28),
        (0.03, 0.05, 4.07),
        (0.05, 0.1, 3.82),
        (0.10, 0.1, 3.29),
        (0.20, 0.1, 2.51),
        (0.0, 0.3, 4.23),
        (0.0, 0.6, 3.39),
        (0.0, 1.0, 2.02),
    ],
)
def test_a_voice(loss: float, round_trip: float, expected: float) -> None:
    assert voice(loss=loss, round_trip=round_trip) == pytest.approx(expected, abs=0.01)


def test_jitter_is_a_delay() -> None:
    assert voice(loss=0.0, jitter=0.05) == pytest.approx(voice(loss=0.0, round_trip=0.2), abs=1e-9)


def test_nothing_is_outside_of_the_scale() -> None:
    for loss in (-1.0, 0.0, 0.5, 1.0, 7.0):
        for wait in (0.0, 1.0, 100.0):
            assert WORST <= voice(loss=loss, round_trip=wait, jitter=wait) <= BEST
            assert WORST <= picture(loss=loss, frozen=wait, pixels=loss, frames=loss) <= BEST


@pytest.mark.parametrize(
    ("measured", "least", "most"),
    [
        ({}, 4.5, 4.5),
        ({"frozen": 0.01}, 4.0, 4.4),
        ({"frozen": 0.1}, 2.4, 2.8),
        ({"frozen": 0.5}, 1.0, 1.2),
        ({"pixels": 0.25}, 3.3, 3.6),
        ({"pixels": 0.0625}, 2.3, 2.6),
        ({"frames": 0.5}, 3.6, 3.9),
        ({"loss": 0.05}, 3.7, 4.0),
        ({"loss": 0.05, "frozen": 0.0}, 4.5, 4.5),  # what was lost came again in time
        ({"pixels": 4.0, "frames": 1.4}, 4.5, 4.5),
    ],
)
def test_a_picture(measured: dict[str, float], least: float, most: float) -> None:
    assert least <= picture(**measured) <= most


def test_words_are_those_of_g_109() -> None:
    told = [word(score) for score in (4.5, 4.03, 4.0, 3.1, 3.0, 1.0)]
    assert told == ["excellent", "excellent", "good", "good", "poor", "poor"]


@pytest.mark.parametrize(
    ("before", "score", "expected"),
    [
        ("good", 4.1, "good"),
        ("good", 4.3, "excellent"),
        ("poor", 3.2, "poor"),
        ("poor", 3.4, "good"),
        ("poor", 4.1, "good"),
        ("poor", 4.4, "excellent"),
        ("excellent", 4.1, "excellent"),
        ("excellent", 4.0, "good"),
        ("good", 3.0, "poor"),
        ("lost", 4.1, "excellent"),
    ],
)
def test_a_word_gets_worse_at_once_and_better_only_clearly(before: Word, score: float, expected: Word) -> None:
    assert word(score, before) == expected
