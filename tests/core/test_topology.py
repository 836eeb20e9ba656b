"""Which road media takes, with explicit times."""

import pytest

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core import permissions
from tertulia.core.ids import PublicationId
from tertulia.core.model import Kind, Mode, OnDuplicate, Peer, Phase, Policy, Right, Role, Source
from tertulia.errors import Code, TertuliaError
from tests.core.support import A, B, C, D, F, Stage


def test_alone_is_direct_without_peers() -> None:
    stage = Stage()
    stage.join(A)
    assert stage.road() == "direct/commit"
    assert stage.topology(A).peers == ()
    assert stage.seen(ev.TopologyChanged) == []


def test_second_joins_direct_at_once_and_the_later_one_is_polite() -> None:
    stage = Stage()
    stage.join(A)
    epoch = stage.epoch()
    stage.join(B)
    assert stage.road() == "direct/commit"
    assert stage.topology(A).peers == (Peer(B, polite=False),)
    assert stage.topology(B).peers == (Peer(A, polite=True),)
    assert stage.epoch() > epoch
    changed = stage.only(ev.TopologyChanged)
    assert changed.to == (A,), "the newcomer has it in the snapshot"
    assert changed.topologies == ((A, stage.topology(A)),)


def test_third_joins_both_roads_carry_until_all_are_ready() -> None:
    stage = Stage()
    stage.join(A, B)
    camera = stage.publish(A)
    assert not stage.room.forwards(B, camera)
    stage.join(C)
    assert stage.road() == "sfu/prepare"
    assert stage.room.forwards(B, camera) and stage.room.forwards(C, camera)
    assert stage.topology(A).peers == (Peer(B, False),)
    assert stage.topology(C).peers == ()
    assert stage.room.deadline == 10.0
    stage.ready(A, B)
    assert stage.road() == "sfu/prepare"
    stage.ready(C)
    assert stage.road() == "sfu/commit"
    assert stage.only(ev.TopologyChanged).to == (A, B, C)
    assert stage.room.forwards(B, camera)
    assert stage.topology(A).peers == ()
    assert stage.room.deadline is None


def test_switch_to_sfu_does_not_wait_longer_than_10_s() -> None:
    stage = Stage()
    stage.join(A, B, C)
    stage.ready(A)
    stage.wait(9.9)
    assert stage.road() == "sfu/prepare"
    stage.wait(0.2)
    assert stage.road() == "sfu/commit"


def test_stale_epoch_is_ignored() -> None:
    stage = Stage()
    stage.join(A, B, C)
    old = stage.epoch()
    stage.ready(A, B, C)
    assert stage.do(cmd.TopologyReady(A, old)) == []
    assert stage.do(cmd.RoadFailed(A, old)) == []
    assert stage.do(cmd.TopologyReady(D, stage.epoch())) == []


def test_ready_counts_only_with_a_connection_to_the_sfu() -> None:
    stage = Stage()
    stage.join(A, B, C)
    stage.do(cmd.MediaDisconnected(B))
    stage.ready(A, B, C)
    assert stage.road() == "sfu/prepare"
    stage.do(cmd.MediaConnected(B))
    assert stage.road() == "sfu/commit"


def test_a_client_that_never_talks_directly_is_not_waited_for() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.join(C, p2p=False)
    stage.ready(A, B)
    assert stage.road() == "sfu/commit"


def in_sfu_with_two() -> Stage:
    stage = Stage()
    stage.join(A, B, C)
    stage.ready(A, B, C)
    stage.now = 100.0
    stage.do(cmd.Leave(C))
    return stage


def test_back_to_direct_after_10_s_with_two() -> None:
    stage = in_sfu_with_two()
    camera = stage.publish(A)
    assert stage.road() == "sfu/commit"
    assert stage.room.deadline == 110.0
    stage.wait(10)
    assert stage.road() == "direct/prepare"
    assert stage.topology(B).peers == (Peer(A, True),)
    assert stage.room.forwards(B, camera)
    stage.ready(A)
    assert stage.road() == "direct/prepare"
    stage.ready(B)
    assert stage.road() == "direct/commit"
    assert not stage.room.forwards(B, camera)
    assert stage.room.deadline is None


def test_third_comes_again_before_10_s_stays_on_sfu() -> None:
    stage = in_sfu_with_two()
    stage.wait(9)
    stage.join(C)
    stage.wait(60)
    assert stage.road() == "sfu/commit"


def test_third_comes_during_direct_prepare_back_to_sfu() -> None:
    stage = in_sfu_with_two()
    stage.wait(10)
    stage.join(C)
    assert stage.road() == "sfu/commit"
    stage.do(cmd.Leave(C))
    stage.wait(10)
    assert stage.road() == "direct/prepare", "nobody failed, so it is tried again"


@pytest.mark.parametrize("how", ["failed", "15 s"])
def test_direct_prepare_that_does_not_come_about_goes_back_and_is_not_tried_again(how: str) -> None:
    stage = in_sfu_with_two()
    stage.wait(10)
    epoch = stage.epoch()
    if how == "failed":
        stage.do(cmd.RoadFailed(B, epoch))
    else:
        stage.ready(A)
        stage.wait(14.9)
        assert stage.road() == "direct/prepare"
        stage.wait(0.2)
    assert stage.road() == "sfu/commit"
    assert stage.epoch() > epoch
    assert stage.room.deadline is None
    stage.join(C)
    stage.do(cmd.Leave(C))
    stage.wait(1000)
    assert stage.road() == "sfu/commit"


def test_a_failed_pair_is_remembered_while_one_is_there_and_does_not_hinder_others() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.RoadFailed(A, stage.epoch()))
    stage.do(cmd.Leave(B))
    stage.join(B)
    assert stage.road() == "sfu/commit"
    stage.do(cmd.Leave(B))
    stage.join(C)
    assert stage.road() == "direct/commit"


def test_direct_road_breaks_in_commit() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.RoadFailed(B, stage.epoch()))
    assert stage.road() == "sfu/prepare"
    stage.ready(A, B)
    assert stage.road() == "sfu/commit"
    stage.wait(100)
    assert stage.road() == "sfu/commit"


def test_recording_takes_the_room_to_the_sfu_and_back() -> None:
    stage = Stage()
    stage.join(A, B)
    stage.do(cmd.RequireSfu("recording", True))
    assert stage.road() == "sfu/prepare"
    stage.ready(A, B)
    assert stage.road() == "sfu/commit"
    stage.do(cmd.RequireSfu("bot", True))
    stage.do(cmd.RequireSfu("recording", False))
    assert stage.room.deadline is None
    stage.do(cmd.RequireSfu("bot", False))
    stage.wait(10)
    assert stage.road() == "direct/prepare"


def test_recording_begins_while_alone_without_a_switch() -> None:
    stage = Stage()
    stage.do(cmd.RequireSfu("recording", True))
    stage.join(A, B)
    assert stage.road() == "sfu/commit"


def test_waiting_room_turned_on_hides_addresses() -> None:
    stage = Stage()
    stage.join(A, role=Role.MODERATOR)
    stage.join(B)
    stage.do(cmd.SetWaitingRoom(A, True))
    assert stage.road() == "sfu/prepare"
    stage.wait(10)
    stage.do(cmd.SetWaitingRoom(A, False))
    stage.wait(10)
    assert stage.road() == "direct/prepare"


def test_somebody_who_waits_keeps_the_room_on_the_sfu() -> None:
    stage = Stage(waiting_room=True)
    stage.join(A, B, role=Role.MODERATOR)
    assert stage.road() == "sfu/commit"
    stage.do(cmd.Join(C, "C"))
    stage.do(cmd.SetWaitingRoom(A, False))
    assert stage.room.deadline == 600.0
    stage.do(cmd.Deny(A, C))
    stage.wait(10)
    assert stage.road() == "direct/prepare"


def test_incapable_client_goes_by_the_sfu_at_once() -> None:
    stage = Stage()
    stage.join(A)
    stage.join(B, p2p=False)
    assert stage.road() == "sfu/commit"
    stage.wait(100)
    assert stage.road() == "sfu/commit"


def test_who_may_not_subscribe_is_not_connected_directly() -> None:
    stage = Stage()
    stage.join(A)
    stage.join(B, rights=frozenset({Right.PUBLISH_CAMERA}))
    assert stage.road() == "sfu/commit"


def test_losing_subscribe_closes_the_direct_road_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(permissions._DEFAULTS, Role.VIEWER, frozenset())  # no role lacks it as things are
    stage = Stage()
    stage.join(A, B)
    camera = stage.publish(A)
    stage.do(cmd.SetRole(None, B, Role.VIEWER))
    assert stage.only(ev.SubscriptionRemoved) == ev.SubscriptionRemoved(B, camera)
    assert stage.road() == "sfu/commit"


def test_second_joins_while_the_first_is_away_goes_by_the_sfu_until_he_is_back() -> None:
    stage = Stage()
    stage.join(A)
    stage.do(cmd.Detach(A))
    stage.join(B)
    assert stage.road() == "sfu/commit", "nobody could answer the offer of a direct road"
    stage.do(cmd.Attach(A))
    stage.wait(10)
    assert stage.road() == "direct/prepare"


def test_who_comes_back_in_the_middle_of_a_switch_has_to_be_ready_again() -> None:
    stage = Stage()
    stage.join(A, B, C)
    stage.ready(C)
    stage.do(cmd.Leave(C))
    stage.join(C)
    stage.ready(A, B)
    assert stage.road() == "sfu/prepare"
    stage.ready(C)
    assert stage.road() == "sfu/commit"


def test_leaving_in_the_middle_of_a_switch_lets_the_others_go_on() -> None:
    stage = Stage()
    stage.join(A, B, C)
    stage.ready(A, B)
    stage.do(cmd.Leave(C))
    assert stage.road() == "sfu/commit"

    stage = Stage()
    stage.join(A, B, C)
    stage.do(cmd.Leave(A))
    assert stage.road() == "sfu/commit", "nobody is left on the old road"


def test_leaving_in_direct_prepare_leaves_the_other_alone() -> None:
    stage = in_sfu_with_two()
    stage.wait(10)
    stage.do(cmd.Leave(A))
    assert stage.road() == "direct/commit"
    assert stage.topology(B).peers == ()
    assert stage.room.deadline is None


def test_detached_counts_as_ready_and_comes_back_to_the_new_road() -> None:
    stage = Stage()
    stage.join(A, B, C)
    stage.ready(A, C)
    stage.do(cmd.Detach(B))
    assert stage.road() == "sfu/commit"
    assert stage.only(ev.TopologyChanged).to == (A, B, C), "the session keeps it for the one who is away"


def test_direct_is_not_begun_while_somebody_is_away_but_goes_on() -> None:
    stage = in_sfu_with_two()
    stage.do(cmd.Detach(A))
    stage.wait(29)
    assert stage.road() == "sfu/commit"
    stage.do(cmd.Attach(A))
    stage.wait(10)
    stage.ready(A, B)
    assert stage.road() == "direct/commit"
    stage.do(cmd.Detach(A))
    assert stage.road() == "direct/commit", "media goes on"
    stage.wait(30)
    assert stage.topology(B).peers == ()


def test_direct_prepare_with_everybody_away_is_given_up() -> None:
    stage = in_sfu_with_two()
    stage.wait(10)
    stage.do(cmd.Detach(A))
    stage.do(cmd.Detach(B))
    assert stage.road() == "direct/prepare"
    stage.wait(15)
    assert stage.road() == "sfu/commit"
    stage.do(cmd.Attach(A))
    stage.do(cmd.Attach(B))
    stage.wait(10)
    assert stage.road() == "direct/prepare", "nobody failed"


def test_replacing_makes_the_direct_road_anew() -> None:
    stage = Stage()
    stage.join(A, B)
    epoch = stage.epoch()
    stage.join(A, on_duplicate=OnDuplicate.REPLACE)
    assert stage.road() == "direct/commit"
    assert stage.epoch() >= epoch + 2
    assert stage.topology(A).peers == (Peer(B, True),), "now the later one"


def test_policy_never() -> None:
    stage = Stage(policy=Policy.NEVER)
    stage.join(A)
    assert stage.road() == "sfu/commit"
    stage.join(B)
    stage.wait(100)
    assert stage.road() == "sfu/commit"
    assert stage.epoch() == 1


def test_policy_always_is_a_mesh_of_at_most_four() -> None:
    stage = Stage(policy=Policy.ALWAYS)
    stage.join(A, B, C, D)
    assert stage.road() == "direct/commit"
    assert stage.topology(C).peers == (Peer(A, True), Peer(B, True), Peer(D, False))
    stage.join(F)
    assert stage.road() == "sfu/prepare"
    assert stage.topology(F).peers == ()
    assert len(stage.topology(A).peers) == 3
    stage.do(cmd.Leave(D))
    stage.ready(A, B, C, F)
    assert stage.road() == "sfu/commit"
    stage.wait(10)
    assert stage.road() == "direct/prepare"
    stage.ready(A, B, C, F)
    assert stage.road() == "direct/commit"
    stage.do(cmd.Leave(A))
    assert stage.road() == "direct/commit"
    assert stage.topology(F).peers == (Peer(B, True), Peer(C, True))


def test_failing_in_the_mesh_takes_all_to_the_sfu() -> None:
    stage = Stage(policy=Policy.ALWAYS)
    stage.join(A, B, C)
    stage.do(cmd.RoadFailed(C, stage.epoch()))
    assert stage.road() == "sfu/prepare"
    stage.wait(100)
    assert stage.road() == "sfu/commit"
    stage.do(cmd.Leave(C))
    stage.wait(10)
    assert stage.road() == "direct/prepare", "these two have not failed"


@pytest.mark.parametrize(
    ("situation", "allowed"),
    [
        ("direct/commit", True),
        ("sfu/prepare", True),
        ("sfu/prepare, newcomer", False),
        ("sfu/commit", False),
        ("direct/prepare", True),
        ("himself", False),
    ],
)
def test_signal_only_along_a_direct_road(situation: str, allowed: bool) -> None:
    stage = Stage()
    stage.join(A, B)
    if situation.startswith("sfu"):
        stage.join(C)
    if situation == "sfu/commit":
        stage.wait(10)
    if situation == "direct/prepare":
        stage = in_sfu_with_two()
        stage.wait(10)
    to = C if "newcomer" in situation else A if situation == "himself" else B
    signal = cmd.Signal(A, to, {"sdp": "x"})
    if allowed:
        assert stage.do(signal) == [ev.Signalled((B,), A, B, {"sdp": "x"})]
    else:
        with pytest.raises(TertuliaError) as refused:
            stage.do(signal)
        assert refused.value.code is Code.NOT_ALLOWED


def test_modes_have_the_names_of_the_wire() -> None:
    assert [*Mode, *Phase] == ["direct", "sfu", "prepare", "commit"]


def test_a_signal_names_only_the_senders_own_publications() -> None:
    stage = Stage()
    stage.join(A, B)
    camera = PublicationId("camera")
    stage.do(cmd.Publish(B, camera, Source.CAMERA, Kind.VIDEO))
    for named in (camera, PublicationId("unknown")):
        with pytest.raises(TertuliaError) as refused:
            stage.do(cmd.Signal(A, B, "sdp", (named,)))
        assert refused.value.code is Code.NO_SUCH_PUBLICATION
    assert stage.do(cmd.Signal(B, A, "sdp", (camera,))) == [ev.Signalled((A,), B, A, "sdp")]
