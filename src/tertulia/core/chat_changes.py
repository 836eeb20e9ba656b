"""What may become of a message after it was said. Whoever has the message asks here; nothing is kept here."""

from dataclasses import dataclass, replace
from typing import Final

from tertulia.core.ids import ParticipantId
from tertulia.core.model import ChatMessage, MessageReaction
from tertulia.errors import Code, NotAllowed, ProtocolError, UserError

DIFFERENT_REACTIONS: Final = 20
REACTIONS: Final = 100
"""Under one message, of all people together: everybody in the room is sent them at each change."""


@dataclass(frozen=True, slots=True)
class Edit:
    text: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Nothing but a mark is left of it."""


@dataclass(frozen=True, slots=True)
class SetReaction:
    """The actor's own."""

    reaction: str
    on: bool


@dataclass(frozen=True, slots=True)
class ChatChange:
    """Somebody wants a message to be different."""

    message: str
    """Its id."""
    actor: ParticipantId | None
    """None: the server."""
    moderates: bool
    """The actor moderates the room."""
    what: Edit | Delete | SetReaction
    number: int
    """Of the change, out of the same row as those of messages."""
    time: float
    """Seconds since 1970."""


def changed(message: ChatMessage, change: ChatChange) -> ChatMessage:
    """The message as it is then; the very same where the change changes nothing.

    Raises no_such_message where the actor does not see it or where it is deleted, not_allowed, and invalid for a reaction too many.
    """
    actor = change.actor
    if message.to is not None and actor is not None and actor not in (message.sender, message.to):
        raise no_such_message()
    match change.what:
        case Delete():
            if not (change.moderates or actor is None or actor == message.sender):
                raise NotAllowed("only its author or a moderator deletes a message")
            if message.deleted:
                return message
            return replace(message, text="", edited=None, deleted=True, reactions=(), change=change.number)
        case _ if message.deleted:
            raise no_such_message()
        case Edit(text):
            if actor != message.sender:
                raise NotAllowed("only its author edits a message")
            if text == message.text:
                return message
            return replace(message, text=text, edited=change.time, change=change.number)
        case SetReaction(reaction, on):
            if actor is None:
                raise ProtocolError(Code.INVALID, "the server has no reactions")
            reactions = _with_reaction(message.reactions, reaction, actor, on=on)
            if reactions == message.reactions:
                return message
            return replace(message, reactions=reactions, change=change.number)


def no_such_message() -> ProtocolError:
    return ProtocolError(Code.NO_SUCH_MESSAGE, "there is no message with this id")


def _with_reaction(
    reactions: tuple[MessageReaction, ...], reaction: str, who: ParticipantId, *, on: bool
) -> tuple[MessageReaction, ...]:
    people = {it.reaction: it.by for it in reactions}
    before = people.get(reaction, ())
    if (who in before) == on:
        return reactions
    if on and (sum(map(len, people.values())) >= REACTIONS or (not before and len(people) >= DIFFERENT_REACTIONS)):
        raise UserError(Code.INVALID, "this message has as many reactions as it can have")
    people[reaction] = (*before, who) if on else tuple(it for it in before if it != who)
    return tuple(MessageReaction(sign, by) for sign, by in people.items() if by)
