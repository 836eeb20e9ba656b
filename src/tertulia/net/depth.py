"""How deep JSON goes: a peer that parses recursively must not be brought down by another."""

import re
from itertools import accumulate

DEPTH = 64
"""Levels of arrays and objects that are passed on."""

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKET = bytes(set(range(256)) - _STEP.keys())


def too_deep(json: bytes) -> bool:
    """Whether it has more than DEPTH levels. For valid JSON."""
    if json.count(b"[") + json.count(b"{") <= DEPTH:
        return False
    brackets = _STRING.sub(b"", json).translate(None, _NO_BRACKET)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > DEPTH
