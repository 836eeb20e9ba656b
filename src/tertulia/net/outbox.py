"""The messages of one session: those that wait to be written, and those written that may have to be written again."""

from collections import OrderedDict, deque
from collections.abc import Callable

WAITING_MESSAGES = 256
WAITING_BYTES = 1 << 20
"""More than this waiting for one socket: its peer does not read."""
KEPT_MESSAGES = 512
KEPT_BYTES = 1 << 20
"""What is kept for a resume, waiting and written together."""


class Outbox:
    """Numbers messages as they are taken, keeps them until they are acknowledged, and gives them out again after a loss.

    A message gets its number only when it is taken, so that one that was replaced while it waited leaves no gap.
    """

    def __init__(self, number: Callable[[bytes, int], bytes]) -> None:
        self._number = number
        self._waiting: OrderedDict[int, tuple[bytes, str | None]] = OrderedDict()
        self._waiting_bytes = 0
        self._by_key: dict[str, int] = {}
        self._tickets = 0
        # Without their numbers: a message to a hundred people is then one object in a hundred outboxes.
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
        if key is not None and (older := self._by_key.pop(key, None)) is not None:
            self._waiting_bytes -= len(self._waiting.pop(older)[0])
        self._tickets += 1
        self._waiting[self._tickets] = (body, key)
        self._waiting_bytes += len(body)
        if key is not None:
            self._by_key[key] = self._tickets

    def take(self) -> bytes | None:
        """The next message to be written, with its number; None: nothing waits."""
        if self._again:
            number = self.seq - self._again + 1
            self._again -= 1
            # It may be acknowledged by now.
            if number <= self.forgotten:
                return self.take()
            return self._number(self._written[number - self.forgotten - 1], number)
        if not self._waiting:
            return None
        _, (body, key) = self._waiting.popitem(last=False)
        self._waiting_bytes -= len(body)
        if key is not None:
            del self._by_key[key]
        self._backlog = max(0, self._backlog - 1)
        self.seq += 1
        self._written.append(body)
        self._written_bytes += len(body)
        while len(self._written) > KEPT_MESSAGES or (self._written_bytes > KEPT_BYTES and len(self._written) > 1):
            self._forget_oldest()
        return self._number(body, self.seq)

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
        self._again = self.seq - last_seq
        self._backlog = len(self._waiting)
        return True

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
        self._waiting.clear()
        self._by_key.clear()
        self._written.clear()
        self._again = 0
        self._waiting_bytes = self._written_bytes = 0

    def _forget_oldest(self) -> None:
        self._written_bytes -= len(self._written.popleft())
        self.forgotten += 1
