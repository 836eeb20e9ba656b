"""The writing side of a WebSocket, for messages to many."""

import asyncio
import struct
from typing import Protocol

from tertulia.net import Binary

_SHORT = struct.Struct("!BBH")
_LONG = struct.Struct("!BBQ")


class Compressor(Protocol):
    """What makes frames where an extension was agreed on."""

    def send_text(self, data: bytes) -> None: ...
    def send_binary(self, data: bytes) -> None: ...
    def data_to_send(self) -> list[bytes]: ...


class Writer:
    """Writes frames at once; see `net.link.Socket`.

    Small on purpose: a message to a thousand people finds none of them in the processor's cache, and then what costs is not what is done,
    but how many places of the memory are touched. uvicorn's protocol and websockets' conversation are many.
    """

    __slots__ = ("_compressor", "_is_closing", "_is_open", "_ready", "_write")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._write = transport.write
        self._is_closing = transport.is_closing
        self._compressor: Compressor | None = None
        self._is_open = False
        self._ready = False

    def begin(self, compressor: Compressor | None) -> None:
        """The opening handshake is over."""
        self._compressor = compressor
        self._is_open = self._ready = True

    def end(self) -> None:
        """The closing handshake has begun, or the connection has failed."""
        self._is_open = self._ready = False

    def pause(self) -> None:
        """The transport has enough."""
        self._ready = False

    def resume(self) -> None:
        self._ready = self._is_open

    def write(self, frame: bytes) -> bool:
        """False: nothing was written, for that would have to wait, or the socket is not open."""
        if not self._ready or self._is_closing():
            return False
        if self._compressor is not None:
            self._compress(self._compressor, frame)
            return True
        # A whole message in one frame, neither masked nor compressed (RFC 6455, section 5.2). The library's way to its header costs more
        # than everything else that a delivery does in Python.
        first, length = 0x82 if type(frame) is Binary else 0x81, len(frame)
        if length < 126:
            self._write(bytes((first, length)) + frame)
        elif length < 1 << 16:
            self._write(_SHORT.pack(first, 126, length) + frame)
        else:
            self._write(_LONG.pack(first, 127, length) + frame)
        return True

    def _compress(self, compressor: Compressor, frame: bytes) -> None:
        if type(frame) is Binary:
            compressor.send_binary(frame)
        else:
            compressor.send_text(frame)
        self._write(b"".join(compressor.data_to_send()))
