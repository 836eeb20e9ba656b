"""Pages that bring their own signalling over Socket.IO, on `/socket.io/`. See docs/reference/socketio-rooms.md."""

from tertulia.doors.socketio.door import SocketIoDoor, SocketIoOptions

__all__ = ["SocketIoDoor", "SocketIoOptions"]
