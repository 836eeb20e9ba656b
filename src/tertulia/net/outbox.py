"""The messages of one session: those that wait to be written, and those written that may have to be written again."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from tertulia.net.media_lane import MediaLane

WAITING_MESSAGES = 256
WAITING_BYTES = 1 << 20
"""More than this waiting for one socket: its peer does not read."""
KEPT_MESSAGES = 512
KEPT_BYTES = 1 << 20
"""What is kept for a resume, waiting and written together."""
LATEST_KEYS = 4096
LATEST_BYTES = 1 << 20
"""Frames of which only the newest matters, that wait for one socket: above it the one that has waited for longest is given up."""


@dataclass(frozen=True, slots=True)
class OutboxImage:
    """What an outbox needs to go on in another process."""

    seq: int
    forgotten: int
    written: tuple[bytes, ...]
    """Those with the numbers after `forgotten`, without their numbers."""
    waiting: tuple[tuple[bytes, str | None], ...]
    """With their keys."""


class Outbox:
    """Numbers messages as they are taken, keeps them until they are acknowledged, and gives them out again after a loss.

    A message gets its number only when it is taken, so that one that was replaced while it waited leaves no gap.
    """

    # What a message touches lies together, for it is seldom in the processor's cache.
    __slots__ = (
        "_again",
        "_backlog",
        "_by_key",
        "_idle",
        "_latest",
        "_latest_bytes",
        "_number",
        "_tickets",
        "_waiting",
        "_waiting_bytes",
        "_written",
        "_written_bytes",
        "forgotten",
        "lane",
        "lost",
        "seq",
    )

    def __init__(self, number: Callable[[bytes, int], bytes]) -> None:
        self._number = number
        self._idle = True
        """Nothing waits that `take` would give: it has said so, and nothing came since."""
        self._waiting: OrderedDict[int, tuple[bytes, str | None]] = OrderedDict()
        self._waiting_bytes = 0
        self._by_key: dict[str, int] = {}
        self._tickets = 0
        # Without their numbers: a message to a hundred people is then one object in a hundred outboxes.
        self._latest: OrderedDict[str, bytes] = OrderedDict()
        self._latest_bytes = 0
        self.lane: MediaLane | None = None
        """Media by the socket: of what waits, sound goes before frames of which only the newest matters, and pictures go behind them."""
        self._written: deque[bytes] = deque()
        self._written_bytes = 0
        self._again = 0
        self._backlog = 0
        self.seq = 0
        """Number of the last message taken."""
        self.forgotten = 0
        """Number up to which messages cannot be given out again; those kept follow it without a gap."""
        self.lost = False
        """Too much came while nobody took it: the session cannot be resumed, and nothing is kept any more."""

    def put(self, body: bytes, key: str | None = None) -> None:
        """`key`: a newer message with the same key replaces one that still waits."""
        if self.lost:
            return
        self._idle = False
        if key is not None and (older := self._by_key.pop(key, None)) is not None:
            self._waiting_bytes -= len(self._waiting.pop(older)[0])
        self._tickets += 1
        self._waiting[self._tickets] = (body, key)
        self._waiting_bytes += len(body)
        if key is not None:
            self._by_key[key] = self._tickets

    def offer(self, key: str, frame: bytes) -> int:
        """A frame outside the numbering, of which only the newest with this key matters: it is given out when no message waits, and not
        again after a loss. How many frames that waited were given up for it."""
        if self.lost:
            return 0
        self._idle = False
        older = self._latest.get(key)
        self._latest[key] = frame
        self._latest_bytes += len(frame)
        if older is None and len(self._latest) <= LATEST_KEYS and self._latest_bytes <= LATEST_BYTES:
            return 0
        given_up = 0
        if older is not None:
            self._latest_bytes -= len(older)
            given_up = 1
        while len(self._latest) > LATEST_KEYS or self._latest_bytes > LATEST_BYTES:
            self._take_latest()
            given_up += 1
        return given_up

    def _take_latest(self) -> bytes:
        _, frame = self._latest.popitem(last=False)
        self._latest_bytes -= len(frame)
        return frame

    def _take_unnumbered(self) -> bytes | None:
        if self.lane is not None and (not self._latest or self.lane.has_sound):
            return self.lane.take()
        return self._take_latest() if self._latest else None

    def take(self) -> bytes | None:
        """The next message to be written, with its number; where none waits, the next frame that was offered. None: nothing waits."""
        if self._again:
            number = self.seq - self._again + 1
            self._again -= 1
            # It may be acknowledged by now.
            if number <= self.forgotten:
                return self.take()
            return self._number(self._written[number - self.forgotten - 1], number)
        if not self._waiting:
            frame = self._take_unnumbered()
            if frame is None:
                self._idle = not self.lost
            return frame
        _, (body, key) = self._waiting.popitem(last=False)
        self._waiting_bytes -= len(body)
        if key is not None:
            del self._by_key[key]
        self._backlog = max(0, self._backlog - 1)
        self.seq += 1
        self._keep(body)
        return self._number(body, self.seq)

    def _keep(self, body: bytes) -> None:
        """Until it is acknowledged, or there is too much of it."""
        written = self._written
        written.append(body)
        self._written_bytes += len(body)
        while len(written) > KEPT_MESSAGES or (self._written_bytes > KEPT_BYTES and len(written) > 1):
            self._forget_oldest()

    def pass_through(self, body: bytes, write: Callable[[bytes], bool]) -> bool:
        """As if it were put and taken, where nothing waits and `write` takes its frame. False: nothing was done, and it is to be `put`.

        This is the way of nearly all messages, and costs a third of the other."""
        seq = self.seq + 1
        if not (self._idle and write(self._number(body, seq))):
            return False
        self.seq = seq
        self._keep(body)
        return True

    def offer_through(self, frame: bytes, write: Callable[[bytes], bool]) -> bool:
        """As `pass_through`, for what is to be offered: a frame outside the numbering."""
        return self._idle and write(frame)

    def ack(self, seq: int) -> None:
        """The peer has everything up to `seq`. A number that was never given out is ignored."""
        if seq > self.seq:
            return
        while self._written and self.forgotten < seq:
            self._forget_oldest()

    def rewind(self, last_seq: int) -> bool:
        """Everything after `last_seq` will be taken again, in order. False: some of it is forgotten, or it was never given out."""
        if self.lost or not self.forgotten <= last_seq <= self.seq:
            return False
        self._idle = False
        self._again = self.seq - last_seq
        self._backlog = len(self._waiting)
        return True

    def image(self) -> OutboxImage:
        return OutboxImage(self.seq, self.forgotten, tuple(self._written), tuple(self._waiting.values()))

    def restore(self, image: OutboxImage) -> None:
        """Goes on where the image ends; for one that nothing was put into. Raises ValueError for numbers that do not fit together."""
        if image.seq != image.forgotten + len(image.written):
            raise ValueError(f"messages {image.forgotten + 1} to {image.seq} are not {len(image.written)}")
        self.seq, self.forgotten = image.seq, image.forgotten
        self._written.extend(image.written)
        self._written_bytes = sum(map(len, image.written))
        for body, key in image.waiting:
            self.put(body, key)
        self._backlog = len(self._waiting)

    @property
    def waiting(self) -> int:
        """Messages that are still to be taken."""
        return len(self._waiting) + self._again

    @property
    def too_much_for_a_reader(self) -> bool:
        """Whether more waits than a peer that reads would leave; what came while it was away and one large message do not count."""
        allowed_bytes = WAITING_BYTES + (KEPT_BYTES if self._backlog else 0)
        return len(self._waiting) - self._backlog > WAITING_MESSAGES or (
            self._waiting_bytes > allowed_bytes and len(self._waiting) > 1
        )

    def bound_while_detached(self) -> None:
        """Gives up what cannot be kept for a peer that is away."""
        while self._written and self._too_much_to_keep():
            self._forget_oldest()
        if self._too_much_to_keep() and len(self._waiting) > 1:
            self.drop()

    def _too_much_to_keep(self) -> bool:
        return (
            len(self._waiting) + len(self._written) > KEPT_MESSAGES
            or self._waiting_bytes + self._written_bytes > KEPT_BYTES
        )

    def drop(self) -> None:
        self.lost = True
        self._idle = False
        self._waiting.clear()
        self._latest.clear()
        self._by_key.clear()
        self._written.clear()
        self._again = 0
        self._waiting_bytes = self._written_bytes = self._latest_bytes = 0

    def _forget_oldest(self) -> None:
        self._written_bytes -= len(self._written.popleft())
        self.forgotten += 1
