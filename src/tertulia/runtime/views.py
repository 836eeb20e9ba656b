"""Rooms and people as Python code sees them: views with a few verbs, and the events that handlers can ask for."""

import asyncio
import inspect
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import structlog

from tertulia.core import commands, events, model
from tertulia.core.ids import ParticipantId
from tertulia.errors import TertuliaError
from tertulia.runtime.actor import RoomActor

log = structlog.get_logger(__name__)

EventName = Literal["participant_joined", "participant_left", "chat", "room_ended"]
Handler = Callable[..., Awaitable[None]]
MAX_RUNNING = 1000
"""Handlers that may run at once; above it events are dropped, and said so, rather than piling up behind one that hangs."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A person as it was when the event happened."""

    id: str
    name: str
    role: str
    metadata: str


@dataclass(frozen=True, slots=True)
class Message:
    """A chat message. `sender` is None for the server's own; `to` is None for everybody."""

    id: str
    sender: str | None
    name: str
    text: str
    to: str | None


class Chat:
    """A room's chat."""

    def __init__(self, actor: RoomActor) -> None:
        self._actor = actor

    async def send(self, text: str, *, to: Participant | str | None = None) -> None:
        """Writes as the server. Raises TertuliaError with no_such_participant or room_ended."""
        recipient = to.id if isinstance(to, Participant) else to
        await _do(
            self._actor,
            commands.SendChat(
                None,
                secrets.token_urlsafe(9),
                text,
                None if recipient is None else ParticipantId(recipient),
                time.time(),
            ),
        )


class Room:
    """A room that is open, seen by the server itself: it may do everything."""

    def __init__(self, actor: RoomActor) -> None:
        self._actor = actor
        self.chat = Chat(actor)

    @property
    def name(self) -> str:
        return self._actor.name

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Eldest first."""
        return tuple(_participant(who) for who in self._actor.room.participants)

    async def remove(self, who: Participant | str, reason: str = "") -> None:
        """Raises TertuliaError with no_such_participant or room_ended."""
        id = who.id if isinstance(who, Participant) else who
        await _do(self._actor, commands.Remove(None, ParticipantId(id), reason))

    async def end(self) -> None:
        """Ends it for everybody. Raises TertuliaError with room_ended."""
        await _do(self._actor, commands.End(None))


class Handlers:
    """Calls what was registered, each call a task of its own."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[Handler]] = {name: [] for name in get_args(EventName)}
        self._people: dict[tuple[RoomActor, ParticipantId], Participant] = {}
        self._running: set[asyncio.Task[None]] = set()

    def add(self, name: str, handler: Handler) -> None:
        """Raises ValueError for an unknown name, TypeError for a handler that is not async."""
        if name not in self._handlers:
            raise ValueError(f"no event {name!r}; there are {', '.join(self._handlers)}")
        if not inspect.iscoroutinefunction(handler):
            raise TypeError("a handler is an async function")
        self._handlers[name].append(handler)

    def observe(self, actor: RoomActor, event: events.Event) -> None:
        """For `Hub.observe`."""
        match event:
            case events.ParticipantJoined():
                who = self._people[actor, event.participant.id] = _participant(event.participant)
                self._call("participant_joined", Room(actor), who)
            case events.ParticipantLeft():
                left = self._people.pop((actor, event.participant), None)
                if left is not None:
                    self._call("participant_left", Room(actor), left)
            case events.ChatSent():
                self._call(
                    "chat",
                    Room(actor),
                    Message(event.message, event.sender, event.name, event.text, event.recipient),
                )
            case events.RoomEnded():
                self._call("room_ended", Room(actor))
            case _:
                return

    async def stop(self, timeout: float) -> None:
        """Lets what runs finish; what does not in `timeout` seconds is cancelled."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=timeout)
            for task in late:
                task.cancel()
        self._people.clear()

    def _call(self, name: str, *arguments: Any) -> None:
        for handler in self._handlers[name]:
            if len(self._running) >= MAX_RUNNING:
                log.error("handlers do not keep up: event dropped", event_name=name)
                return
            task = asyncio.create_task(_guarded(name, handler, arguments))
            self._running.add(task)
            task.add_done_callback(self._running.discard)


async def _guarded(name: str, handler: Handler, arguments: tuple[Any, ...]) -> None:
    try:
        await handler(*arguments)
    except Exception:
        log.exception("handler failed", event_name=name, handler=getattr(handler, "__qualname__", repr(handler)))


async def _do(actor: RoomActor, command: commands.Command) -> None:
    outcome = await actor.request(command)
    if isinstance(outcome, TertuliaError):
        raise outcome


def _participant(who: model.Participant) -> Participant:
    return Participant(who.id, who.name, who.role.value, who.metadata)
