"""What figures say of recordings whose pictures are known."""

from __future__ import annotations

from bench.laboratory.conditions import GOOD
from bench.laboratory.figures import figures
from bench.laboratory.recording import Recording, Sample, Shown
from bench.laboratory.scenario import Phase, Scenario

FPS = 20
DELAY = 0.1
WIDE, NARROW = 960, 240
CHANGING = Scenario("changing", "", (Phase(10, GOOD), Phase(10, GOOD), Phase(20, GOOD)))


def recorded(shown: dict[int, Shown], painted: dict[int, float] | None = None) -> Recording:
    """Begins at 0, changes at 10 and 20, ends at 40."""
    stats = [
        Sample(
            at,
            [
                {
                    "type": "inbound-rtp",
                    "kind": "audio",
                    "concealedSamples": 15 * at,
                    "silentConcealedSamples": 5 * at,
                    "totalSamplesReceived": 1000 * at,
                }
            ],
        )
        for at in (1.0, 39.0)
    ]
    on_time = {number: number / FPS for number in range(40 * FPS)}
    return Recording(CHANGING, "none", FPS, (0, 10, 20), 40, list(shown.values()), painted or on_time, stats, [], 0, 0)


def smooth() -> dict[int, Shown]:
    return {number: Shown(number / FPS + DELAY, number, WIDE) for number in range(40 * FPS)}


def without(begin: float, end: float) -> dict[int, Shown]:
    """Smooth, but for pictures painted in this time."""
    return {number: one for number, one in smooth().items() if not begin <= number / FPS < end}


def test_a_smooth_picture_has_no_freeze() -> None:
    seen = figures(recorded(smooth()))
    assert (seen.frozen, seen.reacts, seen.recovers) == (0, 0, 0)
    assert round(seen.rate) == FPS
    assert [round(delay, 3) for delay in seen.delay] == [DELAY, DELAY]
    assert seen.width == WIDE


def test_a_freeze_is_as_long_as_nothing_new_was_shown() -> None:
    seen = figures(recorded(without(12, 14)))
    assert round(seen.frozen, 2) == round(seen.longest, 2) == 2.05
    assert seen.reacts is not None
    assert round(seen.reacts, 1) == 4.1
    assert seen.recovers == 0


def test_who_is_frozen_to_the_end_of_the_bad_time_never_reacted() -> None:
    seen = figures(recorded(without(11, 22)))
    assert seen.reacts is None
    assert seen.recovers is not None
    assert round(seen.recovers, 1) == 2.1


def test_pictures_that_come_back_small_have_not_recovered() -> None:
    shown = smooth()
    narrow = {number: Shown(one.at, number, NARROW) for number, one in shown.items() if 11 <= one.at <= 28}
    seen = figures(recorded(shown | narrow))
    assert seen.reacts == 0
    assert seen.recovers is not None
    assert round(seen.recovers, 1) == 8.0
    assert NARROW < seen.width < WIDE
    assert (
        figures(
            recorded(shown | {number: Shown(one.at, number, NARROW) for number, one in shown.items() if one.at > 11})
        ).recovers
        is None
    )


def test_a_picture_that_stops_before_the_end_is_frozen() -> None:
    assert round(figures(recorded(without(30, 40))).longest, 2) == 9.95


def test_a_sender_that_paints_late_is_no_freeze() -> None:
    late = {number: number / FPS + (1.0 if number >= 300 else 0) for number in range(39 * FPS)}
    shown = {number: Shown(at + DELAY, number, WIDE) for number, at in late.items()}
    assert figures(recorded(shown, late)).frozen == 0


def test_what_cannot_be_read_is_not_taken_for_a_new_picture() -> None:
    shown = without(12, 14) | {10_000 + i: Shown(12 + i / FPS, None, WIDE) for i in range(40)}
    assert figures(recorded(shown)).frozen > 2


def test_sound_that_was_made_up_is_a_share_without_what_would_be_silent_anyway() -> None:
    assert figures(recorded(smooth())).concealed == 0.01
