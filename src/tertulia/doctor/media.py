"""Do our packets reach the server's media? Each address that it told is asked by an ICE check of the visit's own connection."""

import asyncio
import ipaddress
import struct
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from tertulia.doctor.finding import Finding
from tertulia.doctor.site import Site
from tertulia.doctor.visit import Candidate, Visit
from tertulia.media import stun

MAX_FRAME: Final = 1500
MAX_FRAMES: Final = 16


async def check(site: Site, visit: Visit) -> list[Finding]:
    """UDP, TCP, and what kind of addresses there are."""
    credentials = visit.credentials
    if credentials is None:
        known = any(finding.kind.check == "media_udp" for finding in visit.findings)
        unasked = [] if known else [Finding("media_udp_not_asked", "no WebSocket, no way to ask")]
        return [
            *unasked,
            Finding("media_tcp_not_asked", "see media_udp"),
            Finding("addresses_not_asked", "see media_udp"),
        ]
    udp = [it for it in visit.candidates if it.transport == "udp"]
    tcp = [it for it in visit.candidates if it.transport == "tcp"]
    over_udp, over_tcp = await asyncio.gather(
        _all("media_udp", udp, lambda it: _by_udp(it, credentials, site.within)),
        _all("media_tcp", tcp, lambda it: _by_tcp(it, credentials, site.within)),
    )
    return [over_udp, over_tcp, kinds(visit.candidates)]


Try = Callable[[Candidate], Coroutine[Any, Any, str]]
"""Gives a few words where it got through; raises OSError or stun.Refused."""


async def _all(check: str, candidates: Sequence[Candidate], attempt: Try) -> Finding:
    """One way in is enough."""
    if not candidates:
        return Finding(f"{check}_none", "the server tells no such address")
    results = await asyncio.gather(*(attempt(it) for it in candidates), return_exceptions=True)
    words, good = [], False
    for candidate, result in zip(candidates, results, strict=True):
        if isinstance(result, str):
            good = True
            words.append(f"{_endpoint(candidate)} {result}")
        elif isinstance(result, (OSError, stun.Refused)):
            words.append(f"{_endpoint(candidate)} {_why(result)}")
        else:
            raise result
    return Finding(f"{check}_{'ok' if good else 'no_answer'}", "; ".join(words))


async def _by_udp(candidate: Candidate, credentials: stun.Credentials, within: float) -> str:
    answer = await stun.ask((candidate.address, candidate.port), within=within, credentials=credentials)
    return f"answers in {answer.seconds * 1000:.0f} ms"


async def _by_tcp(candidate: Candidate, credentials: stun.Credentials, within: float) -> str:
    """ICE over TCP, framed by RFC 4571."""
    request = stun.binding(credentials)
    async with asyncio.timeout(within):
        reader, writer = await asyncio.open_connection(candidate.address, candidate.port)
        try:
            message = bytes(request)
            writer.write(struct.pack("!H", len(message)) + message)
            await writer.drain()
            for _ in range(MAX_FRAMES):
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                if length > MAX_FRAME:
                    raise stun.Refused("an answer that is no ICE")
                answer = stun.parse(await reader.readexactly(length))
                if answer is None or answer.transaction_id != request.transaction_id:
                    continue
                stun.address_in(answer)
                if answer.check_message_integrity(credentials.password.encode()):
                    return "answers"
        except asyncio.IncompleteReadError:
            raise stun.Refused("hung up") from None
        else:
            raise stun.Refused("says something else")
        finally:
            writer.transport.abort()


def kinds(candidates: Sequence[Candidate]) -> Finding:
    """Whether anybody from outside could reach one of them."""
    addresses = list(dict.fromkeys(it.address for it in candidates if it.transport == "udp"))
    parsed = [ipaddress.ip_address(text) for text in addresses]
    if not addresses:
        return Finding("addresses_not_asked", "the server told none")
    words = ", ".join(addresses)
    if any(address.is_global for address in parsed):
        return Finding("addresses_public", words)
    if any(address.is_loopback for address in parsed):
        return Finding("addresses_local", f"{words}: the server is for its own machine only")
    return Finding("addresses_private_only", words)


def _endpoint(candidate: Candidate) -> str:
    address = f"[{candidate.address}]" if ":" in candidate.address else candidate.address
    return f"{address}:{candidate.port}"


def _why(error: OSError | stun.Refused) -> str:
    if isinstance(error, TimeoutError):
        return "does not answer"
    if isinstance(error, ConnectionRefusedError):
        return "is closed"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
