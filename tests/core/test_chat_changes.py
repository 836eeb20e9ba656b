"""Who may change what of a message, and what it is then."""

import pytest

from tertulia.core.chat_changes import (
    DIFFERENT_REACTIONS,
    REACTIONS,
    ChatChange,
    Delete,
    Edit,
    SetReaction,
    changed,
)
from tertulia.core.ids import ParticipantId
from tertulia.core.model import ChatMessage, MessageReaction
from tertulia.errors import Code, TertuliaError

from .support import A, B, C

SAID = ChatMessage("1", A, "A", "hi", 1.0, None, 1000, "k" * 16)
PRIVATE = ChatMessage("2", A, "A", "psst", 2.0, B, 2000)
SERVERS = ChatMessage("3", None, "", "welcome", 3.0, None, 3000)


def change(
    what: Edit | Delete | SetReaction, by: ParticipantId | None = A, *, moderates: bool = False, number: int = 9000
) -> ChatChange:
    return ChatChange("1", by, moderates or by is None, what, number, 9.0)


def refusal(message: ChatMessage, it: ChatChange) -> Code:
    with pytest.raises(TertuliaError) as caught:
        changed(message, it)
    return caught.value.code


def test_an_edited_message_keeps_its_place_and_says_when() -> None:
    after = changed(SAID, change(Edit("hello")))
    assert after == ChatMessage("1", A, "A", "hello", 1.0, None, 1000, "k" * 16, change=9000, edited=9.0)
    assert changed(after, change(Edit("hello"), number=9001)) is after, "the same text is no change"


def test_only_its_author_edits_a_message() -> None:
    assert refusal(SAID, change(Edit("x"), B, moderates=True)) is Code.NOT_ALLOWED
    assert refusal(SAID, change(Edit("x"), None)) is Code.NOT_ALLOWED
    assert changed(SERVERS, change(Edit("hello"), None)).text == "hello"


def test_of_a_deleted_message_a_mark_is_left() -> None:
    reacted = changed(changed(SAID, change(Edit("hello"))), change(SetReaction("👍", True), B, number=9001))
    after = changed(reacted, change(Delete(), number=9002))
    assert after == ChatMessage("1", A, "A", "", 1.0, None, 1000, "k" * 16, change=9002, deleted=True)
    assert changed(after, change(Delete(), number=9003)) is after
    assert refusal(after, change(Edit("back"))) is Code.NO_SUCH_MESSAGE
    assert refusal(after, change(SetReaction("👍", True))) is Code.NO_SUCH_MESSAGE


def test_its_author_a_moderator_and_the_server_delete_a_message() -> None:
    for by, moderates in ((A, False), (B, True), (None, True)):
        assert changed(SAID, change(Delete(), by, moderates=moderates)).deleted
    assert refusal(SAID, change(Delete(), B)) is Code.NOT_ALLOWED


def test_a_private_message_is_not_there_for_others() -> None:
    for what in (Edit("x"), Delete(), SetReaction("👍", True)):
        assert refusal(PRIVATE, change(what, C, moderates=True)) is Code.NO_SUCH_MESSAGE
    assert changed(PRIVATE, change(SetReaction("👍", True), B)).reactions == (MessageReaction("👍", (B,)),)
    assert changed(PRIVATE, change(Delete(), None)).deleted
    assert refusal(PRIVATE, change(Delete(), B)) is Code.NOT_ALLOWED


def test_reactions_are_counted_by_person() -> None:
    it = SAID
    for number, (who, reaction, on) in enumerate(
        [(B, "👍", True), (A, "👍", True), (A, "🎉", True), (B, "👍", False), (C, "👍", True)], 9001
    ):
        it = changed(it, change(SetReaction(reaction, on), who, number=number))
    assert it.reactions == (MessageReaction("👍", (A, C)), MessageReaction("🎉", (A,)))
    assert it.change == 9005
    assert changed(it, change(SetReaction("👍", True), A)) is it
    assert changed(it, change(SetReaction("🙈", False), A)) is it
    assert changed(it, change(SetReaction("🎉", False), A)).reactions == (MessageReaction("👍", (A, C)),)
    assert refusal(it, change(SetReaction("👍", True), None)) is Code.INVALID


def test_reactions_are_bounded() -> None:
    many = SAID
    for number in range(DIFFERENT_REACTIONS):
        many = changed(many, change(SetReaction(str(number), True)))
    assert refusal(many, change(SetReaction("another", True))) is Code.INVALID
    assert len(changed(many, change(SetReaction("0", True), B)).reactions[0].by) == 2
    crowded = SAID
    for number in range(REACTIONS):
        crowded = changed(crowded, change(SetReaction("👍", True), ParticipantId(f"p{number}")))
    assert refusal(crowded, change(SetReaction("👍", True), B)) is Code.INVALID
    assert changed(crowded, change(SetReaction("👍", False), ParticipantId("p0"))) is not crowded
