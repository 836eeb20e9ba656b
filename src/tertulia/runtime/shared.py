"""What everybody in a room shares, as Python code sees and changes it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import msgspec

from tertulia.core import commands
from tertulia.core.state import StateEntry
from tertulia.errors import Conflict, TertuliaError
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.payload import parsed
from tertulia.wire import native as wire

TRIES: Final = 100


@dataclass(frozen=True, slots=True)
class SharedValue:
    """What a key stood for when this was read."""

    value: Any
    version: int

    @classmethod
    def of(cls, it: StateEntry) -> "SharedValue":
        return cls(parsed(it.value), it.version)


@dataclass(frozen=True, slots=True)
class SharedChange:
    """A key was set, or deleted."""

    key: str
    value: Any
    """None where it was deleted."""
    version: int
    by: str | None
    """Id of who did it; None: the server."""
    deleted: bool = False


class Shared:
    """Keys and JSON values that last as long as the room: 1,000 keys, 64 KiB a value, 512 KiB in all.

    All that changes something raises TertuliaError: with conflict where the version is another one, too_large, and room_ended; ValueError
    for what is no key (1 to 64 of `A-Za-z0-9_./:-`), and TypeError for what is no JSON.
    """

    def __init__(self, actor: RoomActor) -> None:
        self._actor = actor

    @property
    def all(self) -> dict[str, SharedValue]:
        """By key."""
        return {it.key: SharedValue.of(it) for it in self._actor.room.shared.entries}

    @property
    def entries(self) -> tuple[StateEntry, ...]:
        """As `all`, in JSON."""
        return self._actor.room.shared.entries

    def entry(self, key: str) -> StateEntry | None:
        """As `get`, in JSON."""
        return self._actor.room.shared.get(key)

    def get(self, key: str) -> SharedValue | None:
        """None: there is no such key."""
        entry = self._actor.room.shared.get(key)
        return None if entry is None else SharedValue.of(entry)

    async def set(self, key: str, value: Any) -> int:
        """Whatever was there. The version."""
        return await self._set(key, value, None)

    async def compare_and_set(self, key: str, version: int, value: Any) -> int:
        """Only where the key has this version; 0: only where there is no such key. The new version."""
        return await self._set(key, value, version)

    async def update(self, key: str, change: Callable[[Any], Any]) -> int:
        """Sets what `change` makes of what is there (None: nothing is), again where somebody else was quicker. The version."""
        for tries in count(1):
            present = self.get(key)
            value = change(None if present is None else present.value)
            try:
                return await self._set(key, value, 0 if present is None else present.version)
            except Conflict:
                if tries == TRIES:
                    raise
        raise AssertionError("unreachable")

    async def delete(self, key: str, *, version: int | None = None) -> None:
        """No such key: nothing happens. With `version` only where the key has it."""
        await self._do(commands.DeleteState(None, _key(key), version))

    async def _set(self, key: str, value: Any, expected: int | None) -> int:
        return await self.set_json(key, msgspec.json.encode(value), expected)

    async def set_json(self, key: str, json: bytes, expected: int | None) -> int:
        """A value that is JSON text already; `expected` as in `compare_and_set`, None: in any case. The version."""
        version = 0

        def reply(_: object) -> None:
            nonlocal version
            version = self._actor.room.shared.version

        await self._do(commands.SetState(None, _key(key), json, expected), reply)
        return version

    async def _do(self, command: commands.Command, reply: Callable[[object], None] | None = None) -> None:
        outcome = await self._actor.request(command, reply)
        if isinstance(outcome, TertuliaError):
            raise outcome


def _key(key: str) -> str:
    try:
        return msgspec.convert(key, wire.StateKey)
    except msgspec.ValidationError as error:
        raise ValueError(f"not a key: {error}") from None
