"""Engine.IO packets, as they are on a WebSocket and in the payloads of long-polling. Pure.

A frame to be written is bytes: a text packet with its type's digit first, or `Binary`, a binary message without one.
"""

import binascii
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from tertulia.net import Binary

SEPARATOR = b"\x1e"
PACKETS_IN_PAYLOAD = 10_000
"""More of them in one POST are refused: a megabyte of heartbeats would hold everybody else up."""

CLOSE = b"1"
PING = b"2"
NOOP = b"6"
PROBE = "probe"
PROBE_ANSWER = b"3probe"


class Type(IntEnum):
    OPEN = 0
    CLOSE = 1
    PING = 2
    PONG = 3
    MESSAGE = 4
    UPGRADE = 5
    NOOP = 6


class Packet(NamedTuple):
    type: Type
    data: str | bytes = ""
    """Bytes only in a message."""


class BadPacket(Exception):
    """Not a packet. Whoever sends one has lost the thread, and is let go."""


_TYPES = {str(int(type)): type for type in Type}


def decode(frame: str | bytes) -> Packet:
    """One WebSocket frame. Raises BadPacket."""
    if isinstance(frame, bytes):
        return Packet(Type.MESSAGE, frame)
    type = _TYPES.get(frame[:1])
    if type is None:
        raise BadPacket("unknown packet type")
    return Packet(type, frame[1:])


def decode_payload(body: bytes) -> list[Packet]:
    """The packets of one POST. Raises BadPacket."""
    parts = body.split(SEPARATOR, PACKETS_IN_PAYLOAD)
    if len(parts) > PACKETS_IN_PAYLOAD:
        raise BadPacket("too many packets in one payload")
    return [_decode_part(part) for part in parts]


def message(data: str | bytes) -> bytes:
    """The frame of a message."""
    return b"4" + data.encode() if isinstance(data, str) else Binary(data)


def encode_payload(frames: Iterable[bytes]) -> bytes:
    """The answer to a poll."""
    return SEPARATOR.join(
        b"b" + binascii.b2a_base64(frame, newline=False) if isinstance(frame, Binary) else frame for frame in frames
    )


def _decode_part(part: bytes) -> Packet:
    if part[:1] != b"b":
        try:
            return decode(part.decode())
        except UnicodeDecodeError:
            raise BadPacket("not UTF-8") from None
    try:
        return Packet(Type.MESSAGE, binascii.a2b_base64(part[1:], strict_mode=True))
    except binascii.Error:
        raise BadPacket("not base64") from None
