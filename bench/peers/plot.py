"""What was compared, as pictures: SVG, the same from the same figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.peers.comparison import CASES, Outcome, Results

# Told apart in light and in dark, and by people who see few colours; ours is drawn last and thickest.
COLOURS = {
    "tertulia": "#1f6feb", "mediasoup": "#d1570c", "livekit": "#1b9e77", "galene": "#b5489b", "janus": "#a68a00", "aiortc": "#808080",
}  # fmt: skip
INK = "#808080"
"""Of axes and text: readable on white and on black, since the background is whatever the page has."""
STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "tertulia", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.titlecolor": INK,
}  # fmt: skip
VIEWERS = {case.name: case.viewers for case in CASES if case.viewers}

Panel = tuple[str, tuple[str, ...]]
PANELS: tuple[Panel, ...] = (
    ("CPU-µs per forwarded packet", ("cpu_us_per_packet",)),
    ("frame delay p99, ms", ("frame_delay_ms", "p99")),
    ("kB per viewer", ("memory_kb_per_client",)),
    ("joins a second", ("joins_per_second",)),
)


def fanout(results: Results, floor: Mapping[int, float], file: Path) -> None:
    """One video to many: each server's figures against the number of viewers. `floor`: CPU-µs of the bare loop, by viewers."""
    with mpl.rc_context(STYLE):
        figure, rows = pyplot.subplots(2, 2, figsize=(8, 6), layout="constrained")
        figure.suptitle("One video to many viewers (hollow: packets were lost)")
        for axes, (title, path) in zip(rows.flat, PANELS, strict=True):
            for name in _servers(results):
                _line(
                    axes, name, {count: results[case][name] for case, count in VIEWERS.items() if case in results}, path
                )
            if path == PANELS[0][1] and floor:
                axes.plot(list(floor), list(floor.values()), color=INK, linestyle=":", label="bare loop")
            _label(axes, title)
        for axes in rows[1]:
            axes.set_xlabel("viewers")
        _save(figure, rows.flat[0], file)


def _line(axes: Axes, name: str, outcomes: Mapping[int, Outcome], path: tuple[str, ...]) -> None:
    points = [
        (count, value, outcome) for count, outcome in outcomes.items() if (value := outcome.median(*path)) is not None
    ]
    counts, values = [count for count, _, _ in points], [value for _, value, _ in points]
    ours = name == "tertulia"
    axes.plot(counts, values, color=COLOURS[name], linewidth=2.5 if ours else 1.5, zorder=3 if ours else 2, label=name)
    for count, value, outcome in points:
        fill = COLOURS[name] if outcome.is_held else "none"
        axes.plot([count], [value], "o", markersize=5, color=COLOURS[name], markerfacecolor=fill, zorder=4)


def others(results: Results, file: Path) -> None:
    """Meetings, and speakers with listeners: CPU time by case and server."""
    cases = [case for case in results if case not in VIEWERS]
    servers = _servers(results)[::-1]
    height = 0.8 / len(servers)
    with mpl.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.9 * len(cases)), layout="constrained")
        for number, name in enumerate(servers):
            found = [(row, results[case][name].median("cpu_us_per_packet")) for row, case in enumerate(cases)]
            there = [(row, value) for row, value in found if value is not None]
            rows = [row + (number - (len(servers) - 1) / 2) * height for row, _ in there]
            axes.barh(rows, [value for _, value in there], height, color=COLOURS[name], label=name)
        axes.set_yticks(range(len(cases)), cases)
        axes.invert_yaxis()
        axes.grid(axis="x", alpha=0.3)
        axes.set_xlabel("CPU-µs per forwarded packet")
        _save(figure, axes, file)


def _servers(results: Results) -> list[str]:
    """Ours last, so that it lies on top."""
    return list(dict.fromkeys(name for by_server in results.values() for name in by_server))[::-1]


def _label(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=9)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)


def _save(figure: Figure, labelled: Axes, file: Path) -> None:
    handles, labels = labelled.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=4, frameon=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None}, transparent=True)
    pyplot.close(figure)


def floor_of(table: str) -> dict[int, float]:
    """Of the best loop in the table that bench/micro prints: CPU-µs by number of viewers."""
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    if len(rows) < 3:
        return {}
    counts = [int(cell.split()[0]) for cell in rows[0][1:]]
    loops: Sequence[list[float]] = [[float(cell) for cell in row[1:]] for row in rows[2:]]
    return dict(zip(counts, (min(column) for column in zip(*loops, strict=True)), strict=True))
