#!/usr/bin/env python3
"""One target under libFuzzer: the one that TERTULIA_FUZZ_TARGET names. `make fuzz` runs them all.

Executable, and with no arguments but libFuzzer's, for libFuzzer calls itself again when it merges. The checkout is in PYTHONPATH.
"""

import os
import sys

import atheris

# Also those who parse for us.
with atheris.instrument_imports(include=["tertulia", "aioice", "jwt"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    target = TARGETS.get(os.environ.get("TERTULIA_FUZZ_TARGET", ""))
    if target is None:
        sys.exit(f"TERTULIA_FUZZ_TARGET must be one of {', '.join(TARGETS)}")
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
