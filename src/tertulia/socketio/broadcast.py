"""Whom an event goes to."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tertulia.socketio.namespace import Namespace
    from tertulia.socketio.socket import Socket


class Broadcast:
    """Sockets of one namespace, chosen by rooms; a socket's id is the name of a room of its own. Never changes: `to` and `except_` give
    another one."""

    __slots__ = ("_excluded", "_namespace", "_rooms")

    def __init__(
        self, namespace: "Namespace", rooms: frozenset[str] = frozenset(), excluded: frozenset[str] = frozenset()
    ) -> None:
        self._namespace = namespace
        self._rooms = rooms
        self._excluded = excluded

    def to(self, *rooms: str) -> "Broadcast":
        """Those in any of these rooms, and of those named before."""
        return Broadcast(self._namespace, self._rooms.union(rooms), self._excluded)

    def except_(self, *rooms: str) -> "Broadcast":
        """But for those in any of these."""
        return Broadcast(self._namespace, self._rooms, self._excluded.union(rooms))

    def emit(self, event: str, *args: Any, volatile: bool = False) -> None:
        """Encoded once, whoever gets it. `volatile`: not for those who still have something else to read. Raises as Socket.emit does."""
        self._namespace.deliver(event, args, self._rooms, self._excluded, volatile=volatile)

    @property
    def sockets(self) -> list["Socket"]:
        return self._namespace.select(self._rooms, self._excluded)
