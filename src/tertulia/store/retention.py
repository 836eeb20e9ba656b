"""What is too old is forgotten."""

import asyncio
import time
from typing import Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger(__name__)

EVERY: Final = 600.0
"""Seconds between two looks."""


class Kept(Protocol):
    """What is kept for some time."""

    async def forget_before(self, moment: float) -> int:
        """Deletes what is older than this (seconds since 1970); how much that was."""


class Retention:
    """Deletes what is older than `seconds`; 0: once, at the start, what a killed server has left behind; the rest goes with its room."""

    def __init__(self, kept: Kept, seconds: float, *, what: str = "messages") -> None:
        """`what`: for the log."""
        self._kept = kept
        self._seconds = seconds
        self._what = what

    async def run(self) -> None:
        """Until it is cancelled."""
        await self.look(time.time())
        while self._seconds:
            await asyncio.sleep(min(EVERY, self._seconds))
            await self.look(time.time())

    async def look(self, now: float) -> int:
        """Deletes what is too old now (seconds since 1970); how much that was."""
        try:
            deleted = await self._kept.forget_before(now - self._seconds)
        except (SQLAlchemyError, OSError) as error:
            log.error(f"old {self._what} could not be deleted", error=str(error)[:500])
            return 0
        if deleted:
            log.info(f"old {self._what} deleted", count=deleted)
        return deleted
