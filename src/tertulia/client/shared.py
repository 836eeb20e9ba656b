"""What everybody in a room shares, as this client knows it and changes it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import msgspec

from tertulia.client.data import readable
from tertulia.client.requests import Ask
from tertulia.client.room import Room
from tertulia.errors import Conflict
from tertulia.wire import native

TRIES: Final = 100


@dataclass(frozen=True, slots=True)
class SharedValue:
    """What a key stands for. `value` is None also where Python has none for its JSON, such as 1e999."""

    value: Any
    version: int


class Shared:
    """Keys and JSON values that last as long as the room; `native.StateChanged` and `native.StateDeleted` tell of changes.

    All that changes something takes the right `data`, and raises TertuliaError as `Client` does; Conflict (`conflict`) where the version is
    another one: its `present` is a `native.StateEntry`, or None where there is no such key. TypeError for what is no JSON.
    """

    def __init__(self, room: Callable[[], Room], ask: Ask) -> None:
        self._room = room
        self._ask = ask

    @property
    def all(self) -> dict[str, SharedValue]:
        """By key."""
        return {key: _value(entry) for key, entry in self._room().shared.items()}

    def get(self, key: str) -> SharedValue | None:
        """None: there is no such key."""
        entry = self._room().shared.get(key)
        return None if entry is None else _value(entry)

    async def set(self, key: str, value: Any) -> int:
        """Whatever is there. The version."""
        return await self._set(key, value, None)

    async def compare_and_set(self, key: str, version: int, value: Any) -> int:
        """Only where the key has this version; 0: only where there is no such key. The new version."""
        return await self._set(key, value, version)

    async def update(self, key: str, change: Callable[[Any], Any]) -> int:
        """Sets what `change` makes of what is there (None: nothing is), again where somebody else was quicker. The version."""
        present = self._room().shared.get(key)
        for tries in count(1):
            value = change(None if present is None else readable(present.value))
            try:
                return await self._set(key, value, 0 if present is None else present.version)
            except Conflict as error:
                if tries == TRIES:
                    raise
                present = error.present if isinstance(error.present, native.StateEntry) else None
        raise AssertionError("unreachable")

    async def delete(self, key: str, *, version: int | None = None) -> None:
        """No such key: nothing happens. With `version` only where the key has it."""
        await self._ask(lambda n: native.StateDelete(id=n, key=key, version=version), native.Ok)

    async def _set(self, key: str, value: Any, version: int | None) -> int:
        json = msgspec.Raw(msgspec.json.encode(value))
        make = lambda n: native.StateSet(id=n, key=key, value=json, version=version)  # noqa: E731
        return (await self._ask(make, native.StateStored)).version


def _value(entry: native.StateEntry) -> SharedValue:
    return SharedValue(readable(entry.value), entry.version)
