"""Somebody with a UDP socket and no good intentions."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from types import TracebackType

from OpenSSL import SSL

from tests.hostile import stun

WITHIN = 30.0
TOGETHER = 32
"""Datagrams sent before asking whether they were all read: the server's socket buffer must not overflow."""


class Attacker(asyncio.DatagramProtocol):
    """`async with Attacker(port) as attacker`. What comes back, but for answers to its own questions, is in `received`."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._server = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((host, 0))
        self._answers: dict[bytes, asyncio.Future[bytes]] = {}
        self.received: list[bytes] = []
        self.arrived = asyncio.Event()

    async def __aenter__(self) -> Attacker:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=self._socket)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._socket.getsockname()
        return host, port

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._answers.pop(stun.transaction(data), None) if stun.is_stun(data) else None
        if answer is None:
            self.received.append(data)
            self.arrived.set()
        elif not answer.done():
            answer.set_result(data)

    def send(self, datagram: bytes) -> None:
        # Not by asyncio, which sends no empty datagrams.
        self._socket.sendto(datagram, self._server)

    async def ask(self, request: bytes, within: float = WITHIN) -> bytes:
        """Sends a STUN request once and gives the answer."""
        answer = self._answers[stun.transaction(request)] = asyncio.get_running_loop().create_future()
        self.send(request)
        return await asyncio.wait_for(answer, within)

    async def settle(self) -> None:
        """Returns when the server has read all that was sent before: it reads in order, and answers a Binding request."""
        await self.ask(stun.message())

    async def send_all(self, datagrams: list[bytes]) -> None:
        for start in range(0, len(datagrams), TOGETHER):
            for datagram in datagrams[start : start + TOGETHER]:
                self.send(datagram)
            await self.settle()


def client_hello() -> bytes:
    """The first datagram of a DTLS handshake by OpenSSL."""
    context = SSL.Context(SSL.DTLS_CLIENT_METHOD)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    with contextlib.suppress(SSL.WantReadError):
        connection.do_handshake()
    return connection.bio_read(2048)
