"""The whole real-time stack: rooms, signalling and media, served by itself or mounted in an ASGI app."""

from tertulia.app import Tertulia
from tertulia.auth.authorize import Grant, JoinRequest, Refuse
from tertulia.auth.tokens import Claims
from tertulia.errors import Code, Conflict, TertuliaError
from tertulia.runtime.file_views import File, Files
from tertulia.runtime.gauge import ParticipantStatistics, PublicationStatistics, Quality, SubscriptionStatistics
from tertulia.runtime.listener import TopicMessage
from tertulia.runtime.room_events import (
    ChatChanged,
    ChatSent,
    DataSent,
    Event,
    FileAdded,
    FileRemoved,
    Knock,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    PresenceChanged,
    PublicationAdded,
    PublicationRemoved,
    PublicationUpdated,
    QualityChanged,
    RoomEnded,
    RoomOpened,
    StateChanged,
)
from tertulia.runtime.shared import Shared, SharedChange, SharedValue
from tertulia.runtime.streams import EventStream
from tertulia.runtime.views import Chat, DataMessage, Document, History, Message, Participant, Publication, Room
from tertulia.topic_rule import TopicGrants

__all__ = [
    "Chat", "ChatChanged", "ChatSent", "Claims", "Code", "Conflict", "DataMessage", "DataSent", "Document", "Event", "EventStream",
    "File", "FileAdded", "FileRemoved", "Files", "Grant", "History", "JoinRequest", "Knock", "Message", "Participant",
    "ParticipantJoined", "ParticipantLeft", "ParticipantStatistics", "ParticipantUpdated", "PresenceChanged", "Publication",
    "PublicationAdded", "PublicationRemoved", "PublicationStatistics", "PublicationUpdated", "Quality", "QualityChanged", "Refuse",
    "Room", "RoomEnded", "RoomOpened", "Shared", "SharedChange", "SharedValue", "StateChanged", "SubscriptionStatistics", "Tertulia",
    "TertuliaError", "TopicGrants", "TopicMessage",
]  # fmt: skip
