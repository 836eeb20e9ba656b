"""Not to say more than the server takes."""

import asyncio

BURST = 4
"""Seconds' worth that the server lets come at once."""
MARGIN = 0.8
"""Of what is allowed; the rest is for heartbeats, and for what the network pushes together."""


class Pace:
    """A token bucket on one socket. Above its limits the server leaves most requests unanswered, so they are kept here."""

    def __init__(self, per_second: float) -> None:
        self._rate = per_second * MARGIN
        self._most = self._left = max(1.0, self._rate * BURST)
        self._clock = asyncio.get_running_loop().time
        self._at = self._clock()

    async def turn(self) -> None:
        """Waits until one more message may be sent."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._rate) - 1
        self._at = now
        if self._left < 0:
            await asyncio.sleep(-self._left / self._rate)
