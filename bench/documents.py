"""How long a shared document holds the server up: pycrdt works in the event loop's own thread, so nobody else is served meanwhile.

python bench/documents.py [--runs 5]
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from pycrdt import Array, Doc, Map, Text, write_message

from tertulia.core.ids import ParticipantId
from tertulia.runtime.document import DOCUMENT_BYTES, UPDATE_BYTES, Document

ANA = ParticipantId("ana")


def strokes(size: int) -> Doc[Any]:
    """A board: lines of 60 points each, one after another, until it has so many bytes."""
    doc: Doc[Any] = Doc()
    lines = doc.get("lines", type=Array)
    line = {"color": "#0a7463", "points": [[n * 7 % 1200, n * 13 % 700] for n in range(60)]}
    while len(doc.get_update()) < size:
        with doc.transaction():
            for _ in range(100):
                lines.append(line)
    return doc


def typing(size: int) -> Doc[Any]:
    """Notes: letters put in and taken out at many places, each a change of its own."""
    doc: Doc[Any] = Doc()
    text = doc.get("text", type=Text)
    n = 0
    while len(doc.get_update()) < size:
        with doc.transaction():
            for _ in range(1000):
                n += 1
                text.insert(n * 7919 % (len(text) + 1), "x")
    return doc


def keys(size: int) -> Doc[Any]:
    """A map with very many keys."""
    doc: Doc[Any] = Doc()
    shared = doc.get("map", type=Map)
    n = 0
    while len(doc.get_update()) < size:
        with doc.transaction():
            for _ in range(1000):
                n += 1
                shared[str(n)] = n
    return doc


def milliseconds(work: Callable[[], object], runs: int) -> float:
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"{'':28} {'kB':>6} {'load ms':>8} {'merge ms':>9} {'write ms':>9}")
    for make in (strokes, typing, keys):
        for size in (64 * 1024, UPDATE_BYTES * 9 // 10, DOCUMENT_BYTES * 9 // 10):
            state = make(size).get_update()
            document = Document([state], lambda *_: None)
            load = milliseconds(lambda state=state: Document([state], lambda *_: None), runs)
            merge = milliseconds(document.merge, runs)
            write = "–"
            if len(state) <= UPDATE_BYTES:
                message = b"\2" + write_message(state)
                write = f"{milliseconds(lambda m=message: Document([], lambda *_: None).write(ANA, m), runs):.1f}"
            print(f"{make.__name__:28} {len(state) / 1000:6.0f} {load:8.1f} {merge:9.1f} {write:>9}")


if __name__ == "__main__":
    main()
