"""What a room keeps of its chat, for those who come later."""

from typing import Final

from tertulia.core.model import ChatMessage

KEPT_MESSAGES: Final = 100
KEPT_BYTES: Final = 128 * 1024
"""UTF-8 bytes of the kept texts together."""


def remembered(messages: tuple[ChatMessage, ...], newest: ChatMessage) -> tuple[ChatMessage, ...]:
    """The last messages, oldest first, as many as fit. Raises UnicodeEncodeError for a text that no wire could carry."""
    kept: list[ChatMessage] = []
    space = KEPT_BYTES
    for message in reversed((*messages[-(KEPT_MESSAGES - 1) :], newest)):
        space -= len(message.text.encode())
        if space < 0:
            break
        kept.append(message)
    return tuple(reversed(kept))
