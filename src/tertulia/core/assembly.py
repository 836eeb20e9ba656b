"""The people of a room with all that they own, and what follows when one of them comes, changes or goes.

Nothing here asks whether something is allowed: `Room` does, before it calls. So nothing here raises, except for an id that is not known.
"""

from dataclasses import dataclass, replace
from typing import Final

from tertulia.core import events as ev
from tertulia.core.conversation import Conversation
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.image import RoomImage
from tertulia.core.model import Participant, Publication, Right, Role, RoomSettings, RoomState
from tertulia.core.permissions import default_rights, is_listener, ordered, publish_right
from tertulia.core.presence import Presence
from tertulia.core.state import SharedState
from tertulia.core.topology import TopologyMachine
from tertulia.core.tracks import Tracks
from tertulia.errors import Code, ProtocolError

AUDIENCE_EVERY: Final = 2.0
"""Seconds between two times that everybody is told how large the audience is: otherwise a thousand who come would be a million messages."""
RETURN_WITHIN: Final = 10.0
"""Seconds after a restart of the server in which people come back without anybody hearing that they were away."""


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody waits at the door, with no place and nothing of his own inside."""

    participant: Participant
    until: float


class Assembly:
    """Who is in a room and who waits, their tracks, and the road between them."""

    def __init__(self, settings: RoomSettings, now: float) -> None:
        self.settings = settings
        self.locked = settings.locked
        self.waiting_room = settings.waiting_room
        self.people: dict[ParticipantId, Participant] = {}
        """Eldest first."""
        self.knocks: dict[ParticipantId, Knock] = {}
        """In the order of their coming."""
        self.grace: dict[ParticipantId, float] = {}
        """Until when those without signalling keep their places."""
        self.returning: dict[ParticipantId, float] = {}
        """Until when those whom a restart has cut off are shown as connected all the same; `grace` has them, too."""
        self.tracks = Tracks()
        self.topology = TopologyMachine(settings)
        self.sfu_holders: dict[str, None] = {}
        self.hands_raised = 0
        """How often; it numbers the hands."""
        self.spotlight: ParticipantId | None = None
        self.audience = 0
        """How many are not listed."""
        self._listed_viewers = 0
        self._moderators: dict[ParticipantId, None] = {}
        self.audience_due: float | None = None
        """When everybody is told how large it is now."""
        self.chat = Conversation(self)
        self.presence = Presence()
        self.state_of_all = SharedState()
        self.begin(now)
        self.reroute()

    def begin(self, now: float) -> None:
        """A command begins."""
        self.now = now
        self.events: list[ev.Event] = []
        # Is shown a snapshot after the command, so none of the command's events.
        self._newcomer: ParticipantId | None = None

    def emit(self, event: ev.Event) -> None:
        self.events.append(event)

    # --- over a restart ---

    def image(self) -> RoomImage:
        return RoomImage(
            locked=self.locked,
            waiting_room=self.waiting_room,
            people=tuple(self.people.values()),
            grace=tuple((who, until - self.now) for who, until in self.grace.items() if who not in self.returning),
            publications=self.tracks.all(),
            subscriptions=self.tracks.subscriptions(),
            hands_raised=self.hands_raised,
            spotlight=self.spotlight,
            road=self.topology.image(self.now),
            chat=self.chat.image(),
            presence=self.presence.image(),
            shared=self.state_of_all.export(),
        )

    def restore(self, image: RoomImage, away: float) -> None:
        """Goes on where the image ends, `away` seconds later. Raises KeyError for one that does not fit together."""
        self.locked, self.waiting_room = image.locked, image.waiting_room
        left = dict(image.grace)
        for who in image.people:
            self.people[who.id] = replace(who, media=False)
            self._count(who, 1)
            if who.connected:
                # It was the server's doing: however long that took, there is time to come back.
                may = max(self.settings.grace - away, min(self.settings.grace, RETURN_WITHIN))
                self.grace[who.id] = self.now + may
                self.returning[who.id] = self.now + min(may, RETURN_WITHIN)
            else:
                self.grace[who.id] = self.now + left[who.id] - away
        self.tracks.restore(image.publications, image.subscriptions)
        self.hands_raised = image.hands_raised
        self.spotlight = image.spotlight
        self.chat.restore(image.chat)
        self.presence.restore(image.presence, self.now)
        self.state_of_all.restore(image.shared)
        self.topology.restore(image.road, tuple(self.people.values()), self._sfu_required(), self.now)

    def returned(self, who: ParticipantId) -> None:
        """Nobody was told that this one was away."""
        del self.returning[who], self.grace[who]

    def not_returned(self, who: ParticipantId) -> None:
        """From now on the others see that this one is away."""
        del self.returning[who]
        changed = replace(self.people[who], connected=False)
        self.people[who] = changed
        self.emit(ev.ParticipantUpdated(self.who_sees(changed), changed))

    @property
    def state(self) -> RoomState:
        return RoomState(
            self.settings.name,
            self.locked,
            self.waiting_room,
            self.settings.max_participants,
            self.spotlight,
            self.audience,
        )

    @property
    def empty(self) -> bool:
        return not self.people and not self.knocks

    @property
    def waiting(self) -> tuple[Participant, ...]:
        return tuple(knock.participant for knock in self.knocks.values())

    def participant(self, participant: ParticipantId) -> Participant:
        """Raises no_such_participant."""
        found = self.people.get(participant)
        if found is None:
            raise ProtocolError(Code.NO_SUCH_PARTICIPANT, "there is nobody with this identity")
        return found

    def knocking(self, participant: ParticipantId) -> Participant:
        """Raises no_such_participant."""
        found = self.knocks.get(participant)
        if found is None:
            raise ProtocolError(Code.NO_SUCH_PARTICIPANT, "nobody with this identity waits")
        return found.participant

    def everyone(self, but: ParticipantId | None = None) -> ev.To:
        return tuple(who for who in self.people if who not in (but, self._newcomer))

    def who_sees(self, who: Participant, *, himself: bool = False) -> ev.To:
        """To whom is told what becomes of this person."""
        but = None if himself else who.id
        if who.listed:
            return self.everyone(but)
        return tuple(it for it in {**self._moderators, who.id: None} if it not in (but, self._newcomer))

    # --- waiting ---

    def knock(self, newcomer: Participant) -> None:
        self.knocks[newcomer.id] = Knock(newcomer, self.now + self.settings.waiting_timeout)
        self.emit(ev.Waiting(newcomer.id))
        self.emit(ev.KnockStarted(self._admitters(), newcomer))

    def end_knock(self, who: ParticipantId) -> None:
        del self.knocks[who]
        self.emit(ev.KnockEnded(self._admitters(), who))

    def turn_away(self, who: ParticipantId, message: str) -> None:
        self.emit(ev.Denied(who, message))
        self.end_knock(who)

    def _admitters(self) -> ev.To:
        return tuple(who.id for who in self.people.values() if who.may(Right.ADMIT))

    # --- coming and going ---

    def enter(self, newcomer: Participant) -> None:
        if is_listener(newcomer.rights):
            newcomer = replace(newcomer, listed=self._listed_viewers < self.settings.max_listed_viewers)
        self.emit(ev.Admitted(newcomer.id))
        self.emit(ev.ParticipantJoined(self.who_sees(newcomer), newcomer))
        self._count(newcomer, 1)
        self.people[newcomer.id] = newcomer
        self._newcomer = newcomer.id
        self._subscribe_to_all(newcomer)

    def end_session(self, who: ParticipantId, code: Code, message: str, reason: str) -> None:
        """Somebody goes who is in or waits; nobody of that name: nothing happens."""
        if who in self.knocks:
            self.emit(ev.SessionEnded(who, code, message))
            self.end_knock(who)
        elif who in self.people:
            gone = self.people.pop(who)
            self._count(gone, -1)
            self.grace.pop(who, None)
            self.chat.forget(who)
            self.presence.forget(who)
            self.returning.pop(who, None)
            self.emit(ev.SessionEnded(who, code, message))
            self._drop_tracks(who)
            if self.spotlight == who:
                self.show_large(None)
            self.emit(ev.ParticipantLeft(self.who_sees(gone), who, reason))
            self._keep_a_moderator()
            self.reroute()

    def connection_lost(self, who: ParticipantId) -> None:
        self.end_session(who, Code.HEARTBEAT_LOST, "your connection was lost for too long", "connection_lost")

    def end_all(self, code: Code, reason: str) -> None:
        """All go at once, so nobody is told of the others' going."""
        people, knocks = list(self.people), list(self.knocks)
        self.people, self.knocks, self.grace, self.returning = {}, {}, {}, {}
        self.audience = self._listed_viewers = 0
        self.audience_due = None
        self._moderators = {}
        self.spotlight = None
        self.presence = Presence()
        for who in people + knocks:
            self.emit(ev.SessionEnded(who, code, f"the room was ended: {reason}"))
        for who in people:
            self._drop_tracks(who)
            self.emit(ev.ParticipantLeft((), who, reason))

    def set_connected(self, who: Participant, connected: bool) -> None:
        changed = replace(who, connected=connected)
        self.people[who.id] = changed
        if connected:
            del self.grace[who.id]
        else:
            self.grace[who.id] = self.now + self.settings.grace
        self.emit(ev.ParticipantUpdated(self.who_sees(who), changed))

    def set_hand(self, who: Participant, raised: bool) -> None:
        if raised:
            self.hands_raised += 1
        changed = replace(who, hand=self.hands_raised if raised else 0)
        self.people[who.id] = changed
        self.emit(ev.ParticipantUpdated(self.who_sees(who, himself=True), changed))

    def show_large(self, who: ParticipantId | None) -> None:
        self.spotlight = who
        self.emit(ev.RoomUpdated(self.everyone(), self.state))

    def show_presence(self, who: ParticipantId) -> None:
        self.emit(ev.PresenceChanged(self.who_sees(self.people[who]), who, self.presence.states.get(who)))

    # --- roles ---

    def give_role(self, who: Participant, role: Role) -> None:
        """The role with the rights that it gives, and all that follows from gaining and losing them."""
        rights = default_rights(role)
        # Who is known to everybody stays so: nobody is forgotten who stays.
        changed = replace(who, role=role, rights=rights, listed=who.listed or not is_listener(rights))
        if changed == who:
            return
        self._count(who, -1)
        self._count(changed, 1)
        self.people[who.id] = changed
        self.emit(ev.RightsChanged((who.id,), who.id, role, ordered(changed.rights)))
        if role is not who.role:
            self.emit(ev.ParticipantUpdated(self.who_sees(who), changed))
        self._list(who, changed)
        for publication in self.tracks.of(who.id):
            if not changed.may(publish_right(publication.source)):
                self.withdraw(publication, self.everyone())
        if not changed.may(Right.DATA) and who.id in self.presence.states:
            self.presence.forget(who.id)
            self.show_presence(who.id)
        if not changed.may(Right.SUBSCRIBE):
            self._drop_subscriptions(who.id)
        elif not who.may(Right.SUBSCRIBE):
            self._subscribe_to_all(changed)
        if changed.may(Right.ADMIT) != who.may(Right.ADMIT):
            for waiting in self.waiting:
                if changed.may(Right.ADMIT):
                    self.emit(ev.KnockStarted((who.id,), waiting))
                else:
                    self.emit(ev.KnockEnded((who.id,), waiting.id))

    def _list(self, before: Participant, after: Participant) -> None:
        """Who is shown to whom after somebody's role has changed."""
        if after.listed and not before.listed:
            knew = self.who_sees(before, himself=True)
            self._show_person(tuple(it for it in self.everyone() if it not in knew), after)
        if before.may(Right.MODERATE) != after.may(Right.MODERATE):
            for other in self.people.values():
                if other.listed or other.id == after.id:
                    continue
                if after.may(Right.MODERATE):
                    self._show_person((after.id,), other)
                else:
                    self.emit(ev.ParticipantUnlisted((after.id,), other.id))

    def _show_person(self, to: ev.To, who: Participant) -> None:
        """To those to whom he was one of the audience before."""
        self.emit(ev.ParticipantListed(to, who))
        if (state := self.presence.states.get(who.id)) is not None:
            self.emit(ev.PresenceChanged(to, who.id, state))

    def _count(self, who: Participant, step: int) -> None:
        """He is here from now on, as he is now (1), or no longer (-1)."""
        if who.may(Right.MODERATE):
            if step > 0:
                self._moderators[who.id] = None
            else:
                del self._moderators[who.id]
        if not who.listed:
            self.audience += step
            if self.audience_due is None:
                self.audience_due = self.now + AUDIENCE_EVERY
        elif is_listener(who.rights):
            self._listed_viewers += step

    def with_eldest_right(self, newcomer: Participant) -> Participant:
        """In an open room the first one in moderates. A namesake who is about to be replaced does not count."""
        others = (other for other in self.people.values() if other.id != newcomer.id)
        if (
            not self.settings.eldest_moderates
            or not newcomer.can_moderate
            or any(other.role is Role.MODERATOR or other.can_moderate for other in others)
        ):
            return newcomer
        return replace(newcomer, role=Role.MODERATOR, rights=default_rights(Role.MODERATOR))

    def moderated_without(self, who: ParticipantId) -> bool:
        return any(other.role is Role.MODERATOR for other in self.people.values() if other.id != who)

    def _keep_a_moderator(self) -> None:
        if not self.settings.eldest_moderates or any(who.role is Role.MODERATOR for who in self.people.values()):
            return
        candidates = [who for who in self.people.values() if who.can_moderate]
        if candidates:
            # Somebody whose connection is lost can moderate nothing; the sort is stable, so the eldest comes first.
            self.give_role(min(candidates, key=lambda who: not who.connected), Role.MODERATOR)

    # --- tracks ---

    def publish(self, publication: Publication) -> None:
        self.tracks.put(publication)
        self.emit(ev.PublicationAdded(self.everyone(but=publication.owner), publication))
        for other in self.people.values():
            if other.auto_subscribe and other.may(Right.SUBSCRIBE) and other.id != publication.owner:
                self.subscribe(other.id, publication.id)

    def withdraw(self, publication: Publication, to: ev.To) -> None:
        for subscriber in self.tracks.remove(publication.id):
            self.emit(ev.SubscriptionRemoved(subscriber, publication.id))
        self.emit(ev.PublicationRemoved(to, publication.id, publication.owner))

    def subscribe(self, who: ParticipantId, publication: PublicationId) -> None:
        if self.tracks.subscribe(who, publication):
            self.emit(ev.SubscriptionAdded(who, publication))

    def unsubscribe(self, who: ParticipantId, publication: PublicationId) -> None:
        if self.tracks.unsubscribe(who, publication):
            self.emit(ev.SubscriptionRemoved(who, publication))

    def _subscribe_to_all(self, who: Participant) -> None:
        if who.auto_subscribe and who.may(Right.SUBSCRIBE):
            for publication in self.tracks.all():
                if publication.owner != who.id:
                    self.subscribe(who.id, publication.id)

    def _drop_subscriptions(self, who: ParticipantId) -> None:
        for subscription in self.tracks.subscriptions_of(who):
            self.unsubscribe(who, subscription.publication)

    def _drop_tracks(self, who: ParticipantId) -> None:
        self._drop_subscriptions(who)
        for publication in self.tracks.of(who):
            self.withdraw(publication, self.everyone())

    # --- the road ---

    def reroute(self) -> None:
        """Looks whether the road still fits who is here."""
        if self.topology.update(tuple(self.people.values()), self._sfu_required(), self.now):
            self.show_topology()

    def _sfu_required(self) -> bool:
        """Whoever is here."""
        return bool(self.sfu_holders or self.knocks or self.waiting_room)

    def show_topology(self) -> None:
        to = self.everyone()
        road = self.topology
        topologies = tuple((who, road.seen_by(who)) for who in to)
        self.emit(ev.TopologyChanged(to, road.mode, road.phase, road.epoch, topologies))
