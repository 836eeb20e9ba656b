"""What happens in rooms, as Python code hears of it."""

from dataclasses import dataclass
from typing import Any

from tertulia.runtime.event_source import EventName
from tertulia.runtime.file_views import File
from tertulia.runtime.gauge import Quality
from tertulia.runtime.shared import SharedChange
from tertulia.runtime.views import DataMessage, Message, Participant, Publication, Room


@dataclass(frozen=True, slots=True)
class RoomEvent:
    room: Room

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What a handler is called with."""
        return (self.room,)


@dataclass(frozen=True, slots=True)
class PersonEvent(RoomEvent):
    participant: Participant

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.room, self.participant


@dataclass(frozen=True, slots=True)
class TrackEvent(PersonEvent):
    publication: Publication

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.room, self.participant, self.publication


@dataclass(frozen=True, slots=True)
class RoomOpened(RoomEvent):
    """Somebody is the first to come in, or to wait."""


@dataclass(frozen=True, slots=True)
class RoomEnded(RoomEvent):
    """The last event of a room."""

    reason: str
    """ended (by somebody), empty, server_stopping."""


@dataclass(frozen=True, slots=True)
class ParticipantJoined(PersonEvent):
    pass


@dataclass(frozen=True, slots=True)
class ParticipantLeft(PersonEvent):
    reason: str
    """left, connection_lost, removed, replaced (joined from elsewhere), ended, server_stopping."""


@dataclass(frozen=True, slots=True)
class ParticipantUpdated(PersonEvent):
    """Role, hand, or whether it is connected."""


@dataclass(frozen=True, slots=True)
class Knock(PersonEvent):
    """Somebody waits: `room.admit` or `room.deny`."""


@dataclass(frozen=True, slots=True)
class PublicationAdded(TrackEvent):
    pass


@dataclass(frozen=True, slots=True)
class PublicationRemoved(TrackEvent):
    pass


@dataclass(frozen=True, slots=True)
class PublicationUpdated(TrackEvent):
    """Muted or not any more."""


@dataclass(frozen=True, slots=True)
class ChatSent(RoomEvent):
    """Also what was written to one person, and by the server."""

    message: Message

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.room, self.message


@dataclass(frozen=True, slots=True)
class ChatChanged(RoomEvent):
    """A message was edited or deleted, or has other reactions: as it is now."""

    message: Message

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.room, self.message


@dataclass(frozen=True, slots=True)
class DataSent(RoomEvent):
    """Also what was sent to one person, and by the server."""

    message: DataMessage

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.room, self.message


@dataclass(frozen=True, slots=True)
class PresenceChanged(PersonEvent):
    """What somebody says of himself is another thing."""

    state: Any
    """A JSON value; None: nothing any more."""

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.room, self.participant, self.state


@dataclass(frozen=True, slots=True)
class StateChanged(RoomEvent):
    """A key that everybody in the room shares was set, or deleted."""

    change: SharedChange

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.room, self.change


@dataclass(frozen=True, slots=True)
class FileAdded(RoomEvent):
    """Also what was shared with one person, and by the server."""

    file: File

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.room, self.file


@dataclass(frozen=True, slots=True)
class FileRemoved(RoomEvent):
    """Deleted by somebody; what is forgotten for its age is not told."""

    file: File

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.room, self.file


@dataclass(frozen=True, slots=True)
class QualityChanged(PersonEvent):
    """Somebody's way to the server got better or worse by a word, or is not known any more."""

    quality: Quality | None

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.room, self.participant, self.quality


Event = (
    RoomOpened | RoomEnded | ParticipantJoined | ParticipantLeft | ParticipantUpdated | Knock
    | PublicationAdded | PublicationRemoved | PublicationUpdated | ChatSent | ChatChanged | DataSent
    | FileAdded | FileRemoved | QualityChanged | PresenceChanged | StateChanged
)  # fmt: skip
NAMES: dict[type[RoomEvent], EventName] = {
    RoomOpened: "room_opened",
    RoomEnded: "room_ended",
    ParticipantJoined: "participant_joined",
    ParticipantLeft: "participant_left",
    ParticipantUpdated: "participant_updated",
    Knock: "knock",
    PublicationAdded: "publication_added",
    PublicationRemoved: "publication_removed",
    PublicationUpdated: "publication_updated",
    ChatSent: "chat",
    ChatChanged: "chat_changed",
    DataSent: "data",
    FileAdded: "file_added",
    FileRemoved: "file_removed",
    QualityChanged: "quality",
    PresenceChanged: "presence",
    StateChanged: "state",
}
