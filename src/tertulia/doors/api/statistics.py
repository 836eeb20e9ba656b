"""What was measured, in the words of the API."""

from tertulia.doors.api import types
from tertulia.media.port import EncodingStatistics
from tertulia.runtime.gauge import ParticipantStatistics, PublicationStatistics, Quality, SubscriptionStatistics
from tertulia.runtime.seat import Reception
from tertulia.runtime.views import Room


def statistics(room: Room) -> types.Statistics:
    return types.Statistics([_participant(it) for it in room.statistics])


def _quality(it: Quality | None) -> types.Quality | None:
    return None if it is None else types.Quality(it.word, it.score)


def _participant(it: ParticipantStatistics) -> types.ParticipantStatistics:
    return types.ParticipantStatistics(
        participant=it.participant,
        quality=_quality(it.quality),
        round_trip_time=it.round_trip,
        available_bitrate=it.estimate,
        publications=[_publication(one) for one in it.publications],
        subscriptions=[_subscription(one) for one in it.subscriptions],
    )


def _publication(it: PublicationStatistics) -> types.PublicationStatistics:
    return types.PublicationStatistics(
        publication=it.publication,
        score=it.score,
        bitrate=round(it.bitrate),
        packets_received=it.packets,
        packets_lost=it.lost,
        packets_repaired=it.repaired,
        jitter=it.jitter,
        encodings=[_encoding(one) for one in it.encodings],
    )


def _encoding(it: EncodingStatistics) -> types.EncodingStatistics:
    return types.EncodingStatistics(
        rid=it.layer.rid,
        bitrate=round(it.bitrate),
        packets_received=it.packets,
        packets_lost=it.lost,
        packets_repaired=it.repaired,
        jitter=it.jitter,
        frame_width=it.layer.width,
        frame_height=it.layer.height,
        frames_per_second=it.layer.frame_rate,
    )


def _subscription(it: SubscriptionStatistics) -> types.SubscriptionStatistics:
    layer = it.layer
    return types.SubscriptionStatistics(
        publication=it.publication,
        score=it.score,
        reason=it.reason,
        rid=None if layer is None else layer.rid,
        frame_width=0 if layer is None else layer.width,
        frame_height=0 if layer is None else layer.height,
        bitrate=round(it.bitrate),
        packets_sent=it.packets,
        packets_lost=it.lost,
        packets_resent=it.resent,
        jitter=it.jitter,
        reception=None if it.reception is None else _reception(it.reception),
    )


def _reception(it: Reception) -> types.Reception:
    return types.Reception(it.freezes, it.frozen, it.concealed, it.frame_rate, it.width, it.height)
