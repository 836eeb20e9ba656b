"""The Autobahn WebSocket test suite against our echo: RFC 6455 and RFC 7692, 517 cases.

    python -m tests.conformance.autobahn [--cases '9.*' …]

The cases are Autobahn's own; kosoku runs them, for Autobahn's runner needs Python 2. All of them take some ten minutes, nearly all for
the 216 cases of compression.
"""

import argparse
import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import kosoku
import uvloop

from tests.conformance.echo import serving

COMPRESSION = ("12.*", "13.*")
AT_ONCE = 4


@dataclass(frozen=True)
class Outcome:
    verdicts: Counter[str]
    """How many cases behaved how: OK, NON-STRICT (within the RFC, but not as Autobahn would have it), INFORMATIONAL, or not well."""
    failed: tuple[str, ...]
    """What went wrong, a line for each case."""


async def run(*, deflate: bool, cases: Sequence[str] = (), without: Sequence[str] = ()) -> Outcome:
    """`cases` and `without` are ids or globs; no `cases`: all. Without permessage-deflate there is nothing to compress, so those cases are
    left out."""
    left_out = [*without, *(() if deflate else COMPRESSION)]
    async with serving(deflate=deflate) as url:
        try:
            results = await kosoku.run_fuzzingclient(url, list(cases) or None, left_out or None, AT_ONCE)
        except kosoku.FailureError as failure:
            results = failure.results
    return Outcome(
        Counter(it.behavior.value for it in results),
        tuple(
            f"{it.case_id}: {it.behavior.value}, close {it.behavior_close.value}: {it.result}; {it.result_close}"
            for it in results
            if not it.passed
        ),
    )


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", default=(), help="ids or globs (all)")
    given = parser.parse_args()
    logging.disable()
    passed = True
    for deflate in (False, True):
        outcome = await run(deflate=deflate, cases=given.cases)
        print(f"Autobahn, permessage-deflate {'on' if deflate else 'off'}: {verdict(outcome)}")
        for line in outcome.failed:
            print(f"  {line}")
        passed = passed and not outcome.failed
    return 0 if passed else 1


def verdict(outcome: Outcome) -> str:
    counts = ", ".join(f"{count} {behavior}" for behavior, count in outcome.verdicts.most_common())
    return (
        f"{len(outcome.failed)} failed ({counts})" if outcome.failed else f"{outcome.verdicts.total()} pass ({counts})"
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main()))
