"""What people say of themselves."""

import pytest

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId
from tertulia.core.model import Right, Role
from tertulia.core.presence import EVERY, PERSON_BYTES, ROOM_BYTES, Presence
from tertulia.errors import Code, TertuliaError

from .support import A, B, C, Stage

LISTENER = frozenset({Right.SUBSCRIBE, Right.DATA})


def test_it_is_shown_to_the_others_and_to_whoever_comes() -> None:
    stage = Stage()
    stage.join(A, B)
    assert stage.do(cmd.SetPresence(A, b"1")) == [ev.PresenceChanged((B,), A, b"1")]
    stage.join(C)
    assert stage.room.snapshot(C).presence == ((A, b"1"),)
    assert stage.room.snapshot(A).presence == ((A, b"1"),)


def test_the_others_are_shown_it_twenty_times_a_second_at_most_and_the_newest_always() -> None:
    stage = Stage()
    stage.join(A, B)
    shown: list[tuple[float, bytes | None]] = []
    for number in range(1000):
        stage.do(cmd.SetPresence(A, b"%d" % number))
        shown += [(stage.now, it.state) for it in stage.seen(ev.PresenceChanged)]
        stage.wait(0.001)
        shown += [(stage.now, it.state) for it in stage.seen(ev.PresenceChanged)]
    stage.wait(1.0)
    shown += [(stage.now, it.state) for it in stage.seen(ev.PresenceChanged)]
    assert 15 <= len(shown) <= 22
    assert shown[-1][1] == b"999"
    assert stage.due() is None


def test_one_who_is_still_is_shown_at_once() -> None:
    presence = Presence()
    assert presence.set(A, b"1", 10.0)
    assert not presence.set(A, b"2", 10.0 + EVERY / 2)
    assert presence.deadline == pytest.approx(10.0 + EVERY)
    assert presence.take_due(10.0 + EVERY / 2) == []
    assert presence.take_due(10.0 + EVERY) == [A]
    assert presence.set(B, b"1", 10.5)
    assert presence.set(A, b"3", 11.0)
    assert not presence.set(A, b"3", 20.0), "the same again"


def test_it_goes_with_its_person() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.SetPresence(A, b"1"))
    stage.do(cmd.SetPresence(A, b"2"))
    stage.do(cmd.Leave(A))
    assert stage.due() is None
    assert stage.room.snapshot(B).presence == ()
    stage.join(A)
    assert stage.room.snapshot(A).presence == ()


def test_none_takes_it_back() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.SetPresence(A, b"1"))
    stage.wait(1.0)
    assert stage.do(cmd.SetPresence(A, None)) == [ev.PresenceChanged((B,), A, None)]
    assert stage.do(cmd.SetPresence(A, None)) == []
    assert stage.room.snapshot(B).presence == ()


def test_who_loses_the_right_loses_it() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.SetPresence(B, b"1"))
    stage.do(cmd.SetRole(None, B, Role.VIEWER))
    assert stage.only(ev.PresenceChanged) == ev.PresenceChanged((A,), B, None)
    with pytest.raises(TertuliaError) as refused:
        stage.do(cmd.SetPresence(B, b"2"))
    assert refused.value.code is Code.NOT_ALLOWED


def test_who_is_only_counted_is_shown_to_moderators_alone() -> None:
    stage = Stage(max_listed_viewers=0)
    stage.join(A, B)
    stage.join(C, role=Role.VIEWER, rights=LISTENER)
    stage.do(cmd.SetRole(None, A, Role.MODERATOR))
    stage.do(cmd.SetPresence(C, b"1"))
    assert stage.only(ev.PresenceChanged).to == (A,)
    assert stage.room.snapshot(B).presence == ()
    assert stage.room.snapshot(A).presence == stage.room.snapshot(C).presence == ((C, b"1"),)
    stage.do(cmd.SetRole(None, C, Role.SPEAKER))
    listed, presence = stage.only(ev.ParticipantListed), stage.only(ev.PresenceChanged)
    assert listed.to == presence.to == (B,)
    assert stage.events.index(listed) < stage.events.index(presence)


def test_it_is_small() -> None:
    presence = Presence()
    presence.set(A, b"x" * PERSON_BYTES, 0.0)
    with pytest.raises(TertuliaError) as refused:
        presence.set(A, b"x" * (PERSON_BYTES + 1), 1.0)
    assert refused.value.code is Code.TOO_LARGE
    crowd = [ParticipantId(f"p{number}") for number in range(ROOM_BYTES // PERSON_BYTES - 1)]
    for who in crowd:
        presence.set(who, b"x" * PERSON_BYTES, 0.0)
    with pytest.raises(TertuliaError) as full:
        presence.set(B, b"x", 1.0)
    assert full.value.code is Code.TOO_LARGE
    assert B not in presence.states
    presence.set(A, b"y" * PERSON_BYTES, 1.0)
    presence.forget(crowd[0])
    presence.set(B, b"x", 1.0)
