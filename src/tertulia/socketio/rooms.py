"""Who is in which room of a namespace. Pure."""

from collections.abc import Collection, Hashable, Iterable
from typing import Generic, TypeVar

M = TypeVar("M", bound=Hashable)


class Rooms(Generic[M]):
    """A room is there as long as somebody is in it."""

    def __init__(self) -> None:
        # Dictionaries, for a delivery to all should go to them in the order in which they came.
        self._members: dict[str, dict[M, None]] = {}
        self._rooms: dict[M, set[str]] = {}

    def join(self, member: M, room: str) -> None:
        self._members.setdefault(room, {})[member] = None
        self._rooms.setdefault(member, set()).add(room)

    def leave(self, member: M, room: str) -> None:
        members = self._members.get(room)
        if members is None or member not in members:
            return
        del members[member]
        if not members:
            del self._members[room]
        self._rooms[member].discard(room)

    def forget(self, member: M) -> None:
        """It leaves all of them."""
        for room in self._rooms.pop(member, ()):
            members = self._members[room]
            del members[member]
            if not members:
                del self._members[room]

    def of(self, member: M) -> frozenset[str]:
        return frozenset(self._rooms.get(member, ()))

    def count(self, member: M) -> int:
        return len(self._rooms.get(member, ()))

    def members(self, room: str) -> Collection[M]:
        return self._members.get(room, {}).keys()

    def select(self, rooms: Collection[str], excluded: Collection[str], everybody: Iterable[M]) -> list[M]:
        """Each once: those in any of `rooms`, or everybody where none is named, but for those in one of `excluded`."""
        if not rooms:
            chosen: Iterable[M] = everybody
        elif len(rooms) == 1:
            chosen = self.members(next(iter(rooms)))
        else:
            chosen = dict.fromkeys(member for room in rooms for member in self.members(room))
        if not excluded:
            return list(chosen)
        out = {member for room in excluded for member in self.members(room)}
        return [member for member in chosen if member not in out]
