"""The way of a page's media through a hand that can let go of it: what is under way meanwhile is lost, not late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from playwright.async_api import Page

# Every address that the page hears of is replaced by one of the wire's; its own are told to nobody, so that all comes by the wire, too.
SCRIPT = """
(() => {
  const Real = RTCPeerConnection;
  const lines = (sdp) => sdp.split('\\r\\n');
  const isCandidate = (line) => line.startsWith('a=candidate:');
  const rewired = async (candidate) => {
    const words = candidate.split(' ');
    const port = words[2].toLowerCase() === 'udp' && words[7] === 'host' ? await wire(words[4], Number(words[5])) : 0;
    return port ? [...words.slice(0, 4), '127.0.0.1', port, ...words.slice(6)].join(' ') : null;
  };
  window.RTCPeerConnection = class extends Real {
    set onicecandidate(_) {}
    get localDescription() {
      const description = super.localDescription;
      return description && { type: description.type, sdp: lines(description.sdp).filter((line) => !isCandidate(line)).join('\\r\\n') };
    }
    async setRemoteDescription({ type, sdp }) {
      const wired = await Promise.all(lines(sdp).map((line) => (isCandidate(line) ? rewired(line) : line)));
      return super.setRemoteDescription({ type, sdp: wired.filter((line) => line !== null).join('\\r\\n') });
    }
    async addIceCandidate(init) {
      const candidate = init.candidate ? await rewired(init.candidate) : '';
      return candidate === null ? undefined : super.addIceCandidate({ ...init, candidate });
    }
  };
})();
"""


class Bucket:
    """A road that carries so many bits a second. What it does not carry at once waits, and is dropped where that would take too long."""

    def __init__(self, rate: float, longest_wait: float = 0.25) -> None:
        """`longest_wait` in seconds."""
        self._rate = rate
        self._longest_wait = longest_wait
        self._free = 0.0

    def take(self, size: int) -> float | None:
        """After how many seconds so many bytes have passed; None: they are dropped."""
        now = time.monotonic()
        begin = max(now, self._free)
        if begin - now > self._longest_wait:
            return None
        self._free = begin + size * 8 / self._rate
        return self._free - now


class Wire:
    """UDP in user space. Everything that the page sends and gets goes through it."""

    def __init__(self) -> None:
        self.carries = True
        self.narrow: Bucket | None = None
        """What the page gets passes it."""
        self.loses = 0
        """Every so many-th packet of what the page gets; 0: none."""
        self._brought = 0
        self._ports: dict[tuple[str, int], asyncio.Task[int]] = {}
        self._transports: list[asyncio.DatagramTransport] = []

    async def put_into(self, page: Page) -> None:
        """Holds for what is loaded from now on."""
        await page.expose_function("wire", self._port_for)
        await page.add_init_script(SCRIPT)

    def close(self) -> None:
        for transport in self._transports:
            transport.close()

    def bring(self, size: int, deliver: Callable[[], None]) -> None:
        """To the page, as the road to it is now."""
        self._brought += 1
        if not self.carries or (self.loses and self._brought % self.loses == 0):
            return
        wait = 0.0 if self.narrow is None else self.narrow.take(size)
        if wait == 0.0:
            deliver()
        elif wait is not None:
            asyncio.get_running_loop().call_later(wait, deliver)

    async def _port_for(self, address: str, port: int) -> int:
        """Where what is meant for this address is taken; 0 for none that a test on this machine needs."""
        if ":" in address:
            return 0
        place = (address, port)
        if place not in self._ports:
            self._ports[place] = asyncio.create_task(self._open(place))
        return await self._ports[place]

    async def _open(self, place: tuple[str, int]) -> int:
        transport = await self.listen(_Front(self, place), local_addr=("127.0.0.1", 0))
        return int(transport.get_extra_info("sockname")[1])

    async def listen(self, end: asyncio.DatagramProtocol, **options: Any) -> asyncio.DatagramTransport:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: end, **options)
        self._transports.append(transport)
        return transport


class _End(asyncio.DatagramProtocol):
    transport: asyncio.DatagramTransport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def error_received(self, error: Exception) -> None:
        """Who is gone is gone: that is what ICE is there to see."""


class _Front(_End):
    """What the page takes for the other side. Each of its sockets gets one of its own towards there."""

    def __init__(self, wire: Wire, place: tuple[str, int]) -> None:
        self._wire = wire
        self._place = place
        self._backs: dict[Any, asyncio.Task[_Back]] = {}

    def datagram_received(self, data: bytes, source: Any) -> None:
        if not self._wire.carries:
            return
        if source not in self._backs:
            self._backs[source] = asyncio.create_task(self._open(source))
        task = self._backs[source]
        if task.done():
            task.result().transport.sendto(data)

    async def _open(self, source: Any) -> _Back:
        back = _Back(self._wire, self, source)
        await self._wire.listen(back, remote_addr=self._place)
        return back


class _Back(_End):
    def __init__(self, wire: Wire, front: _Front, source: Any) -> None:
        self._wire = wire
        self._front = front
        self._source = source

    def datagram_received(self, data: bytes, _: Any) -> None:
        self._wire.bring(len(data), lambda: self._deliver(data))

    def _deliver(self, data: bytes) -> None:
        if not self._front.transport.is_closing():
            self._front.transport.sendto(data, self._source)
