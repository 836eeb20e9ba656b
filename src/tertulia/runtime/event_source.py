"""What can be iterated over: the names of the events, and which type each gives."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

from tertulia.runtime.streams import EventStream

if TYPE_CHECKING:
    from tertulia.runtime import room_events as ev

EventName = Literal[
    "room_opened",
    "room_ended",
    "participant_joined",
    "participant_left",
    "participant_updated",
    "knock",
    "publication_added",
    "publication_removed",
    "publication_updated",
    "chat",
    "chat_changed",
    "data",
    "file_added",
    "file_removed",
    "quality",
    "presence",
    "state",
]
EVENT_NAMES: tuple[EventName, ...] = get_args(EventName)


class EventSource(ABC):
    """A server, or a room of it."""

    @overload
    def events(self, name: Literal["room_opened"], /) -> EventStream["ev.RoomOpened"]: ...
    @overload
    def events(self, name: Literal["room_ended"], /) -> EventStream["ev.RoomEnded"]: ...
    @overload
    def events(self, name: Literal["participant_joined"], /) -> EventStream["ev.ParticipantJoined"]: ...
    @overload
    def events(self, name: Literal["participant_left"], /) -> EventStream["ev.ParticipantLeft"]: ...
    @overload
    def events(self, name: Literal["participant_updated"], /) -> EventStream["ev.ParticipantUpdated"]: ...
    @overload
    def events(self, name: Literal["knock"], /) -> EventStream["ev.Knock"]: ...
    @overload
    def events(self, name: Literal["publication_added"], /) -> EventStream["ev.PublicationAdded"]: ...
    @overload
    def events(self, name: Literal["publication_removed"], /) -> EventStream["ev.PublicationRemoved"]: ...
    @overload
    def events(self, name: Literal["publication_updated"], /) -> EventStream["ev.PublicationUpdated"]: ...
    @overload
    def events(self, name: Literal["chat"], /) -> EventStream["ev.ChatSent"]: ...
    @overload
    def events(self, name: Literal["chat_changed"], /) -> EventStream["ev.ChatChanged"]: ...
    @overload
    def events(self, name: Literal["data"], /) -> EventStream["ev.DataSent"]: ...
    @overload
    def events(self, name: Literal["file_added"], /) -> EventStream["ev.FileAdded"]: ...
    @overload
    def events(self, name: Literal["file_removed"], /) -> EventStream["ev.FileRemoved"]: ...
    @overload
    def events(self, name: Literal["quality"], /) -> EventStream["ev.QualityChanged"]: ...
    @overload
    def events(self, name: Literal["presence"], /) -> EventStream["ev.PresenceChanged"]: ...
    @overload
    def events(self, name: Literal["state"], /) -> EventStream["ev.StateChanged"]: ...
    @overload
    def events(self, *names: EventName) -> EventStream["ev.Event"]: ...

    def events(self, *names: EventName) -> EventStream[Any]:
        """What happens from now on: the events of these names, or all. Ends with the room or with the server.

        Raises ValueError for an unknown name.
        """
        return self._stream(names or EVENT_NAMES)

    @abstractmethod
    def _stream(self, names: Collection[EventName]) -> EventStream[Any]: ...
