"""Does TURN carry packets? Two allocations by the same road, and data from the one relayed address to the other, both ways."""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final, cast

from aioice import stun
from aioice.turn import TurnTransport, create_turn_endpoint

from tertulia.doctor.finding import Finding, State
from tertulia.doctor.ice_servers import IceServer
from tertulia.doctor.site import Site

AGAIN: Final = 0.2
"""Seconds: what was not heard by then is sent again. The first may come before the other side allows it."""
FAREWELL: Final = 1.0
PROBE: Final = 100
"""Bytes."""


class End(asyncio.DatagramProtocol):
    """One allocation."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.gone = asyncio.Event()
        self._heard: dict[bytes, asyncio.Event] = {}

    @property
    def relayed(self) -> tuple[str, int]:
        return cast("tuple[str, int]", self.transport.get_extra_info("sockname"))

    def send(self, payload: bytes, to: "End") -> None:
        self.transport.sendto(payload, to.relayed)

    def heard(self, payload: bytes) -> asyncio.Event:
        """Set once exactly this has come."""
        return self._heard.setdefault(payload, asyncio.Event())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(TurnTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data in self._heard:
            self._heard[data].set()

    def error_received(self, exc: Exception) -> None:
        self.error = exc


@dataclass(frozen=True, slots=True)
class Pair:
    one: End
    other: End

    async def carries(self, size: int, within: float) -> bool:
        """Whether this many bytes go through, both ways."""
        ways = (self.one, self.other), (self.other, self.one)
        return all(await asyncio.gather(*(_carries(a, b, secrets.token_bytes(size), within) for a, b in ways)))

    @property
    def error(self) -> Exception | None:
        return self.one.error or self.other.error


async def _carries(sender: End, receiver: End, payload: bytes, within: float) -> bool:
    heard = receiver.heard(payload)
    deadline = monotonic() + within
    while monotonic() < deadline and not (sender.error or receiver.error):
        sender.send(payload, receiver)
        try:
            async with asyncio.timeout(AGAIN):
                await heard.wait()
            return True
        except TimeoutError:
            continue
    return heard.is_set()


@asynccontextmanager
async def pair(ice: IceServer, within: float, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Pair]:
    """Raises TimeoutError, OSError, aioice's stun.TransactionError. The allocations are given back at the end."""
    ends: list[End] = []
    try:
        for _ in range(2):
            async with asyncio.timeout(within):
                _, end = await create_turn_endpoint(
                    End,
                    (ice.host, ice.port),
                    ice.username,
                    ice.credential,
                    ssl=tls,
                    transport="udp" if ice.road == "udp" else "tcp",
                )
            ends.append(end)
        yield Pair(*ends)
    finally:
        for end in ends:
            end.transport.close()
        for end in ends:
            try:
                async with asyncio.timeout(FAREWELL):
                    await end.gone.wait()
            except TimeoutError:
                continue


async def check(site: Site, ice: IceServer) -> Finding:
    """TLS is tried as browsers do it; where they would not go on, what is behind is tried all the same."""
    if ice.road != "tls":
        return await _try(ice, site.within, None)
    try:
        return await _try(ice, site.within, ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        behind = await _try(ice, site.within, site.lenient())
        if behind.kind.state is not State.OK:
            return behind
        return Finding("turn_tls_certificate", f"data both ways, but: {error.verify_message}", ice.url)


async def _try(ice: IceServer, within: float, tls: ssl.SSLContext | None) -> Finding:
    """Raises ssl.SSLCertVerificationError."""
    name = f"turn_{ice.road}"
    started = monotonic()
    try:
        async with pair(ice, within, tls=tls) as both:
            if not await both.carries(PROBE, within):
                why = f": {both.error}" if both.error else ""
                return Finding(f"{name}_no_data", f"allocated, but nothing comes through{why}", ice.url)
            took = (monotonic() - started) * 1000
            relayed = " and ".join(_endpoint(end) for end in (both.one, both.other))
            return Finding(f"{name}_ok", f"data both ways between {relayed}, {took:.0f} ms in all", ice.url)
    except ssl.SSLCertVerificationError:
        raise
    except (TimeoutError, stun.TransactionTimeout):
        return Finding(f"{name}_no_answer", f"nothing within {within:g} s", ice.url)
    except stun.TransactionError as error:
        return Finding(f"{name}_refused", str(error), ice.url)
    except OSError as error:
        return Finding(f"{name}_no_answer", error.strerror or str(error) or "the connection was cut", ice.url)


def _endpoint(end: End) -> str:
    address, port = end.relayed
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
