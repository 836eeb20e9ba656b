import pytest

from tertulia.media.port import Preference
from tertulia.media.wishes import BEST, Wish, wish_of


@pytest.mark.parametrize(
    ("preference", "pixels"),
    [
        (Preference(), BEST),
        (Preference(width=640), BEST),
        (Preference(width=640, height=360), 230_400),
        (Preference(width=16384, height=16384), 268_435_456),
        (Preference(width=2**20, height=2**20), BEST),
        (Preference(layer="high", width=160, height=90), BEST),
        (Preference(layer="medium"), 76_800),
        (Preference(layer="medium", width=160, height=90), 14_400),
        (Preference(layer="low", width=1920, height=1080), 1),
    ],
)
def test_what_a_tile_has_use_for(preference: Preference, pixels: int) -> None:
    assert wish_of(preference) == Wish(0, pixels)


def test_importance_is_passed_on() -> None:
    assert wish_of(Preference(priority=3)) == Wish(3, BEST)


def test_who_says_nothing_wishes_what_the_engine_takes_for_granted() -> None:
    assert wish_of(Preference()) == Wish()
