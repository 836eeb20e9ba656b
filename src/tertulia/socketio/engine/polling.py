"""The HTTP half of long-polling: a POST's body, and a GET that waits."""

import asyncio

from starlette.types import Receive, Scope

from tertulia.socketio.engine.connection import Connection
from tertulia.socketio.engine.handshake import header
from tertulia.socketio.engine.packet import BadPacket, decode_payload
from tertulia.socketio.engine.refusal import BadRequest, TooLarge


class Gone(Exception):
    """The client did not wait for the answer."""


async def get(connection: Connection, receive: Receive) -> bytes:
    """The answer's body. Raises Refused, or Gone; either may have ended the session."""
    poll = asyncio.ensure_future(connection.poll())
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait([poll, gone], return_when=asyncio.FIRST_COMPLETED)
        if poll.done():
            return poll.result()
        connection.lose("transport close")
        raise Gone
    finally:
        gone.cancel()
        poll.cancel()


async def post(connection: Connection, scope: Scope, receive: Receive, *, limit: int, timeout: float) -> None:
    """Reads the body and hands its packets on; waits for as long as they are not wanted. Raises Refused, or Gone."""
    connection.begin_post()
    try:
        async with asyncio.timeout(timeout):
            body = await _body(scope, receive, limit)
        packets = decode_payload(body)
    except TooLarge:
        connection.drop("transport error")
        raise
    except Gone:
        connection.lose("transport close")
        raise
    except TimeoutError:
        connection.drop("transport error")
        raise BadRequest from None
    except BadPacket:
        connection.drop("parse error")
        raise BadRequest from None
    else:
        for packet in packets:
            await connection.receive(packet)
    finally:
        connection.end_post()


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes:
    length = header(scope, b"content-length")
    if length.isdecimal() and (len(length) > 15 or int(length) > limit):
        raise TooLarge
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise Gone
        body += event.get("body", b"")
        if len(body) > limit:
            raise TooLarge
        if not event.get("more_body", False):
            return bytes(body)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
