"""What a receiver sees and hears on a bad network: runs scenarios in network namespaces, writes a table and plots into bench/README.md.

python bench/quality.py                                      every scenario with Tertulia: eleven minutes; writes
python bench/quality.py --server tertulia --server janus     beside Janus; writes
python bench/quality.py --scenarios loss-5 drop              these; README and images stay as they are

All that was noted, and the plots of such a partial run, are put into target/quality.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import platform
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.laboratory import plot  # noqa: E402
from bench.laboratory.figures import Figures, figures  # noqa: E402
from bench.laboratory.lab import Laboratory, Picture  # noqa: E402
from bench.laboratory.recording import Recording  # noqa: E402
from bench.laboratory.scenario import SCENARIOS, Scenario  # noqa: E402
from bench.laboratory.servers import SERVERS  # noqa: E402
from bench.run import processor, write  # noqa: E402

IMAGES = ROOT / "bench" / "images"
SCRATCH = ROOT / "target" / "quality"

HEAD = (
    "network", "server", "frozen, s", "longest still, s", "reacts after, s", "recovers after, s", "width, px", "pictures/s",
    "delay p50 / p95, ms", "sound made up, %", "picture, kbit/s", "packets lost, repaired", "key frames asked", "lab late p99, ms", "load",
)  # fmt: skip

Results = dict[str, dict[str, tuple[Recording, Figures]]]
"""By scenario, then by server; without the runs that came to nothing."""


async def measure(servers: list[str], scenarios: list[Scenario], picture: Picture) -> Results:
    """Servers take turns, so that a slow minute of the machine does not fall on one of them."""
    results: Results = {scenario.name: {} for scenario in scenarios}
    async with AsyncExitStack() as stack:
        laboratories = {
            server: await stack.enter_async_context(Laboratory(server, picture=picture)) for server in servers
        }
        for scenario in scenarios:
            for server, laboratory in laboratories.items():
                try:
                    (recording,) = await laboratory.run(scenario)
                except AssertionError as error:
                    print(f"INVALID: {scenario.name}, {server}: {error}", flush=True)
                    continue
                keep(recording)
                results[scenario.name][server] = recording, figures(recording)
                print(row(recording, figures(recording)), flush=True)
    return {name: by_server for name, by_server in results.items() if by_server}


def keep(recording: Recording) -> None:
    """All that was noted, for whoever wants to know more than the table tells."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    file = SCRATCH / f"{recording.scenario.name}-{recording.server}.json"
    file.write_text(json.dumps(dataclasses.asdict(recording)))


def row(recording: Recording, of: Figures) -> str:
    changes = recording.scenario.changes
    cells = (
        recording.scenario.name, recording.server, f"{of.frozen:.1f}", f"{of.longest:.2f}",
        _time(of.reacts, changes), _time(of.recovers, changes), f"{of.width:.0f}", f"{of.rate:.1f}",
        f"{1000 * of.delay[0]:.0f} / {1000 * of.delay[1]:.0f}", f"{100 * of.concealed:.2f}", f"{of.bitrate / 1000:.0f}",
        f"{of.lost:,}, {of.repaired:,}", of.key_frames_asked, f"{recording.late_p99:.1f}", f"{recording.load:.1f}",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _time(seconds: float | None, changes: bool) -> str:
    if not changes:
        return ""
    return "never" if seconds is None else f"{seconds:.1f}"


def table(results: Results) -> str:
    """The servers alternate."""
    rows = [row(*result) for by_server in results.values() for result in by_server.values()]
    return "\n".join((f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD), *rows))


def draw(results: Results, folder: Path) -> list[Path]:
    """A timeline for each network that changes, and one overview of the others."""
    files = []
    steady = {}
    for name, by_server in results.items():
        if SCENARIOS[name].changes:
            files.append(folder / f"quality-{name}.svg")
            plot.timeline([recording for recording, _ in by_server.values()], files[-1])
        else:
            steady[name] = {server: of for server, (_, of) in by_server.items()}
    if steady:
        files.append(folder / "quality-steady.svg")
        plot.overview(steady, files[-1])
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what a receiver on a bad network sees and hears.")
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, metavar="NAME", help=f"of {', '.join(SCENARIOS)}")
    parser.add_argument("--seconds", type=float, help="measured time where the network stays as it is (30)")
    parser.add_argument("--server", action="append", choices=SERVERS, help="repeatable (tertulia)")
    parser.add_argument(
        "--size", type=Picture.parse, default=Picture(), help=f"of the picture, and how many a second ({Picture()})"
    )
    options = parser.parse_args()
    scenarios = [SCENARIOS[name] for name in options.scenarios or SCENARIOS]
    if options.seconds:
        scenarios = [scenario.lasting(options.seconds) for scenario in scenarios]
    print(f"| {' | '.join(HEAD)} |", flush=True)
    results = asyncio.run(measure(options.server or ["tertulia"], scenarios, options.size))
    whole = options.scenarios is None
    files = draw(results, IMAGES if whole else SCRATCH)
    if not whole:
        print(*files, sep="\n")
        return
    where = f"{time.strftime('%Y-%m-%d')}, Linux {platform.release()}, {processor()}, {os.cpu_count()} cores"
    images = "\n".join(f"![{file.stem}](images/{file.name})" for file in files)
    write(
        f"\n{where}; picture {options.size}.\n`python {' '.join(sys.argv)}`\n\n{table(results)}\n\n{images}\n",
        "quality",
    )


if __name__ == "__main__":
    main()
