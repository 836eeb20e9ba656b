"""What Python code sends and gets, as JSON in the form that all doors understand."""

import base64
from typing import Any

import msgspec

from tertulia.runtime.seat import Data

DATA_BYTES = 16 * 1024
"""As much as a client may send: of JSON, or of base64 where it is bytes."""


def encoded(data: Any) -> Data:
    """Of a JSON value or bytes. Raises ValueError for more than 16 kB, TypeError for what is no JSON."""
    binary = isinstance(data, bytes | bytearray | memoryview)
    json = msgspec.json.encode(base64.b64encode(data).decode() if binary else data)
    if len(json) > DATA_BYTES:
        raise ValueError(f"data has at most {DATA_BYTES} bytes")
    return Data(json, binary)


def decoded(data: Data) -> Any:
    """What was sent: a JSON value or bytes."""
    value = msgspec.json.decode(data.json)
    return base64.b64decode(value) if data.base64 else value


def parsed(json: bytes) -> Any:
    """The value of somebody's JSON text. None also for what Python has no value for, such as 1e999: the text was passed on unread."""
    try:
        return msgspec.json.decode(json)
    except (ValueError, RecursionError):
        return None
