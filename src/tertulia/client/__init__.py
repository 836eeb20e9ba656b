"""Client of the native protocol, without media: `async with Client(url, room="standup", name="Ana") as client: …`.

Written from docs/reference/native-protocol.md. Messages are the types of `tertulia.wire.native`.
"""

from tertulia.client.chat import Chat, ChatStream
from tertulia.client.client import Client
from tertulia.client.data import DataStream, Received
from tertulia.client.events import EventStream
from tertulia.client.files import Files
from tertulia.client.media import Media
from tertulia.client.room import Participant, Room
from tertulia.client.session import Status
from tertulia.client.shared import Shared, SharedValue
from tertulia.client.topics import Topic, TopicMessage, TopicStream

__all__ = [
    "Chat",
    "ChatStream",
    "Client",
    "DataStream",
    "EventStream",
    "Files",
    "Media",
    "Participant",
    "Received",
    "Room",
    "Shared",
    "SharedValue",
    "Status",
    "Topic",
    "TopicMessage",
    "TopicStream",
]
