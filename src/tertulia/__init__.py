"""The whole real-time stack: rooms, signalling and media, served by itself or mounted in an ASGI app."""

from tertulia.app import Tertulia
from tertulia.auth.authorize import Grant, JoinRequest, Refuse
from tertulia.auth.tokens import Claims
from tertulia.errors import Code, TertuliaError
from tertulia.runtime.room_events import (
    ChatSent,
    DataSent,
    Event,
    Knock,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    PublicationAdded,
    PublicationRemoved,
    PublicationUpdated,
    RoomEnded,
    RoomOpened,
)
from tertulia.runtime.streams import EventStream
from tertulia.runtime.views import Chat, DataMessage, Message, Participant, Publication, Room

__all__ = [
    "Chat", "ChatSent", "Claims", "Code", "DataMessage", "DataSent", "Event", "EventStream", "Grant", "JoinRequest", "Knock",
    "Message", "Participant", "ParticipantJoined", "ParticipantLeft", "ParticipantUpdated", "Publication", "PublicationAdded",
    "PublicationRemoved", "PublicationUpdated", "Refuse", "Room", "RoomEnded", "RoomOpened", "Tertulia", "TertuliaError",
]  # fmt: skip
