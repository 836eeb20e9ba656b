"""All rooms of a server: found by name, made on demand, forgotten when they have ended."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from tertulia.core import commands, events
from tertulia.core.ids import ParticipantId
from tertulia.core.image import RoomImage
from tertulia.core.model import RoomSettings
from tertulia.core.room import Room
from tertulia.errors import Code, NotAllowed, Unavailable
from tertulia.media.port import (
    Connected,
    ConnectionId,
    Disconnected,
    Media,
    MediaEvent,
    Speakers,
)
from tertulia.runtime.actor import Observer, RoomActor
from tertulia.runtime.files import FileDesk
from tertulia.runtime.image import Frozen
from tertulia.runtime.seat import MediaLost, Outcome, Seat
from tertulia.store import ChatLog, DocumentLog
from tertulia.store.files import FileStore

log = structlog.get_logger(__name__)

JOIN_TRIES = 3
"""A room may end between finding it and joining it; then it is made anew."""


class Hub:
    """Lives in one event loop."""

    def __init__(
        self,
        media: Media,
        settings_for: Callable[[str], RoomSettings],
        *,
        max_rooms: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
        chat: ChatLog | None = None,
        documents: DocumentLog | None = None,
        files: FileStore | None = None,
    ) -> None:
        """`chat`, `documents`: where they are kept; without, they are gone with their room. `files`: without, there are none."""
        self._chat = chat
        self._documents = documents
        self.files = None if files is None else FileDesk(self.find, files)
        self._media = media
        self._settings_for = settings_for
        self._max_rooms = max_rooms
        self._clock = clock
        self._rooms: dict[str, RoomActor] = {}
        self._observers: list[Observer] = []
        self._connections: dict[ConnectionId, tuple[RoomActor, ParticipantId]] = {}
        self.stopping = False
        media.listen(self._media_event)

    def observe(self, observer: Observer) -> None:
        """It hears every event of every room, in the room's turn: it must return at once."""
        self._observers.append(observer)

    @property
    def rooms(self) -> dict[str, RoomActor]:
        """By name. Not to be changed."""
        return self._rooms

    def find(self, name: str) -> RoomActor | None:
        return self._rooms.get(name)

    async def join(
        self,
        name: str,
        join: commands.Join,
        seat: Seat,
        reply: Callable[[RoomActor, Outcome], None],
        check: Callable[[Room], None] | None = None,
    ) -> None:
        """Brings a session into a room, which is made where there is none. `reply` tells how it went, in the room's turn.

        Raises Unavailable with server_stopping, too_many_rooms or room_ended, and NotAllowed with token_required for one who may only knock
        where there is no room, without calling `reply`.
        """
        for attempt in range(JOIN_TRIES):
            if join.knock_only and name not in self._rooms:
                raise NotAllowed("this server takes a token", Code.TOKEN_REQUIRED)
            actor = self._find_or_make(name)

            def replied(outcome: Outcome, actor: RoomActor = actor) -> None:
                if actor.seat(join.participant) is seat:
                    self._connections[seat.connection] = (actor, join.participant)
                reply(actor, outcome)

            try:
                await actor.request(join, replied, seat=seat, check=check)
                return
            except Unavailable:
                if attempt == JOIN_TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def owner(self, connection: ConnectionId) -> tuple[RoomActor, ParticipantId] | None:
        """Whose connection it is, also one besides his own."""
        own, _, _ = connection.partition("/")
        return self._connections.get(ConnectionId(own))

    def forget(self, connection: ConnectionId) -> None:
        """Its session is over."""
        self._connections.pop(connection, None)

    async def freeze(self, timeout: float) -> dict[str, Frozen]:
        """No more joins; takes out all rooms with people who can go on in another process, by name. Those whose turn does not come in
        `timeout` seconds stay."""
        self.stopping = True
        freezing = {name: asyncio.ensure_future(actor.freeze()) for name, actor in self._rooms.items()}
        if freezing:
            _, late = await asyncio.wait(freezing.values(), timeout=timeout)
            for task in late:
                task.cancel()
            if late:
                log.warning("rooms that did not come to rest in time end with this process", rooms=len(late))
        done = {name: task.result() for name, task in freezing.items() if task.done() and not task.cancelled()}
        return {name: frozen for name, frozen in done.items() if frozen is not None}

    def restore(self, name: str, image: RoomImage, seats: Mapping[ParticipantId, Seat], away: float) -> RoomActor:
        """Opens a room that was frozen `away` seconds ago, with the sessions of its people. Raises KeyError for an image that does not fit
        together; then there is no such room."""
        actor = self._make(name, image, away)
        try:
            actor.take_back(seats)
        except BaseException:
            actor.abandon()
            raise
        for who, seat in seats.items():
            self._connections[seat.connection] = (actor, who)
        return actor

    async def stop(self, timeout: float) -> None:
        """No more joins; ends every room with server_stopping, waiting at most `timeout` seconds for their turn to come."""
        self.stopping = True
        actors = list(self._rooms.values())
        for actor in actors:
            actor.post(commands.End(None, "server_stopping", Code.SERVER_STOPPING))
        if actors:
            await asyncio.wait([asyncio.ensure_future(actor.stopped()) for actor in actors], timeout=timeout)
        for actor in list(self._rooms.values()):
            log.warning("room did not end in time", room=actor.name)
            actor.abandon()
        self._connections.clear()

    def _find_or_make(self, name: str) -> RoomActor:
        if self.stopping:
            raise Unavailable(Code.SERVER_STOPPING, "the server is stopping")
        actor = self._rooms.get(name)
        if actor is None:
            if len(self._rooms) >= self._max_rooms:
                raise Unavailable(Code.TOO_MANY_ROOMS, "this server has no place for another room")
            actor = self._make(name)
        return actor

    def _make(self, name: str, image: RoomImage | None = None, away: float = 0.0) -> RoomActor:
        actor = RoomActor(
            replace(self._settings_for(name), keeps_chat=self._chat is not None),
            self._media,
            clock=self._clock,
            observe=self._observed,
            on_closed=self._room_closed,
            chat=self._chat,
            documents=self._documents,
            files=self.files,
            image=image,
            away=away,
        )
        self._rooms[name] = actor
        return actor

    def _observed(self, actor: RoomActor, event: events.Event) -> None:
        for observer in self._observers:
            observer(actor, event)

    def _room_closed(self, actor: RoomActor) -> None:
        if self._rooms.get(actor.name) is actor:
            del self._rooms[actor.name]
        if self._chat is not None and not self._chat.outlives_rooms:
            self._chat.forget_room(actor.name, actor.room.chat_number)
        if self.files is not None and not self.files.store.outlives_rooms:
            self.files.store.forget_room(actor.name)

    def _media_event(self, event: MediaEvent) -> None:
        if isinstance(event, Speakers):
            actor = self._rooms.get(event.room)
            if actor is not None:
                actor.effects.heard(event.levels)
            return
        own, _, only = event.connection.partition("/")
        owner = self._connections.get(ConnectionId(own))
        if owner is None:
            return
        actor, participant = owner
        if only:
            if isinstance(event, Disconnected):
                actor.effects.media_told(participant, MediaLost(event.reason, ParticipantId(only)))
        elif isinstance(event, Connected):
            actor.post(commands.MediaConnected(participant))
        elif isinstance(event, Disconnected):
            actor.post(commands.MediaDisconnected(participant))
            actor.effects.media_told(participant, MediaLost(event.reason))
        else:
            actor.effects.media_told(participant, event)
