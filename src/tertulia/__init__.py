"""The whole real-time stack: rooms, signalling and media, served by itself or mounted in an ASGI app."""

from tertulia.app import Tertulia
from tertulia.errors import Code, TertuliaError
from tertulia.runtime.views import Chat, Message, Participant, Room

__all__ = ["Chat", "Code", "Message", "Participant", "Room", "Tertulia", "TertuliaError"]
