"""Headers of tus, and of downloads."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from starlette.datastructures import Headers

from tertulia.doors.session.problem import Refused
from tertulia.errors import Code

TUS: Final = "1.0.0"
MOST: Final = 2**53 - 1
_METADATA_BYTES: Final = 8192
ALGORITHMS: Final[Mapping[str, Callable[[], Any]]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class Checksum:
    """Of the body of one request."""

    algorithm: str
    digest: bytes


def check_version(headers: Headers) -> None:
    """Raises Refused (412)."""
    if headers.get("tus-resumable") != TUS:
        raise Refused(412, "tus_version", f"this is tus {TUS}", {"tus-version": TUS})


def length(headers: Headers, name: str) -> int:
    """Raises Refused (400) where there is none, or something else than a number."""
    text = headers.get(name, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 16 or int(text) > MOST:
        raise Refused(400, Code.INVALID, f"{name} is a number of bytes")
    return int(text)


def content_length(headers: Headers) -> int | None:
    """None: it is not announced."""
    return length(headers, "content-length") if "content-length" in headers else None


def metadata(headers: Headers) -> dict[str, str]:
    """`Upload-Metadata`: keys, and texts in base64. Raises Refused (400)."""
    header = headers.get("upload-metadata", "")
    if len(header) > _METADATA_BYTES:
        raise Refused(400, Code.INVALID, f"upload-metadata has at most {_METADATA_BYTES} bytes")
    found: dict[str, str] = {}
    for pair in filter(None, (it.strip() for it in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            raise Refused(400, Code.INVALID, "upload-metadata has a value that is no text in base64") from None
    return found


def checksum(headers: Headers) -> Checksum | None:
    """`Upload-Checksum`; None: there is none. Raises Refused (400)."""
    if "upload-checksum" not in headers:
        return None
    algorithm, _, text = headers["upload-checksum"].strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise Refused(400, Code.INVALID, f"checksums are {', '.join(ALGORITHMS)}")
    try:
        return Checksum(algorithm, base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError):
        raise Refused(400, Code.INVALID, "upload-checksum is no base64") from None


def attachment(name: str) -> str:
    """`Content-Disposition` (RFC 6266): the name for everybody, and one in ASCII for those who read no other."""
    plain = "".join(it if " " <= it <= "~" and it not in '"\\%;' else "_" for it in name)
    extended = quote(name, safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{extended}"


def matches(header: str, etag: str) -> bool:
    """Whether `If-None-Match` (RFC 9110, section 13.1.2) names this."""
    tags = [it.strip().removeprefix("W/") for it in header.split(",")]
    return "*" in tags or etag in tags


def byte_range(headers: Headers, size: int, etag: str) -> tuple[int, int] | None:
    """The part that is asked for, from `start` up to before `end`; None: all. More than one part at a time is not given, and what cannot
    be read is passed over (RFC 9110, section 14.2). Raises Refused (416) for a part that is not there."""
    unit, _, ranges = headers.get("range", "").partition("=")
    if unit.strip().lower() != "bytes" or "," in ranges:
        return None
    if headers.get("if-range", etag) != etag:
        return None
    first, dash, last = (it.strip() for it in ranges.partition("-"))
    if not dash or not all(it.isascii() and it.isdecimal() and len(it) <= 16 for it in (first, last) if it):
        return None
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        return None
    if start >= size or start >= end:
        raise Refused(416, "range_not_satisfiable", f"it has {size} bytes", {"content-range": f"bytes */{size}"})
    return start, end
