"""A TURN server on loopback that does as it is told: channels alone, by UDP, TCP and TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from typing import cast

from aioice import stun
from aioice.turn import TurnStreamMixin, make_integrity_key

from tertulia.doctor.ice_servers import IceServer, Road

USERNAME, PASSWORD, REALM = "doctor", "a password", "tests"

Send = Callable[[bytes], None]


class TurnServer:
    """`silent`: hears and says nothing. `refuses`: with this code, once it knows who asks. `carries`: the largest payload that passes."""

    def __init__(self, *, silent: bool = False, refuses: int | None = None, carries: int = 65_535) -> None:
        self.allocated = 0
        self.freed = 0
        self._silent = silent
        self._refuses = refuses
        self._carries = carries
        self._clients: dict[tuple[str, int], _Client] = {}
        """By relayed address; there is no socket behind it, for packets go from one allocation to another only."""

    @contextlib.asynccontextmanager
    async def serving(self, road: Road = "udp", tls: ssl.SSLContext | None = None) -> AsyncIterator[IceServer]:
        loop = asyncio.get_running_loop()
        if road == "udp":
            transport, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), local_addr=("127.0.0.1", 0))
            port, close = transport.get_extra_info("sockname")[1], transport.close
        else:
            server = await loop.create_server(lambda: _Stream(self), "127.0.0.1", 0, ssl=tls)
            port, close = server.sockets[0].getsockname()[1], server.close
        scheme, transport_name = ("turns", "tcp") if road == "tls" else ("turn", road)
        host = "localhost" if road == "tls" else "127.0.0.1"
        url = f"{scheme}:{host}:{port}?transport={transport_name}"
        try:
            yield IceServer(url, road, host, port, USERNAME, PASSWORD)
        finally:
            close()

    def hear(self, client: _Client, data: bytes) -> None:
        if self._silent:
            return
        if data[0] & 0xC0 == 0x40:
            self._relay(client, data)
            return
        request = stun.parse_message(data)
        if request.message_method is stun.Method.BINDING:
            client.answer(request, {"XOR-MAPPED-ADDRESS": client.address})
        elif "MESSAGE-INTEGRITY" not in request.attributes:
            client.answer(request, {"ERROR-CODE": (401, "Unauthorized"), "NONCE": b"nonce", "REALM": REALM})
        elif not request.check_message_integrity(make_integrity_key(USERNAME, REALM, PASSWORD)):
            client.answer(request, {"ERROR-CODE": (401, "Unauthorized")})
        elif self._refuses is not None:
            client.answer(request, {"ERROR-CODE": (self._refuses, "No")}, sign=True)
        else:
            self._do(client, request)

    def _do(self, client: _Client, request: stun.Message) -> None:
        match request.message_method:
            case stun.Method.ALLOCATE:
                self.allocated += 1
                client.relayed = ("192.0.2.1", 40_000 + self.allocated)
                self._clients[client.relayed] = client
                attributes = {"LIFETIME": 600, "XOR-RELAYED-ADDRESS": client.relayed}
                client.answer(request, {**attributes, "XOR-MAPPED-ADDRESS": client.address}, sign=True)
            case stun.Method.CHANNEL_BIND:
                client.channels[request.attributes["CHANNEL-NUMBER"]] = request.attributes["XOR-PEER-ADDRESS"]
                client.answer(request, {}, sign=True)
            case stun.Method.REFRESH:
                self.freed += request.attributes["LIFETIME"] == 0
                client.answer(request, {"LIFETIME": 0}, sign=True)
            case _:
                client.answer(request, {"ERROR-CODE": (400, "Bad Request")}, sign=True)

    def _relay(self, client: _Client, data: bytes) -> None:
        number, length = struct.unpack_from("!HH", data)
        other = self._clients.get(client.channels.get(number, ("", 0)))
        if other is None or client.relayed is None or length > self._carries:
            return
        back = next((number for number, peer in other.channels.items() if peer == client.relayed), None)
        if back is not None:
            frame = struct.pack("!HH", back, length) + data[4 : 4 + length]
            other.send(frame + bytes(-len(frame) % 4 if other.pads else 0))


class _Client:
    def __init__(self, address: tuple[str, int], send: Send, *, pads: bool) -> None:
        self.address = address
        self.send = send
        self.pads = pads
        self.relayed: tuple[str, int] | None = None
        self.channels: dict[int, tuple[str, int]] = {}

    def answer(self, request: stun.Message, attributes: dict[str, object], *, sign: bool = False) -> None:
        kind = stun.Class.ERROR if "ERROR-CODE" in attributes else stun.Class.RESPONSE
        message = stun.Message(request.message_method, kind, request.transaction_id, attributes)
        if sign:
            message.add_message_integrity(make_integrity_key(USERNAME, REALM, PASSWORD))
        self.send(bytes(message))


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: TurnServer) -> None:
        self._server = server
        self._clients: dict[tuple[str, int], _Client] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | bytes, ...]) -> None:
        address = cast("tuple[str, int]", addr[:2])
        if address not in self._clients:
            self._clients[address] = _Client(address, lambda frame: self._transport.sendto(frame, address), pads=False)
        self._server.hear(self._clients[address], data)


class _Stream(TurnStreamMixin, asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, server: TurnServer) -> None:
        self._server = server
        self.datagram_received = lambda data, addr: server.hear(self._client, data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._client = _Client(transport.get_extra_info("peername"), self.transport.write, pads=True)
