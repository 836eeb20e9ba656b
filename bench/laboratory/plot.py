"""Recordings as pictures: SVG, the same from the same recordings."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from bench.laboratory.figures import FREEZE, Figures, gaps
from bench.laboratory.recording import Recording, Sample

COLOURS = {"tertulia": "#1f6feb", "janus": "#d1570c"}
# Text stays text, and nothing changes from run to run but what was measured.
mpl.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "tertulia",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
_NO_DATE = {"Date": None}
_BELOW: dict[str, Any] = {"loc": "outside lower center", "ncols": 3, "frameon": False}
"""Where the legend is."""
_MEAN_OF = 1.0
"""Seconds over which a bitrate is averaged."""


def timeline(recordings: Sequence[Recording], file: Path) -> None:
    """One scenario, second by second, for each server."""
    scenario = recordings[0].scenario
    figure, (bitrates, widths, stills) = pyplot.subplots(3, 1, figsize=(8, 6), sharex=True, layout="constrained")
    figure.suptitle(f"{scenario.name}: {scenario.what}")
    starts = [0.0, *itertools.accumulate(phase.seconds for phase in scenario.phases)]
    for axes in (bitrates, widths, stills):
        if scenario.changes:
            axes.axvspan(starts[1], starts[2], color="#00000010", linewidth=0)
    limits = [phase.conditions.rate for phase in scenario.phases]
    if any(limits):
        steps = [math.nan if limit is None else limit / 1000 for limit in (*limits, limits[-1])]
        bitrates.step(starts, steps, where="post", color="#888", linestyle="--", label="limit")
    for one in recordings:
        colour = COLOURS[one.server]
        bitrates.plot(*_bitrate(one), color=colour, label=one.server)
        widths.step(*_widths(one), where="post", color=colour)
        for gap in gaps(one):
            if gap.length > FREEZE:
                stills.plot(
                    [gap.begins - one.began, gap.ends - one.began, gap.ends - one.began],
                    [0, gap.length, 0],
                    color=colour,
                )
    _label(bitrates, "picture, kbit/s")
    _label(widths, "width of pictures, px")
    _label(stills, "standing still, s")
    handles, labels = bitrates.get_legend_handles_labels()
    figure.legend(handles, labels, **_BELOW)
    stills.set_xlabel("seconds")
    _save(file)


def overview(results: dict[str, dict[str, Figures]], file: Path) -> None:
    """Scenarios whose conditions stay: by name, the figures of each server."""
    figure, panels = pyplot.subplots(1, 3, figsize=(8, 1.0 + 0.35 * len(results)), sharey=True, layout="constrained")
    figure.suptitle("Networks that stay as they are")
    names = list(results)
    servers = list(dict.fromkeys(server for by_server in results.values() for server in by_server))
    height = 0.8 / len(servers)
    shown: dict[str, Callable[[Figures], float]] = {
        "frozen, s": lambda one: one.frozen,
        "sound made up, %": lambda one: 100 * one.concealed,
        "delay of 95 % of pictures, ms": lambda one: 1000 * one.delay[1],
    }
    for axes, (title, value) in zip(panels, shown.items(), strict=True):
        axes.set_title(title, fontsize=9)
        axes.grid(axis="x", alpha=0.3)
        for number, server in enumerate(servers):
            there = [(row, results[name][server]) for row, name in enumerate(names) if server in results[name]]
            rows = [row + (number - (len(servers) - 1) / 2) * height for row, _ in there]
            axes.barh(rows, [value(one) for _, one in there], height, color=COLOURS[server], label=server)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, **_BELOW)
    _save(file)


def _bitrate(recording: Recording) -> tuple[list[float], list[float]]:
    """Received kbit/s over time."""
    times, rates = [], []
    samples = [sample for sample in recording.received if sample.at >= recording.began - _MEAN_OF]
    oldest = 0
    for newest, sample in enumerate(samples):
        while sample.at - samples[oldest].at > _MEAN_OF:
            oldest += 1
        if newest > oldest and recording.began <= sample.at <= recording.ends:
            passed = sample.at - samples[oldest].at
            times.append(sample.at - recording.began)
            rates.append((_received(sample) - _received(samples[oldest])) * 8 / 1000 / passed)
    return times, rates


def _widths(recording: Recording) -> tuple[list[float], list[float]]:
    """Of the pictures that were decoded last, over time."""
    within = [sample for sample in recording.received if recording.began <= sample.at <= recording.ends]
    widths = [max(float(one.get("frameWidth", 0)) for one in sample.of("inbound-rtp", "video")) for sample in within]
    return [sample.at - recording.began for sample in within], widths


def _received(sample: Sample) -> float:
    return sum(float(one["bytesReceived"]) for one in sample.of("inbound-rtp", "video"))


def _label(axes: Axes, text: str) -> None:
    axes.set_ylabel(text)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)


def _save(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    pyplot.savefig(file, metadata=_NO_DATE)
    pyplot.close()
