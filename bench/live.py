"""What a message costs that many hear, what joining costs, and what somebody costs who is silent: ours, Node's and Python's usual servers.

python bench/live.py                                  everything, about 20 minutes: writes its table
python bench/live.py --only ws tertulia --quick       these servers, one short run of each case; writes nothing

All servers take turns on one core, and the clients have another. CPU time is the server's alone, user and system, all of its threads, by
the scheduler's own count. It needs Linux, two cores, and `npm ci` in bench/deliveries/servers.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.deliveries.client import MARK, Client, connect  # noqa: E402
from bench.deliveries.subjects import SUBJECTS, Server, Subject  # noqa: E402
from bench.run import processor, write  # noqa: E402

CORES = sorted(os.sched_getaffinity(0))
"""The first is the server's, the last the clients'."""
TEXT = MARK.decode() * 40
"""200 bytes."""
DELIVERIES = 4000
"""A second, in a room of any size."""
RATE = 40
"""Messages a second of one person, which every server allows; who is in a small room is not the only one who speaks."""
WARM_UP = 2.0
"""Seconds, after which code that is compiled while it runs is compiled."""
CROWD = 5000
CROWD_ROOM = 10
FIRST = 100
"""Of a crowd come before it is measured, and bring what the process needs for whoever comes."""
AT_ONCE = 16
"""Come at the same time."""
ADDRESSES = 50
"""From which a crowd comes, for servers bound what one address may have."""
WITHIN = 60.0


@dataclass
class Figures:
    """Of one subject, a value for each run."""

    delivery: dict[int, list[float]] = field(default_factory=dict)
    """CPU-µs, by the size of the room."""
    join: list[float] = field(default_factory=list)
    """CPU-ms."""
    joins_per_second: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    """Kilobytes."""


async def delivery(subject: Subject, server: Server, size: int, seconds: float) -> float:
    """CPU-µs for each that reaches somebody. Raises RuntimeError where one is missing, or comes twice."""
    rate = DELIVERIES / size
    speakers = min(size, max(1, round(rate / RATE)))
    people = [await connect(server.port, subject.dialect, "plaza", speaks=n < speakers) for n in range(size)]
    await talk(people, speakers, rate, WARM_UP)
    cpu = server.cpu()
    delivered = await talk(people, speakers, rate, seconds)
    used = server.cpu() - cpu
    for one in people:
        one.leave()
    return used / delivered * 1e6


async def talk(people: Sequence[Client], speakers: int, rate: float, seconds: float) -> int:
    """Evenly spaced, in turn, until everybody has heard it. How often somebody has heard something."""
    loop = asyncio.get_running_loop()
    count = max(speakers, round(rate * seconds) // speakers * speakers)
    before = sum(one.heard for one in people)
    expected = count * (len(people) - 1)
    began = loop.time()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
        people[number % speakers].say(TEXT)
    until = loop.time() + WITHIN
    while (heard := sum(one.heard for one in people) - before) < expected and loop.time() < until:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.02)
    if heard != expected:
        raise RuntimeError(f"{heard} of {expected} messages came")
    return expected


async def crowd(subject: Subject, server: Server, figures: Figures) -> None:
    """Many come, in rooms of a few, and are silent."""
    people = await arrive(subject, server, 0, FIRST)
    await asyncio.sleep(WARM_UP)
    memory, cpu, began = server.kilobytes(), server.cpu(), time.monotonic()
    people += await arrive(subject, server, FIRST, FIRST + CROWD)
    took, used = time.monotonic() - began, server.cpu() - cpu
    await asyncio.sleep(WARM_UP)
    figures.join.append(used / CROWD * 1e3)
    figures.joins_per_second.append(CROWD / took)
    figures.idle.append((server.kilobytes() - memory) / CROWD)
    for one in people:
        one.leave()


async def arrive(subject: Subject, server: Server, first: int, end: int) -> list[Client]:
    numbers = iter(range(first, end))
    people: list[Client] = []

    async def some() -> None:
        for number in numbers:
            room, address = f"room-{number // CROWD_ROOM}", f"127.0.0.{2 + number % ADDRESSES}"
            people.append(await connect(server.port, subject.dialect, room, address=address))

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return people


def measure(subjects: Sequence[Subject], runs: int, seconds: float) -> dict[str, Figures]:
    results = {subject.name: Figures() for subject in subjects}
    for run in range(runs):
        for size in sorted({size for subject in subjects for size in subject.sizes}):
            for subject in subjects:
                if size in subject.sizes:
                    with subject.started(CORES[0]) as server:
                        value = uvloop.run(delivery(subject, server, size, seconds))
                    results[subject.name].delivery.setdefault(size, []).append(value)
                    print(f"run {run + 1}: {subject.name}, {size}: {value:.1f} µs", file=sys.stderr)
        for subject in subjects:
            if subject.is_crowded:
                with subject.started(CORES[0]) as server:
                    uvloop.run(crowd(subject, server, results[subject.name]))
                print(
                    f"run {run + 1}: {subject.name}, {CROWD}: {results[subject.name].join[-1]:.2f} ms", file=sys.stderr
                )
    return results


def table(results: dict[str, Figures]) -> str:
    sizes = sorted({size for figures in results.values() for size in figures.delivery})
    head = [
        "server",
        *(f"{size} people: CPU-µs per delivery, median (lowest to highest)" for size in sizes),
        *("CPU-ms per join", "joins/s", "kB per silent connection"),
    ]
    rows = [
        [
            name,
            *(_spread(figures.delivery.get(size, ())) for size in sizes),
            *(_median(figures.join, 2), _median(figures.joins_per_second, 0), _median(figures.idle, 1)),
        ]
        for name, figures in results.items()
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})" if values else ""


def _median(values: Sequence[float], digits: int) -> str:
    return f"{statistics.median(values):,.{digits}f}" if values else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="servers with one of these in their name")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="for which people talk")
    given = parser.parse_args()
    subjects = [it for it in SUBJECTS if not given.only or any(name.lower() in it.name.lower() for name in given.only)]
    runs, seconds = (1, 3.0) if given.quick else (given.runs, given.seconds)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.sched_setaffinity(0, {CORES[-1]})
    text = table(measure(subjects, runs, seconds))
    print(text)
    if not given.only and not given.quick:
        machine = f"{processor()}, {len(CORES)} cores, shared with other work; load {os.getloadavg()[0]:.1f} at the end"
        where = f"{time.strftime('%Y-%m-%d')}, {machine}; {runs} runs of {seconds:g} s."
        write(f"{where}\n\n{text}", "live")


if __name__ == "__main__":
    main()
