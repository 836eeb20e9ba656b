"""What a room keeps of its chat, for those who come later."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from tertulia.core.model import ChatMessage

KEPT_MESSAGES: Final = 100
KEPT_BYTES: Final = 128 * 1024
"""UTF-8 bytes of the kept texts together."""


class ChatHistory:
    """The last messages to everybody, as many as fit."""

    def __init__(self) -> None:
        self._kept: deque[tuple[ChatMessage, int]] = deque()
        self._bytes = 0
        self._number = 0

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """Oldest first."""
        return tuple(message for message, _ in self._kept)

    def accept(self, message: ChatMessage) -> ChatMessage:
        """Gives it its number: milliseconds since 1970, or the next one where that is taken.

        So numbers rise over all that a room's name ever stood for, and who comes back after a while knows what is new. Raises
        UnicodeEncodeError for a text that no wire could carry.
        """
        message.text.encode()
        return replace(message, number=self.next_number(message.time))

    def next_number(self, time: float) -> int:
        """For a message or a change of one, at this time (seconds since 1970)."""
        self._number = max(self._number + 1, int(time * 1000))
        return self._number

    @property
    def number(self) -> int:
        """The last one given away."""
        return self._number

    def recall(self, messages: Iterable[ChatMessage], number: int) -> None:
        """What was said before, oldest first, and the last number given away then."""
        self._number = number
        for message in messages:
            self.add(message)

    def change(self, message: ChatMessage) -> None:
        """It is as given from now on; one that is not kept any more is none of our business. Raises as `add` does."""
        size = len(message.text.encode())
        for at, (before, size_before) in enumerate(self._kept):
            if before.id == message.id and before.change <= message.change:
                self._kept[at] = (message, size)
                self._bytes += size - size_before
        self._trim()

    def clear(self, number: int) -> None:
        """Forgets what was said up to this number."""
        kept = [it for it in self._kept if it[0].number > number]
        self._kept = deque(kept)
        self._bytes = sum(size for _, size in kept)

    def add(self, message: ChatMessage) -> None:
        """Raises UnicodeEncodeError for a text that no wire could carry, and changes nothing then."""
        size = len(message.text.encode())
        self._kept.append((message, size))
        self._bytes += size
        self._trim()

    def _trim(self) -> None:
        while len(self._kept) > KEPT_MESSAGES or self._bytes > KEPT_BYTES:
            self._bytes -= self._kept.popleft()[1]
