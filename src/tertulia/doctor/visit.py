"""A short visit to a room, as somebody who opens a connection to the server's media and then leaves."""

import asyncio
import ipaddress
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from tertulia.doctor.finding import Finding
from tertulia.doctor.site import Site
from tertulia.media.stun import Credentials
from tertulia.wire import native

NAME: Final = "Doctor"
MAX_CANDIDATES: Final = 32
MAX_MESSAGE: Final = 16 * 1024 * 1024

_CANDIDATE = re.compile(
    r"^a=candidate:\S+ 1 (udp|tcp) \d+ ([0-9a-fA-F.:]+) (\d{1,5}) typ \w+(.*)$", re.MULTILINE | re.IGNORECASE
)
_NO_DTLS: Final = "sha-256 " + ":".join(["00"] * 32)
"""A fingerprint that no certificate has: the visit ends before DTLS would begin."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address at which the server says that it receives media."""

    transport: str
    """`udp`, or `tcp` where it waits for us to connect."""
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Visit:
    findings: tuple[Finding, ...]
    candidates: tuple[Candidate, ...] = ()
    credentials: Credentials | None = None
    """None: the server made us no media connection."""


@asynccontextmanager
async def visit(site: Site, room: str, token: str | None) -> AsyncIterator[Visit]:
    """The server keeps the connection for as long as the visit lasts."""
    url = f"{'wss' if site.is_tls else 'ws'}://{site.authority}{site.prefix}/ws"
    try:
        socket = await connect(
            url,
            subprotocols=[Subprotocol(native.SUBPROTOCOL)],
            compression=None,
            open_timeout=site.within,
            close_timeout=1,
            max_size=MAX_MESSAGE,
            ping_interval=None,
            proxy=None,
            ssl=site.tls,
        )
    except InvalidStatus as error:
        yield Visit((Finding("websocket_refused", f"answered {error.response.status_code} in place of 101"),))
        return
    except TimeoutError:
        yield Visit((Finding("websocket_no_answer", f"nothing within {site.within:g} s"),))
        return
    except (InvalidHandshake, OSError) as error:
        yield Visit((Finding("websocket_refused", str(error)),))
        return
    try:
        yield await _enter(site, socket, room, token)
    finally:
        await _leave(site, socket)


async def _enter(site: Site, socket: ClientConnection, room: str, token: str | None) -> Visit:
    if socket.subprotocol != native.SUBPROTOCOL:
        return Visit((Finding("websocket_refused", f"whoever answers does not speak {native.SUBPROTOCOL}"),))
    opened = Finding("websocket_ok", native.SUBPROTOCOL)
    usable = token if site.is_trusted else None
    join = native.Join(id=1, room=room, name=NAME, token=usable, p2p=False, auto_subscribe=False)
    try:
        await _ask(site, socket, join, "joined")
    except _Refused as error:
        return Visit((opened, Finding("media_udp_not_asked", str(error))))
    ours, password = secrets.token_hex(4), secrets.token_hex(12)
    offer = native.Offer(id=2, to=native.SERVER, serial=1, sdp=_offer(ours, password), publications={})
    try:
        answer = str((await _ask(site, socket, offer, "answered")).get("sdp"))
    except _Refused as error:
        return Visit((opened, Finding("media_udp_refused", str(error))))
    theirs, their_password = _value(answer, "ice-ufrag"), _value(answer, "ice-pwd")
    return Visit((opened,), tuple(candidates(answer)), Credentials(ours, theirs, their_password))


class _Refused(Exception):
    """Why there is no such reply."""


async def _ask(site: Site, socket: ClientConnection, message: native.Message, reply: str) -> dict[str, Any]:
    try:
        async with asyncio.timeout(site.within):
            await socket.send(native.encode(message), text=True)
            while True:
                heard: dict[str, Any] = msgspec.json.decode(await socket.recv(decode=False), type=dict[str, Any])
                if heard.get("type") == reply:
                    return heard
                if heard.get("type") in ("error", "bye"):
                    raise _Refused(f"{heard.get('message')} ({heard.get('code')})")
    except TimeoutError:
        raise _Refused(f"not {reply} within {site.within:g} s") from None
    except (ConnectionClosed, msgspec.DecodeError) as error:
        raise _Refused(str(error)) from None


async def _leave(site: Site, socket: ClientConnection) -> None:
    try:
        await _ask(site, socket, native.Leave(id=3), "bye")
        await socket.close()
    except _Refused:
        socket.transport.abort()


def candidates(answer: str) -> list[Candidate]:
    """Those that can be tried from here: UDP, and TCP that waits for us."""
    found: dict[Candidate, None] = {}
    for transport, address, port, rest in _CANDIDATE.findall(answer):
        if transport.lower() == "udp" or "tcptype passive" in rest:
            try:
                found[Candidate(transport.lower(), str(ipaddress.ip_address(address)), int(port))] = None
            except ValueError:
                continue
    return [it for it in found if 0 < it.port < 65536][:MAX_CANDIDATES]


def _offer(ufrag: str, password: str) -> str:
    """A data channel and no media."""
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
        f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\na=fingerprint:{_NO_DTLS}\r\na=setup:actpass\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sctp-port:5000\r\n"
    )


def _value(sdp: str, name: str) -> str:
    return next((line.partition(":")[2] for line in sdp.splitlines() if line.startswith(f"a={name}:")), "")
