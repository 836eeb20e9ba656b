"""A clap is seen and heard at the same time: at most 80 ms apart at the receiver."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

from tests.thorough import thorough

from .caller import until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
CLAPS = 5
MOST = 80.0
"""Milliseconds between sound and picture that people do not notice (ITU-R BT.1359 allows +45 to -125)."""


@pytest.mark.parametrize("road", [thorough("direct"), "server"])
async def test_sound_and_picture_stay_together(people: Callable[..., Any], road: str) -> None:
    callers = await people("Ana", "Ben", "Cora")
    ana, ben, cora = callers
    await ana.join(fps=30, clap=True)
    await ben.join()
    if road == "server":
        await cora.join()
    await ben.sees(ana)
    await ben.call("listenForClaps", name="Ana")

    last: list[float] = []

    # A browser moves picture towards sound by at most 80 ms a second, and begins after the first sender reports.
    async def in_step() -> bool:
        last[:] = (await ben.call("claps", name="Ana"))[-CLAPS:]
        return len(last) == CLAPS and abs(median(last)) <= MOST

    await until(in_step, lambda: f"the last {CLAPS} claps are seen within {MOST:g} ms of the beep: {last}", patience=60)
