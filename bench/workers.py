"""Measures what a second media thread brings, with the load generator of bench/run.py.

python bench/workers.py [--runs 3] [--seconds 10] [--write]

Two threads on cores of their own carry as many packets as the busier one has time for. Here they share a core, so that the generator has
the other one to itself: what counts is each thread's CPU time, by the scheduler's own account.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time

import run as bench
from run import GENERATOR, Case, Result, case

CASES = (
    case("fanout-300-spaced"),
    case("fanout-300-burst"),
    case("meeting-20"),
    case("speakers-10-200"),
)
WORKERS = (1, 2)
IN_PROCESS = GENERATOR.with_name("tertulia-bench-workers")


def busiest(result: Result) -> float | None:
    """CPU-µs of the busiest media thread, per packet of all."""
    limits = [max(figures["workers_us_per_packet"]) for figures in result.valid]
    return statistics.median(limits) if limits else None


def row(of: Case, results: dict[int, Result]) -> str:
    reasons = [reason for result in results.values() if not result.valid for reason in result.invalid]
    if reasons:
        return f"| {of.name} | INVALID: {'; '.join(dict.fromkeys(reasons))} | | | | |"
    whole = {workers: result.median("cpu_us_per_packet") for workers, result in results.items()}
    limit = {workers: busiest(result) for workers, result in results.items()}
    carry = (limit[1] or 0.0) / (limit[2] or 1.0)
    cells = [f"{value:.2f}" for value in (whole[1], whole[2], limit[1], limit[2]) if value is not None]
    return f"| {of.name} | {' | '.join(cells)} | {carry:.2f} × |"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what a second media thread brings.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--write", action="store_true", help="put the tables into bench/README.md")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    bench.build()
    results = {each: {workers: Result() for workers in WORKERS} for each in CASES}
    for number in range(options.runs):
        for each, by_workers in results.items():
            for workers, result in by_workers.items():
                print(f"{each.name}, {workers} workers, run {number + 1} of {options.runs}", flush=True)
                # The last one that is given counts.
                bench.run(each, options.seconds, cores, result, ("--workers", str(workers)))
    head = "| case | CPU-µs per packet, one worker | two workers | the media thread of one | the busier of two | two carry |"
    table = "\n".join((head, "|---" * 6 + "|", *(row(each, by_workers) for each, by_workers in results.items())))
    done = subprocess.run([IN_PROCESS, str(options.seconds)], capture_output=True, text=True, check=True)
    text = f"{table}\n\n{done.stdout.strip()}"
    print(f"\n{text}")
    if options.write:
        where = f"{time.strftime('%Y-%m-%d')}, Linux {platform.release()}, {bench.processor()}, {os.cpu_count()} cores"
        command = f"`python bench/workers.py --runs {options.runs} --seconds {options.seconds:g}`"
        bench.write(f"\n{where}. {command}\n\n{text}\n", "workers")
    return 3 if any(result.invalid for by_workers in results.values() for result in by_workers.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
