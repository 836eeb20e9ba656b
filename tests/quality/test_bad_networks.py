"""What receivers in Chromium see and hear on bad networks; `python bench/quality.py` measures the same for longer, and more of it."""

from __future__ import annotations

import itertools

import pytest

from bench.laboratory.figures import Figures, figures
from bench.laboratory.lab import Laboratory
from bench.laboratory.scenario import SCENARIOS, Scenario

pytestmark = [
    pytest.mark.network,
    pytest.mark.soak,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]

STUTTER = 0.5
"""Seconds without a new picture that nobody calls a freeze, with room for a machine that encodes and decodes in software."""
BACK_AFTER_LOSS = 5.0
"""Seconds from the end of the loss until pictures move steadily, as large as before."""
BACK_AFTER_NARROW = 15.0
"""The same for a line that is wide again."""
LONGEST_AFTER_A_DROP = 2.0
"""Seconds without a new picture when a line becomes narrow: until that is found out, and a smaller picture begins."""
SETTLED_AFTER = 8.0
"""Seconds from the moment when a line becomes narrow until what it carries is found."""

CONCEALED = 0.03
"""Share of the sound that may be made up."""


async def run(laboratory: Laboratory, scenario: Scenario) -> Figures:
    """What the one with the bad line has."""
    return figures((await laboratory.run(scenario))[0])


async def test_five_percent_of_loss_are_repaired_before_a_picture_freezes(laboratory: Laboratory) -> None:
    seen = await run(laboratory, SCENARIOS["loss-5"].lasting(6))
    assert seen.longest < STUTTER, seen
    assert seen.repaired > 0, seen


async def test_five_percent_of_loss_are_hardly_heard(laboratory: Laboratory) -> None:
    seen = await run(laboratory, SCENARIOS["loss-5"])
    assert seen.concealed < CONCEALED, seen


@pytest.mark.parametrize("name", ["jitter-50", "reorder-5", "duplicate-5", "delay-150"])
async def test_an_uneven_line_freezes_no_picture(laboratory: Laboratory, name: str) -> None:
    seen = await run(laboratory, SCENARIOS[name].lasting(15))
    assert seen.longest < STUTTER, seen


async def test_pictures_are_back_after_five_seconds_of_heavy_loss(laboratory: Laboratory) -> None:
    seen = await run(laboratory, SCENARIOS["loss-30"])
    assert seen.recovers is not None, seen
    assert seen.recovers <= BACK_AFTER_LOSS, seen


async def test_a_narrow_line_has_smaller_pictures_until_it_is_wide_again(laboratory: Laboratory) -> None:
    seen = await run(laboratory, SCENARIOS["drop"])
    assert seen.longest <= LONGEST_AFTER_A_DROP, seen
    assert seen.recovers is not None, seen
    assert seen.recovers <= BACK_AFTER_NARROW, seen


async def test_a_line_that_does_not_carry_the_smallest_picture_shows_fewer_of_them(laboratory: Laboratory) -> None:
    (recording, *_) = await laboratory.run(SCENARIOS["narrow"])
    narrow, wide = recording.begins[1:]
    # Until the line is found out, and the smaller picture is there, it may stutter.
    shown = [one for one in recording.shown if narrow + SETTLED_AFTER <= one.at <= wide]
    seconds = wide - narrow - SETTLED_AFTER
    assert all(one.number is not None for one in shown), "pictures are whole"
    assert {one.width for one in shown} == {min(one.width for one in recording.shown)}
    assert 0.2 <= len(shown) / seconds / recording.fps <= 0.8, len(shown) / seconds
    longest = max(after.at - before.at for before, after in itertools.pairwise(shown))
    assert longest <= LONGEST_AFTER_A_DROP, longest


async def test_a_narrow_line_costs_nobody_else_a_picture() -> None:
    async with Laboratory(receivers=2) as laboratory:
        narrow, other = map(figures, await laboratory.run(SCENARIOS["drop"]))
    assert other.longest < STUTTER, (narrow, other)
    assert narrow.width < other.width, (narrow, other)
