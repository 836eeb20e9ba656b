"""A laboratory for pictures on bad networks; `bench/quality.py` is its command, `tests/quality` asserts a part of it."""
