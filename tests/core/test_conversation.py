"""Changes of messages, who writes, and who has read, as a room has it."""

from dataclasses import replace

import pytest

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.chat_changes import ChatChange, Delete, Edit, SetReaction
from tertulia.core.ids import ParticipantId
from tertulia.core.model import ChatMessage, MessageReaction, Right, Role
from tertulia.core.read_marks import SHOWN_MARKS
from tertulia.core.typists import SHOWN_TYPISTS
from tertulia.errors import Code, TertuliaError

from .support import A, B, C, Stage


def said(stage: Stage, text: str = "hi", to: ParticipantId | None = None) -> ChatMessage:
    """What A has said, kept and shown."""
    stage.do(cmd.SendChat(A, text, text, to, 1))
    message = stage.only(ev.ChatAccepted).message
    stage.do(cmd.ShowChat(message))
    return message


def refusal(stage: Stage, command: cmd.Command) -> Code:
    with pytest.raises(TertuliaError) as caught:
        stage.do(command)
    return caught.value.code


# --- changes ---


def test_a_change_is_accepted_then_kept_then_shown() -> None:
    stage = Stage(keeps_chat=True)
    stage.join(A, B)
    message = said(stage)
    stage.do(cmd.ChangeChat(A, message.id, Edit("hello"), 1))
    change = stage.only(ev.ChangeAccepted).change
    assert change == ChatChange(message.id, A, False, Edit("hello"), message.number + 1, 1)
    assert stage.room.snapshot(B).messages == (message,)
    after = replace(message, text="hello", change=change.number)
    stage.do(cmd.ShowChange(after))
    assert stage.events == [ev.ChatChanged((A, B), after)]
    assert stage.room.snapshot(B).messages == (after,)


def test_an_older_change_does_not_take_the_place_of_a_newer_one() -> None:
    stage = Stage(keeps_chat=True)
    stage.join(A)
    message = said(stage)
    newer, older = replace(message, text="2", change=2002), replace(message, text="1", change=2001)
    stage.do(cmd.ShowChange(newer))
    stage.do(cmd.ShowChange(older))
    assert stage.room.snapshot(A).messages == (newer,)


def test_a_change_of_a_private_message_is_shown_to_the_two() -> None:
    stage = Stage(keeps_chat=True)
    stage.join(A, B, C)
    message = said(stage, to=B)
    stage.do(cmd.ShowChange(replace(message, text="", deleted=True)))
    assert stage.only(ev.ChatChanged).to == (A, B)
    stage.do(cmd.Leave(B))
    stage.do(cmd.ShowChange(replace(message, text="", deleted=True)))
    assert stage.only(ev.ChatChanged).to == (A,)


def test_who_may_not_chat_changes_nothing_but_a_moderator_deletes() -> None:
    stage = Stage(keeps_chat=True)
    stage.join(A, rights=frozenset({Right.SUBSCRIBE}))
    for what in (Edit("x"), Delete(), SetReaction("👍", True)):
        assert refusal(stage, cmd.ChangeChat(A, "1", what, 1)) is Code.NOT_ALLOWED
    stage.join(B, role=Role.MODERATOR, rights=frozenset({Right.SUBSCRIBE}))
    stage.do(cmd.ChangeChat(B, "1", Delete(), 1))
    assert stage.only(ev.ChangeAccepted).change.moderates
    assert refusal(stage, cmd.ChangeChat(B, "1", Edit("x"), 1)) is Code.NOT_ALLOWED
    assert refusal(stage, cmd.ChangeChat(C, "1", Delete(), 1)) is Code.NO_SUCH_PARTICIPANT
    stage.do(cmd.ChangeChat(None, "1", Delete(), 1))
    assert stage.only(ev.ChangeAccepted).change.moderates


def test_where_nothing_is_kept_nothing_is_changed() -> None:
    stage = Stage()
    stage.join(A)
    assert refusal(stage, cmd.ChangeChat(A, "1", Delete(), 1)) is Code.STORE_FAILED
    assert refusal(stage, cmd.ClearChat(None, 1)) is Code.STORE_FAILED


def test_a_room_is_cleared_up_to_a_number() -> None:
    stage = Stage(keeps_chat=True)
    stage.join(A, B)
    said(stage)
    assert refusal(stage, cmd.ClearChat(A, 2)) is Code.NOT_ALLOWED
    stage.do(cmd.ClearChat(None, 2))
    number = stage.only(ev.ClearAccepted).number
    later = said(stage, "later")
    stage.do(cmd.ShowCleared(number))
    assert stage.events == [ev.ChatCleared((A, B), number)]
    stage.join(C)
    snapshot = stage.room.snapshot(C)
    assert (snapshot.messages, snapshot.cleared) == ((later,), number)


def test_a_message_with_reactions_is_shown_to_who_comes_later() -> None:
    stage = Stage(keeps_chat=True)
    stage.join(A)
    after = replace(said(stage), reactions=(MessageReaction("👍", (A,)),), change=2000)
    stage.do(cmd.ShowChange(after))
    stage.join(B)
    assert stage.room.snapshot(B).messages == (after,)


# --- typing ---


def test_typing_is_told_and_ends_by_itself() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.SetTyping(A))
    assert stage.wait(0) == [ev.TypingShown((A, B), (A,), False)]
    assert stage.wait(5.9) == []
    assert stage.wait(0.2) == [ev.TypingShown((A, B), (), False)]
    assert stage.due() is None


def test_who_goes_on_typing_is_not_told_again() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.SetTyping(A))
    stage.wait(0)
    for _ in range(5):
        assert stage.wait(3) == []
        stage.do(cmd.SetTyping(A))


def test_typing_ends_with_the_message_and_with_the_person() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.SetTyping(A))
    stage.do(cmd.SetTyping(B))
    stage.wait(2)
    stage.do(cmd.SendChat(A, "1", "hi", None, 1))
    assert stage.wait(0) == [ev.TypingShown((A, B), (B,), False)]
    stage.do(cmd.Leave(B))
    assert stage.wait(1) == [ev.TypingShown((A,), (), False)]


def test_people_are_told_of_typing_once_a_second_and_of_so_many() -> None:
    stage = Stage()
    people = [ParticipantId(f"p{number}") for number in range(SHOWN_TYPISTS + 2)]
    stage.join(A, *people)
    for who in people[:2]:
        stage.do(cmd.SetTyping(who))
        stage.wait(0.1)
    for who in people[2:]:
        stage.do(cmd.SetTyping(who))
    assert stage.wait(0.7) == []
    (shown,) = stage.wait(0.2)
    assert isinstance(shown, ev.TypingShown)
    assert shown.participants == tuple(people[:SHOWN_TYPISTS])


def test_typing_to_one_is_shown_to_that_one() -> None:
    stage = Stage()
    stage.join(A, B, C)
    stage.do(cmd.SetTyping(A, to=B))
    assert stage.wait(0) == [ev.TypingShown((B,), (A,), True)]
    stage.do(cmd.SetTyping(A))
    assert stage.wait(1) == [ev.TypingShown((B,), (), True), ev.TypingShown((A, B, C), (A,), False)]
    stage.do(cmd.SetTyping(A, to=B))
    stage.do(cmd.Leave(B))
    stage.wait(1)
    assert stage.seen(ev.TypingShown) == [ev.TypingShown((A, C), (), False)]
    stage.wait(10)
    assert not stage.seen(ev.TypingShown)


def test_who_may_not_chat_types_for_nobody() -> None:
    stage = Stage()
    stage.join(A, rights=frozenset({Right.SUBSCRIBE}))
    assert refusal(stage, cmd.SetTyping(A)) is Code.NOT_ALLOWED
    stage.join(B)
    assert refusal(stage, cmd.SetTyping(B, to=C)) is Code.NO_SUCH_PARTICIPANT


# --- read marks ---


def test_how_far_somebody_has_read_is_kept_at_once_and_told_soon() -> None:
    stage = Stage(keeps_chat=True)
    stage.join(A, B)
    number = said(stage).number
    stage.do(cmd.ReadChat(B, number))
    assert stage.events == [ev.ReadMarkSet(B, number)]
    assert stage.wait(0) == [ev.ReadMarksShown((A, B), ((B, number),))]
    stage.join(C)
    assert stage.room.snapshot(C).read_marks == ((B, number),)


def test_a_mark_never_goes_back_and_not_beyond_what_was_said() -> None:
    stage = Stage(keeps_chat=True)
    stage.join(A)
    number = said(stage).number
    stage.do(cmd.ReadChat(A, number + 1000))
    assert stage.only(ev.ReadMarkSet).number == number
    stage.do(cmd.ReadChat(A, number - 1))
    assert stage.events == []


def test_marks_are_told_once_a_second_some_at_a_time() -> None:
    stage = Stage(keeps_chat=True, max_participants=200)
    people = [ParticipantId(f"p{number}") for number in range(SHOWN_MARKS + 1)]
    stage.join(A, *people)
    number = said(stage).number
    for who in people:
        stage.do(cmd.ReadChat(who, number))
    (first,) = stage.wait(0.9)
    (second,) = stage.wait(0.2)
    assert isinstance(first, ev.ReadMarksShown) and isinstance(second, ev.ReadMarksShown)
    assert [who for who, _ in first.marks + second.marks] == people
    stage.wait(10)
    assert not stage.seen(ev.ReadMarksShown)


def test_of_who_is_only_counted_the_others_are_told_nothing() -> None:
    stage = Stage(keeps_chat=True, max_listed_viewers=0)
    stage.join(A)
    stage.join(B, role=Role.VIEWER)
    number = said(stage).number
    stage.wait(5)
    stage.do(cmd.ReadChat(B, number))
    assert stage.only(ev.ReadMarkSet).participant == B
    assert stage.wait(5) == []
    assert stage.room.snapshot(B).read_marks == ((B, number),)
    assert stage.room.snapshot(A).read_marks == ()


def test_a_room_knows_how_far_people_had_read() -> None:
    stage = Stage(keeps_chat=True)
    stage.do(cmd.RecallChat((), 5000, 4000, ((A, 4500), (C, 4900))))
    stage.join(A, B)
    snapshot = stage.room.snapshot(B)
    assert (snapshot.cleared, snapshot.read_marks) == (4000, ((A, 4500),))
