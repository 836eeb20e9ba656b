"""What waits for a PeerJS client that is not there."""

from tertulia.core.ids import ParticipantId
from tertulia.doors.peerjs.mailbox import BYTES, MESSAGES, RECIPIENTS, WAITS, Mailbox
from tertulia.doors.peerjs.messages import Relayed

ANA, BEN = ParticipantId("ana"), ParticipantId("ben")
OFFER = Relayed("OFFER", b"1")


def test_messages_are_taken_once_and_in_order() -> None:
    box = Mailbox()
    second = Relayed("CANDIDATE", b"2")
    assert box.keep(OFFER, ANA, 0) and box.keep(second, ANA, 1) and box.keep(OFFER, BEN, 1)
    assert box.take(ANA) == [OFFER, second]
    assert box.take(ANA) == []
    assert box.deadline == 1 + WAITS


def test_a_recipients_time_runs_from_the_first_message() -> None:
    box = Mailbox()
    box.keep(OFFER, ANA, 0)
    box.keep(OFFER, ANA, WAITS - 1)
    assert box.expired(WAITS - 0.1) == []
    assert box.deadline == WAITS
    assert box.expired(WAITS) == [ANA]
    assert box.take(ANA) == []
    assert box.expired(10 * WAITS) == []
    assert Mailbox().deadline is None


def test_there_is_room_for_so_many() -> None:
    box = Mailbox()
    assert [box.keep(OFFER, ANA, 0) for _ in range(MESSAGES + 1)] == [True] * MESSAGES + [False]
    others = [ParticipantId(str(number)) for number in range(RECIPIENTS)]
    assert [box.keep(OFFER, other, 0) for other in others] == [True] * (RECIPIENTS - 1) + [False]


def test_there_is_room_for_so_much_and_what_is_taken_makes_room() -> None:
    box = Mailbox()
    half = Relayed("OFFER", b"a" * (BYTES // 2))
    assert box.keep(half, ANA, 0) and box.keep(half, BEN, 0)
    assert not box.keep(OFFER, ANA, 0)
    box.take(BEN)
    assert box.keep(OFFER, ANA, 0)
    box.expired(WAITS)
    assert box.keep(half, ANA, 0) and box.keep(half, BEN, 0)
