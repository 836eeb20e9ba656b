"""One HTTP request at a time, in a thread: as much as files need."""

import asyncio
import contextlib
import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit, urlunsplit

import msgspec

from tertulia.client.failure import from_message
from tertulia.client.socket import socket_url
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.wire import native

TIMEOUT = 60.0
"""Seconds without anything."""
MAX_ANSWER = 1024 * 1024
CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """By names in lower case."""
    url: str
    body: bytes = field(default=b"", repr=False)


class Refused(Exception):
    """A status of 400 or more, with the code of its problem (RFC 9457), or an empty one."""

    def __init__(self, answer: Answer) -> None:
        try:
            problem = msgspec.json.decode(answer.body, type=_Problem)
        except msgspec.MsgspecError:
            problem = _Problem()
        super().__init__(problem.detail or f"status {answer.status}")
        self.answer = answer
        self.code = problem.code

    def as_error(self) -> TertuliaError:
        if not self.code:
            return ProtocolError(Code.INTERNAL, f"the server answered {self}")
        again = self.answer.status in (429, 503, 507)
        return from_message(native.Bye(code=self.code, message=str(self), retryable=again))


class _Problem(msgspec.Struct):
    code: str = ""
    detail: str = ""


def server_url(url: str) -> str:
    """Where the server is mounted, with a slash at its end, whatever of its URLs was given."""
    parts = urlsplit(socket_url(url))
    path = parts.path.removesuffix("ws") if parts.path.endswith("/ws") else parts.path.rstrip("/") + "/"
    return urlunsplit(("https" if parts.scheme == "wss" else "http", parts.netloc, path, "", ""))


async def ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    """Raises Refused, OSError."""
    return await asyncio.to_thread(_ask, method, url, headers, body, None)


async def fetch(url: str, headers: Mapping[str, str], into: BinaryIO, begun: Callable[[Answer], None]) -> Answer:
    """Writes what comes. `begun` is told of the answer first, in the thread that writes. Raises Refused, OSError."""
    return await asyncio.to_thread(_ask, "GET", url, headers, None, (into, begun))


def _ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    take: tuple[BinaryIO, Callable[[Answer], None]] | None,
) -> Answer:
    parts = urlsplit(url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=TIMEOUT)
    with contextlib.closing(connection):
        try:
            connection.request(method, urlunsplit(("", "", parts.path, parts.query, "")), body, dict(headers))
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, told, url)
            if take is None or response.status >= 400:
                answer = Answer(response.status, told, url, response.read(MAX_ANSWER))
            if response.status >= 400:
                raise Refused(answer)
            if take is not None:
                into, begun = take
                begun(answer)
                while chunk := response.read(CHUNK):
                    into.write(chunk)
                if response.length:
                    raise ConnectionError("it broke off")
            return answer
        except http.client.HTTPException as error:
            raise ConnectionError(str(error) or type(error).__name__) from error


def absolute(url: str, base: str) -> str:
    return urljoin(base, url)
