"""Asking over UDP: a STUN Binding request (RFC 8489), by itself or as an ICE check (RFC 8445 section 7.2)."""

import asyncio
import secrets
import struct
from dataclasses import dataclass
from time import monotonic
from typing import Final, cast

from aioice import stun

WITHIN: Final = 3.0
"""Seconds; requests leave at 0, 0.5 and 1.5 (RFC 8489 section 6.2.1)."""
PRIORITY: Final = 1_845_501_695
"""Of a peer-reflexive candidate over UDP (RFC 8445 section 5.1.2)."""

Endpoint = tuple[str, int]


class Refused(Exception):
    """The server answered with an error, or without an address."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of an ICE session, seen from who asks."""

    ours: str
    theirs: str
    """Name fragments."""
    password: str
    """The other side's."""


@dataclass(frozen=True, slots=True)
class Answer:
    mapped: Endpoint
    """Our address as the server sees it."""
    local: Endpoint
    """The same as this machine sees it; they differ where there is a NAT between."""
    seconds: float
    """Between the first request and the answer."""


async def ask(server: Endpoint, *, within: float = WITHIN, credentials: Credentials | None = None) -> Answer:
    """Asks an address, not a name; with `credentials` as a check of that ICE session.

    What does not belong to the request, or is not signed where it must be, is as if it had not come. Raises TimeoutError,
    ConnectionRefusedError where a machine says that nobody listens, another OSError without a way there, Refused.
    """
    request = binding(credentials)
    loop = asyncio.get_running_loop()
    transport, conversation = await loop.create_datagram_endpoint(
        lambda: _Conversation(request, server, credentials), remote_addr=server
    )
    started = monotonic()
    try:
        async with asyncio.timeout(within):
            answer = await conversation.answered()
        local = transport.get_extra_info("sockname")
    finally:
        transport.close()
    return Answer(address_in(answer), (local[0], local[1]), monotonic() - started)


def binding(credentials: Credentials | None) -> stun.Message:
    """The request. A check does not nominate: who only asks does not take a road."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    if credentials is not None:
        request.attributes["USERNAME"] = f"{credentials.theirs}:{credentials.ours}"
        request.attributes["PRIORITY"] = PRIORITY
        request.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
        request.add_message_integrity(credentials.password.encode())
    return request


def parse(data: bytes) -> stun.Message | None:
    """None: not a whole STUN message."""
    try:
        return stun.parse_message(data)
    except (ValueError, struct.error, IndexError):
        return None


def address_in(answer: stun.Message) -> Endpoint:
    """Where we are by an answer. Raises Refused."""
    if answer.message_class is stun.Class.ERROR:
        code, reason = answer.attributes.get("ERROR-CODE", (0, ""))
        raise Refused(f"{code} {reason}".strip())
    if "XOR-MAPPED-ADDRESS" not in answer.attributes:
        raise Refused("an answer without an address")
    return cast(Endpoint, answer.attributes["XOR-MAPPED-ADDRESS"])


class _Conversation(asyncio.DatagramProtocol):
    """One request on one connected socket."""

    def __init__(self, request: stun.Message, server: Endpoint, credentials: Credentials | None) -> None:
        self._request = request
        self._error: Exception | None = None
        self._running: asyncio.Task[tuple[stun.Message, Endpoint]] | None = None
        key = None if credentials is None else credentials.password.encode()
        self._transaction = stun.Transaction(request, server, self, integrity_key=key)

    async def answered(self) -> stun.Message:
        """Sends, and sends again. Raises OSError when the network refuses."""
        self._running = asyncio.create_task(self._transaction.run())
        try:
            return (await self._running)[0]
        except stun.TransactionFailed as error:
            return error.response
        except stun.TransactionTimeout:
            raise TimeoutError from None
        except asyncio.CancelledError:
            if self._error is not None:
                raise self._error from None
            raise

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def send_stun(self, message: stun.Message, addr: Endpoint) -> None:
        self._transport.sendto(bytes(message))

    def datagram_received(self, data: bytes, addr: object) -> None:
        message = parse(data)
        if (
            message is not None
            and message.transaction_id == self._request.transaction_id
            and message.message_method is stun.Method.BINDING
            and message.message_class in (stun.Class.RESPONSE, stun.Class.ERROR)
        ):
            self._transaction.response_received(message, (str(addr), 0))

    def error_received(self, exc: Exception) -> None:
        self._error = exc
        if self._running is not None:
            self._running.cancel()
