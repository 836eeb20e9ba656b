"""A STUN server on loopback that does as it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Literal, cast

from aioice import stun

Fault = Literal["silent", "garbage", "another transaction", "error", "no address"]


class StunServer(asyncio.DatagramProtocol):
    """`lost`: so many requests go unanswered. `before`: what is sent ahead of the right answer. `instead`: and nothing else."""

    def __init__(
        self,
        mapped: str | None = None,
        *,
        lost: int = 0,
        before: tuple[Fault, ...] = (),
        instead: Fault | None = None,
    ) -> None:
        self.requests = 0
        self.port = 0
        self._mapped = mapped
        self._lost = lost
        self._before = before
        self._instead = instead

    @contextlib.asynccontextmanager
    async def serving(self, host: str = "127.0.0.1") -> AsyncIterator[StunServer]:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]
        try:
            yield self
        finally:
            transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str | bytes, ...]) -> None:
        self.requests += 1
        if self.requests <= self._lost:
            return
        client = cast("tuple[str, int]", addr[:2])
        request = stun.parse_message(data)
        for fault in [*self._before] if self._instead is None else [self._instead]:
            self._misbehave(fault, request, client)
        if self._instead is None:
            self._answer(request.transaction_id, client, {"XOR-MAPPED-ADDRESS": (self._mapped or client[0], client[1])})

    def _misbehave(self, fault: Fault, request: stun.Message, client: tuple[str, int]) -> None:
        match fault:
            case "garbage":
                for junk in (b"", b"\x01\x01", bytes(20), b"\x01\x01\x00\x04!\x12\xa4B" + bytes(16), bytes(1500)):
                    self._transport.sendto(junk, client)
            case "another transaction":
                self._answer(bytes(12), client, {"XOR-MAPPED-ADDRESS": ("6.6.6.6", 6)})
            case "error":
                self._answer(request.transaction_id, client, {"ERROR-CODE": (400, "Bad Request")}, stun.Class.ERROR)
            case "no address":
                self._answer(request.transaction_id, client, {})
            case "silent":
                pass

    def _answer(
        self,
        transaction: bytes,
        client: tuple[str, int],
        attributes: dict[str, object],
        kind: stun.Class = stun.Class.RESPONSE,
    ) -> None:
        self._transport.sendto(bytes(stun.Message(stun.Method.BINDING, kind, transaction, attributes)), client)
