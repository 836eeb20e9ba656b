"""Measures what forwarding costs: starts the server, loads it, and writes the tables of bench/README.md.

python bench/run.py                 everything, three runs each, then the comparison: about 80 minutes; writes the tables and plots
python bench/run.py --quick         the most telling cases, one short run each, without the comparison; writes nothing
python bench/run.py --only NAME     one case (also given twice or more); writes nothing
python bench/run.py --peers         the comparison with other servers alone: about an hour; writes its table and plots
python bench/run.py --peers --quick its most telling cases, one short run each; writes nothing
python bench/run.py --peer NAME     beside this server alone (also given twice or more); writes nothing

What is installed for the comparison goes into target/peers.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.peers import comparison, plot, tables  # noqa: E402
from bench.peers.peer import pin  # noqa: E402

README = ROOT / "bench" / "README.md"
GENERATOR = ROOT / "target" / "release" / "tertulia-bench-load"
FLOOR = ROOT / "target" / "release" / "tertulia-bench-micro"
READY_WITHIN = 30.0
RUN_WITHIN = 900.0
COMPARED_WITHIN = 75 * 60.0
"""Seconds of the comparison, installations left out: what has not begun by then is left out as well."""
IMAGES = ROOT / "bench" / "images"

Figures = dict[str, Any]


@dataclass(frozen=True)
class Case:
    name: str
    arguments: tuple[str, ...]
    quick: bool = False
    runs: int = 3


def case(name: str, *more: str, quick: bool = False) -> Case:
    return Case(" ".join((name, *more)).replace("--", ""), ("--case", name, *more), quick)


CASES = (
    case("fanout-20-spaced", quick=True),
    case("fanout-50-spaced"),
    case("fanout-100-spaced", quick=True),
    case("fanout-300-spaced"),
    case("fanout-20-burst"),
    case("fanout-50-burst"),
    case("fanout-100-burst", quick=True),
    case("fanout-300-burst"),
    case("meeting-6", quick=True),
    case("meeting-10"),
    case("speakers-10-200"),
    Case("speakers-2-1000", ("--case", "speakers-2-1000"), runs=1),
    case("fanout-100-spaced", "--drop", "1"),
    case("fanout-20-spaced", "--eager"),
    case("fanout-100-spaced", "--eager"),
    case("meeting-6", "--eager"),
)
CHURN = Case("churn-10000", ("--churn", "10000"), runs=1)


@dataclass
class Result:
    """Of the runs of one case."""

    valid: list[Figures] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)

    def median(self, *path: str) -> float | None:
        """Of a figure, over the valid runs that have it."""
        values = [value for figures in self.valid if (value := _at(figures, path)) is not None]
        return statistics.median(values) if values else None


def _at(figures: Figures, path: Sequence[str]) -> float | None:
    value: Any = figures
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None


@contextmanager
def server(cores: Sequence[int], more: Sequence[str] = ()) -> Iterator[tuple[str, int]]:
    """`tertulia serve` on one core, with `more` arguments; its URL and process id."""
    command = [sys.executable, "-m", "tertulia", *SERVE, *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1", **ENVIRONMENT}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(pin, cores[0]),
        )
        try:
            yield _ready(process, Path(f"/proc/self/fd/{log.fileno()}")), process.pid
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


SERVE = (
    *("serve", "--port", "0", "--udp-port", "0", "--open", "--p2p", "never", "--log", "json"),
    *("--workers", "1", "--max-room-size", "1100"),
)
ENVIRONMENT = {"TERTULIA_MAX_VOICES": "0", "TERTULIA_MAX_CONNECTIONS_PER_ADDRESS": "1100"}
"""Other servers pass on every voice, and the generator counts what it misses. All its clients come from one address."""


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Its URL, when it says so in its log."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and process.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("{") and line.endswith("}") and (entry := json.loads(line)).get("event") == "ready":
                return str(entry["url"])
        time.sleep(0.05)
    raise RuntimeError(f"the server did not become ready:\n{log.read_text()}")


def run(case: Case, seconds: float, cores: Sequence[int], result: Result, more: Sequence[str] = ()) -> None:
    """One run against a fresh server."""
    with server(cores, more) as (url, pid):
        arguments = ("--server", url, "--server-pid", str(pid), "--seconds", str(seconds), *case.arguments)
        done = subprocess.run(
            [GENERATOR, *arguments],
            capture_output=True,
            text=True,
            timeout=RUN_WITHIN,
            preexec_fn=partial(os.sched_setaffinity, 0, {cores[-1]}),
        )
    lines = done.stdout.splitlines()
    for line in lines[1:] if lines and lines[0].startswith("{") else lines:
        print(f"  {line}", flush=True)
    if done.returncode == 0:
        result.valid.append(json.loads(lines[0]))
    else:
        reason = next((line for line in lines if line.startswith("INVALID: ")), f"INVALID: {done.stderr.strip()}")
        result.invalid.append(reason.removeprefix("INVALID: "))


def build() -> None:
    packages = ("-p", "tertulia-bench-load", "-p", "tertulia-bench-micro")
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", *packages], cwd=ROOT, check=True)


def floor(cores: Sequence[int]) -> str:
    """The table of the bare loop."""
    pin = partial(os.sched_setaffinity, 0, {cores[0]})
    done = subprocess.run([FLOOR], capture_output=True, text=True, check=True, preexec_fn=pin)
    return done.stdout.strip()


def _text(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _pair(result: Result, name: str, digits: int) -> str:
    low, high = (result.median(name, part) for part in ("p50", "p99"))
    return "" if low is None else f"{_text(low, digits)} / {_text(high, digits)}"


def table(results: dict[str, Result]) -> str:
    rows = [
        "| case | CPU-µs per packet | packets/s | packet delay p50 / p99, ms | frame delay p50 / p99, ms | loss | repaired "
        "| kB per client | joins/s | join p50 / p99, ms |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        if not result.valid:
            rows.append(f"| {name} | INVALID: {'; '.join(dict.fromkeys(result.invalid))} | | | | | | | | |")
            continue
        note = f" ({len(result.invalid)} more INVALID)" if result.invalid else ""
        cells = (
            name + note,
            _text(result.median("cpu_us_per_packet"), 2),
            _text(result.median("packets_per_second")),
            _pair(result, "packet_delay_ms", 1),
            _pair(result, "frame_delay_ms", 1),
            _text(result.median("loss"), 4),
            _text(result.median("repaired")),
            _text(result.median("memory_kb_per_client")),
            _text(result.median("joins_per_second")),
            _pair(result, "join_ms", 0),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def churn_table(name: str, result: Result) -> str:
    if not result.valid:
        return f"{name}: INVALID: {'; '.join(result.invalid)}"
    early = _text(result.median("early"))
    cells = (
        name,
        _text(result.median("rss_early_kb")),
        _text(result.median("rss_end_kb")),
        f"{result.median('growth_percent'):+.1f} %",
        _text(result.median("joins_per_second")),
        _text(result.median("cpu_ms_per_join"), 2),
        _pair(result, "join_ms", 0),
    )
    return (
        f"| joins and leaves | RSS after {early}, kB | RSS at the end, kB | growth | joins/s | CPU-ms per join "
        f"| join p50 / p99, ms |\n|---|---|---|---|---|---|---|\n| {' | '.join(cells)} |"
    )


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def write(text: str, section: str = "figures") -> None:
    """Puts the text into the marked section of the README."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    before, _, rest = README.read_text().partition(begin)
    _, _, after = rest.partition(end)
    README.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def selected(options: argparse.Namespace) -> list[Case]:
    everything = [*CASES, CHURN]
    if options.only:
        unknown = set(options.only) - {case.name for case in everything}
        if unknown:
            names = ", ".join(case.name for case in everything)
            raise SystemExit(f"not known: {', '.join(sorted(unknown))}; there are {names}")
        return [case for case in everything if case.name in options.only]
    return [case for case in everything if case.quick or not options.quick]


def compared(options: argparse.Namespace, runs: int, seconds: float, cores: Sequence[int]) -> int:
    """The comparison with other servers."""
    names = [case.name for case in comparison.CASES]
    if unknown := set(options.only or ()) - set(names):
        raise SystemExit(f"not known: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    cases = [
        case
        for case in comparison.CASES
        if (case.name in options.only if options.only else case.quick or not options.quick)
    ]
    ours = comparison.as_contestant(
        importlib.metadata.version("tertulia"),
        f"`TERTULIA_MAX_VOICES=0 TERTULIA_MAX_CONNECTIONS_PER_ADDRESS=1100 tertulia {' '.join(SERVE)}`",
        server,
    )
    servers, missing = comparison.contestants(ours, options.peer or list(comparison.PEERS))
    until = time.monotonic() + COMPARED_WITHIN
    results = comparison.compare(servers, cases, runs, seconds, cores, until, GENERATOR)
    bare = floor(cores)
    text = "\n\n".join((tables.versions(servers, missing), tables.table(results), bare))
    print(f"\n{text}\n\nAll that was measured: {comparison.keep(results, servers)}")
    whole = not (options.quick or options.only or options.peer)
    images = IMAGES if whole else comparison.INSTALLED
    plots = [images / "peers-viewers.svg", images / "peers-others.svg"]
    plot.fanout(results, plot.floor_of(bare), plots[0])
    plot.others(results, plots[1])
    if whole:
        shown = "\n".join(f"![{file.stem}](images/{file.name})" for file in plots)
        where = f"{time.strftime('%Y-%m-%d')}, Linux {platform.release()}, {processor()}, {os.cpu_count()} cores"
        command = f"`python bench/run.py --peers --runs {runs} --seconds {seconds:g}`"
        write(f"\n{where}.\n{command}\n\n{text}\n\n{shown}\n", "peers")
    invalid = any(outcome.invalid for by_server in results.values() for outcome in by_server.values())
    return 3 if invalid else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what forwarding costs.")
    parser.add_argument("--quick", action="store_true", help="a few cases, one short run each")
    parser.add_argument("--only", action="append", metavar="NAME", help="this case; repeatable")
    parser.add_argument("--own", action="store_true", help="only our own figures, without other servers")
    parser.add_argument("--peers", action="store_true", help="only compare with other servers")
    parser.add_argument("--peer", action="append", choices=comparison.PEERS, help="only compare with this; repeatable")
    parser.add_argument("--runs", type=int, help="runs of each case (3; with --quick 1)")
    parser.add_argument(
        "--seconds", type=float, help="measured time of a run (10, in the comparison 8; with --quick 5)"
    )
    options = parser.parse_args()
    runs = options.runs or (1 if options.quick else 3)
    seconds = options.seconds or (5.0 if options.quick else 10.0)
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        print("one core only: the generator takes the server's time, and runs will be INVALID")
    build()
    if options.peers or options.peer:
        return compared(options, runs, options.seconds or (5.0 if options.quick else 8.0), cores)
    code = forwarded(options, runs, seconds, cores)
    if options.quick or options.only or options.own:
        return code
    return max(code, compared(options, runs, options.seconds or 8.0, cores))


def forwarded(options: argparse.Namespace, runs: int, seconds: float, cores: Sequence[int]) -> int:
    """Our own figures."""
    cases = selected(options)
    results = {case.name: Result() for case in cases}
    # Cases alternate, so that a slow minute of the machine does not fall on one of them.
    for number in range(runs):
        for case in cases:
            if number < case.runs:
                print(f"{case.name}, run {number + 1} of {min(runs, case.runs)}", flush=True)
                run(case, seconds, cores, results[case.name])
    churn = results.pop(CHURN.name, None)
    parts = [table(results)] if results else []
    if churn:
        parts.append(churn_table(CHURN.name, churn))
        results[CHURN.name] = churn
    if not options.only:
        parts.append(floor(cores))
    print("\n" + "\n\n".join(parts))
    if not options.quick and not options.only:
        where = f"{time.strftime('%Y-%m-%d')}, Linux {platform.release()}, {processor()}, {os.cpu_count()} cores"
        commands = f"`python bench/run.py --runs {runs} --seconds {seconds:g}`; server: `tertulia {' '.join(SERVE)}`"
        write(f"\n{where}.\n{commands}\n\n" + "\n\n".join(parts) + "\n")
    return 3 if any(result.invalid for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
