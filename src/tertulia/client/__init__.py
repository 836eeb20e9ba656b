"""Client of the native protocol, without media: `async with Client(url, room="standup", name="Ana") as client: …`.

Written from docs/reference/native-protocol.md. Messages are the types of `tertulia.wire.native`.
"""

from tertulia.client.client import Client
from tertulia.client.data import DataStream, Received
from tertulia.client.events import EventStream
from tertulia.client.room import Room
from tertulia.client.session import Status

__all__ = ["Client", "DataStream", "EventStream", "Received", "Room", "Status"]
