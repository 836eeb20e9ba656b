"""A message as a row."""

from typing import Any

from tertulia.core.model import ChatMessage, MessageReaction


def row_of(room: str, message: ChatMessage) -> dict[str, object]:
    return {
        "id": message.id,
        "room": room,
        "number": message.number,
        "key": message.key or None,
        "sender": message.sender,
        "name": message.name,
        "recipient": message.to,
        "time": message.time,
        **changeable(message),
    }


def changeable(message: ChatMessage) -> dict[str, object]:
    """What a change may change."""
    return {
        "text": message.text,
        "change": message.change,
        "edited": message.edited,
        "deleted": message.deleted,
        "reactions": [[it.reaction, list(it.by)] for it in message.reactions] or None,
    }


def message_of(row: Any) -> ChatMessage:
    return ChatMessage(
        row.id,
        row.sender,
        row.name,
        row.text,
        row.time,
        row.recipient,
        row.number,
        row.key or "",
        row.change,
        row.edited,
        row.deleted,
        tuple(MessageReaction(reaction, tuple(by)) for reaction, by in row.reactions or ()),
    )
