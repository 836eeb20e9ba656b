"""Many who only listen: a few are shown to everybody, the others are counted."""

from __future__ import annotations

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId
from tertulia.core.model import Role
from tests.core.support import A, B, C, Stage, shown


def viewers(first: int, count: int) -> list[ParticipantId]:
    return [ParticipantId(f"v{number}") for number in range(first, first + count)]


def hall(listed: int = 2, count: int = 5) -> Stage:
    """A moderates, B speaks, and so many listen."""
    stage = Stage(max_listed_viewers=listed, max_participants=10_000)
    stage.join(A, role=Role.MODERATOR)
    stage.join(B)
    stage.join(*viewers(0, count), role=Role.VIEWER)
    return stage


def sees(stage: Stage, who: ParticipantId) -> set[str]:
    return {other.id for other in stage.room.snapshot(who).participants}


def told(stage: Stage, who: ParticipantId) -> list[type[ev.Event]]:
    return [type(event) for event, to in shown(stage.events) if who in to]


def test_the_first_viewers_are_shown_to_everybody_and_the_others_to_moderators() -> None:
    stage = hall()
    assert sees(stage, B) == {A, "v0", "v1"}
    assert sees(stage, A) == {B, "v0", "v1", "v2", "v3", "v4"}
    assert sees(stage, ParticipantId("v4")) == {A, B, "v0", "v1"}, "nor do they see each other"
    assert stage.room.state.audience == 3


def test_one_of_the_audience_comes_and_goes_without_a_word_to_the_others() -> None:
    stage = hall()
    stage.join(ParticipantId("late"), role=Role.VIEWER)
    assert (told(stage, A), told(stage, B)) == ([ev.ParticipantJoined], [])
    for command in (cmd.Detach(ParticipantId("late")), cmd.Attach(ParticipantId("late"))):
        stage.do(command)
        assert (told(stage, A), told(stage, B)) == ([ev.ParticipantUpdated], [])
    stage.do(cmd.SetHand(ParticipantId("late"), ParticipantId("late"), raised=True))
    assert (told(stage, A), told(stage, B)) == ([ev.ParticipantUpdated], [])
    assert told(stage, ParticipantId("late")) == [ev.ParticipantUpdated]
    stage.do(cmd.Leave(ParticipantId("late")))
    assert (told(stage, A), told(stage, B)) == ([ev.ParticipantLeft], [])


def test_who_may_publish_or_decide_is_always_shown() -> None:
    stage = hall(listed=0, count=1)
    stage.join(C)
    assert sees(stage, B) == {A, C}
    assert told(stage, ParticipantId("v0")) == [ev.ParticipantJoined]


def test_how_large_the_audience_is_is_told_every_two_seconds_at_most() -> None:
    stage = hall(count=1)
    stage.wait(10)
    told_of = []
    for number in range(10):
        stage.join(*viewers(10 + 20 * number, 20), role=Role.VIEWER)
        assert stage.seen(ev.RoomUpdated) == []
        stage.wait(0.5)
        told_of += [(event.room.audience, len(event.to)) for event in stage.seen(ev.RoomUpdated)]
    assert told_of == [(79, 83), (159, 163)], "4 s of coming: at 2 s and at 4 s"
    stage.wait(2)
    assert stage.only(ev.RoomUpdated).room.audience == 199
    assert stage.wait(60) == []


def test_a_thousand_who_come_are_so_many_messages_and_not_a_million() -> None:
    stage = hall(listed=50, count=0)
    messages = 0
    for who in viewers(0, 1000):
        stage.join(who, role=Role.VIEWER)
        messages += sum(len(to) for event, to in shown(stage.events))
    assert messages < 1000 * 4
    before = messages
    for who in viewers(0, 1000):
        stage.do(cmd.Leave(who))
        messages += sum(len(to) for event, to in shown(stage.events))
    assert messages - before < 1000 + 50 * 1002


def test_who_is_asked_to_speak_is_shown_to_all_and_stays_so() -> None:
    stage = hall()
    who = ParticipantId("v4")
    stage.do(cmd.SetRole(A, who, Role.SPEAKER))
    listed = stage.only(ev.ParticipantListed)
    assert (listed.participant.id, listed.participant.role) == (who, Role.SPEAKER)
    assert set(listed.to) == {B, "v0", "v1", "v2", "v3"}, "A has known him"
    assert stage.room.state.audience == 2
    stage.do(cmd.SetRole(A, who, Role.VIEWER))
    assert not stage.seen(ev.ParticipantListed)
    assert not stage.seen(ev.ParticipantUnlisted)
    assert who in sees(stage, B)
    assert stage.room.state.audience == 2


def test_a_new_moderator_is_shown_the_audience_and_one_no_longer_is_not() -> None:
    stage = hall()
    stage.do(cmd.SetRole(A, B, Role.MODERATOR))
    assert {(event.to, event.participant.id) for event in stage.seen(ev.ParticipantListed)} == {
        ((B,), who) for who in ("v2", "v3", "v4")
    }
    assert sees(stage, B) == sees(stage, A) - {B} | {A}
    stage.do(cmd.SetRole(A, B, Role.SPEAKER))
    assert {(event.to, event.participant) for event in stage.seen(ev.ParticipantUnlisted)} == {
        ((B,), who) for who in ("v2", "v3", "v4")
    }
    stage.do(cmd.Leave(ParticipantId("v4")))
    assert (told(stage, A), told(stage, B)) == ([ev.ParticipantLeft], [])


def test_one_of_the_audience_who_becomes_a_moderator_meets_all() -> None:
    stage = hall()
    who = ParticipantId("v3")
    stage.do(cmd.SetRole(A, who, Role.MODERATOR))
    to_him = [event.participant.id for event in stage.seen(ev.ParticipantListed) if event.to == (who,)]
    assert set(to_him) == {"v2", "v4"}
    assert sees(stage, who) == {A, B, "v0", "v1", "v2", "v4"}
    assert who in sees(stage, B)


def test_a_place_among_the_listed_is_free_again_for_who_comes_next() -> None:
    stage = hall()
    stage.do(cmd.Leave(ParticipantId("v0")))
    stage.join(ParticipantId("next"), role=Role.VIEWER)
    assert "next" in sees(stage, B)
    assert "v2" not in sees(stage, B), "who came unseen stays so"


def test_a_room_that_is_emptied_has_no_audience() -> None:
    stage = hall()
    stage.do(cmd.End(A))
    assert stage.room.state.audience == 0
