"""Where the CPU time of a packet goes: a sampling profiler (perf) beside the load generator of bench/run.py.

python bench/shares.py                       the cases that bench/README.md sets bounds for; writes its table
python bench/shares.py --only NAME           one case (also given twice or more), with its dearest functions; writes nothing

It needs Linux, `perf` (Debian: linux-perf) and the right to profile the server: root, or kernel.perf_event_paranoid of 1 at most.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import run as bench
from run import GENERATOR, RUN_WITHIN

CASES = ("fanout-20-spaced", "fanout-100-spaced", "fanout-100-burst", "meeting-6", "speakers-10-200")
SAMPLES_PER_SECOND = 4000
DEAREST = 15

KERNEL = (
    ("kernel: the receiver's half of loopback", r"process_backlog|netif_receive_skb"),
    ("kernel: sending", r"__sys_send|__sys_sendm|ksys_write|do_writev"),
    ("kernel: receiving", r"__sys_recv|ksys_read|do_readv"),
    ("kernel: going to sleep, waking", r"epoll|do_sys_poll|do_poll|ppoll|futex|nanosleep|schedule|eventfd|timerfd"),
    ("kernel: else", r""),
)
"""By the functions on the way to where the sample was taken; the first that fits counts."""
MEDIA = (
    ("SRTP: sealing and opening", r"aws_lc|gcm|aes|ghash|sha1|tertulia_sfu::srtp"),
    (
        "feedback, estimates, repairs",
        r"tertulia_bwe|rtcp|feedback|downlink|allocation|layers::|losses|departures|probing|resend",
    ),
    ("sockets and threads", r"tertulia_engine|libc::|std::"),
    ("the forwarding itself", r""),
)
"""By the function itself, of the compiled module. What the compiler has put into another function counts as that one."""
PYTHON = "Python"
LIBRARIES = "C library: copies, memory, clock"
GROUPS = (*(name for name, _ in KERNEL), *(name for name, _ in MEDIA), LIBRARIES, PYTHON)

FRAME = re.compile(r"^\s+[0-9a-f]+ (?P<function>.*) \((?P<module>[^()]*(?:\([^()]*\))?)\)$")
SAMPLE = re.compile(r"^\S.*?\s(?P<time>\d+\.\d+):")


@dataclass
class Shares:
    """Of one case."""

    cost: float
    """CPU-µs per packet, as the generator measured it in the same run: with the profiler's own part in it."""
    samples: int = 0
    by_group: Counter[str] = field(default_factory=Counter)
    by_function: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of group and function."""

    def add(self, stack: Sequence[tuple[str, str]]) -> None:
        """A sample: functions and their modules, the one that ran first."""
        group = group_of(stack)
        self.samples += 1
        self.by_group[group] += 1
        self.by_function[group, stack[0][0]] += 1

    def part(self, count: int) -> float:
        """CPU-µs per packet of so many samples."""
        return self.cost * count / max(self.samples, 1)


def group_of(stack: Sequence[tuple[str, str]]) -> str:
    function, module = stack[0]
    if module == "[kernel.kallsyms]" or module.endswith(".ko"):
        return first_of(KERNEL, " ".join(name for name, _ in stack))
    if "_media" in module:
        return first_of(MEDIA, function)
    return LIBRARIES if re.search(r"libc\.|libc-|vdso|ld-linux", module) else PYTHON


def first_of(groups: Sequence[tuple[str, str]], text: str) -> str:
    return next(name for name, pattern in groups if re.search(pattern, text))


def stacks(text: Iterator[str], begin: float, end: float) -> Iterator[list[tuple[str, str]]]:
    """What `perf script` prints, sample by sample, of those between two times in seconds."""
    stack: list[tuple[str, str]] = []
    wanted = False
    for line in text:
        if match := SAMPLE.match(line):
            wanted = begin <= float(match["time"]) < end
        elif match := FRAME.match(line):
            stack.append((match["function"].split("+0x")[0], match["module"]))
        elif not line.strip() and stack:
            if wanted:
                yield stack
            stack = []


@contextmanager
def profiled(pid: int, file: Path) -> Iterator[None]:
    """Samples the process until the end of the block. Times are those of the wall clock, which the generator's window is in."""
    command = (
        "perf", "record", "--quiet", "--event", "cpu-clock", "--freq", str(SAMPLES_PER_SECOND), "-g", "--clockid", "CLOCK_REALTIME",
        "--pid", str(pid), "--output", str(file),
    )  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
    if not file.exists() or not file.stat().st_size:
        raise SystemExit(f"perf recorded nothing:\n{errors}")


def shares(name: str, seconds: float, cores: Sequence[int]) -> Shares:
    """Runs one case against a fresh server. Raises SystemExit where the run says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "perf.data"
        with bench.server(cores) as (url, pid), profiled(pid, recorded):
            arguments = ("--server", url, "--server-pid", str(pid), "--seconds", str(seconds), "--case", name)
            done = subprocess.run(
                [GENERATOR, *arguments],
                capture_output=True,
                text=True,
                timeout=RUN_WITHIN,
                preexec_fn=partial(os.sched_setaffinity, 0, {cores[-1]}),
            )
        lines = done.stdout.splitlines()
        if done.returncode:
            raise SystemExit(f"{name}: {lines[-1] if lines else done.stderr}")
        figures = json.loads(lines[0])
        print(f"  {lines[1]}", flush=True)
        result = Shares(float(figures["cpu_us_per_packet"]))
        begin, end = (value / 1e6 for value in figures["window_us"])
        command = ("perf", "script", "--input", str(recorded), "--fields", "comm,time,ip,sym,dso")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as printed:
            assert printed.stdout is not None
            for stack in stacks(printed.stdout, begin, end):
                result.add(stack)
    if not result.samples:
        raise SystemExit(f"{name}: no sample within the measured time")
    return result


def table(results: dict[str, Shares]) -> str:
    rows = [f"| CPU-µs per packet | {' | '.join(results)} |", f"|---{'|---' * len(results)}|"]
    for group in GROUPS:
        cells = (f"{result.part(result.by_group[group]):.2f}" for result in results.values())
        rows.append(f"| {group} | {' | '.join(cells)} |")
    rows.append(f"| **together** | {' | '.join(f'**{result.cost:.2f}**' for result in results.values())} |")
    rows.append(f"| samples | {' | '.join(f'{result.samples:,}' for result in results.values())} |")
    return "\n".join(rows)


def dearest(result: Shares) -> str:
    return "\n".join(
        f"  {result.part(count):6.3f} {group}: {function}"
        for (group, function), count in result.by_function.most_common(DEAREST)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="See where the CPU time of a packet goes.")
    parser.add_argument("--only", action="append", metavar="NAME", help="this case; repeatable")
    parser.add_argument("--seconds", type=float, default=10.0, help="measured time of a run (10)")
    options = parser.parse_args()
    if shutil.which("perf") is None:
        print("perf is missing: apt-get install linux-perf", file=sys.stderr)
        return 2
    cores = sorted(os.sched_getaffinity(0))
    bench.build()
    results = {}
    for name in options.only or CASES:
        print(name, flush=True)
        results[name] = shares(name, options.seconds, cores)
        if options.only:
            print(dearest(results[name]))
    text = table(results)
    print(f"\n{text}")
    if not options.only:
        command = f"`python bench/shares.py --seconds {options.seconds:g}`"
        bench.write(f"\n{time.strftime('%Y-%m-%d')}. {command}\n\n{text}\n", "shares")
    return 0


if __name__ == "__main__":
    sys.exit(main())
