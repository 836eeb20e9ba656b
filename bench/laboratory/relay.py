"""A cable that is long, uneven and careless: two TUN interfaces, and between them whatever IP packets go from one to the other.

Run inside of a network namespace, with the names of the interfaces, which may be moved elsewhere afterwards. Each line of JSON on the
standard input sets fields of `Conditions`, and is answered by a line that says how well the time before went. It ends with its input.
"""

from __future__ import annotations

import fcntl
import gc
import heapq
import json
import os
import random
import select
import struct
import sys
import time
from dataclasses import dataclass, field

MOMENT = 0.05
"""Seconds for which a draw of the jitter holds: a radio that is busy delays all that wait for it."""
LATE = 0.03
"""Seconds that a packet out of order comes late: about ten packets of a call."""
BATCH = 64
"""Packets that one way may bring before the other way has its turn."""
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_STDIN = 0
_LARGEST = 65_535


@dataclass
class Character:
    """Of the cable now, both ways; as in `Conditions`, in seconds."""

    delay: float = 0
    jitter: float = 0
    reorder: float = 0
    duplicate: float = 0


@dataclass
class Way:
    """From one end to the other."""

    source: int
    target: int
    last_due: float = 0
    extra: float = 0
    drawn_until: float = 0

    def due(self, character: Character, now: float, chance: random.Random) -> list[float]:
        """When a packet that comes now leaves, once for each copy."""
        if now >= self.drawn_until:
            self.extra = chance.random() * character.jitter
            self.drawn_until = now + MOMENT
        due = now + character.delay + self.extra
        if chance.random() < character.reorder:
            due += LATE
        else:
            due = self.last_due = max(due, self.last_due)
        return [due, due] if chance.random() < character.duplicate else [due]


@dataclass
class Cable:
    ways: dict[int, Way]
    """By the end where packets come in."""
    character: Character = field(default_factory=Character)
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    # A number breaks ties, so that packets of one moment stay in order.
    waiting: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    taken: int = 0
    lateness: list[float] = field(default_factory=list)

    def run(self) -> None:
        commands = b""
        while True:
            timeout = max(0.0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            # select, for epoll counts in milliseconds.
            for end in select.select([_STDIN, *self.ways], [], [], timeout)[0]:
                if end != _STDIN:
                    self._take(self.ways[end])
                elif read := os.read(_STDIN, 65_536):
                    *lines, commands = (commands + read).split(b"\n")
                    for line in lines:
                        self._obey(json.loads(line))
                else:
                    return
            self._give()

    def _take(self, way: Way) -> None:
        for _ in range(BATCH):
            try:
                packet = os.read(way.source, _LARGEST)
            except BlockingIOError:
                return
            for due in way.due(self.character, time.monotonic(), self.chance):
                self.taken += 1
                heapq.heappush(self.waiting, (due, self.taken, way.target, packet))

    def _give(self) -> None:
        while self.waiting and self.waiting[0][0] <= (now := time.monotonic()):
            due, _, target, packet = heapq.heappop(self.waiting)
            self.lateness.append(now - due)
            try:
                os.write(target, packet)
            except OSError:
                # An interface that is down, or whose host is full: the packet is lost there.
                continue

    def _obey(self, wanted: dict[str, float]) -> None:
        milliseconds = {name: wanted[name] / 1000 for name in ("delay", "jitter")}
        self.character = Character(**milliseconds, reorder=wanted["reorder"], duplicate=wanted["duplicate"])
        late = sorted(self.lateness)
        p99 = late[len(late) * 99 // 100] * 1000 if late else 0
        print(json.dumps({"packets": len(late), "late_p99": round(p99, 3)}), flush=True)
        self.lateness.clear()


def open_end(name: str) -> int:
    """A TUN interface: what the kernel sends there is read, without offloads, so each packet is one as on a wire."""
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return end


def main() -> None:
    one, other = (open_end(name) for name in sys.argv[1:])
    gc.disable()  # nothing here is cyclic, and a collection would be jitter
    print("ready", flush=True)
    Cable({one: Way(one, other), other: Way(other, one)}).run()


if __name__ == "__main__":
    main()
