"""What a namespace remembers of those whose connection was lost, and of what they miss meanwhile. Pure; times are seconds on one clock."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tertulia.socketio.options import Recovery

OFFSET_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Remembered:
    """A socket as it was."""

    id: str
    rooms: frozenset[str]
    data: dict[str, Any]
    start: int
    """The offset when it connected: where it begins if it never received anything."""
    lost_at: float = 0.0
    missed: list[tuple[bytes, ...]] = field(default_factory=list)
    """Packets, filled in when it is recovered."""


class _Kept(NamedTuple):
    frames: tuple[bytes, ...]
    size: int
    rooms: frozenset[str]
    excluded: frozenset[str]
    at: float


class Memory:
    """Numbers the packets of a namespace and keeps the last of them.

    A client reports the offset of the last packet that it has, for every packet carries its own as its last argument.
    """

    def __init__(self, terms: Recovery) -> None:
        self._terms = terms
        self._sockets: OrderedDict[str, Remembered] = OrderedDict()
        self._packets: deque[_Kept] = deque()
        self._bytes = 0
        self.offset = 0
        """Of the last packet; those that are kept precede it without a gap."""

    def keep(self, frames: tuple[bytes, ...], rooms: frozenset[str], excluded: frozenset[str], now: float) -> None:
        """The packet with the number `offset + 1`. No rooms: it went to everybody."""
        self.offset += 1
        size = sum(map(len, frames))
        self._packets.append(_Kept(frames, size, rooms, excluded, now))
        self._bytes += size
        terms = self._terms
        while (
            len(self._packets) > terms.packets
            or self._bytes > terms.bytes
            or (self._packets and self._packets[0].at < now - terms.duration)
        ):
            self._bytes -= self._packets.popleft().size

    def remember(self, secret: str, socket: Remembered) -> None:
        """`secret`: known to the client alone."""
        self._sockets[secret] = socket
        while self._sockets and (
            len(self._sockets) > self._terms.sockets
            or next(iter(self._sockets.values())).lost_at < socket.lost_at - self._terms.duration
        ):
            self._sockets.popitem(last=False)

    def recover(self, secret: object, offset: object, now: float) -> Remembered | None:
        """Once. None: not known, too late, or something that it missed is not kept any more. Any value may be given, for clients say it."""
        if not isinstance(secret, str):
            return None
        socket = self._sockets.pop(secret, None)
        if socket is None or now - socket.lost_at > self._terms.duration:
            return None
        at = _number(offset, socket.start)
        if at is None or not self.offset - len(self._packets) <= at <= self.offset:
            return None
        since = list(self._packets)[len(self._packets) - (self.offset - at) :]
        socket.missed.extend(
            it.frames for it in since if (not it.rooms or it.rooms & socket.rooms) and not it.excluded & socket.rooms
        )
        return socket


def _number(offset: object, start: int) -> int | None:
    if offset is None:
        return start
    if isinstance(offset, str) and len(offset) <= OFFSET_DIGITS and offset.isdecimal() and offset.isascii():
        return max(start, int(offset))
    return None
