"""Writes a packet as frames: its text, and after it the attachments."""

from typing import Any

import msgspec

from tertulia.net import Binary
from tertulia.socketio.parser.packet import Kind

_BINARY = (bytes, bytearray, memoryview)
_LEAVES = frozenset({str, int, float, bool, type(None)})
_json = msgspec.json.Encoder()


def encode(
    kind: Kind, namespace: str, data: Any = None, id: int | None = None, *, max_attachments: int = 10
) -> tuple[bytes, ...]:
    """Frames for the wire, the type of Engine.IO's message included. `data` is a list, an object or None for nothing.

    Bytes in lists, tuples and dicts become attachments. Raises TypeError for what JSON cannot say, ValueError for what is nested too
    deeply, a text that is not Unicode, or more attachments than clients accept.
    """
    attachments: list[Binary] = []
    try:
        if data is not None and _has_binary(data):
            data = _extract(data, attachments)
        text = b"" if data is None else _json.encode(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    count = b""
    if attachments:
        if len(attachments) > max_attachments:
            raise ValueError(f"at most {max_attachments} attachments go with a packet")
        kind = Kind.BINARY_EVENT if kind is Kind.EVENT else Kind.BINARY_ACK
        count = b"%d-" % len(attachments)
    place = b"" if namespace == "/" else namespace.encode() + b","
    number = b"" if id is None else b"%d" % id
    return (b"4%d" % kind + count + place + number + text, *attachments)


def _has_binary(value: Any) -> bool:
    if type(value) in _LEAVES:
        return False
    if isinstance(value, _BINARY):
        return True
    if isinstance(value, dict):
        return any(_has_binary(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_has_binary(item) for item in value)
    return False


def _extract(value: Any, attachments: list[Binary]) -> Any:
    """A copy with placeholders where bytes were."""
    if isinstance(value, _BINARY):
        attachments.append(Binary(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, dict):
        return {key: _extract(item, attachments) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_extract(item, attachments) for item in value]
    return value
