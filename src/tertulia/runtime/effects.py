"""What follows from a room's events: sessions are told, and media does what the room has decided."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tertulia.core import events
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Kind as CoreKind
from tertulia.core.model import Preference as CorePreference
from tertulia.core.model import Publication, Right, RoomSettings, Source
from tertulia.core.room import Room
from tertulia.errors import Code, ProtocolError
from tertulia.media.port import (
    Bound,
    Chunk,
    ChunkCame,
    ConnectionId,
    ConnectionStatistics,
    KeyFrameWanted,
    Kind,
    Media,
    NeedSections,
    Preference,
    PublicationKey,
    Sound,
    Wanted,
)
from tertulia.runtime.gauge import Gauge, Quality, Ways
from tertulia.runtime.importance import importance
from tertulia.runtime.seat import (
    Accept,
    Call,
    Entered,
    HangUp,
    Heard,
    MediaLost,
    MediaRequest,
    Notice,
    Offer,
    OpenChunked,
    Rated,
    Receives,
    Report,
    Seat,
    Shown,
)

Wish = tuple[ParticipantId, PublicationId]
ToOne = Bound | NeedSections | Wanted | ChunkCame | KeyFrameWanted
"""What media tells of one participant's connection."""
Branch = tuple[ParticipantId, ParticipantId]
"""A participant's connection besides his own, and the person whose tracks alone come on it."""

_USUAL: Final = CorePreference()
"""Of all subscriptions of which nothing else was said."""


class Effects:
    """One room's sessions and its part of the media engine. Called by the room's actor only."""

    def __init__(
        self, room: Room, settings: RoomSettings, media: Media, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._room = room
        self._name = settings.name
        self._sound = Sound(settings.sound.fec, settings.sound.dtx, settings.sound.red)
        self._media = media
        self._clock = clock
        self._gauge = Gauge()
        self._seats: dict[ParticipantId, Seat] = {}
        self._branches: set[Branch] = set()
        self._arriving: Seat | None = None
        self._publications: dict[PublicationId, Publication] = {}
        self._wishes: dict[Wish, CorePreference] = {}
        self._forwarded: set[Wish] = set()
        self._levels: tuple[tuple[PublicationKey, int], ...] = ()
        self._speaker: ParticipantId | None = None
        """Who was the loudest last; he stays it through silence."""
        self._spotlight: ParticipantId | None = None
        self._table: dict[type, Callable[..., None]] = {
            events.Admitted: self._admitted,
            events.Waiting: self._waiting,
            events.ParticipantListed: self._participant_listed,
            events.Denied: self._over,
            events.SessionEnded: self._over,
            events.PublicationAdded: self._publication_added,
            events.PublicationRemoved: self._publication_removed,
            events.PublicationUpdated: self._publication_updated,
            events.PublicationForbidden: self._publication_forbidden,
            events.SubscriptionAdded: self._subscription_added,
            events.SubscriptionRemoved: self._subscription_removed,
            events.SubscriptionChanged: self._subscription_changed,
            events.TopologyChanged: self._topology_changed,
            events.RoomUpdated: self._room_updated,
            events.RightsChanged: self._rights_changed,
            events.ChatAccepted: lambda _: None,  # the actor has it kept
        }

    def carry_out(self, happened: list[events.Event], arriving: Seat | None) -> None:
        """`arriving`: the session of the `Join` that led to these events."""
        self._arriving = arriving
        for event in happened:
            handler = self._table.get(type(event))
            if handler is None:
                self._show(event)
            else:
                handler(event)
        self._arriving = None

    def seat(self, participant: ParticipantId) -> Seat | None:
        return self._seats.get(participant)

    @property
    def seats(self) -> dict[ParticipantId, Seat]:
        return self._seats

    @property
    def publications(self) -> dict[PublicationId, Publication]:
        return self._publications

    def take_back(self, seats: Mapping[ParticipantId, Seat]) -> None:
        """The room was restored: media learns what it has to do, and these sessions that theirs is gone."""
        self._seats.update(seats)
        for who in self._room.participants:
            self._introduce(who.id, tuple(who.rights))
        self._spotlight = self._room.state.spotlight
        for publication in self._room.publications:
            self._publications[publication.id] = publication
            self._favour(publication)
            if publication.forbidden:
                self._media.forbid(PublicationKey(publication.id), True)
        for subscription in self._room.subscriptions:
            wish = (subscription.subscriber, subscription.publication)
            self._wishes[wish] = subscription.preference
            self._forward(wish)
        for seat in seats:
            self.media_told(seat, MediaLost("server_restarted"))

    # --- media ------------------------------------------------------------------------------------------------------------------------

    def negotiate(self, request: MediaRequest) -> str:
        """SDP for the client, where there is any: the answer to its offer, or our offer."""
        seat = self._seats.get(request.participant)
        if seat is None:
            raise ProtocolError(Code.NO_SUCH_PARTICIPANT, "you are not in the room")
        if isinstance(request, Report):
            self._reported(request)
            return ""
        if isinstance(request, HangUp):
            self._hang_up((request.participant, request.only))
            return ""
        if isinstance(request, OpenChunked):
            self._media.open_chunked(seat.connection, self._name, request.codecs)
            return ""
        connection = seat.connection if request.only is None else branch(seat.connection, request.only)
        answer = self._negotiate(request, connection)
        if request.only is not None:
            self._branches.add((request.participant, request.only))
        return answer

    def _negotiate(self, request: Offer | Call | Accept, connection: ConnectionId) -> str:
        if isinstance(request, Call):
            return self._media.offer(
                connection, self._name, audio=request.audio, video=request.video, sound=self._sound
            )
        for publication in request.publications.values():
            known = self._publications.get(publication)
            if known is None or known.owner != request.participant:
                raise ProtocolError(Code.NO_SUCH_PUBLICATION, f"{publication} is not a publication of yours")
        keys = {mid: PublicationKey(publication) for mid, publication in request.publications.items()}
        kinds: dict[PublicationKey, Kind] = {
            PublicationKey(id): self._publications[id].kind.value for id in request.publications.values()
        }
        if isinstance(request, Accept):
            self._media.accept(connection, request.sdp, keys, kinds)
            return ""
        return self._media.answer(connection, self._name, request.serial, request.sdp, keys, kinds, sound=self._sound)

    def chunk(self, participant: ParticipantId, publication: PublicationId, chunk: Chunk) -> None:
        """What somebody sends next of a publication of his. It does not wait for the room's turn, for it changes nothing in the room.

        Raises ProtocolError: no_such_publication, and what `Media.chunk` raises."""
        seat, known = self._seats.get(participant), self._publications.get(publication)
        if seat is None or known is None or known.owner != participant:
            raise ProtocolError(Code.NO_SUCH_PUBLICATION, f"{publication} is not a publication of yours")
        self._media.chunk(seat.connection, PublicationKey(publication), known.kind.value, chunk)

    def refresh(self, participant: ParticipantId, publication: PublicationId) -> None:
        """Somebody who receives chunks of it has lost some, and can go on at a key frame only."""
        seat = self._seats.get(participant)
        if seat is not None:
            self._media.refresh(seat.connection, PublicationKey(publication))

    def _hang_up(self, ended: Branch) -> None:
        participant, only = ended
        if ended not in self._branches:
            return
        # What was forwarded there is not forwarded on the participant's own connection instead.
        for wish in [wish for wish in self._forwarded if wish[0] == participant and self._owner(wish[1]) == only]:
            self._forwarded.discard(wish)
        self._branches.discard(ended)
        self._media.close(branch(self._seats[participant].connection, only))

    def _owner(self, publication: PublicationId) -> ParticipantId | None:
        known = self._publications.get(publication)
        return None if known is None else known.owner

    def media_told(self, participant: ParticipantId, event: ToOne | MediaLost) -> None:
        """Something for one participant's client about its connection to the SFU."""
        seat = self._seats.get(participant)
        if seat is not None:
            seat.deliver(Notice(event))

    def heard(self, levels: tuple[tuple[PublicationKey, int], ...]) -> None:
        """Who speaks, to everybody. A publication that is gone or muted speaks no more."""
        self._levels = levels
        known = [(self._publications.get(PublicationId(key)), level) for key, level in levels]
        speakers = tuple((p.owner, p.id, level) for p, level in known if p is not None and not p.muted)
        self.show_to(tuple(self._seats), Heard(speakers))
        # The loudest last, so that he comes before the others.
        for owner in dict.fromkeys(owner for owner, _, _ in reversed(speakers)):
            for track in [it for it in self._publications.values() if it.owner == owner]:
                self._media.spoke(PublicationKey(track.id))
        voices = [p.owner for p, _ in known if p is not None and not p.muted and p.source is Source.MICROPHONE]
        if voices and voices[0] != self._speaker:
            before, self._speaker = self._speaker, voices[0]
            self._prefer_cameras_of((before, self._speaker))

    @property
    def gauge(self) -> Gauge:
        return self._gauge

    def measure(self, participant: ParticipantId, connections: Sequence[ConnectionStatistics], ways: Ways) -> None:
        """How somebody's connections did. Once everybody was measured: `measured`."""
        seat = self._seats.get(participant)
        if seat is None:
            return
        shows = self._gauge.measure(participant, connections, ways, self._publications, self._clock())
        if shows:
            seat.deliver(Notice(Receives(shows)))

    def measured(self) -> dict[ParticipantId, Quality | None]:
        """Tells everybody whose connection has become better or worse, and gives it."""
        people = self._room.participants
        changed = self._gauge.finish([who.id for who in people], [who.id for who in people if not who.connected])
        # A thousand who are only counted are not told of each other.
        seen = self._shown_to_all(changed)
        if seen:
            self.show_to(tuple(self._seats), _rated(seen))
        for who in changed.keys() - seen.keys():
            self.show_to((who,), _rated({who: changed[who]}))
        return changed

    def _shown_to_all(self, qualities: Mapping[ParticipantId, Quality | None]) -> dict[ParticipantId, Quality | None]:
        """Those of people who are more than counted."""
        if not qualities:
            return {}
        return {who.id: qualities[who.id] for who in self._room.participants if who.listed and who.id in qualities}

    def _reported(self, report: Report) -> None:
        for reception in report.received:
            if (report.participant, reception.publication) in self._wishes:
                self._gauge.report(report.participant, reception, self._clock())

    def _prefer_cameras_of(self, owners: tuple[ParticipantId | None, ...]) -> None:
        """They have become more important, or less."""
        for camera in [it for it in self._publications.values() if it.source is Source.CAMERA and it.owner in owners]:
            for subscriber in self._seats:
                self._prefer((subscriber, camera.id))

    # --- sessions ---------------------------------------------------------------------------------------------------------------------

    def _admitted(self, event: events.Admitted) -> None:
        if self._arriving is not None and event.participant not in self._seats:
            self._seats[event.participant] = self._arriving
        seat = self._seats.get(event.participant)
        if seat is not None:
            snapshot = self._room.snapshot(event.participant)
            self._introduce(event.participant, snapshot.rights)
            seat.deliver(Notice(Entered(snapshot)))
            known = self._shown_to_all(self._gauge.qualities)
            if known:
                seat.deliver(Notice(_rated(known)))

    def _introduce(self, participant: ParticipantId, rights: tuple[Right, ...]) -> None:
        seat = self._seats.get(participant)
        if seat is not None:
            self._media.member(seat.connection, participant, Right.DATA in rights)

    def _rights_changed(self, event: events.RightsChanged) -> None:
        self._introduce(event.participant, event.rights)
        self._show(event)

    def _participant_listed(self, event: events.ParticipantListed) -> None:
        self._show(event)
        known = self._gauge.qualities.get(event.participant.id)
        if known is not None and event.participant.listed:
            self.show_to(event.to, _rated({event.participant.id: known}))

    def _waiting(self, event: events.Waiting) -> None:
        if self._arriving is not None:
            self._seats[event.participant] = self._arriving
            self._arriving.deliver(Notice(event))

    def _over(self, event: events.Denied | events.SessionEnded) -> None:
        seat = self._seats.pop(event.participant, None)
        self._gauge.left(event.participant)
        if seat is not None:
            self._media.close(seat.connection)
            for ended in [ended for ended in self._branches if ended[0] == event.participant]:
                self._branches.discard(ended)
                self._media.close(branch(seat.connection, ended[1]))
            for publication in self._publications:
                self._forwarded.discard((event.participant, publication))
            seat.deliver(Notice(event))

    # --- tracks -----------------------------------------------------------------------------------------------------------------------

    def _publication_added(self, event: events.PublicationAdded) -> None:
        self._publications[event.publication.id] = event.publication
        self._favour(event.publication)
        self._show(event)

    def _favour(self, publication: Publication) -> None:
        """The sound of a screen, and whom a moderator wants everybody to see, are heard however many speak."""
        favoured = publication.source is Source.SCREEN_AUDIO or publication.owner == self._spotlight
        if publication.kind is CoreKind.AUDIO:
            self._media.favour(PublicationKey(publication.id), favoured)

    def _room_updated(self, event: events.RoomUpdated) -> None:
        before, self._spotlight = self._spotlight, event.room.spotlight
        for publication in self._publications.values():
            if before != self._spotlight and publication.owner in (before, self._spotlight):
                self._favour(publication)
        self._show(event)

    def _publication_removed(self, event: events.PublicationRemoved) -> None:
        if self._publications.pop(event.publication, None) is not None:
            self._media.withdraw(PublicationKey(event.publication))
        self._show(event)

    def _publication_updated(self, event: events.PublicationUpdated) -> None:
        before = self._publications.get(event.publication.id)
        self._publications[event.publication.id] = event.publication
        self._show(event)
        changed = before is not None and before.muted != event.publication.muted
        # The engine hears somebody before the room knows that he is no longer muted, and says so only once.
        if changed and any(key == PublicationKey(event.publication.id) for key, _ in self._levels):
            self.heard(self._levels)

    def _publication_forbidden(self, event: events.PublicationForbidden) -> None:
        self._media.forbid(PublicationKey(event.publication), event.forbidden)

    def _subscription_added(self, event: events.SubscriptionAdded) -> None:
        wish = (event.subscriber, event.publication)
        self._wishes[wish] = _USUAL
        self._forward(wish)

    def _subscription_removed(self, event: events.SubscriptionRemoved) -> None:
        wish = (event.subscriber, event.publication)
        self._wishes.pop(wish, None)
        self._gauge.forget(*wish)
        self._stop_forwarding(wish)

    def _subscription_changed(self, event: events.SubscriptionChanged) -> None:
        wish = (event.subscriber, event.publication)
        self._wishes[wish] = event.preference
        self._prefer(wish)

    def _topology_changed(self, event: events.TopologyChanged) -> None:
        for wish in self._wishes:
            self._forward(wish)
        self._show(event)

    def _forward(self, wish: Wish) -> None:
        """Makes media do for this subscription what the room says now."""
        subscriber, publication = wish
        wanted = self._room.forwards(subscriber, publication)
        if not wanted:
            self._stop_forwarding(wish)
            return
        connection = self._connection(wish)
        known = self._publications.get(publication)
        if wish in self._forwarded or connection is None or known is None:
            return
        self._forwarded.add(wish)
        self._media.subscribe(connection, PublicationKey(publication), known.kind.value)
        if self._preference(wish) != Preference():
            self._prefer(wish)

    def _prefer(self, wish: Wish) -> None:
        connection = self._connection(wish)
        if wish in self._forwarded and connection is not None:
            self._media.prefer(connection, PublicationKey(wish[1]), self._preference(wish))

    def _preference(self, wish: Wish) -> Preference:
        it = self._wishes[wish]
        publication = self._publications[wish[1]]
        priority = importance(publication, it, self._speaker)
        detail = publication.source is Source.SCREEN
        return Preference(it.visible, it.width, it.height, it.layer.value, priority, detail)

    def _stop_forwarding(self, wish: Wish) -> None:
        if wish not in self._forwarded:
            return
        self._forwarded.discard(wish)
        connection = self._connection(wish)
        if connection is not None:
            self._media.unsubscribe(connection, PublicationKey(wish[1]))

    def _connection(self, wish: Wish) -> ConnectionId | None:
        """By which connection a publication goes to its subscriber."""
        subscriber, publication = wish
        seat = self._seats.get(subscriber)
        if seat is None:
            return None
        owner = self._owner(publication)
        if owner is not None and (subscriber, owner) in self._branches:
            return branch(seat.connection, owner)
        return seat.connection

    # --- telling ----------------------------------------------------------------------------------------------------------------------

    def _show(self, event: events.Event) -> None:
        to: tuple[ParticipantId, ...] = getattr(event, "to", ())
        self.show_to(to, event)

    def show_to(self, to: tuple[ParticipantId, ...], event: Shown) -> None:
        """Those of them who are here."""
        notice = Notice(event)
        for participant in to:
            seat = self._seats.get(participant)
            if seat is not None:
                seat.deliver(notice)


def _rated(qualities: Mapping[ParticipantId, Quality | None]) -> Rated:
    return Rated(tuple((who, None, None) if it is None else (who, it.word, it.score) for who, it in qualities.items()))


def branch(connection: ConnectionId, only: ParticipantId) -> ConnectionId:
    """A connection besides a seat's own, whose id has no slash."""
    return ConnectionId(f"{connection}/{only}")
