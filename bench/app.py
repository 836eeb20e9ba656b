"""Measures what a call costs the page of the app: `python bench/app.py` prints a table and writes it to bench/README.md.

One page holds the others of a meeting; the built app joins it in another browser, and is measured for 20 seconds while they speak in turn.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.async_api import Page  # noqa: E402

from bench.run import processor, write  # noqa: E402
from tests.e2e.browsers import Chromium  # noqa: E402
from tests.e2e.conftest import Server  # noqa: E402
from tests.e2e.visits import join  # noqa: E402

PEOPLE = Path(__file__).parent / "web" / "people.js"
SETTLE = 8.0
"""Seconds until bandwidth is found and every picture runs."""

# Frames that the page paints, tasks in which it answers nobody, and what is put into or taken out of the stage.
METER = """
() => {
  const meter = { frames: 0, long: 0, longest: 0, mutations: 0, since: performance.now() };
  const frame = () => { meter.frames += 1; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) { meter.long += 1; meter.longest = Math.max(meter.longest, duration); }
  }).observe({ entryTypes: ['longtask'] });
  new MutationObserver((list) => { meter.mutations += list.length; })
    .observe(document.querySelector('section:has([data-tile])'), { childList: true, subtree: true });
  window.meter = () => ({ ...meter, seconds: (performance.now() - meter.since) / 1000 });
}
"""
DECODED = """
() => [...document.querySelectorAll('[data-tile] video')].map((video) => video.getVideoPlaybackQuality().totalVideoFrames)
"""
TASKS = {"TaskDuration": "main thread", "ScriptDuration": "of it scripts", "LayoutDuration": "of it layout"}


@dataclass(frozen=True)
class Figures:
    people: int
    pictures: int
    """Tiles with a moving picture."""
    decoded: float
    """Frames a second of the slowest of them."""
    painted: float
    """Frames a second that the page paints."""
    long: int
    longest: float
    mutations: int
    busy: dict[str, float]
    """Share of the time, by kind of task."""
    load: float
    """Of the machine, in runnable processes."""


async def measure(page: Page, people: int, seconds: float) -> Figures:
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")

    async def durations() -> dict[str, float]:
        metrics = (await session.send("Performance.getMetrics"))["metrics"]
        return {one["name"]: float(one["value"]) for one in metrics if one["name"] in TASKS}

    await page.evaluate(METER)
    tasks, decoded, began = await durations(), await page.evaluate(DECODED), time.monotonic()
    await asyncio.sleep(seconds)
    meter, after, frames = await page.evaluate("meter()"), await durations(), await page.evaluate(DECODED)
    passed = time.monotonic() - began
    rates = [(now - then) / passed for then, now in zip(decoded, frames, strict=True)]
    busy = {name: (after[name] - tasks[name]) / passed for name in TASKS}
    painted = meter["frames"] / meter["seconds"]
    return Figures(
        people, sum(rate > 0 for rate in rates), min(rates, default=0.0), painted, meter["long"], meter["longest"],
        meter["mutations"], busy, os.getloadavg()[0],
    )  # fmt: skip


async def run(people: int, seconds: float) -> Figures:
    server = await Server("--p2p", "never").start()
    try:
        # A browser each, so that the page that is measured shares no process with those that send.
        async with Chromium() as senders, Chromium() as viewer:
            others = await senders.open(f"{server.url}/healthz")
            source = PEOPLE.read_text().replace("export async function", "async function")
            await others.evaluate(f"(async () => {{ {source}\n await gather('bench', {people - 1}); }})()")
            app = await viewer.open(f"{server.url}/r/bench", viewport={"width": 1280, "height": 800})
            await join(app.page, "Viewer")
            await asyncio.sleep(SETTLE)
            return await measure(app.page, people, seconds)
    finally:
        await server.stop()


def table(results: list[Figures]) -> str:
    rows = [
        f"| people | pictures that move | slowest of them, frames/s | page paints, frames/s | tasks over 50 ms | longest, ms "
        f"| nodes put in or taken out | {' | '.join(f'{name}, %' for name in TASKS.values())} | load |",
        "|" + "---|" * (8 + len(TASKS)),
    ]
    for one in results:
        cells = (
            one.people, one.pictures, f"{one.decoded:.0f}", f"{one.painted:.0f}", one.long, f"{one.longest:.0f}", one.mutations,
            *(f"{100 * share:.0f}" for share in one.busy.values()), f"{one.load:.1f}",
        )  # fmt: skip
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


async def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what a call costs the page of the app.")
    parser.add_argument("--people", type=int, action="append", help="how many take part (2, 6 and 12)")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured time of a run")
    options = parser.parse_args()
    results = []
    for people in options.people or (2, 6, 12):
        results.append(await run(people, options.seconds))
        print(table(results[-1:]), flush=True)
    if options.people is None:
        where = f"{time.strftime('%Y-%m-%d')}, Linux {platform.release()}, {processor()}, {os.cpu_count()} cores"
        write(
            f"\n{where}, shared with other work.\n`python bench/app.py --seconds {options.seconds:g}`\n\n{table(results)}\n",
            "app",
        )


if __name__ == "__main__":
    asyncio.run(main())
