"""aioice's TURN client, and what reaches it."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from aioice import stun
from aioice.turn import TurnClientTcpProtocol, TurnClientUdpProtocol

from tertulia.auth.turn import Credentials

from .server import TurnServer, credentials

Road = Literal["udp", "tcp", "tls"]
LIFETIME = 600
ALWAYS = -1
"""Seconds after which a channel is bound anew: before each packet."""


class End(asyncio.DatagramProtocol):
    """One allocation. `close` it."""

    def __init__(self, turn: TurnClientTcpProtocol | TurnClientUdpProtocol) -> None:
        self._turn = turn
        self._arrived: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self.address: tuple[str, int] = ("", 0)

    async def allocate(self) -> End:
        """Raises aioice's stun.TransactionFailed."""
        self.address = await self._turn.connect()
        self._turn.receiver = self
        return self

    async def send(self, payload: bytes, peer: tuple[str, int]) -> None:
        """By a channel, bound if need be. Raises stun.TransactionFailed."""
        await self._turn.send_data(payload, peer)

    async def open(self, peer: tuple[str, int]) -> None:
        """Binds the channel by an empty packet, which nobody hears: aioice takes nothing from whom it has not written to."""
        await self.send(b"", peer)

    async def receive(self) -> tuple[bytes, tuple[str, int]]:
        return await asyncio.wait_for(self._arrived.get(), 30)

    async def ask(self, method: stun.Method, **attributes: Any) -> stun.Message:
        """Raises stun.TransactionFailed."""
        request = stun.Message(message_method=method, message_class=stun.Class.REQUEST)
        request.attributes.update({name.replace("_", "-"): value for name, value in attributes.items()})
        response, _ = await self._turn.request_with_retry(request)
        return response

    def indicate(self, payload: bytes, peer: tuple[str, int]) -> None:
        indication = stun.Message(message_method=stun.Method.SEND, message_class=stun.Class.INDICATION)
        indication.attributes["XOR-PEER-ADDRESS"] = peer
        indication.attributes["DATA"] = payload
        self._turn.send_stun(indication, peer)

    async def close(self) -> None:
        if self._turn.refresh_task is None:
            self._turn.transport.close()
        else:
            await self._turn.delete()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if data:
            self._arrived.put_nowait((data, addr))


async def connect(server: TurnServer, road: Road, who: Credentials | None = None) -> End:
    """A client that has not allocated yet."""
    who = who or credentials()
    port = server.udp_port if road == "udp" else server.tcp_port
    given = ((server.host, port), who.username, who.password, LIFETIME, ALWAYS)
    loop = asyncio.get_running_loop()
    if road == "udp":
        _, udp = await loop.create_datagram_endpoint(lambda: TurnClientUdpProtocol(*given), remote_addr=given[0])
        return End(udp)
    tls = server.tls if road == "tls" else None
    _, tcp = await loop.create_connection(lambda: TurnClientTcpProtocol(*given), server.host, port, ssl=tls)
    return End(tcp)
