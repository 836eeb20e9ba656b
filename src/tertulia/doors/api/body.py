"""What a request to the API brings: never more than it may."""

import msgspec
from starlette.requests import Request

from tertulia.doors.api.failure import Refused
from tertulia.errors import Code
from tertulia.net.depth import DEPTH, too_deep


async def read(request: Request, limit: int) -> bytes:
    """Raises Refused (413, too_large)."""
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > limit:
            raise Refused(413, Code.TOO_LARGE, f"a body has at most {limit} bytes here")
    return bytes(received)


async def read_json(request: Request, limit: int) -> bytes:
    """JSON text, as it came. Raises Refused (413, too_large; 400, malformed or invalid)."""
    received = await read(request, limit)
    try:
        json = bytes(msgspec.json.decode(received, type=msgspec.Raw))
        json.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(400, Code.MALFORMED, "the body is no JSON") from None
    if too_deep(json):
        raise Refused(400, Code.INVALID, f"data has at most {DEPTH} levels")
    return json
