"""Looks at all connections of a server every few seconds."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from tertulia.core.ids import ParticipantId
from tertulia.media.port import ConnectionStatistics, Media
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.gauge import Quality, ways_of
from tertulia.runtime.hub import Hub

log = structlog.get_logger(__name__)

EVERY: Final = 4.0
"""Seconds: short enough to be told of a freeze while it lasts, long enough to count losses."""
SLICE: Final = 100
"""Subscriptions and publications that are worked out before others get their turn."""

Changed = Callable[[RoomActor, ParticipantId, Quality | None], None]


class Statistics:
    """One look at everything, however many rooms there are; in slices, so that nobody waits for the sums."""

    def __init__(self, hub: Hub, media: Media, changed: Changed, *, every: float = EVERY) -> None:
        """`changed` hears whose connection got better or worse."""
        self._hub = hub
        self._media = media
        self._changed = changed
        self._every = every
        self._worked = 0

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.measure()
            except Exception:
                log.exception("statistics failed")

    async def measure(self) -> None:
        rooms: dict[RoomActor, dict[ParticipantId, list[ConnectionStatistics]]] = {}
        for it in self._media.statistics():
            owner = self._hub.owner(it.connection)
            if owner is not None:
                actor, participant = owner
                rooms.setdefault(actor, {}).setdefault(participant, []).append(it)
            await self._pause(1 + len(it.sent) + len(it.received))
        for actor in list(self._hub.rooms.values()):
            await self._measure_room(actor, rooms.pop(actor, {}))

    async def _measure_room(self, actor: RoomActor, measured: dict[ParticipantId, list[ConnectionStatistics]]) -> None:
        ways = ways_of(it for connections in measured.values() for it in connections)
        for participant in list(measured):
            connections = measured.pop(participant)
            actor.effects.measure(participant, connections, ways)
            await self._pause(sum(1 + len(it.sent) + len(it.received) for it in connections))
        if actor.closed:
            return
        for participant, quality in actor.effects.measured().items():
            self._changed(actor, participant, quality)
        await self._pause(1)

    async def _pause(self, worked: int) -> None:
        self._worked += worked
        if self._worked >= SLICE:
            self._worked = 0
            await asyncio.sleep(0)
