"""What waits for one session's peer to take it. Pure."""

from collections import deque
from collections.abc import Callable


class Outbox:
    """Bounded by what waits before something is put: one packet may then be as large as the application makes it."""

    __slots__ = ("_bytes", "_frames", "_max_bytes", "_max_frames")

    def __init__(self, max_frames: int, max_bytes: int) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._max_frames = max_frames
        self._max_bytes = max_bytes

    def put(self, frame: bytes) -> bool:
        """False: too much waits already; the peer does not read."""
        if len(self._frames) >= self._max_frames or self._bytes >= self._max_bytes:
            return False
        self._frames.append(frame)
        self._bytes += len(frame)
        return True

    def put_all(self, frames: tuple[bytes, ...]) -> bool:
        """A packet and its attachments: all of them or, if False, none."""
        if not self.put(frames[0]):
            return False
        for frame in frames[1:]:
            self._frames.append(frame)
            self._bytes += len(frame)
        return True

    def pass_through(self, frame: bytes, write: Callable[[bytes], bool]) -> bool:
        """As if it were put and taken, where nothing waits and `write` takes it. False: nothing was done."""
        return not self._frames and write(frame)

    def take(self) -> bytes | None:
        if not self._frames:
            return None
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        return frame

    def take_all(self) -> list[bytes]:
        frames = list(self._frames)
        self.clear()
        return frames

    def clear(self) -> None:
        self._frames.clear()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._frames)
