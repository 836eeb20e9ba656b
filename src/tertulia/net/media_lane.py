"""Encoded chunks on their way to one reader: sound before pictures, and no pictures that he would see too late."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

WAITS: Final = 0.5
"""Seconds after which a picture that still waits is too late: it is left out with all that wait, up to the next key frame."""
READ_WITHIN: Final = 1.0
"""Seconds within which a reader who says what he has read must have read a chunk; until he has, pictures wait."""
CALM: Final = 0.6
"""He keeps up again, and may get a key frame, when nothing that was sent is older."""
PICTURE_BYTES: Final = 1 << 20
"""Pictures that wait; above it they are left out."""
SOUND_CHUNKS: Final = 50
"""Sound that waits, a second of it; above it the oldest goes."""
REFRESH_EVERY: Final = 1.0
"""Seconds between two key frames that are asked for on behalf of one reader and publication."""
_UNREAD_MAX: Final = 4096


@dataclass(slots=True)
class LaneTotals:
    """Of all lanes of a server together."""

    left_out: int = 0
    """Pictures and sound that a reader who did not keep up was not given."""


@dataclass(frozen=True, slots=True)
class _Picture:
    publication: str
    frame: bytes
    since: float


class MediaLane:
    """Of one session. What is in it stands outside the numbering: it is given out once."""

    def __init__(self, clock: Callable[[], float], totals: LaneTotals) -> None:
        """`clock`: seconds, never going back."""
        self._clock = clock
        self._totals = totals
        self._sound: deque[bytes] = deque()
        self._pictures: deque[_Picture] = deque()
        self._picture_bytes = 0
        self._left_out: dict[str, float] = {}
        """Publications of which nothing is given out before a key frame, and when one was asked for last."""
        self._known: set[str] = set()
        self._sent = 0
        self._unread: deque[tuple[int, float]] = deque()
        """Numbers of chunks that were given out and not read, and when; empty while the reader says nothing."""
        self._says_what_he_reads = False

    def put_sound(self, frame: bytes) -> None:
        self._sound.append(frame)
        if len(self._sound) > SOUND_CHUNKS:
            self._sound.popleft()
            self._totals.left_out += 1

    def put_picture(self, publication: str, frame: bytes, *, key: bool) -> bool:
        """True: its publisher should be asked for a key frame now, for the reader keeps up again and waits for one."""
        now = self._clock()
        self._known.add(publication)
        if self._is_behind(now, len(frame)):
            self._leave_out(now, publication)
            self._totals.left_out += 1
            return False
        if (asked := self._left_out.get(publication)) is not None:
            if not key or not self._is_calm(now):
                self._totals.left_out += 1
                return self._may_ask(publication, asked, now)
            del self._left_out[publication]
        self._pictures.append(_Picture(publication, frame, now))
        self._picture_bytes += len(frame)
        return False

    @property
    def has_sound(self) -> bool:
        return bool(self._sound)

    def take(self) -> bytes | None:
        """The next chunk to be written; None: nothing waits, or the reader has to read first."""
        if self._sound:
            return self._given_out(self._sound.popleft())
        if not self._pictures or self._unread_for(self._clock()) > READ_WITHIN:
            return None
        picture = self._pictures.popleft()
        self._picture_bytes -= len(picture.frame)
        return self._given_out(picture.frame)

    def read(self, count: int) -> None:
        """The reader says how many chunks he has read on this socket. More than were sent are taken for all of them."""
        self._says_what_he_reads = True
        while self._unread and self._unread[0][0] <= count:
            self._unread.popleft()

    def begin(self) -> None:
        """Another socket takes over. What was under way in the old one may be gone: pictures go on at key frames."""
        self._sound.clear()
        self._pictures.clear()
        self._picture_bytes = self._sent = 0
        self._unread.clear()
        self._says_what_he_reads = False
        for publication in self._known:
            self._left_out.setdefault(publication, -REFRESH_EVERY)

    def forget(self, publication: str) -> None:
        """It is gone, or not received any more."""
        self._known.discard(publication)
        self._left_out.pop(publication, None)

    def _given_out(self, frame: bytes) -> bytes:
        self._sent += 1
        # Of a reader who never says anything only so many are remembered.
        if len(self._unread) < _UNREAD_MAX:
            self._unread.append((self._sent, self._clock()))
        return frame

    def _unread_for(self, now: float) -> float:
        return now - self._unread[0][1] if self._unread and self._says_what_he_reads else 0.0

    def _is_behind(self, now: float, size: int) -> bool:
        if not self._pictures:
            return False
        return now - self._pictures[0].since > WAITS or self._picture_bytes + size > PICTURE_BYTES

    def _is_calm(self, now: float) -> bool:
        return not self._pictures and self._unread_for(now) <= CALM

    def _leave_out(self, now: float, publication: str) -> None:
        for late in (publication, *(picture.publication for picture in self._pictures)):
            self._left_out.setdefault(late, now - REFRESH_EVERY)
        self._totals.left_out += len(self._pictures)
        self._pictures.clear()
        self._picture_bytes = 0

    def _may_ask(self, publication: str, asked: float, now: float) -> bool:
        if now - asked < REFRESH_EVERY or not self._is_calm(now):
            return False
        self._left_out[publication] = now
        return True
