"""Messages with bytes: a binary frame of four bytes (the length of the text, big endian), the text, and the payload."""

import struct
from typing import Final

_LENGTH: Final = struct.Struct("!I")


def pack(text: bytes, payload: bytes) -> bytes:
    """The frame of a message's JSON text and the bytes that stand for its field `bytes`."""
    return b"".join((_LENGTH.pack(len(text)), text, payload))


def unpack(frame: bytes) -> tuple[bytes, bytes]:
    """Text and payload. Raises ValueError for a frame that is shorter than it says."""
    if len(frame) < _LENGTH.size:
        raise ValueError("a binary frame begins with the length of its text, in four bytes")
    (length,) = _LENGTH.unpack_from(frame)
    end = _LENGTH.size + length
    if end > len(frame):
        raise ValueError("a binary frame is shorter than its text")
    return frame[_LENGTH.size : end], frame[end:]


def number_frame(frame: bytes, seq: int) -> bytes:
    """Puts the session's message number into the text of a frame that `pack` made."""
    (length,) = _LENGTH.unpack_from(frame)
    added = b'{"seq":%d,' % seq
    return b"".join((_LENGTH.pack(length + len(added) - 1), added, memoryview(frame)[_LENGTH.size + 1 :]))
