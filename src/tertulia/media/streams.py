"""TCP connections that the engine takes over from us, and those that it gives back."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tertulia._media import Engine, FirstBytes, StreamKind

Address = tuple[str, int]
HttpListener = Callable[[socket.socket, Address, Address], None]
"""Takes over a connection, and is told its remote and its local address."""


class Streams:
    """Keeps `net.gate.Streams`."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._http: HttpListener | None = None

    def classify(self, first_bytes: bytes) -> "FirstBytes":
        """What a connection is that begins with these bytes; see `_media.classify`."""
        # Here and not above: what only plans and parses works without the compiled module.
        from tertulia._media import classify

        return classify(first_bytes)

    def adopt(self, connection: socket.socket, kind: "StreamKind") -> None:
        """Takes over a connection of which nothing was read yet."""
        self._engine.adopt(connection.detach(), kind)

    def set_certificate(self, chain: bytes, key: bytes) -> None:
        """What TLS shows from now on, both PEM. Raises ValueError, which says what is wrong with them."""
        self._engine.set_certificate(chain, key)

    def listen_http(self, listener: HttpListener) -> None:
        """Sets who takes over what turned out to be HTTP inside TLS of the engine's; it comes in the clear. Until then such are closed."""
        self._http = listener

    def handle_http(self, descriptor: int, remote: str, local: str) -> None:
        """The engine's event."""
        connection = socket.socket(fileno=descriptor)
        if self._http is None:
            connection.close()
            return
        connection.setblocking(False)
        self._http(connection, _address(remote), _address(local))


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
