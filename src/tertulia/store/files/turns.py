"""Who writes to an upload: one at a time, and the newest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tertulia.errors import Code, Unavailable

PATIENCE = 30.0
"""Seconds that somebody waits for a turn; whoever keeps a whole file, with its preview, may take some."""


class Turn:
    """A request that works on an upload."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.is_taken = False
        """Another request has come for this upload: it is that one's turn."""
        self._timeout: asyncio.Timeout | None = None

    def yields_by(self, timeout: asyncio.Timeout | None) -> None:
        """From now on the turn can be taken away, by ending this."""
        self._timeout = timeout
        if timeout is not None and self.is_taken:
            self.take()

    def take(self) -> None:
        self.is_taken = True
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time())
            self._timeout = None


class Turns:
    """A client whose connection broke comes back before this server has noticed: it must not wait for itself. So a new request ends an
    old one."""

    def __init__(self) -> None:
        self._turns: dict[str, Turn] = {}

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[Turn]:
        """Raises Unavailable (too_many_uploads) where whoever is at it does not end."""
        try:
            async with asyncio.timeout(PATIENCE):
                while (other := self._turns.get(key)) is not None:
                    other.take()
                    await other.over.wait()
        except TimeoutError:
            raise Unavailable(Code.TOO_MANY_UPLOADS, "another request works on this upload") from None
        mine = self._turns[key] = Turn()
        try:
            yield mine
        finally:
            del self._turns[key]
            mine.over.set()
