"""Each figure of the relay and of the streams has its words, and no words are left of one that is gone."""

import re
from pathlib import Path

from tertulia.media import addresses
from tertulia.media.counters import GAUGES, TOTALS
from tertulia.media.engine import create_engine

REFERENCE = Path(__file__).parents[2] / "docs/reference/metrics.md"


def test_what_the_engine_counts_has_words() -> None:
    engine = create_engine(addresses.binding("127.0.0.1", 0), local_only=True)
    try:
        counted = {name for name in engine.counters() if name.startswith(("relay_", "stream", "dropped_stream"))}
    finally:
        engine.stop()
    assert counted == {*GAUGES, *TOTALS}


def test_the_reference_says_the_same() -> None:
    rows = dict(re.findall(r"^\| `tertulia_(\w+)` \| (.+?) \|$", REFERENCE.read_text(), re.MULTILINE))
    expected = {**GAUGES, **{f"{name}_total": words for name, words in TOTALS.items()}}
    assert {name: rows.get(name) for name in expected} == expected
