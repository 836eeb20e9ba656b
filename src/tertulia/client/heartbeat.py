"""Says that the client lives, and notices when the server doesn't."""

import asyncio
from collections.abc import Callable

from tertulia.client.socket import Socket
from tertulia.wire.native import Ping, Pong, encode

LATE = 2
"""Heartbeats after which a `pong` is given up."""


class Heartbeat:
    """On one socket."""

    def __init__(self, interval: float, last_seq: Callable[[], int]) -> None:
        """`interval` in seconds; `last_seq`: number of the last message that was received in order."""
        self._interval = interval
        self._last_seq = last_seq
        self._unanswered: list[float] = []
        self.round_trip_time: float | None = None
        """Seconds that the last answer took."""

    async def run(self, socket: Socket) -> None:
        """Returns when the server is silent. Raises Closed."""
        clock = asyncio.get_running_loop().time
        while True:
            now = clock()
            if self._unanswered and now - self._unanswered[0] >= LATE * self._interval:
                return
            self._unanswered.append(now)
            await socket.send(encode(Ping(ack=self._last_seq(), time=now)))
            await asyncio.sleep(self._interval)

    def answered(self, pong: Pong) -> None:
        """One `pong` answers all pings up to its own."""
        if pong.time is not None:
            self.round_trip_time = max(0.0, asyncio.get_running_loop().time() - pong.time)
            self._unanswered = [sent for sent in self._unanswered if sent > pong.time]
