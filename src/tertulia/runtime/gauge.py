"""How the connections of one room do: what was measured, what receivers told, and the scores that follow.

Pure but for what it remembers: the numbers and the time go in, and whatever has changed comes out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Kind, Publication, Source
from tertulia.media import score
from tertulia.media.port import ConnectionStatistics, EncodingStatistics, Layer, Reason, Received, Sent
from tertulia.media.score import Word
from tertulia.runtime.seat import Reception, Shows

REPORT_COUNTS_FOR: Final = 15.0
"""Seconds. A page in the background reports seldom."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good somebody's own way to the server and back is."""

    score: float
    """1 (bad) to 5 (excellent); nothing is above 4.5."""
    word: Word
    """excellent, good, poor, lost."""


@dataclass(frozen=True, slots=True)
class PublicationStatistics:
    """A publication as the server gets it; counts are of the last few seconds."""

    publication: PublicationId
    score: float | None
    """None: nothing came, or it is muted."""
    bitrate: float
    """Bits of payload a second."""
    packets: int
    lost: int
    """Packets that did not come, or came only resent."""
    repaired: int
    """Packets that came only resent."""
    jitter: float
    """In seconds."""
    encodings: tuple[EncodingStatistics, ...]
    """The lowest first."""


@dataclass(frozen=True, slots=True)
class SubscriptionStatistics:
    """A publication as somebody gets it from the server; counts are of the last few seconds."""

    publication: PublicationId
    score: float | None
    """None: nothing is shown or heard of it, or nothing came."""
    reason: Reason | None
    """Why it is no better layer."""
    layer: Layer | None
    bitrate: float
    packets: int
    lost: int
    """Packets that did not come first hand, as the receiver says."""
    resent: int
    jitter: float
    reception: Reception | None
    """What the receiver told of it; None: it tells nothing."""


@dataclass(frozen=True, slots=True)
class ParticipantStatistics:
    """Somebody's media by way of the server, in the last few seconds."""

    participant: ParticipantId
    quality: Quality | None
    """None: nothing went or came."""
    round_trip: float | None
    """Seconds; None: not known."""
    estimate: int | None
    """Bits a second that the way to the client is held to carry; None: it receives no pictures."""
    publications: tuple[PublicationStatistics, ...]
    subscriptions: tuple[SubscriptionStatistics, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """How a publication comes to the server."""

    sent: Sent
    round_trip: float
    """Of its publisher, in seconds; 0: not known."""

    @property
    def loss(self) -> float:
        """The share that never came, resent or not."""
        lost = sum(max(0, it.lost - it.repaired) for it in self.sent.encodings)
        return _share(lost, sum(it.packets for it in self.sent.encodings))


Ways = Mapping[str, Way]
"""By publication."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a receiver was told that he gets of a publication."""

    reason: Reason | None
    size: tuple[int, int]
    word: Word | None


def ways_of(connections: Iterable[ConnectionStatistics]) -> Ways:
    return {sent.publication: Way(sent, it.round_trip or 0.0) for it in connections for sent in it.sent}


class Gauge:
    """Of one room. Left to the caller: to `measure` everybody and then to `finish`; to `forget` what is not received any more."""

    def __init__(self) -> None:
        self._reports: dict[tuple[ParticipantId, PublicationId], tuple[float, Reception]] = {}
        self._latest: dict[ParticipantId, ParticipantStatistics] = {}
        self._next: dict[ParticipantId, ParticipantStatistics] = {}
        self._told: dict[ParticipantId, Quality] = {}
        self._shown: dict[tuple[ParticipantId, PublicationId], _Shown] = {}

    @property
    def latest(self) -> Mapping[ParticipantId, ParticipantStatistics]:
        """Of the last measurement; those of whom nothing is known are not in it."""
        return self._latest

    @property
    def qualities(self) -> Mapping[ParticipantId, Quality]:
        """What was told last."""
        return self._told

    def report(self, who: ParticipantId, reception: Reception, now: float) -> None:
        """What a receiver says of something that it is subscribed to."""
        self._reports[who, reception.publication] = (now, reception)

    def forget(self, who: ParticipantId, publication: PublicationId) -> None:
        """It is not received any more."""
        self._reports.pop((who, publication), None)

    def left(self, who: ParticipantId) -> None:
        """Should he come back before the next measurement, he is somebody of whom nothing was told."""
        self._told.pop(who, None)

    def measure(
        self,
        who: ParticipantId,
        connections: Sequence[ConnectionStatistics],
        ways: Ways,
        publications: Mapping[PublicationId, Publication],
        now: float,
    ) -> tuple[Shows, ...]:
        """`connections`: all of one participant's. Gives what is different of what he receives."""
        round_trips = [it.round_trip for it in connections if it.round_trip is not None]
        estimates = [it.estimate for it in connections if it.estimate is not None]
        round_trip = max(round_trips, default=None)
        sent = [
            _published(it, publications[PublicationId(it.publication)], round_trip or 0.0)
            for connection in connections
            for it in connection.sent
            if PublicationId(it.publication) in publications
        ]
        received = [
            self._subscribed(who, it, publications[PublicationId(it.publication)], ways, round_trip or 0.0, now)
            for connection in connections
            for it in connection.received
            if PublicationId(it.publication) in publications
        ]
        known = [
            it
            for connection in connections
            for it in connection.received
            if PublicationId(it.publication) in publications
        ]
        self._next[who] = ParticipantStatistics(
            who,
            _quality(sent, known, publications, round_trip, self._word(who)),
            round_trip,
            min(estimates, default=None),
            tuple(sent),
            tuple(received),
        )
        news = (self._news(who, it) for it in received)
        return tuple(shows for shows in news if shows is not None)

    def finish(
        self, present: Iterable[ParticipantId], lost: Iterable[ParticipantId]
    ) -> dict[ParticipantId, Quality | None]:
        """Everybody was measured. `present`: who is in the room; `lost`: whose signalling is gone. Gives of whom another word is said
        now; None: nothing is known any more."""
        self._latest, self._next = self._next, {}
        received = {(it.participant, one.publication) for it in self._latest.values() for one in it.subscriptions}
        self._shown = {key: shown for key, shown in self._shown.items() if key in received}
        gone = dict.fromkeys(lost, Quality(score.WORST, "lost"))
        changed: dict[ParticipantId, Quality | None] = {}
        told: dict[ParticipantId, Quality] = {}
        for who in present:
            measured = self._latest.get(who)
            quality = gone.get(who) or (None if measured is None else measured.quality)
            before = self._told.get(who)
            if quality is not None:
                told[who] = quality
            if (quality and quality.word) != (before and before.word):
                changed[who] = quality
        self._told = told
        return changed

    def _word(self, who: ParticipantId) -> Word | None:
        before = self._told.get(who)
        return None if before is None else before.word

    def _subscribed(
        self,
        who: ParticipantId,
        it: Received,
        publication: Publication,
        ways: Ways,
        round_trip: float,
        now: float,
    ) -> SubscriptionStatistics:
        at, reception = self._reports.get((who, publication.id), (now, None))
        if now - at > REPORT_COUNTS_FOR:
            reception = None
        way = ways.get(it.publication)
        return SubscriptionStatistics(
            publication.id,
            _subscription_score(it, publication, way, reception, round_trip),
            it.reason,
            it.layer,
            it.bitrate,
            it.packets,
            it.lost,
            it.resent,
            it.jitter,
            reception,
        )

    def _news(self, who: ParticipantId, it: SubscriptionStatistics) -> Shows | None:
        size = (0, 0) if it.layer is None else (it.layer.width, it.layer.height)
        before = self._shown.get((who, it.publication))
        word = None if it.score is None else score.word(it.score, None if before is None else before.word)
        shown = _Shown(it.reason, size, word)
        if shown == before:
            return None
        self._shown[who, it.publication] = shown
        return Shows(it.publication, it.reason, *size, it.score)


def _published(it: Sent, publication: Publication, round_trip: float) -> PublicationStatistics:
    encodings = it.encodings
    packets, lost = sum(one.packets for one in encodings), sum(one.lost for one in encodings)
    jitter = max((one.jitter for one in encodings if one.packets), default=0.0)
    loss = _share(lost, packets)
    value = None
    if packets and not publication.muted:
        sound = publication.kind is Kind.AUDIO
        value = score.voice(loss=loss, round_trip=round_trip, jitter=jitter) if sound else score.picture(loss=loss)
    return PublicationStatistics(
        publication.id,
        _rounded(value),
        sum(one.bitrate for one in encodings),
        packets,
        lost,
        sum(one.repaired for one in encodings),
        jitter,
        encodings,
    )


def _subscription_score(
    it: Received, publication: Publication, way: Way | None, reception: Reception | None, round_trip: float
) -> float | None:
    """What comes out at the receiver, whoever is to blame."""
    if it.reason == "starved":
        return score.WORST
    if publication.muted or it.reason == "hidden" or it.packets == 0:
        return None
    loss = _share(it.lost, it.packets - it.lost) + (0.0 if way is None else way.loss)
    if publication.kind is Kind.AUDIO:
        whole = round_trip + (0.0 if way is None else way.round_trip)
        made_up = loss if reception is None else reception.concealed
        return _rounded(score.voice(loss=made_up, round_trip=whole, jitter=it.jitter))
    frames = 1.0
    # Of a screen on which nothing moves come as few frames as it pleases.
    if (
        reception is not None
        and it.layer is not None
        and it.layer.frame_rate
        and publication.source is not Source.SCREEN
    ):
        frames = reception.frame_rate / it.layer.frame_rate
    frozen = None if reception is None else reception.frozen
    return _rounded(score.picture(loss=loss, frozen=frozen, pixels=_pixels(it), frames=frames))


def _quality(
    sent: Sequence[PublicationStatistics],
    received: Sequence[Received],
    publications: Mapping[PublicationId, Publication],
    round_trip: float | None,
    before: Word | None,
) -> Quality | None:
    """Of the participant's own way, whatever the others' are: what his network loses, holds up and does not carry."""
    scores = []
    if packets := sum(it.packets for it in sent):
        loss = _share(sum(it.lost for it in sent), packets)
        scores.append(score.voice(loss=loss, round_trip=round_trip or 0.0))
    if packets := sum(it.packets for it in received):
        lost = sum(it.lost for it in received)
        loss = _share(lost, packets - lost)
        scores.append(score.voice(loss=loss, round_trip=round_trip or 0.0))
    pictures = [
        score.WORST if it.reason == "starved" else score.picture(pixels=_pixels(it))
        for it in received
        if it.reason not in (None, "hidden") and publications[PublicationId(it.publication)].kind is Kind.VIDEO
    ]
    if pictures:
        scores.append(sum(pictures) / len(pictures))
    if not scores:
        return None
    worst = _rounded(min(scores))
    assert worst is not None
    return Quality(worst, score.word(worst, before))


def _pixels(it: Received) -> float:
    """The share of those that its tile calls for."""
    wanted = 0 if it.best is None else it.best.width * it.best.height
    has = 0 if it.layer is None else it.layer.width * it.layer.height
    return has / wanted if wanted and has else 1.0


def _share(lost: int, came: int) -> float:
    return lost / (lost + max(0, came)) if lost else 0.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
