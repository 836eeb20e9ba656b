"""One HTTP/1.1 exchange by itself: no proxy, no redirect, no cookie, no second request on the connection."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import h11

MAX_BODY: Final = 64 * 1024
MAX_HEAD: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """By lower-case name; of several with one name the last."""
    body: bytes


async def ask(
    host: str,
    port: int,
    method: str,
    target: str,
    headers: Mapping[str, str],
    *,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Connects, asks without a body, reads the answer. `headers` has `host`.

    Raises OSError (ssl.SSLError is one), ConnectionError for what is no HTTP or more than MAX_BODY bytes, ValueError for what HTTP cannot
    ask. Bound it by `asyncio.timeout`.
    """
    try:
        request = h11.Request(method=method, target=target, headers=[*headers.items(), ("connection", "close")])
    except h11.LocalProtocolError as error:
        raise ValueError(f"{method} {target} cannot be asked: {error}") from None
    reader, writer = await asyncio.open_connection(host, port, ssl=tls, server_hostname=None if tls is None else host)
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    try:
        for event in (request, h11.EndOfMessage()):
            writer.write(connection.send(event) or b"")
        await writer.drain()
        return await _read(connection, reader)
    except h11.RemoteProtocolError as error:
        raise ConnectionError(f"the answer is no HTTP: {error}") from None
    finally:
        # Nothing more is to come, and a TLS peer that does not say goodbye must not be waited for.
        writer.transport.abort()


async def _read(connection: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    status, headers, body = 0, {}, bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(MAX_HEAD))
        elif isinstance(event, h11.Response):
            status = event.status_code
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > MAX_BODY:
                raise ConnectionError(f"the answer has more than {MAX_BODY} bytes")
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, headers, bytes(body))
        elif not isinstance(event, h11.InformationalResponse):
            raise ConnectionError("the connection was closed without an answer")
