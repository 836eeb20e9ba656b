"""The compiled engine's surface without media: records commands, and a test makes its events."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from tests.media.offers import OURS

if TYPE_CHECKING:
    from tertulia._media import ConnectionStatistics, Engine, Event


@dataclass(frozen=True)
class Bind:
    slot: int
    source: int | None
    payload_type: int = 0
    rtx_payload_type: int | None = None
    red_payload_type: int | None = None


class FakeEngine:
    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.fails: set[str] = set()
        """Names of methods that raise ValueError."""
        self.stopped = False
        self.measured: list[ConnectionStatistics] = []
        self._read, self._write = os.pipe()
        self._events: list[Event] = []

    def engine(self) -> "Engine":
        return cast("Engine", self)

    def named(self, *names: str) -> list[Any]:
        return [arguments for name, arguments in self.calls if name in names]

    def take(self) -> list[tuple[str, Any]]:
        """The commands since the last look."""
        calls, self.calls = self.calls, []
        return calls

    def happen(self, *events: "Event") -> None:
        self._events.extend(events)
        os.write(self._write, b"!")

    def dispose(self) -> None:
        os.close(self._read)
        os.close(self._write)

    def _record(self, name: str, arguments: Any) -> None:
        if name in self.fails:
            raise ValueError(f"{name} fails")
        self.calls.append((name, arguments))

    # The engine

    def fingerprint(self) -> str:
        return OURS

    def open(self, connection: int, **keywords: Any) -> tuple[str, str]:
        self._record("open", (connection, keywords))
        return keywords["local"] or (f"ufrag{connection}", "p" * 22)

    def ice_credentials(self) -> tuple[str, str]:
        return "called", "c" * 22

    def open_chunked(self, connection: int, *, room: int) -> None:
        self._record("open_chunked", (connection, {"room": room}))

    def chunk(self, source: int, **keywords: Any) -> None:
        self._record("chunk", (source, keywords))

    def refresh_slot(self, slot: int) -> None:
        self._record("refresh_slot", slot)

    def restart_ice(self, connection: int, **keywords: Any) -> tuple[str, str]:
        self._record("restart_ice", (connection, keywords))
        return f"again{connection}", "q" * 22

    def member(self, connection: int, name: str, sends: bool) -> None:
        self._record("member", (connection, name, sends))

    def close(self, connection: int) -> None:
        self._record("close", connection)

    def add_source(self, connection: int, source: int, **keywords: Any) -> None:
        self._record("add_source", (connection, source, keywords))

    def remove_source(self, source: int) -> None:
        self._record("remove_source", source)

    def enable_source(self, source: int, enabled: bool) -> None:
        self._record("enable_source", (source, enabled))

    def favour_source(self, source: int, favoured: bool) -> None:
        self._record("favour_source", (source, favoured))

    def request_key_frame(self, source: int) -> None:
        self._record("request_key_frame", source)

    def add_slot(self, connection: int, slot: int, **keywords: Any) -> None:
        self._record("add_slot", (connection, slot, keywords))

    def remove_slot(self, slot: int) -> None:
        self._record("remove_slot", slot)

    def bind(self, slot: int, source: int | None, **keywords: Any) -> None:
        self._record("bind", Bind(slot, source, **keywords))

    def pause_slot(self, slot: int, paused: bool) -> None:
        self._record("pause_slot", (slot, paused))

    def wish(self, slot: int, *, priority: int, pixels: int, detail: bool = False) -> None:
        self._record("wish", (slot, priority, pixels, detail))

    def event_fd(self) -> int:
        return self._read

    def poll_events(self) -> "list[Event]":
        os.read(self._read, 4096)
        events, self._events = self._events, []
        return events

    def counters(self) -> Mapping[str, int]:
        return {"rtp_in": 7}

    def statistics(self) -> "list[ConnectionStatistics]":
        return list(self.measured)

    def stop(self) -> None:
        self.stopped = True
