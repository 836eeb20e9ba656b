"""When to ping and when to give up, without a clock."""

from tertulia.socketio.engine.heartbeat import Heartbeat


def test_a_peer_that_answers_is_pinged_again() -> None:
    beat = Heartbeat(25, 20, now=100)
    for start in (100, 130, 160):
        assert beat.due == start + 25
        assert not beat.ping(start + 24.9)
        assert beat.ping(start + 25)
        assert not beat.ping(start + 26), "once"
        assert beat.due == start + 45
        beat.pong(start + 30)
        assert not beat.lost(start + 50)


def test_a_peer_that_does_not_answer_is_lost() -> None:
    beat = Heartbeat(25, 20, now=0)
    assert not beat.lost(1000), "it was not asked"
    beat.ping(25)
    assert (beat.lost(44.9), beat.lost(45)) == (False, True)


def test_an_answer_to_nothing_changes_nothing() -> None:
    beat = Heartbeat(25, 20, now=0)
    beat.pong(20)
    assert beat.due == 25


def test_the_time_counts_from_when_the_ping_was_due() -> None:
    beat = Heartbeat(25, 20, now=0)
    beat.ping(26)
    assert beat.due == 45


def test_a_server_that_was_kept_from_running_gives_its_peers_their_whole_time() -> None:
    beat = Heartbeat(25, 20, now=0)
    beat.ping(3_600)
    assert not beat.lost(3_619)
    assert beat.lost(3_620)
