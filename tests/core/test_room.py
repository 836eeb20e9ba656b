"""Coming and going, tracks, chat, signs, moderation and time."""

import math

import pytest

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.chat import KEPT_BYTES, KEPT_MESSAGES
from tertulia.core.ids import PublicationId
from tertulia.core.model import ChatMessage, Kind, OnDuplicate, Preference, Right, Role, Source, Subscription
from tertulia.core.permissions import ordered
from tertulia.errors import Code, TertuliaError
from tests.core.support import A, B, C, D, Stage, shown, state


def refused(stage: Stage, command: cmd.Command) -> Code:
    before = state(stage.room)
    with pytest.raises(TertuliaError) as error:
        stage.do(command)
    assert state(stage.room) == before, "a refused command changes nothing"
    return error.value.code


# --- getting in ---


def test_newcomer_is_shown_everything_and_the_others_the_newcomer() -> None:
    stage = Stage()
    stage.join(A)
    camera = stage.publish(A)
    stage.do(cmd.Join(B, "Bea", metadata="{}"))
    assert [type(event).__name__ for event in stage.events][:3] == [
        "Admitted",
        "ParticipantJoined",
        "SubscriptionAdded",
    ]
    joined = stage.only(ev.ParticipantJoined)
    assert joined.to == (A,) and joined.participant.name == "Bea" and joined.participant.metadata == "{}"
    shown = stage.room.snapshot(B)
    assert [other.id for other in shown.participants] == [A]
    assert [publication.id for publication in shown.publications_of(A)] == [camera]
    assert shown.subscriptions == (Subscription(B, camera),)
    assert shown.rights == tuple(right for right in Right if right in shown.you.rights)
    assert shown.knocking == ()


def test_identity_taken_or_replaced() -> None:
    stage = Stage(max_participants=2)
    stage.join(A, B)
    camera = stage.publish(A)
    assert refused(stage, cmd.Join(A, "A")) is Code.IDENTITY_TAKEN
    stage.do(cmd.Join(A, "A2", on_duplicate=OnDuplicate.REPLACE))
    kinds = [type(event).__name__ for event in stage.events if not isinstance(event, ev.TopologyChanged)]
    assert kinds == [
        "SessionEnded", "SubscriptionRemoved", "PublicationRemoved", "ParticipantLeft", "Admitted", "ParticipantJoined"
    ]  # fmt: skip
    ended = stage.only(ev.SessionEnded)
    assert (ended.participant, ended.code) == (A, Code.REPLACED)
    assert stage.only(ev.PublicationRemoved) == ev.PublicationRemoved((B,), camera, A)
    assert stage.ids() == (B, A)


def test_replacing_oneself_needs_no_second_admission() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR)
    stage.join(B)
    stage.do(cmd.SetLocked(A, True))
    stage.do(cmd.SetWaitingRoom(A, True))
    stage.do(cmd.Join(B, "B", on_duplicate=OnDuplicate.REPLACE))
    assert stage.only(ev.Admitted).participant == B


def test_one_alone_who_is_replaced_does_not_empty_the_room() -> None:
    stage = Stage()
    stage.join(A)
    stage.do(cmd.Join(A, "A", on_duplicate=OnDuplicate.REPLACE))
    assert stage.seen(ev.RoomEmptied) == []
    assert stage.due() is None


def test_room_full_counts_the_detached_too() -> None:
    stage = Stage(max_participants=2)
    stage.join(A, B)
    stage.do(cmd.Detach(A))
    assert refused(stage, cmd.Join(C, "C", bypass=True)) is Code.ROOM_FULL
    stage.wait(30)
    stage.join(C)


@pytest.mark.parametrize(
    ("join", "enters"),
    [
        (cmd.Join(B, "B"), False),
        (cmd.Join(B, "B", bypass=True), True),
        (cmd.Join(B, "B", role=Role.MODERATOR), True),
        (cmd.Join(B, "B", rights=frozenset({Right.ADMIT})), True),
        (cmd.Join(B, "B", rights=frozenset({Right.MODERATE})), False),
    ],
)
def test_lock_and_waiting_room(join: cmd.Join, enters: bool) -> None:
    locked, waiting = Stage(locked=True), Stage(waiting_room=True)
    if enters:
        locked.do(join)
        waiting.do(join)
        assert locked.ids() == waiting.ids() == (B,)
    else:
        assert refused(locked, join) is Code.ROOM_LOCKED
        assert waiting.do(join)[0] == ev.Waiting(B)


def test_who_may_only_knock_needs_a_waiting_room_and_is_trusted_by_nothing_else() -> None:
    closed = Stage(eldest_moderates=True, locked=True)
    for more in ({}, {"bypass": True}, {"role": Role.MODERATOR}):
        assert refused(closed, cmd.Join(B, "B", knock_only=True, **more)) is Code.TOKEN_REQUIRED
    guarded = Stage(eldest_moderates=True, waiting_room=True)
    guarded.do(cmd.Join(B, "B", knock_only=True, bypass=True))
    assert guarded.events[0] == ev.Waiting(B)
    assert guarded.room.waiting[0].role is Role.SPEAKER, "the first one in is the first who is let in"
    guarded.do(cmd.SetWaitingRoom(None, False))
    guarded.do(cmd.Admit(None, B))
    assert guarded.room.snapshot(B).you.role is Role.MODERATOR


def test_coming_as_less() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR, asked_role=Role.VIEWER)
    stage.join(B, rights=frozenset({Right.CHAT, Right.DATA}), asked_role=Role.VIEWER)
    stage.join(C, asked_role=Role.MODERATOR)
    people = {who.id: (who.role, ordered(who.rights)) for who in stage.room.participants}
    assert people[A] == (Role.VIEWER, (Right.SUBSCRIBE, Right.CHAT))
    assert people[B] == (Role.VIEWER, (Right.CHAT,))
    assert people[C][0] is Role.SPEAKER


def test_in_an_open_room_who_comes_as_viewer_never_becomes_moderator_by_staying() -> None:
    stage = Stage(eldest_moderates=True)
    stage.join(A, asked_role=Role.VIEWER)
    assert stage.room.snapshot(A).you.role is Role.VIEWER
    stage.join(B, asked_role=Role.SPEAKER)
    assert stage.room.snapshot(B).you.role is Role.MODERATOR, "the room needs one"
    stage.do(cmd.Leave(B))
    assert stage.room.snapshot(A).you.role is Role.VIEWER
    stage.join(C)
    stage.do(cmd.SetRole(C, A, Role.MODERATOR))
    assert stage.room.snapshot(A).you.role is Role.MODERATOR, "but may be made one"


# --- waiting ---


def test_who_waits_holds_nothing_and_is_shown_to_those_who_may_admit() -> None:
    stage = Stage(waiting_room=True, max_participants=2)
    stage.join(A, role=Role.MODERATOR)
    stage.join(B, bypass=True, rights=frozenset({Right.SUBSCRIBE}))
    stage.do(cmd.Leave(B))
    stage.do(cmd.Join(C, "C"))
    assert stage.only(ev.KnockStarted).to == (A,)
    assert [who.id for who in stage.room.snapshot(A).knocking] == [C]
    stage.join(B, bypass=True)
    assert stage.room.snapshot(B).knocking == ()
    for command in (
        cmd.Publish(C, PublicationId("p"), Source.CAMERA, Kind.VIDEO),
        cmd.SendChat(C, "1", "hi", None, 0),
        cmd.Attach(C),
        cmd.SendChat(A, "1", "hi", C, 0),
    ):
        assert refused(stage, command) is Code.NO_SUCH_PARTICIPANT
    assert refused(stage, cmd.Admit(A, C)) is Code.ROOM_FULL
    stage.do(cmd.Leave(B))
    stage.do(cmd.Admit(A, C))
    assert [type(event).__name__ for event in stage.events] == ["KnockEnded", "Admitted", "ParticipantJoined"]
    assert stage.only(ev.ParticipantJoined).to == (A,)


def test_at_most_so_many_wait_and_not_longer_than_ten_minutes() -> None:
    stage = Stage(waiting_room=True, max_waiting=2)
    stage.join(A, role=Role.MODERATOR)
    stage.do(cmd.Join(B, "B"))
    stage.wait(60)
    stage.do(cmd.Join(C, "C"))
    assert refused(stage, cmd.Join(D, "D")) is Code.ROOM_FULL
    stage.do(cmd.Join(C, "C again", on_duplicate=OnDuplicate.REPLACE))
    assert stage.only(ev.SessionEnded).code is Code.REPLACED
    stage.wait(540)
    assert stage.only(ev.Denied).participant == B
    assert stage.only(ev.KnockEnded) == ev.KnockEnded((A,), B)
    stage.wait(60)
    assert stage.only(ev.Denied).participant == C


def test_who_waits_and_loses_the_connection_is_gone() -> None:
    stage = Stage(waiting_room=True)
    stage.join(A, role=Role.MODERATOR)
    for command in (cmd.Detach(B), cmd.Leave(B)):
        stage.do(cmd.Join(B, "B"))
        stage.do(command)
        assert [type(event).__name__ for event in stage.events] == ["SessionEnded", "KnockEnded"]
    assert stage.room.waiting == ()


def test_who_comes_to_admit_is_shown_who_waits_and_who_no_longer_may_is_not() -> None:
    stage = Stage(waiting_room=True)
    stage.join(A, role=Role.MODERATOR)
    stage.join(B, bypass=True)
    stage.do(cmd.Join(C, "C"))
    stage.do(cmd.SetRole(A, B, Role.MODERATOR))
    assert stage.only(ev.KnockStarted).to == (B,)
    stage.do(cmd.SetRole(A, B, Role.VIEWER))
    assert stage.only(ev.KnockEnded) == ev.KnockEnded((B,), C)


def test_a_room_where_somebody_waits_is_not_empty() -> None:
    stage = Stage(waiting_room=True)
    stage.do(cmd.Join(A, "A"))
    stage.wait(599)
    assert not stage.room.ended
    stage.wait(1)
    assert [type(event).__name__ for event in stage.events] == ["Denied", "KnockEnded", "RoomEmptied"]
    stage.wait(30)
    assert stage.events == [ev.RoomEnded("empty")]


# --- time ---


def test_grace() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.publish(A)
    stage.now = 5.0
    stage.do(cmd.Detach(A))
    updated = stage.only(ev.ParticipantUpdated)
    assert updated.to == (B,) and not updated.participant.connected
    assert stage.do(cmd.Detach(A)) == []
    assert stage.due() == 35.0
    stage.do(cmd.Attach(A))
    assert stage.only(ev.ParticipantUpdated).participant.connected
    assert stage.do(cmd.Attach(A)) == []
    assert stage.due() is None
    stage.do(cmd.Detach(A))
    stage.wait(29.9)
    assert stage.events == []
    stage.wait(0.1)
    assert stage.only(ev.SessionEnded).code is Code.HEARTBEAT_LOST
    assert stage.only(ev.ParticipantLeft) == ev.ParticipantLeft((B,), A, "connection_lost")
    assert stage.room.publications == ()
    assert refused(stage, cmd.Attach(A)) is Code.NO_SUCH_PARTICIPANT
    assert refused(stage, cmd.Detach(A)) is Code.NO_SUCH_PARTICIPANT


def test_an_empty_room_ends_after_30_s_and_takes_no_more_commands() -> None:
    stage = Stage()
    assert stage.due() == 30.0
    stage.join(A)
    assert stage.due() is None
    stage.do(cmd.Leave(A))
    assert stage.events[-1] == ev.RoomEmptied()
    stage.wait(29)
    stage.join(A)
    stage.wait(100)
    stage.do(cmd.Leave(A))
    assert stage.wait(30) == [ev.RoomEnded("empty")]
    assert stage.room.ended and stage.due() is None
    assert refused(stage, cmd.Join(A, "A")) is Code.ROOM_ENDED
    for report in (cmd.Leave(A), cmd.MediaConnected(A), cmd.MediaDisconnected(A), cmd.TopologyReady(A, 1), cmd.Tick()):
        assert stage.do(report) == []


def test_a_room_can_be_kept() -> None:
    stage = Stage(empty_after=math.inf)
    stage.join(A)
    stage.do(cmd.Leave(A))
    assert stage.due() is None


def test_end() -> None:
    stage = Stage(waiting_room=True)
    stage.join(A, B, role=Role.MODERATOR)
    stage.publish(A)
    stage.do(cmd.Join(C, "C"))
    stage.do(cmd.End(None, "server_stopping", Code.SERVER_STOPPING))
    assert [(e.participant, e.code) for e in stage.seen(ev.SessionEnded)] == [
        (who, Code.SERVER_STOPPING) for who in (A, B, C)
    ]
    assert all(left.to == () for left in stage.seen(ev.ParticipantLeft))
    assert stage.events[-1] == ev.RoomEnded("server_stopping")
    assert stage.room.empty and stage.room.publications == ()


# --- tracks ---


def test_publications_are_one_per_source_and_so_many_in_all() -> None:
    stage = Stage(max_publications=2)
    stage.join(A)
    stage.publish(A)
    again = cmd.Publish(A, PublicationId("x"), Source.CAMERA, Kind.VIDEO)
    assert refused(stage, again) is Code.ALREADY_PUBLISHED
    stage.publish(A, Source.SCREEN)
    third = cmd.Publish(A, PublicationId("x"), Source.MICROPHONE, Kind.AUDIO)
    assert refused(stage, third) is Code.TOO_MANY_PUBLICATIONS
    stage.do(cmd.Unpublish(A, PublicationId("a-camera")))
    assert stage.only(ev.PublicationRemoved).to == ()
    assert refused(stage, cmd.Unpublish(A, PublicationId("a-camera"))) is Code.NO_SUCH_PUBLICATION
    used = cmd.Publish(A, PublicationId("a-screen"), Source.MICROPHONE, Kind.AUDIO)
    assert refused(stage, used) is Code.INTERNAL


def test_publication_is_shown_to_the_others_and_subscribed_where_wanted_and_allowed() -> None:
    stage = Stage()
    stage.join(A)
    stage.join(B, auto_subscribe=False)
    stage.join(C, rights=frozenset({Right.CHAT}))
    stage.join(D)
    camera = stage.publish(A)
    assert stage.only(ev.PublicationAdded).to == (B, C, D)
    assert stage.events[1:] == [ev.SubscriptionAdded(D, camera)]
    stage.do(cmd.Subscribe(B, camera))
    assert stage.events == [ev.SubscriptionAdded(B, camera)]
    assert stage.do(cmd.Subscribe(B, camera)) == []
    assert refused(stage, cmd.Subscribe(A, camera)) is Code.INVALID
    stage.do(cmd.Prefer(B, camera, Preference(visible=False)))
    assert stage.events == [ev.SubscriptionChanged(B, camera, Preference(visible=False))]
    assert stage.room.snapshot(B).subscriptions == (Subscription(B, camera, Preference(visible=False)),)
    assert stage.do(cmd.Unsubscribe(B, camera)) == [ev.SubscriptionRemoved(B, camera)]
    assert stage.do(cmd.Unsubscribe(B, camera)) == []
    assert refused(stage, cmd.Prefer(B, camera, Preference())) is Code.INVALID
    assert refused(stage, cmd.Unsubscribe(B, PublicationId("?"))) is Code.NO_SUCH_PUBLICATION
    stage.do(cmd.Unpublish(A, camera))
    assert stage.events == [ev.SubscriptionRemoved(D, camera), ev.PublicationRemoved((B, C, D), camera, A)]


def test_mute() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR)
    stage.join(B)
    camera = stage.publish(B)
    stage.do(cmd.SetMuted(B, camera, True))
    own = stage.only(ev.PublicationUpdated)
    assert own.to == (A, B) and own.by is None and own.publication.muted
    assert stage.do(cmd.SetMuted(B, camera, True)) == []
    assert stage.do(cmd.SetMuted(A, camera, True)) == [ev.PublicationForbidden(camera, True)], "enforced from now on"
    assert stage.do(cmd.SetMuted(A, camera, True)) == []
    assert refused(stage, cmd.SetMuted(A, camera, False)) is Code.NOT_ALLOWED
    stage.do(cmd.SetMuted(B, camera, False))
    assert stage.events[1:] == [ev.PublicationForbidden(camera, False)]
    assert not stage.only(ev.PublicationUpdated).publication.muted
    stage.do(cmd.SetMuted(A, camera, True))
    assert stage.only(ev.PublicationUpdated).by == A
    assert stage.do(cmd.SetMuted(B, camera, True)) == [], "does not lift what the moderator has done"
    assert refused(stage, cmd.SetMuted(None, camera, False)) is Code.NOT_ALLOWED
    stage.do(cmd.SetRole(A, B, Role.VIEWER))
    assert stage.only(ev.PublicationRemoved).to == (A, B), "its owner did not ask for it"
    assert refused(stage, cmd.SetMuted(B, camera, False)) is Code.NO_SUCH_PUBLICATION


# --- roles ---


def test_gaining_and_losing_subscribe() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR)
    camera = stage.publish(A)
    stage.join(B, rights=frozenset())
    assert stage.seen(ev.SubscriptionAdded) == []
    stage.do(cmd.SetRole(A, B, Role.VIEWER))
    assert stage.only(ev.RightsChanged).rights == (Right.SUBSCRIBE, Right.CHAT)
    assert stage.only(ev.SubscriptionAdded) == ev.SubscriptionAdded(B, camera)


def test_same_role_with_other_rights_tells_only_the_one_concerned() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR)
    stage.join(B, rights=frozenset({Right.SUBSCRIBE}))
    stage.do(cmd.SetRole(A, B, Role.SPEAKER))
    assert stage.only(ev.RightsChanged).to == (B,)
    assert stage.seen(ev.ParticipantUpdated) == []


def test_in_an_open_room_the_first_moderates_then_the_eldest() -> None:
    stage = Stage(eldest_moderates=True, waiting_room=True)
    stage.join(A)
    assert stage.room.snapshot(A).you.role is Role.MODERATOR
    stage.do(cmd.SetWaitingRoom(A, False))
    stage.join(D, can_moderate=False)
    stage.join(B, C)
    assert stage.room.snapshot(B).you.role is Role.SPEAKER
    assert refused(stage, cmd.SetRole(A, A, Role.VIEWER)) is Code.INVALID
    stage.do(cmd.Leave(A))
    assert stage.only(ev.RightsChanged).to == (B,)
    updated = stage.only(ev.ParticipantUpdated)
    assert updated.to == (D, C) and updated.participant.role is Role.MODERATOR
    stage.do(cmd.SetRole(B, C, Role.MODERATOR))
    stage.do(cmd.SetRole(B, B, Role.SPEAKER))
    stage.join(A)
    stage.do(cmd.Detach(B))
    stage.do(cmd.Leave(C))
    assert stage.room.snapshot(A).you.role is Role.MODERATOR, "the eldest who is connected"


def test_a_moderator_who_is_replaced_in_an_open_room_has_handed_over() -> None:
    stage = Stage(eldest_moderates=True)
    stage.join(A, B)
    stage.join(A, on_duplicate=OnDuplicate.REPLACE)
    roles = {who.id: who.role for who in stage.room.participants}
    assert roles == {B: Role.MODERATOR, A: Role.SPEAKER}


def test_with_tokens_nobody_becomes_moderator() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR)
    stage.join(B)
    stage.do(cmd.Leave(A))
    assert stage.seen(ev.RightsChanged) == []


def test_removing() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR)
    stage.join(B)
    stage.do(cmd.Remove(A, B, "be kind"))
    assert stage.only(ev.SessionEnded) == ev.SessionEnded(B, Code.REMOVED, "be kind")
    assert stage.only(ev.ParticipantLeft) == ev.ParticipantLeft((A,), B, "removed")


def test_leaving_with_a_code_of_the_doors() -> None:
    stage = Stage()
    stage.join(A)
    stage.do(cmd.Leave(A, "too_slow", Code.TOO_SLOW))
    assert stage.only(ev.SessionEnded) == ev.SessionEnded(A, Code.TOO_SLOW, "too_slow")
    assert stage.do(cmd.Leave(A)) == []


# --- chat ---


def test_chat_goes_to_all_or_to_two() -> None:
    stage = Stage()
    stage.join(A, B, C)
    stage.do(cmd.SendChat(A, "1", "hi", None, 12.5))
    assert stage.events == [ev.ChatSent((A, B, C), ChatMessage("1", A, "A", "hi", 12.5, None, 12_500))]
    stage.do(cmd.SendChat(A, "2", "psst", B, 0))
    assert stage.only(ev.ChatSent).to == (A, B)
    stage.do(cmd.SendChat(A, "3", "note", A, 0))
    assert stage.only(ev.ChatSent).to == (A,)
    stage.do(cmd.SendChat(None, "4", "welcome", C, 0))
    assert stage.events == [ev.ChatSent((C,), ChatMessage("4", None, "", "welcome", 0, C, 12_503))]


def test_the_last_messages_to_everybody_stay_with_the_room() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.SendChat(A, "1", "hi", None, 12.5))
    stage.do(cmd.SendChat(A, "2", "psst", B, 13))
    stage.do(cmd.SendChat(None, "3", "welcome", None, 14))
    stage.do(cmd.Leave(A))
    stage.join(C)
    assert stage.room.snapshot(C).messages == (
        ChatMessage("1", A, "A", "hi", 12.5, None, 12_500),
        ChatMessage("3", None, "", "welcome", 14, None, 14_000),
    )
    for number in range(KEPT_MESSAGES):
        stage.do(cmd.SendChat(B, f"n{number}", "hi", None, 0))
    assert [message.id for message in stage.room.snapshot(C).messages] == [f"n{n}" for n in range(KEPT_MESSAGES)]


def test_a_message_that_is_to_be_kept_is_shown_when_it_is() -> None:
    stage = Stage(keeps_chat=True)
    stage.join(A, B)
    stage.do(cmd.SendChat(A, "1", "hi", None, 1, key="k"))
    accepted = stage.only(ev.ChatAccepted).message
    assert accepted == ChatMessage("1", A, "A", "hi", 1, None, 1000, "k")
    assert stage.room.snapshot(B).messages == ()
    stage.do(cmd.SendChat(A, "2", "psst", B, 1))
    private = stage.only(ev.ChatAccepted).message
    assert private.number == 1001
    # Whoever came or went meanwhile makes no difference to what was accepted.
    stage.do(cmd.Leave(A))
    stage.join(C)
    stage.do(cmd.ShowChat(accepted))
    assert stage.events == [ev.ChatSent((B, C), accepted)]
    stage.do(cmd.ShowChat(private))
    assert stage.events == [ev.ChatSent((B,), private)]
    assert stage.room.snapshot(C).messages == (accepted,)


def test_a_room_goes_on_where_its_chat_had_ended() -> None:
    stage = Stage()
    before = ChatMessage("old", B, "B", "then", 99, None, 99_000)
    stage.do(cmd.RecallChat((before,), 99_007))
    stage.join(A)
    assert stage.room.snapshot(A).messages == (before,)
    stage.do(cmd.SendChat(A, "1", "now", None, 99))
    assert stage.only(ev.ChatSent).message.number == 99_008


def test_kept_texts_are_bounded_in_bytes() -> None:
    stage = Stage()
    stage.join(A)
    text = "王" * (KEPT_BYTES // 8 // 3)
    for number in range(10):
        stage.do(cmd.SendChat(A, str(number), text, None, 0))
    assert [message.id for message in stage.room.snapshot(A).messages] == list("23456789")
    stage.do(cmd.SendChat(A, "small", "x", None, 0))
    assert [message.id for message in stage.room.snapshot(A).messages] == [*"23456789", "small"]
    with pytest.raises(UnicodeEncodeError):
        stage.do(cmd.SendChat(None, "bad", "\ud800", None, 0))
    assert stage.room.snapshot(A).messages[-1].id == "small"


# --- signs ---


def test_hands_have_an_order_and_go_down_with_their_owner() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR)
    stage.join(B, C)
    stage.do(cmd.SetHand(B, B, True))
    updated = stage.only(ev.ParticipantUpdated)
    assert updated.to == (A, B, C), "its owner learns the place"
    stage.do(cmd.SetHand(C, C, True))
    first, second = (stage.room.snapshot(who).you.hand for who in (B, C))
    assert 0 < first < second
    assert stage.do(cmd.SetHand(B, B, True)) == [], "the place stays"
    stage.do(cmd.Detach(B))
    assert stage.only(ev.ParticipantUpdated).participant.hand == first
    stage.do(cmd.SetHand(A, B, False))
    assert stage.only(ev.ParticipantUpdated).participant.hand == 0
    assert stage.do(cmd.SetHand(A, B, False)) == []
    stage.do(cmd.SetHand(B, B, True))
    assert stage.room.snapshot(B).you.hand > second
    stage.join(C, on_duplicate=OnDuplicate.REPLACE)
    assert stage.room.snapshot(C).you.hand == 0
    assert refused(stage, cmd.SetHand(B, C, False)) is Code.NOT_ALLOWED
    assert refused(stage, cmd.SetHand(None, C, True)) is Code.NOT_ALLOWED
    assert refused(stage, cmd.SetHand(A, D, False)) is Code.NO_SUCH_PARTICIPANT


def test_a_viewer_may_raise_a_hand() -> None:
    stage = Stage()
    stage.join(A, role=Role.VIEWER)
    stage.do(cmd.SetHand(A, A, True))
    stage.do(cmd.SetRole(None, A, Role.SPEAKER))
    assert stage.room.snapshot(A).you.hand == 1, "a new role does not lower it"
    stage.do(cmd.SetHand(A, A, False))
    assert stage.room.snapshot(A).you.hand == 0


def test_a_spotlight_ends_with_its_person() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR)
    stage.join(B, C)
    stage.do(cmd.SetSpotlight(A, B))
    assert stage.only(ev.RoomUpdated).to == (A, B, C)
    assert stage.only(ev.RoomUpdated).room.spotlight == B
    assert stage.do(cmd.SetSpotlight(A, B)) == []
    stage.do(cmd.SetSpotlight(A, C))
    stage.do(cmd.Leave(B))
    assert stage.seen(ev.RoomUpdated) == []
    stage.do(cmd.Detach(C))
    assert stage.room.state.spotlight == C
    stage.wait(30)
    kinds = [type(event) for event, _ in shown(stage.events)]
    assert kinds.index(ev.RoomUpdated) < kinds.index(ev.ParticipantLeft), "nobody is shown large who is gone"
    assert stage.only(ev.RoomUpdated).room.spotlight is None
    stage.do(cmd.SetSpotlight(None, A))
    stage.do(cmd.End(None))
    assert stage.room.state.spotlight is None


def test_a_reaction_goes_to_everybody_and_is_not_kept() -> None:
    stage = Stage()
    stage.join(A, B)
    before = state(stage.room)
    assert stage.do(cmd.React(A, "👏")) == [ev.Reacted((A, B), A, "👏")]
    assert state(stage.room) == before


def test_asking_to_unmute() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR)
    stage.join(B, rights=frozenset({Right.PUBLISH_MICROPHONE}))
    microphone = Source.MICROPHONE
    assert stage.do(cmd.AskUnmute(A, B, microphone)) == [ev.UnmuteAsked((B,), B, A, microphone)]
    assert stage.do(cmd.AskUnmute(None, B, microphone)) == [ev.UnmuteAsked((B,), B, None, microphone)]
    assert refused(stage, cmd.AskUnmute(A, B, Source.CAMERA)) is Code.INVALID
    assert refused(stage, cmd.AskUnmute(A, A, microphone)) is Code.INVALID
    assert refused(stage, cmd.AskUnmute(A, B, Source.SCREEN_AUDIO)) is Code.INVALID
    assert refused(stage, cmd.AskUnmute(A, C, microphone)) is Code.NO_SUCH_PARTICIPANT


def test_data_goes_to_the_others_or_to_one() -> None:
    stage = Stage()
    stage.join(A, B, C)
    payload = object()
    assert stage.do(cmd.SendData(A, "t", payload)) == [ev.DataSent((B, C), A, "t", payload, None, False)]
    assert stage.do(cmd.SendData(A, "t", payload, C, True)) == [ev.DataSent((C,), A, "t", payload, C, True)]
    assert stage.do(cmd.SendData(None, "t", payload)) == [ev.DataSent((A, B, C), None, "t", payload, None, False)]
