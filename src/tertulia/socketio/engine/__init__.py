"""Engine.IO 4: sessions over HTTP long-polling and WebSocket, https://github.com/socketio/engine.io-protocol.

`Engine` is an ASGI app of its own: whoever wants sessions without Socket.IO gives it a function that is told of each.
"""

from tertulia.socketio.engine.connection import Connection, Listener
from tertulia.socketio.engine.engine import Engine
from tertulia.socketio.engine.handshake import Handshake
from tertulia.socketio.engine.packet import message

__all__ = ["Connection", "Engine", "Handshake", "Listener", "message"]
