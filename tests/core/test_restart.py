"""A room goes on in another process: nobody has gone, and nobody is told that anybody was away who comes back soon."""

import pytest

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import PublicationId
from tertulia.core.image import RoomImage
from tertulia.core.model import Layer, Policy, Preference, Role, Snapshot, Source
from tertulia.core.room import Room

from .support import A, B, C, D, Stage, state

ELSEWHERE = 1_000_000.0
"""What the clock of the next process says: it has nothing to do with that of this one."""


def restart(stage: Stage, *, away: float = 0.0) -> None:
    """Another process goes on, `away` seconds later."""
    image = stage.room.image(stage.now)
    stage.now = ELSEWHERE
    stage.room = Room.restored(stage.settings, image, stage.now, away)
    stage.do(cmd.Tick())


def without_media(snapshot: Snapshot) -> object:
    return (snapshot.room, snapshot.you.id, snapshot.rights, snapshot.participants, snapshot.publications,
            snapshot.subscriptions, snapshot.messages, snapshot.topology)  # fmt: skip


def test_everybody_sees_the_room_as_it_was() -> None:
    stage = Stage(policy=Policy.NEVER, max_listed_viewers=1)
    stage.join(A, role=Role.MODERATOR)
    stage.join(B)
    stage.join(C, D, role=Role.VIEWER)
    camera = stage.publish(B)
    stage.publish(B, Source.MICROPHONE, muted=True)
    stage.do(cmd.SetMuted(A, camera, True))
    stage.do(cmd.Prefer(A, camera, Preference(layer=Layer.LOW)))
    stage.do(cmd.Unsubscribe(C, camera))
    stage.do(cmd.SetHand(C, C, True))
    stage.do(cmd.SetHand(B, B, True))
    stage.do(cmd.SetHand(C, C, False))
    stage.do(cmd.SetSpotlight(A, B))
    stage.do(cmd.SetLocked(A, True))
    stage.do(cmd.SendChat(A, "m1", "hello", None, 7.0))
    # Nobody's media stands in the next process.
    for who in (A, B, C, D):
        stage.do(cmd.MediaDisconnected(who))
    before = [without_media(stage.room.snapshot(who)) for who in stage.ids()]
    restart(stage)
    assert [without_media(stage.room.snapshot(who)) for who in stage.ids()] == before
    assert stage.events == []
    assert stage.room.publications[0].forbidden
    stage.do(cmd.SetHand(C, C, True))
    assert stage.only(ev.ParticipantUpdated).participant.hand == 3, "a place that was given is not given again"
    stage.do(cmd.SendChat(A, "m2", "again", None, 7.0))
    assert stage.only(ev.ChatSent).message.number == 7001, "nor a number"


def test_nobody_hears_of_those_who_come_back_at_once() -> None:
    stage = Stage()
    stage.join(A, B)
    restart(stage)
    stage.wait(9.0)
    assert stage.events == []
    assert stage.do(cmd.Attach(A)) == []
    stage.wait(60.0)
    assert [event.participant.id for event in stage.seen(ev.ParticipantUpdated)] == [B]
    assert stage.only(ev.ParticipantLeft).reason == "connection_lost"
    assert stage.ids() == (A,)


def test_who_does_not_come_back_is_away_and_then_gone() -> None:
    stage = Stage()
    stage.join(A, B)
    restart(stage)
    stage.do(cmd.Attach(A))
    stage.wait(10.0)
    assert not stage.only(ev.ParticipantUpdated).participant.connected
    stage.do(cmd.Attach(B))
    assert stage.only(ev.ParticipantUpdated).participant.connected
    stage.wait(60.0)
    assert stage.ids() == (A, B)


def test_a_grace_time_that_ran_goes_on() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.Detach(B))
    stage.wait(20.0)
    restart(stage, away=5.0)
    stage.do(cmd.Attach(A))
    stage.wait(4.9)
    assert stage.ids() == (A, B)
    stage.wait(0.2)
    assert stage.ids() == (A,)


def test_a_slow_start_leaves_time_to_come_back() -> None:
    stage = Stage()
    stage.join(A, B)
    restart(stage, away=29.0)
    stage.wait(9.9)
    assert stage.ids() == (A, B)
    stage.wait(0.2)
    assert stage.ids() == ()


def test_a_second_restart_before_anybody_came_back() -> None:
    stage = Stage()
    stage.join(A, B)
    restart(stage)
    restart(stage)
    assert stage.do(cmd.Attach(A)) == []
    assert all(who.connected for who in stage.room.participants)


def test_people_who_talk_directly_go_on_doing_so() -> None:
    stage = Stage()
    stage.join(A, B)
    assert stage.road() == "direct/commit"
    roads = [stage.topology(who) for who in (A, B)]
    restart(stage)
    assert [stage.topology(who) for who in (A, B)] == roads
    stage.do(cmd.Attach(A))
    stage.do(cmd.Attach(B))
    assert [stage.topology(who) for who in (A, B)] == roads


def test_what_keeps_a_call_on_the_server_does_so_from_the_first_moment() -> None:
    stage = Stage()
    stage.join(A)
    stage.do(cmd.SetWaitingRoom(None, True))
    again = Room.restored(stage.settings, stage.room.image(stage.now), ELSEWHERE, 0.0)
    before = state(again)
    again.handle(cmd.Tick(), ELSEWHERE)
    assert state(again) == before


def test_a_switch_that_was_under_way_ends() -> None:
    stage = Stage()
    stage.join(A, B, C)
    assert stage.road() == "sfu/prepare"
    restart(stage)
    assert stage.road() == "sfu/prepare"
    for who in (A, B, C):
        stage.do(cmd.Attach(who))
    stage.wait(stage.settings.switch_timeout)
    assert stage.road() == "sfu/commit"


def test_the_configuration_is_that_of_the_next_process() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.settings = Stage(policy=Policy.NEVER).settings
    restart(stage)
    assert stage.road().startswith("sfu")


def test_an_empty_room_goes_its_way() -> None:
    stage = Stage(empty_after=5.0)
    restart(stage)
    stage.wait(5.0)
    assert stage.seen(ev.RoomEnded)


def test_an_image_that_does_not_fit_together_opens_no_room() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.publish(A)
    whole = stage.room.image(0.0)
    broken = RoomImage(**{name: getattr(whole, name) for name in RoomImage.__slots__} | {"publications": ()})
    with pytest.raises(KeyError):
        Room.restored(stage.settings, broken, 0.0, 0.0)
    assert PublicationId("a-camera") in {it.id for it in whole.publications}


def test_that_nobody_writes_any_more_is_told_after_it() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.SetTyping(A))
    stage.do(cmd.SetTyping(B, to=A))
    stage.wait(0)
    stage.do(cmd.SetTyping(A, False))
    stage.do(cmd.SetTyping(B, False))
    restart(stage)
    assert stage.seen(ev.TypingShown) == [ev.TypingShown((A, B), (), False), ev.TypingShown((A,), (), True)]
