"""What is said, and is kept."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tertulia.wire.native.base import FromServer, Identity, Key, Message, Part, RequestId

ChatText = Annotated[str, Meta(min_length=1, max_length=10_000)]


class MessageReaction(Part, frozen=True):
    """Who has put this sign under a message, in the order of their doing so."""

    reaction: str
    by: list[Identity]


class ChatMessage(Part, frozen=True, omit_defaults=True):
    id: Key
    sender: Identity
    name: str
    text: str
    to: Identity | None
    time: float
    """Seconds since 1970, by the server's clock."""
    number: Annotated[int, Meta(ge=0)]
    """Its place in the room's chat: the numbers rise, with gaps."""
    change: Annotated[int, Meta(ge=0)] = 0
    """Number of its last change, out of the same row; 0 (left out): it is as it was said."""
    edited: float | None = None
    """When its text was changed last, in seconds since 1970; left out: never."""
    deleted: bool = False
    """Nothing is left of it but this mark; left out: it is there."""
    reactions: list[MessageReaction] = msgspec.field(default_factory=list)
    """Left out: none."""


class ReadMark(Part, frozen=True):
    """How far somebody has read."""

    participant: Identity
    number: Annotated[int, Meta(ge=0)]
    """Of the last message that was read."""


class ChatState(Part, frozen=True):
    """What there is to know of the chat besides the messages."""

    cleared: Annotated[int, Meta(ge=0)]
    """All that was said up to this number was deleted at once; 0: nothing was."""
    read: list[ReadMark]
    """Of people who are here, you among them, as far as it is known."""


class Chat(Message, frozen=True, tag="chat"):
    """It is kept before anybody is shown it. Errors: store_failed."""

    id: RequestId
    text: ChatText
    to: Identity | None = None
    key: Annotated[str, Meta(min_length=16, max_length=64)] | None = None
    """At least 16 random characters: the same message sent again, also in another session, is not said twice."""


class ChatHistory(Message, frozen=True, tag="chat_history"):
    """Asks for what was said. Reply: `chat_page`. Errors: store_failed."""

    id: RequestId
    before: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None
    """Messages with lower numbers, the nearest."""
    after: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None
    """Messages with higher numbers, the nearest. With neither: the last."""
    changed: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None
    """Messages whose last change has a higher number than this, in the order of these changes."""
    limit: Annotated[int, Meta(ge=1, le=100)] = 100
    words: Annotated[str, Meta(max_length=200)] = ""
    """Only messages that have all of these words in them, whatever their case."""


class ChatEdit(Message, frozen=True, tag="chat_edit"):
    """Gives a message of one's own another text. Errors: no_such_message, not_allowed, store_failed."""

    id: RequestId
    message: Key
    text: ChatText


class ChatDelete(Message, frozen=True, tag="chat_delete"):
    """Deletes a message of one's own; a moderator's request anybody's. Errors: no_such_message, not_allowed, store_failed."""

    id: RequestId
    message: Key


class ChatReact(Message, frozen=True, tag="chat_react"):
    """Puts a sign under a message, or takes one's own away. Errors: no_such_message, invalid (too many), store_failed."""

    id: RequestId
    message: Key
    reaction: Annotated[str, Meta(min_length=1, max_length=16)]
    on: bool = True


class ChatTyping(Message, frozen=True, tag="chat_typing"):
    """One writes something, to everybody or `to` one, or has stopped to. Ends by itself after six seconds: say it again every three."""

    id: RequestId
    active: bool = True
    to: Identity | None = None


class ChatRead(Message, frozen=True, tag="chat_read"):
    """One has read up to this number."""

    id: RequestId
    number: Annotated[int, Meta(ge=0, le=2**53 - 1)]


class ChatReceived(FromServer, frozen=True, tag="chat"):
    """Also to the sender, so that everyone has the same order."""

    message: ChatMessage


class ChatPage(FromServer, frozen=True, tag="chat_page"):
    """A part of what was said, with your private messages."""

    id: RequestId
    messages: list[ChatMessage]
    """Oldest first; where changes were asked for, the one that was changed first."""
    more: bool
    """There are others beyond these, in the direction that was asked for."""


class ChatChanged(FromServer, frozen=True, tag="chat_changed"):
    """A message was edited or deleted, or has other reactions: as it is now."""

    message: ChatMessage


class ChatCleared(FromServer, frozen=True, tag="chat_cleared"):
    """All that was said up to this number is deleted, private messages too."""

    number: Annotated[int, Meta(ge=0)]


class TypingShown(FromServer, frozen=True, tag="chat_typing"):
    """Who writes now, ten people at most, in place of all who were named before; you may be among them."""

    participants: list[Identity]
    private: bool
    """To you alone; else to everybody."""


class ReadMarksShown(FromServer, frozen=True, tag="chat_read"):
    """How far some people have read who have read more."""

    marks: list[ReadMark]


ClientChat = Chat | ChatHistory | ChatEdit | ChatDelete | ChatReact | ChatTyping | ChatRead
ServerChat = ChatReceived | ChatPage | ChatChanged | ChatCleared | TypingShown | ReadMarksShown
