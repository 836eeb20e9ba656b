"""What was compared, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.peers.comparison import OURS, Contestant, Outcome, Results

HEAD = (
    "case", "server", "CPU-µs per packet", "ours to theirs", "packet delay p50 / p99, ms", "frame delay p50 / p99, ms", "lost",
    "its core busy, %", "kB per viewer", "joins/s", "join p50 / p99, ms",
)  # fmt: skip


def table(results: Results) -> str:
    """A row for each server in each case; ours comes first."""
    rows = [
        f"| {' | '.join((case, name, *cells(outcome, by_server[OURS] if name != OURS else None)))} |"
        for case, by_server in results.items()
        for name, outcome in by_server.items()
    ]
    return "\n".join((f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD), *rows))


def cells(outcome: Outcome, ours: Outcome | None) -> tuple[str, ...]:
    if not outcome.figures:
        why = "; ".join(dict.fromkeys((*outcome.failures, *(f"INVALID: {reason}" for reason in outcome.invalid))))
        return (why or "not run", *[""] * (len(HEAD) - 3))
    note = f" ({len(outcome.invalid)} more INVALID)" if outcome.invalid else ""
    return (
        _text(outcome.median("cpu_us_per_packet"), 2) + note,
        ratio(outcome, ours),
        _pair(outcome, "packet_delay_ms", 1),
        _pair(outcome, "frame_delay_ms", 1),
        lost(outcome),
        _text(_percent(outcome.median("server_cpu"))),
        _text(outcome.median("memory_kb_per_client")),
        _text(outcome.median("joins_per_second")),
        _pair(outcome, "join_ms", 0),
    )


def ratio(outcome: Outcome, ours: Outcome | None) -> str:
    theirs = outcome.median("cpu_us_per_packet")
    own = ours.median("cpu_us_per_packet") if ours else None
    return f"{own / theirs:.2f}" if own and theirs else ""


def lost(outcome: Outcome) -> str:
    """A server that could not hold the load in some of its runs says so."""
    part = outcome.median("loss") or 0.0
    runs = sum(bool(one["overload"]) for one in outcome.figures)
    if runs == 0:
        return "0"
    text = f"{100 * part:.2g} %" if part else "0"
    return text if runs == len(outcome.figures) else f"{text} (some in {runs} of {len(outcome.figures)} runs)"


def versions(servers: Sequence[Contestant], missing: Mapping[str, str]) -> str:
    """A line for each server: which it was and how it was set, or why it is not there."""
    there = [f"* {server.name} {server.version}: {server.settings}" for server in servers]
    return "\n".join((*there, *(f"* {name}: not compared: {reason}" for name, reason in missing.items())))


def _percent(part: float | None) -> float | None:
    return None if part is None else 100 * part


def _text(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _pair(outcome: Outcome, name: str, digits: int) -> str:
    low, high = (outcome.median(name, part) for part in ("p50", "p99"))
    return "" if low is None else f"{_text(low, digits)} / {_text(high, digits)}"
