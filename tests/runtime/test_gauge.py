"""What follows from the numbers of a room's connections."""

from typing import Any

import pytest

from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Publication, Source
from tertulia.core.permissions import kind_of
from tertulia.media.port import (
    ConnectionId,
    ConnectionStatistics,
    EncodingStatistics,
    Layer,
    PublicationKey,
    Received,
    Sent,
)
from tertulia.runtime.gauge import (
    REPORT_COUNTS_FOR,
    Gauge,
    ParticipantStatistics,
    Quality,
    SubscriptionStatistics,
    ways_of,
)
from tertulia.runtime.seat import Reception, Shows

ANA, BEN = ParticipantId("ana"), ParticipantId("ben")
CAM, MIC, SCREEN = PublicationId("cam"), PublicationId("mic"), PublicationId("screen")
LOW, HIGH = Layer("h", 320, 180, 30.0), Layer("f", 640, 360, 30.0)
SOUND = Layer(None, 0, 0, 0.0)


def tracks(**changes: Any) -> dict[PublicationId, Publication]:
    made = ((CAM, Source.CAMERA), (MIC, Source.MICROPHONE), (SCREEN, Source.SCREEN))
    return {id: Publication(id, ANA, source, kind_of(source), **changes) for id, source in made}


def received(publication: PublicationId = CAM, **changes: Any) -> Received:
    layer = SOUND if publication == MIC else HIGH
    usual = Received(PublicationKey(publication), layer, layer, "best", 1e6, 400, 0, 0, 0.0)
    return usual._replace(**changes)


def sent(publication: PublicationId = CAM, packets: int = 400, lost: int = 0, repaired: int = 0) -> Sent:
    encoding = EncodingStatistics(HIGH, 1e6, packets, lost, repaired, 0.0)
    return Sent(PublicationKey(publication), (encoding,))


def connection(
    who: ParticipantId, *it: Sent | Received, round_trip: float | None = 0.04, estimate: int | None = None
) -> ConnectionStatistics:
    sends = tuple(one for one in it if isinstance(one, Sent))
    receives = tuple(one for one in it if isinstance(one, Received))
    return ConnectionStatistics(ConnectionId(who), 4.0, round_trip, estimate, sends, receives)


def reception(publication: PublicationId = CAM, **changes: Any) -> Reception:
    usual = {"freezes": 0, "frozen": 0.0, "concealed": 0.0, "frame_rate": 30.0, "width": 640, "height": 360}
    return Reception(publication, **(usual | changes))


class Room:
    def __init__(self) -> None:
        self.gauge = Gauge()
        self.tracks = tracks()
        self.now = 100.0

    def look(
        self, *connections: ConnectionStatistics, lost: tuple[ParticipantId, ...] = ()
    ) -> dict[ParticipantId, Any]:
        ways = ways_of(connections)
        self.shown: dict[ParticipantId, tuple[Shows, ...]] = {}
        for it in connections:
            who = ParticipantId(it.connection)
            self.shown[who] = self.gauge.measure(who, [it], ways, self.tracks, self.now)
        return self.gauge.finish([ANA, BEN], lost)

    def ben(self, *it: Received, ana: tuple[Sent, ...] = (), **keywords: Any) -> ParticipantStatistics:
        self.look(connection(ANA, *ana), connection(BEN, *it, **keywords))
        return self.gauge.latest[BEN]

    def subscription(self, it: Received, **keywords: Any) -> SubscriptionStatistics:
        return self.ben(it, **keywords).subscriptions[0]


@pytest.fixture
def room() -> Room:
    return Room()


def test_all_is_well(room: Room) -> None:
    ben = room.ben(received(CAM), received(MIC), ana=(sent(CAM), sent(MIC)), estimate=2_000_000)
    assert ben.quality == Quality(4.4, "excellent")
    assert [it.score for it in ben.subscriptions] == [4.5, 4.4]
    assert (ben.round_trip, ben.estimate) == (0.04, 2_000_000)
    ana = room.gauge.latest[ANA]
    assert [it.score for it in ana.publications] == [4.5, 4.4]


def test_a_publishers_bad_network_spoils_what_is_seen_but_not_the_viewers_own(room: Room) -> None:
    room.gauge.report(BEN, reception(frozen=0.3), room.now)
    ben = room.ben(received(), ana=(sent(packets=300, lost=100, repaired=20),))
    assert ben.quality is not None and ben.quality.word == "excellent"
    assert ben.subscriptions[0].score is not None and ben.subscriptions[0].score < 2
    quality = room.gauge.latest[ANA].quality
    assert quality is not None and quality.word == "poor"
    assert room.gauge.latest[ANA].publications[0].repaired == 20


def test_a_layer_for_want_of_bandwidth_is_a_worse_network_and_one_for_a_small_tile_is_not(room: Room) -> None:
    small = room.ben(received(layer=LOW, best=LOW, reason="size"))
    assert small.quality == Quality(4.4, "excellent") and small.subscriptions[0].score == 4.5
    narrow = room.ben(received(layer=LOW, best=HIGH, reason="bandwidth"))
    assert narrow.quality is not None and narrow.quality.word == "good"
    least = room.ben(received(layer=Layer("q", 160, 90, 30.0), best=HIGH, reason="bandwidth"))
    assert least.quality is not None and least.quality.word == "poor"
    starved = room.ben(received(layer=None, best=HIGH, reason="starved", packets=0))
    assert starved.quality == Quality(1.0, "poor") and starved.subscriptions[0].score == 1.0


def test_what_a_receiver_tells_goes_before_what_was_lost_and_is_forgotten(room: Room) -> None:
    lossy = received(MIC, packets=200, lost=20)
    guessed = room.subscription(lossy)
    room.gauge.report(BEN, reception(MIC, concealed=0.01, frame_rate=0.0), room.now)
    told = room.subscription(lossy)
    assert guessed.score == 3.3 and told.score == 4.3
    assert told.reception is not None and told.reception.concealed == 0.01
    room.now += REPORT_COUNTS_FOR + 1
    assert room.subscription(lossy).reception is None
    room.gauge.report(BEN, reception(MIC), room.now)
    room.gauge.forget(BEN, MIC)
    assert room.subscription(lossy).reception is None


def test_frames_that_a_viewer_lacks_count_but_not_those_of_a_screen(room: Room) -> None:
    for publication in (CAM, SCREEN):
        room.gauge.report(BEN, reception(publication, frame_rate=10.0), room.now)
    camera, screen = room.ben(received(CAM), received(SCREEN)).subscriptions
    assert camera.score is not None and camera.score < 3.6
    assert screen.score == 4.5


@pytest.mark.parametrize("silent", [{"reason": "hidden"}, {"packets": 0}])
def test_what_is_not_shown_has_no_score(room: Room, silent: dict[str, Any]) -> None:
    assert room.subscription(received(**silent)).score is None


def test_what_is_muted_has_no_score(room: Room) -> None:
    room.tracks = tracks(muted=True)
    assert room.subscription(received(), ana=(sent(),)).score is None
    assert room.gauge.latest[ANA].publications[0].score is None


def test_a_word_is_told_when_it_changes(room: Room) -> None:
    good, bad = connection(BEN, received()), connection(BEN, received(packets=300, lost=100))
    assert room.look(good) == {BEN: Quality(4.4, "excellent")}
    assert room.look(good) == {}
    (changed,) = room.look(bad).values()
    assert changed.word == "poor"
    assert room.look(good, lost=(BEN,)) == {BEN: Quality(1.0, "lost")}
    assert room.gauge.qualities == {BEN: Quality(1.0, "lost")}
    assert room.look() == {BEN: None}, "it talks directly now"
    assert room.look() == {} and room.gauge.latest == {}


def test_a_score_that_stays_close_to_a_border_is_told_once(room: Room) -> None:
    told = [room.look(connection(BEN, received(packets=400, lost=lost))) for lost in (40, 60, 46, 60, 46)]
    assert [it[BEN].word for it in told if it] == ["good", "poor"]
    assert room.look(connection(BEN, received(packets=400, lost=30)))[BEN].word == "good"


def test_who_comes_back_between_two_looks_is_told_of_again(room: Room) -> None:
    good = connection(BEN, received())
    room.look(good)
    room.gauge.left(BEN)
    assert room.look(good) == {BEN: Quality(4.4, "excellent")}


def test_what_is_received_is_told_when_it_changes(room: Room) -> None:
    room.look(connection(BEN, received()))
    assert room.shown[BEN] == (Shows(CAM, "best", 640, 360, 4.5),)
    room.look(connection(BEN, received(lost=1)))
    assert room.shown[BEN] == (), "a little worse is no news"
    room.look(connection(BEN, received(layer=LOW, reason="bandwidth")))
    (shows,) = room.shown[BEN]
    assert (shows.reason, shows.width, shows.height) == ("bandwidth", 320, 180)
    room.look(connection(BEN))
    room.look(connection(BEN, received(layer=LOW, reason="bandwidth")))
    assert len(room.shown[BEN]) == 1, "nothing is remembered of what was gone"


def test_a_publication_that_is_gone_is_passed_over(room: Room) -> None:
    room.tracks = {}
    ben = room.ben(received(), ana=(sent(),))
    assert ben.subscriptions == ()
    assert room.gauge.latest[ANA].publications == ()
