"""A room's keys and their values, which everybody in it shares."""

from dataclasses import dataclass
from typing import Any, Final

from tertulia.errors import Code, Conflict, ProtocolError

KEYS: Final = 1000
VALUE_BYTES: Final = 64 * 1024
STATE_BYTES: Final = 512 * 1024
"""Of all keys and values together: a newcomer gets them in one message."""


@dataclass(frozen=True, slots=True)
class StateEntry:
    """What a key stands for."""

    key: str
    value: bytes
    """JSON text, passed on unread."""
    version: int
    """Of the change that set it: changes of a room are counted from 1."""

    @property
    def size(self) -> int:
        return len(self.key) + len(self.value)


class SharedState:
    """Lasts as long as the room. One counter numbers the changes of all keys, so a version is never given twice."""

    def __init__(self) -> None:
        self.version = 0
        """Of the last change."""
        self._entries: dict[str, StateEntry] = {}
        self._bytes = 0

    @property
    def entries(self) -> tuple[StateEntry, ...]:
        """In the order in which the keys came."""
        return tuple(self._entries.values())

    def get(self, key: str) -> StateEntry | None:
        return self._entries.get(key)

    def set(self, key: str, value: bytes, expected: int | None = None) -> StateEntry:
        """`expected`: only where this is the key's version; 0: only where there is no such key.

        Raises Conflict, ProtocolError (too_large).
        """
        before = self._checked(key, expected)
        after = StateEntry(key, value, self.version + 1)
        size = self._bytes + after.size - (0 if before is None else before.size)
        if len(value) > VALUE_BYTES:
            raise ProtocolError(Code.TOO_LARGE, f"a value has at most {VALUE_BYTES} bytes")
        if before is None and len(self._entries) >= KEYS:
            raise ProtocolError(Code.TOO_LARGE, f"a room has at most {KEYS} keys")
        if size > STATE_BYTES:
            raise ProtocolError(Code.TOO_LARGE, f"a room's state has at most {STATE_BYTES} bytes")
        self.version = after.version
        self._entries[key] = after
        self._bytes = size
        return after

    def delete(self, key: str, expected: int | None = None) -> bool:
        """Whether there was such a key; then the change is counted. `expected` as with `set`. Raises Conflict."""
        before = self._checked(key, expected)
        if before is None:
            return False
        del self._entries[key]
        self._bytes -= before.size
        self.version += 1
        return True

    def export(self) -> dict[str, Any]:
        """All of it as numbers, lists and texts, for `restore`."""
        entries = [[it.key, it.value.decode(), it.version] for it in self.entries]
        return {"version": self.version, "entries": entries}

    def restore(self, image: dict[str, Any]) -> None:
        """In place of what there is. Raises ValueError, TypeError, KeyError for what is no image, and changes nothing then."""
        entries = {key: StateEntry(key, value.encode(), int(version)) for key, value, version in image["entries"]}
        size = sum(it.size for it in entries.values())
        newest = max((it.version for it in entries.values()), default=0)
        if len(entries) > KEYS or size > STATE_BYTES or int(image["version"]) < newest:
            raise ValueError("this is no image of a room's state")
        self.version, self._entries, self._bytes = int(image["version"]), entries, size

    def _checked(self, key: str, expected: int | None) -> StateEntry | None:
        present = self._entries.get(key)
        if expected is not None and expected != (0 if present is None else present.version):
            raise Conflict("somebody else was quicker: look at what is there now", present)
        return present
