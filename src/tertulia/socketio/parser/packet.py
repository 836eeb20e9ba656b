"""What a packet is, however it is written."""

from enum import IntEnum
from typing import Any, NamedTuple

RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})
"""Names that clients keep for what happens to the connection; nobody may send them."""


class Kind(IntEnum):
    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


class Packet(NamedTuple):
    """One that came in whole. An event's `data` is its name and arguments, an acknowledgement's its arguments, a connect's an object
    or None."""

    kind: Kind
    """Never a binary one: with its attachments in their places it is an EVENT or an ACK."""
    namespace: str
    data: Any
    id: int | None


class BadPacket(Exception):
    """Malformed, or larger than is allowed. Whoever sends one is let go."""
