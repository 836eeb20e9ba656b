"""What handlers can be registered with: a server."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Literal, TypeVar, overload

from tertulia.runtime.event_source import EventName, EventSource
from tertulia.runtime.feed import Feed, Handler
from tertulia.runtime.file_views import File
from tertulia.runtime.gauge import Quality
from tertulia.runtime.shared import SharedChange
from tertulia.runtime.streams import EventStream
from tertulia.runtime.views import DataMessage, Message, Participant, Publication, Room

Done = Awaitable[None]
OfRoom = TypeVar("OfRoom", bound=Callable[[Room], Done])
OfPerson = TypeVar("OfPerson", bound=Callable[[Room, Participant], Done])
OfTrack = TypeVar("OfTrack", bound=Callable[[Room, Participant, Publication], Done])
OfChat = TypeVar("OfChat", bound=Callable[[Room, Message], Done])
OfData = TypeVar("OfData", bound=Callable[[Room, DataMessage], Done])
OfPresence = TypeVar("OfPresence", bound=Callable[[Room, Participant, Any], Done])
OfState = TypeVar("OfState", bound=Callable[[Room, SharedChange], Done])
OfFile = TypeVar("OfFile", bound=Callable[[Room, File], Done])
OfQuality = TypeVar("OfQuality", bound=Callable[[Room, Participant, Quality | None], Done])


class EventEmitter(EventSource):
    """Events of all rooms, for handlers and iterations."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    @overload
    def on(self, event: Literal["room_opened", "room_ended"]) -> Callable[[OfRoom], OfRoom]: ...
    @overload
    def on(
        self, event: Literal["participant_joined", "participant_left", "participant_updated", "knock"]
    ) -> Callable[[OfPerson], OfPerson]: ...
    @overload
    def on(
        self, event: Literal["publication_added", "publication_removed", "publication_updated"]
    ) -> Callable[[OfTrack], OfTrack]: ...
    @overload
    def on(self, event: Literal["chat", "chat_changed"]) -> Callable[[OfChat], OfChat]: ...
    @overload
    def on(self, event: Literal["data"]) -> Callable[[OfData], OfData]: ...
    @overload
    def on(self, event: Literal["file_added", "file_removed"]) -> Callable[[OfFile], OfFile]: ...
    @overload
    def on(self, event: Literal["quality"]) -> Callable[[OfQuality], OfQuality]: ...
    @overload
    def on(self, event: Literal["presence"]) -> Callable[[OfPresence], OfPresence]: ...
    @overload
    def on(self, event: Literal["state"]) -> Callable[[OfState], OfState]: ...

    def on(self, event: EventName) -> Callable[[Any], Any]:
        """Decorator: calls an async function at each such event, in a task of its own.

        It is called with the room, and with the participant, the participant and the publication, the message, the file, the change, or the
        participant and his quality or presence that the event is about.
        What it raises is logged. Raises ValueError for an unknown name, TypeError for a function that is not async.
        """

        def register(handler: Handler) -> Handler:
            self._feed.add(event, handler)
            return handler

        return register

    def _stream(self, names: Collection[EventName]) -> EventStream[Any]:
        return self._feed.stream(names)
