"""What an app's `data` carries: passed on unread, after a look at what could harm its receivers."""

import re

import msgspec

from tertulia.errors import Code, ProtocolError
from tertulia.net.depth import DEPTH, too_deep
from tertulia.runtime.seat import Data
from tertulia.wire import native as wire

_BASE64 = re.compile(rb'"[A-Za-z0-9+/]*={0,2}"')


def payload(message: wire.Data) -> Data:
    """Raises ProtocolError (invalid) for bytes that are not base64, and for JSON that is too deep."""
    if message.encoding == "base64":
        json = bytes(message.data)
        if len(json) % 4 != 2 or not _BASE64.fullmatch(json):
            raise ProtocolError(Code.INVALID, "the data is no string of padded base64")
        return Data(json, base64=True)
    return Data(json_text(message.data))


def json_text(raw: msgspec.Raw) -> bytes:
    """Raises ProtocolError (invalid) for JSON that is too deep."""
    json = bytes(raw)  # a copy: the view keeps the whole message in memory
    if too_deep(json):
        raise ProtocolError(Code.INVALID, f"data has at most {DEPTH} levels")
    return json
