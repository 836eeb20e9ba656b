"""Reads what a request brings, from anybody, within bounds."""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from tertulia.doors.session.problem import Refused
from tertulia.errors import Code, ProtocolError

MAX_BYTES: Final = 256 * 1024


async def read_text(request: Request, media_type: str, *, within: float, on_wrong: Mapping[str, str]) -> str:
    """The body of this type, which has to come `within` so many seconds. `on_wrong`: headers for a client that sends another type.

    Raises Refused (415), ProtocolError with too_large, join_timeout or malformed (not UTF-8).
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise Refused(415, "unsupported_media_type", f"send {media_type}", on_wrong)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_BYTES:
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(within):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise _too_large()
    except TimeoutError:
        raise ProtocolError(Code.JOIN_TIMEOUT, "the body did not come in time") from None
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise ProtocolError(Code.MALFORMED, "the body is not UTF-8") from None


def _too_large() -> ProtocolError:
    return ProtocolError(Code.TOO_LARGE, f"a body has at most {MAX_BYTES} bytes")
