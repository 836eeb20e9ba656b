"""STUN messages (RFC 8489), right and wrong ones; written from the RFC, so that the server is judged by something else than itself."""

import hashlib
import hmac
import os
import struct
import zlib
from ipaddress import IPv4Address

COOKIE = 0x2112A442
BINDING, SUCCESS, ERROR = 0x0001, 0x0101, 0x0111
USERNAME, INTEGRITY, ERROR_CODE, UNKNOWN = 0x0006, 0x0008, 0x0009, 0x000A
XOR_MAPPED, PRIORITY, USE_CANDIDATE = 0x0020, 0x0024, 0x0025
SOFTWARE, FINGERPRINT, CONTROLLING = 0x8022, 0x8028, 0x802A


def message(
    kind: int = BINDING,
    *attributes: tuple[int, bytes],
    transaction: bytes | None = None,
    password: str | None = None,
    fingerprint: bool = False,
) -> bytes:
    """`password`: adds MESSAGE-INTEGRITY made with it."""
    body = b"".join(_attribute(*attribute) for attribute in attributes)
    transaction = transaction or os.urandom(12)

    def so_far(more: int) -> bytes:
        return struct.pack("!HHI", kind, len(body) + more, COOKIE) + transaction + body

    if password is not None:
        body += _attribute(INTEGRITY, hmac.digest(password.encode(), so_far(24), hashlib.sha1))
    if fingerprint:
        body += _attribute(FINGERPRINT, struct.pack("!I", zlib.crc32(so_far(8)) ^ 0x5354554E))
    return so_far(0)


def check(local: str, remote: str, password: str, *more: tuple[int, bytes]) -> bytes:
    """An ICE connectivity check (RFC 8445 section 7.2) that nominates. `local` and `remote` are fragments, seen from the sender."""
    attributes = (
        (USERNAME, f"{remote}:{local}".encode()),
        (PRIORITY, struct.pack("!I", 1_845_501_695)),
        (CONTROLLING, os.urandom(8)),
        (USE_CANDIDATE, b""),
        *more,
    )
    return message(BINDING, *attributes, password=password, fingerprint=True)


def is_stun(datagram: bytes) -> bool:
    return len(datagram) >= 20 and datagram[0] < 4 and datagram[4:8] == struct.pack("!I", COOKIE)


def kind(datagram: bytes) -> int:
    return int.from_bytes(datagram[:2])


def transaction(datagram: bytes) -> bytes:
    return datagram[8:20]


def attributes(datagram: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 20
    while at < len(datagram):
        name, length = struct.unpack_from("!HH", datagram, at)
        found.setdefault(name, datagram[at + 4 : at + 4 + length])
        at += 4 + (length + 3) // 4 * 4
    return found


def mapped(datagram: bytes) -> tuple[str, int]:
    """XOR-MAPPED-ADDRESS of an IPv4 client."""
    _, family, port, address = struct.unpack("!BBHI", attributes(datagram)[XOR_MAPPED])
    assert family == 1
    return str(IPv4Address(address ^ COOKIE)), port ^ (COOKIE >> 16)


def _attribute(name: int, value: bytes) -> bytes:
    return struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4)
