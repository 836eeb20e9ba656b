"""What a room keeps of its chat, for those who come later."""

from collections import deque
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

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """Oldest first."""
        return tuple(message for message, _ in self._kept)

    def add(self, message: ChatMessage) -> None:
        """Raises UnicodeEncodeError for a text that no wire could carry, and changes nothing then."""
        size = len(message.text.encode())
        self._kept.append((message, size))
        self._bytes += size
        while len(self._kept) > KEPT_MESSAGES or self._bytes > KEPT_BYTES:
            self._bytes -= self._kept.popleft()[1]
