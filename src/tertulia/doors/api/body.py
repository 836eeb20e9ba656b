"""What a request to the API brings: never more than it may."""

from base64 import b64encode

import msgspec
from starlette.requests import Request

from tertulia.doors.api.failure import Refused
from tertulia.errors import Code
from tertulia.net.depth import DEPTH, too_deep
from tertulia.runtime.payload import DATA_BYTES
from tertulia.runtime.seat import Data

BYTES = "application/octet-stream"


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
    return _checked_json(await read(request, limit))


async def read_value(request: Request) -> bytes:
    """What is to be said on a topic, as it came. Raises Refused (413, too_large)."""
    return await read(request, DATA_BYTES * 3 // 4 if _is_binary(request) else DATA_BYTES)


def as_data(request: Request, received: bytes) -> Data:
    """Bytes where the request says so, else JSON. Raises Refused (400, malformed or invalid)."""
    if _is_binary(request):
        return Data(b'"' + b64encode(received) + b'"', base64=True)
    return Data(_checked_json(received))


def _is_binary(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip() == BYTES


def _checked_json(received: bytes) -> bytes:
    try:
        json = bytes(msgspec.json.decode(received, type=msgspec.Raw))
        json.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(400, Code.MALFORMED, "the body is no JSON") from None
    if too_deep(json):
        raise Refused(400, Code.INVALID, f"data has at most {DEPTH} levels")
    return json
