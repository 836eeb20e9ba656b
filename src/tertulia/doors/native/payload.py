"""What an app's `data` carries: passed on unread, after a look at what could harm its receivers."""

import re
from itertools import accumulate

from tertulia.errors import Code, ProtocolError
from tertulia.runtime.seat import Data
from tertulia.wire import native as wire

DEPTH = 64
"""Levels of arrays and objects: a peer that parses recursively must not be brought down by another."""

_BASE64 = re.compile(rb'"[A-Za-z0-9+/]*={0,2}"')
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKET = bytes(set(range(256)) - _STEP.keys())


def payload(message: wire.Data) -> Data:
    """Raises ProtocolError (invalid) for bytes that are not base64, and for JSON that is too deep."""
    json = bytes(message.data)  # a copy: the view keeps the whole message in memory
    if message.encoding == "base64":
        if len(json) % 4 != 2 or not _BASE64.fullmatch(json):
            raise ProtocolError(Code.INVALID, "the data is no string of padded base64")
        return Data(json, base64=True)
    if _too_deep(json):
        raise ProtocolError(Code.INVALID, f"data has at most {DEPTH} levels")
    return Data(json)


def _too_deep(json: bytes) -> bool:
    """For valid JSON."""
    if json.count(b"[") + json.count(b"{") <= DEPTH:
        return False
    brackets = _STRING.sub(b"", json).translate(None, _NO_BRACKET)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > DEPTH
