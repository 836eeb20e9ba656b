"""Listening TCP sockets of our own, rather than the HTTP server's."""

import socket
import sys

BACKLOG = 2048
UNSENT_BYTES = 128 * 1024
"""What the kernel may hold of one connection beyond what its peer has room for, so that a peer that does not read is noticed early."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Listening sockets; for "::" one for both families, for a name one for each of its addresses. Raises OSError."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            # With port 0 every address gets the port that the first one got.
            where = (address[0], sockets[0].getsockname()[1], *address[2:]) if sockets and not port else address
            sockets.append(_listen(family, kind, protocol, where))
    except OSError:
        for opened in sockets:
            opened.close()
        raise
    return sockets


def _listen(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address[0] != "::"))
        if sys.platform == "linux":
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
