"""The port over a fake engine."""

import asyncio

from tertulia.media.engine import EngineMedia
from tertulia.media.port import ConnectionId, MediaEvent, PublicationKey
from tertulia.media.roads import Roads
from tests.media.fake_engine import FakeEngine

ROADS = Roads(udp=("192.0.2.1:3478", "[2001:db8::1]:3478"))


class Stage:
    """An EngineMedia over a fake engine, with what its listener heard."""

    def __init__(self, roads: Roads = ROADS) -> None:
        self.engine = FakeEngine()
        self.media = EngineMedia(self.engine.engine(), roads=roads)
        self.heard: list[MediaEvent] = []
        self.media.listen(self.heard.append)

    async def events(self) -> list[MediaEvent]:
        for _ in range(4):
            await asyncio.sleep(0)
        heard = list(self.heard)
        self.heard.clear()
        return heard

    def answer(
        self, connection: ConnectionId, serial: int, text: str, published: dict[str, PublicationKey] | None = None
    ) -> str:
        return self.media.answer(connection, "room", serial, text, published or {})

    def number(self, connection: ConnectionId) -> int:
        return self.media._connections[connection].number
