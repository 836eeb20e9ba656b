"""From the events of the rooms to those who have asked for them: handlers and iterators."""

import asyncio
import functools
import inspect
import weakref
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from tertulia.core import events as core
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.runtime import room_events as ev
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.event_source import EVENT_NAMES, EventName
from tertulia.runtime.file_views import File
from tertulia.runtime.gauge import Quality
from tertulia.runtime.payload import decoded, parsed
from tertulia.runtime.seat import Data
from tertulia.runtime.shared import SharedChange
from tertulia.runtime.streams import EventStream
from tertulia.runtime.views import (
    DataMessage,
    Message,
    Participant,
    Publication,
    Room,
    participant,
    publication,
    with_quality,
)

log = structlog.get_logger(__name__)

Handler = Callable[..., Awaitable[None]]
MAX_RUNNING = 1000
"""Handlers that may run at once; above it events are dropped, and said so, rather than piling up behind one that hangs."""


class Feed:
    """Of one server, whether it runs or not."""

    def __init__(self) -> None:
        self._handlers: dict[EventName, list[Handler]] = {name: [] for name in EVENT_NAMES}
        self._streams: weakref.WeakKeyDictionary[EventStream[Any], _Wish] = weakref.WeakKeyDictionary()
        self._running: set[asyncio.Task[None]] = set()
        self._rooms: dict[RoomActor, _Known] = {}

    def add(self, name: EventName, handler: Handler) -> None:
        """Raises ValueError for an unknown name, TypeError for a handler that is not async."""
        _check(name)
        if not inspect.iscoroutinefunction(handler):
            raise TypeError("a handler is an async function")
        self._handlers[name].append(handler)

    def stream(self, names: Collection[EventName], of: RoomActor | None = None) -> EventStream[Any]:
        """`of`: this room's events alone. Raises ValueError for an unknown name."""
        for name in names:
            _check(name)
        stream: EventStream[Any] = EventStream()
        if of is not None and of.closed:
            stream.close()
        else:
            self._streams[stream] = _Wish(frozenset(names), of)
        return stream

    def observe(self, actor: RoomActor, event: core.Event) -> None:
        """For `Hub.observe`."""
        known = self._rooms.get(actor)
        if known is None:
            known = self._rooms[actor] = _Known(Room(actor, self), functools.partial(self._tell, actor))
        room, tell = known.room, known.tell
        match event:
            case core.Waiting():
                known.waiting.add(event.participant)
            case core.KnockStarted() if event.participant.id in known.waiting:
                # It is shown again to whoever comes to be allowed to admit.
                known.waiting.discard(event.participant.id)
                known.open()
                tell(ev.Knock(room, participant(event.participant)))
            case core.ParticipantJoined():
                known.open()
                tell(ev.ParticipantJoined(room, known.person(event)))
            case core.ParticipantUpdated():
                tell(ev.ParticipantUpdated(room, known.person(event)))
            case core.ParticipantLeft():
                tell(ev.ParticipantLeft(room, known.people.pop(event.participant), event.reason))
            case core.PublicationAdded():
                tell(ev.PublicationAdded(room, *known.track(event)))
            case core.PublicationUpdated():
                tell(ev.PublicationUpdated(room, *known.track(event)))
            case core.PublicationRemoved():
                track = known.tracks.pop(event.publication)
                tell(ev.PublicationRemoved(room, known.people[event.owner], track))
            case core.ChatSent() if self._wanted("chat"):
                tell(ev.ChatSent(room, _message(event)))
            case core.ChatChanged() if self._wanted("chat_changed"):
                tell(ev.ChatChanged(room, Message.of(event.message)))
            case core.DataSent() if self._wanted("data"):
                tell(ev.DataSent(room, _data(event)))
            case core.PresenceChanged() if self._wanted("presence") and event.participant in known.people:
                state = None if event.state is None else parsed(event.state)
                tell(ev.PresenceChanged(room, known.people[event.participant], state))
            case core.StateChanged(entry=it) if self._wanted("state"):
                change = SharedChange(it.key, parsed(it.value), it.version, event.by)
                tell(ev.StateChanged(room, change))
            case core.StateDeleted() if self._wanted("state"):
                tell(ev.StateChanged(room, SharedChange(event.key, None, event.version, event.by, deleted=True)))
            case core.FileAdded():
                tell(ev.FileAdded(room, File.of(event.file)))
            case core.FileRemoved():
                tell(ev.FileRemoved(room, File.of(event.file)))
            case core.RoomEnded():
                del self._rooms[actor]
                if known.opened:
                    tell(ev.RoomEnded(room, event.reason))
                self._close_streams(actor)
            case _:
                return

    def rated(self, actor: RoomActor, who: ParticipantId, quality: Quality | None) -> None:
        """For `Statistics`."""
        known = self._rooms.get(actor)
        person = None if known is None else known.people.get(who)
        if known is not None and person is not None:
            person = known.people[who] = with_quality(person, quality)
            known.tell(ev.QualityChanged(known.room, person, quality))

    async def stop(self, timeout: float) -> None:
        """Ends the iterations and lets handlers finish that run; one that does not in `timeout` seconds is cancelled."""
        self._close_streams()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=timeout)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=timeout)
        self._rooms.clear()

    def _wanted(self, name: EventName) -> bool:
        if self._handlers[name]:
            return True
        return len(self._streams) > 0 and any(name in wish.names for wish in self._streams.values())

    def _tell(self, actor: RoomActor, event: ev.RoomEvent) -> None:
        name = ev.NAMES[type(event)]
        for stream, wish in list(self._streams.items()):
            if name in wish.names and wish.room in (None, actor):
                stream.put(event)
        for handler in self._handlers[name]:
            if len(self._running) >= MAX_RUNNING:
                log.error("handlers do not keep up: event dropped", event_name=name)
                return
            task = asyncio.create_task(_guarded(name, handler, event.arguments))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _close_streams(self, of: RoomActor | None = None) -> None:
        for stream, wish in list(self._streams.items()):
            if of is None or wish.room is of:
                stream.close()
                del self._streams[stream]


@dataclass(frozen=True, slots=True)
class _Wish:
    names: frozenset[EventName]
    room: RoomActor | None


@dataclass(slots=True)
class _Known:
    """What a room's events told of it: who goes is only named by id."""

    room: Room
    tell: Callable[[ev.RoomEvent], None]
    opened: bool = False
    waiting: set[ParticipantId] = field(default_factory=set)
    people: dict[ParticipantId, Participant] = field(default_factory=dict)
    tracks: dict[PublicationId, Publication] = field(default_factory=dict)

    def open(self) -> None:
        if not self.opened:
            self.opened = True
            self.tell(ev.RoomOpened(self.room))

    def person(self, event: core.ParticipantJoined | core.ParticipantUpdated) -> Participant:
        who, before = participant(event.participant), self.people.get(event.participant.id)
        if before is not None:
            who = replace(who, connection_quality=before.connection_quality, connection_score=before.connection_score)
        self.people[event.participant.id] = who
        return who

    def track(self, event: core.PublicationAdded | core.PublicationUpdated) -> tuple[Participant, Publication]:
        track = self.tracks[event.publication.id] = publication(event.publication)
        return self.people[event.publication.owner], track


def _check(name: str) -> None:
    if name not in EVENT_NAMES:
        raise ValueError(f"no event {name!r}; there are {', '.join(EVENT_NAMES)}")


def _message(event: core.ChatSent) -> Message:
    return Message.of(event.message)


def _data(event: core.DataSent) -> DataMessage:
    assert isinstance(event.payload, Data)
    return DataMessage(event.sender, event.topic, decoded(event.payload), event.recipient)


async def _guarded(name: str, handler: Handler, arguments: tuple[Any, ...]) -> None:
    try:
        await handler(*arguments)
    except Exception:
        log.exception("handler failed", event_name=name, handler=getattr(handler, "__qualname__", repr(handler)))
