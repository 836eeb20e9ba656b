"""A Socket.IO server: Engine.IO 4 and Socket.IO 5, for socket.io-client 3 and 4. An ASGI app; it needs nothing else of Tertulia.

    from tertulia.socketio import Server, Socket

See docs/reference/socketio.md.
"""

from tertulia.socketio.broadcast import Broadcast
from tertulia.socketio.dynamic import DynamicNamespace
from tertulia.socketio.engine.handshake import Handshake
from tertulia.socketio.namespace import Namespace
from tertulia.socketio.options import Limits, Options, Recovery
from tertulia.socketio.refusal import ConnectRefused
from tertulia.socketio.server import Server
from tertulia.socketio.socket import Socket

__all__ = [
    "Broadcast",
    "ConnectRefused",
    "DynamicNamespace",
    "Handshake",
    "Limits",
    "Namespace",
    "Options",
    "Recovery",
    "Server",
    "Socket",
]
