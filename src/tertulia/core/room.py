"""A room: commands and the time go in, events come out."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import singledispatchmethod
from typing import Final

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core import page_signalling
from tertulia.core.assembly import Assembly
from tertulia.core.files import SharedFile
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.image import RoomImage
from tertulia.core.model import (
    Dialect,
    OnDuplicate,
    Participant,
    Publication,
    Right,
    Role,
    RoomSettings,
    RoomState,
    Snapshot,
    Source,
    Subscription,
)
from tertulia.core.permissions import as_asked, effective_rights, kind_of, ordered, publish_right, require
from tertulia.core.state import SharedState
from tertulia.errors import Code, Internal, NotAllowed, ProtocolError, Unavailable, UserError

# They tell what has happened already, so they may come late and are never refused.
_REPORTS: Final = (
    cmd.Leave, cmd.MediaConnected, cmd.MediaDisconnected, cmd.TopologyReady, cmd.RoadFailed, cmd.Tick
)  # fmt: skip


class Room:
    """One room, from its making to `RoomEnded`.

    Left to the caller: to send a `Tick` at `deadline`, to give times that never go back, to make ids that are never used twice, and to
    carry the events out in order.
    """

    def __init__(self, settings: RoomSettings, now: float) -> None:
        self.settings = settings
        self._in = Assembly(settings, now)
        self._empty_until: float | None = now + settings.empty_after
        self._ended = False

    @classmethod
    def restored(cls, settings: RoomSettings, image: RoomImage, now: float, away: float) -> "Room":
        """A room that goes on at `now`, `away` seconds after its image was made, with everybody cut off and his grace time running.

        Raises KeyError for an image that does not fit together.
        """
        room = cls(settings, now)
        room._in.restore(image, away)
        if not room.empty:
            room._empty_until = None
        return room

    # --- what can be seen from outside ---

    def image(self, now: float) -> RoomImage:
        """All that is needed to go on in another process; only while nobody waits to be admitted."""
        assert not self._in.knocks, "who waits cannot come back"
        self._in.begin(now)
        return self._in.image()

    @property
    def empty(self) -> bool:
        """Nobody is in and nobody waits."""
        return self._in.empty

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def deadline(self) -> float | None:
        """When the next `Tick` is due, on the clock of `now`; None: only a command can change anything."""
        times = [*self._in.grace.values(), *self._in.returning.values()]
        times += [knock.until for knock in self._in.knocks.values()]
        chat, presence = self._in.chat.deadline, self._in.presence.deadline
        more = (self._in.topology.deadline, self._empty_until, self._in.audience_due, chat, presence)
        times += [time for time in more if time is not None]
        due = min(times, default=math.inf)
        return None if self._ended or due == math.inf else due

    @property
    def state(self) -> RoomState:
        return self._in.state

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Eldest first; those who wait are not among them."""
        return tuple(self._in.people.values())

    def participant(self, id: ParticipantId) -> Participant:
        """Raises no_such_participant."""
        return self._in.participant(id)

    @property
    def waiting(self) -> tuple[Participant, ...]:
        """Who waits to be admitted, the longest first."""
        return self._in.waiting

    @property
    def publications(self) -> tuple[Publication, ...]:
        return self._in.tracks.all()

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        return self._in.tracks.subscriptions()

    @property
    def chat_number(self) -> int:
        """The highest that a message of this room has."""
        return self._in.chat.number

    @property
    def read_marks(self) -> tuple[tuple[ParticipantId, int], ...]:
        """How far those who are inside have read, as far as it is known."""
        return self._in.chat.read_marks_of(self._in.people)

    @property
    def presence(self) -> Mapping[ParticipantId, bytes]:
        """What people say of themselves. Not to be changed."""
        return self._in.presence.states

    @property
    def shared(self) -> SharedState:
        """What everybody shares; to be read, exported, and restored before anybody is in. It is changed by commands alone."""
        return self._in.state_of_all

    def snapshot(self, participant: ParticipantId) -> Snapshot:
        """The room as this person may see it now. Raises no_such_participant."""
        you = self._in.participant(participant)
        others = tuple(
            other
            for other in self._in.people.values()
            if other.id != participant and (other.listed or you.may(Right.MODERATE))
        )
        return Snapshot(
            room=self.state,
            you=you,
            rights=ordered(you.rights),
            participants=others,
            publications=self._in.tracks.all(),
            subscriptions=self._in.tracks.subscriptions_of(participant),
            knocking=self.waiting if you.may(Right.ADMIT) else (),
            messages=self._in.chat.messages,
            cleared=self._in.chat.cleared,
            read_marks=self._in.chat.read_marks_of((you.id, *(other.id for other in others))),
            topology=self._in.topology.seen_by(participant),
            presence=tuple(
                (who, state)
                for who, state in self._in.presence.states.items()
                if who == participant or self._in.people[who].listed or you.may(Right.MODERATE)
            ),
            state=self._in.state_of_all.entries,
        )

    def forwards(self, subscriber: ParticipantId, publication: PublicationId) -> bool:
        """Whether the SFU has to carry this publication to this person now."""
        return self._in.topology.forwards and self._in.tracks.subscription(subscriber, publication) is not None

    def may_signal(self, one: ParticipantId, other: ParticipantId) -> bool:
        """Whether these two may make a direct connection with each other: the topology gives them a road, or both are pages of a kind."""
        return self._in.topology.linked(one, other) or page_signalling.allowed(
            self._in.participant(one),
            self._in.participant(other),
            people=len(self._in.people),
            policy=self.settings.policy,
            waiting_room=self._in.waiting_room,
        )

    # --- what can be asked ---

    def handle(self, command: cmd.Command, now: float) -> list[ev.Event]:
        """Carries out one command at time `now` (seconds).

        Raises a TertuliaError with a code where it cannot; the room is then as it was.
        """
        if self._ended and not isinstance(command, _REPORTS):
            raise UserError(Code.ROOM_ENDED, "the room has ended")
        was_empty = self.empty
        self._in.begin(now)
        self._do(command)
        if not self._ended:
            self._in.reroute()
        if self.empty and not was_empty and not self._ended:
            self._empty_until = now + self.settings.empty_after
            self._in.emit(ev.RoomEmptied())
        elif not self.empty:
            self._empty_until = None
        return self._in.events

    @singledispatchmethod
    def _do(self, command: cmd.Command) -> None:
        raise Internal(f"no handler for {type(command).__name__}")

    # --- coming and going ---

    @_do.register
    def _join(self, command: cmd.Join) -> None:
        if command.knock_only and not self._in.waiting_room:
            raise NotAllowed("this room takes a token", Code.TOKEN_REQUIRED)
        who = command.participant
        inside, knocking = who in self._in.people, who in self._in.knocks
        if (inside or knocking) and command.on_duplicate is OnDuplicate.REFUSE:
            raise UserError(Code.IDENTITY_TAKEN, "somebody with this identity is here already")
        newcomer = _newcomer(command)
        if not command.knock_only:
            newcomer = self._in.with_eldest_right(newcomer)
        # Who has been let in before is not asked again when the page is loaded anew.
        trusted = inside or command.bypass or newcomer.may(Right.MODERATE) or newcomer.may(Right.ADMIT)
        trusted = trusted and not command.knock_only
        if self._in.locked and not trusted:
            raise Unavailable(Code.ROOM_LOCKED, "the room is locked")
        _require_place(len(self._in.people) - inside, self.settings.max_participants)
        waits = self._in.waiting_room and not trusted
        if waits:
            _require_place(len(self._in.knocks) - knocking, self.settings.max_waiting)
        self._in.end_session(who, Code.REPLACED, "you joined from elsewhere", "replaced")
        if waits:
            self._in.knock(newcomer)
        else:
            self._in.enter(newcomer)

    @_do.register
    def _leave(self, command: cmd.Leave) -> None:
        message = "you left" if command.code is Code.LEFT else command.reason
        self._in.end_session(command.participant, command.code, message, command.reason)

    @_do.register
    def _detach(self, command: cmd.Detach) -> None:
        if command.participant in self._in.knocks:
            self._in.connection_lost(command.participant)
            return
        who = self._in.participant(command.participant)
        self._in.returning.pop(who.id, None)
        if who.connected:
            self._in.set_connected(who, False)

    @_do.register
    def _attach(self, command: cmd.Attach) -> None:
        who = self._in.participant(command.participant)
        if who.id in self._in.returning:
            self._in.returned(who.id)
        elif not who.connected:
            self._in.set_connected(who, True)

    @_do.register
    def _admit(self, command: cmd.Admit) -> None:
        require(self._actor(command.actor), Right.ADMIT)
        who = self._in.knocking(command.participant)
        _require_place(len(self._in.people), self.settings.max_participants)
        self._in.end_knock(who.id)
        self._in.enter(self._in.with_eldest_right(who))

    @_do.register
    def _deny(self, command: cmd.Deny) -> None:
        require(self._actor(command.actor), Right.ADMIT)
        self._in.turn_away(self._in.knocking(command.participant).id, "you were not admitted")

    @_do.register
    def _remove(self, command: cmd.Remove) -> None:
        require(self._actor(command.actor), Right.MODERATE)
        who = self._in.participant(command.participant)
        self._in.end_session(who.id, Code.REMOVED, command.reason, "removed")

    @_do.register
    def _end(self, command: cmd.End) -> None:
        require(self._actor(command.actor), Right.MODERATE)
        self._in.end_all(command.code, command.reason)
        self._finish(command.reason)

    # --- tracks ---

    @_do.register
    def _publish(self, command: cmd.Publish) -> None:
        owner = self._in.participant(command.participant)
        require(owner, publish_right(command.source))
        if command.kind is not kind_of(command.source):
            raise ProtocolError(Code.INVALID, f"{command.source.value} is {kind_of(command.source).value}")
        own = self._in.tracks.of(owner.id)
        if any(publication.source is command.source for publication in own):
            raise ProtocolError(Code.ALREADY_PUBLISHED, f"{command.source.value} is published already")
        if len(own) >= self.settings.max_publications:
            raise ProtocolError(Code.TOO_MANY_PUBLICATIONS, "no more publications are allowed")
        if self._in.tracks.has(command.publication):
            raise Internal("a publication id was used twice")
        publication = Publication(
            id=command.publication,
            owner=owner.id,
            source=command.source,
            kind=command.kind,
            muted=command.muted,
            width=command.width,
            height=command.height,
        )
        self._in.publish(publication)

    @_do.register
    def _unpublish(self, command: cmd.Unpublish) -> None:
        actor = self._actor(command.actor)
        publication = self._in.tracks.get(command.publication)
        if actor is not None and actor.id != publication.owner:
            raise NotAllowed("this is somebody else's publication")
        self._in.withdraw(publication, self._in.everyone(but=command.actor))

    @_do.register
    def _set_muted(self, command: cmd.SetMuted) -> None:
        actor = self._actor(command.actor)
        before = self._in.tracks.get(command.publication)
        own = actor is not None and actor.id == before.owner
        if not own:
            require(actor, Right.MODERATE)
            if not command.muted:
                raise NotAllowed("only the owner can unmute")
        # A moderator's mute is enforced even on somebody who says that he is muted; only the owner's unmute ends it.
        forbidden = command.muted and (before.forbidden or not own)
        after = replace(before, muted=command.muted, forbidden=forbidden)
        self._in.tracks.put(after)
        if after.muted != before.muted:
            self._in.emit(ev.PublicationUpdated(self._in.everyone(), after, None if own else command.actor))
        if after.forbidden != before.forbidden:
            self._in.emit(ev.PublicationForbidden(after.id, after.forbidden))

    @_do.register
    def _subscribe(self, command: cmd.Subscribe) -> None:
        who = self._in.participant(command.participant)
        require(who, Right.SUBSCRIBE)
        publication = self._in.tracks.get(command.publication)
        if publication.owner == who.id:
            raise ProtocolError(Code.INVALID, "this is your own publication")
        self._in.subscribe(who.id, publication.id)

    @_do.register
    def _unsubscribe(self, command: cmd.Unsubscribe) -> None:
        who = self._in.participant(command.participant)
        publication = self._in.tracks.get(command.publication)
        self._in.unsubscribe(who.id, publication.id)

    @_do.register
    def _prefer(self, command: cmd.Prefer) -> None:
        who = self._in.participant(command.participant)
        require(who, Right.SUBSCRIBE)
        publication = self._in.tracks.get(command.publication)
        subscription = self._in.tracks.subscription(who.id, publication.id)
        if subscription is None:
            raise ProtocolError(Code.INVALID, "not subscribed to this publication")
        if subscription.preference != command.preference:
            self._in.tracks.prefer(subscription, command.preference)
            self._in.emit(ev.SubscriptionChanged(who.id, publication.id, command.preference))

    # --- roads ---

    @_do.register
    def _signal(self, command: cmd.Signal) -> None:
        sender, recipient = self._in.participant(command.sender).id, self._in.participant(command.recipient).id
        if not self.may_signal(sender, recipient):
            raise NotAllowed("there is no direct road to that person")
        for publication in command.publications:
            if self._in.tracks.get(publication).owner != sender:
                raise ProtocolError(Code.NO_SUCH_PUBLICATION, f"{publication} is not a publication of yours")
        self._in.emit(ev.Signalled((recipient,), sender, recipient, command.payload))

    @_do.register
    def _media_connected(self, command: cmd.MediaConnected) -> None:
        self._set_media(command.participant, True)

    @_do.register
    def _media_disconnected(self, command: cmd.MediaDisconnected) -> None:
        self._set_media(command.participant, False)

    @_do.register
    def _topology_ready(self, command: cmd.TopologyReady) -> None:
        if self._in.topology.ready(command.participant, command.epoch, self._in.now):
            self._in.show_topology()

    @_do.register
    def _road_failed(self, command: cmd.RoadFailed) -> None:
        if self._in.topology.road_failed(command.participant, command.epoch, self._in.now):
            self._in.show_topology()

    @_do.register
    def _require_sfu(self, command: cmd.RequireSfu) -> None:
        if command.required:
            self._in.sfu_holders[command.holder] = None
        else:
            self._in.sfu_holders.pop(command.holder, None)

    # --- the room ---

    @_do.register
    def _chat(self, command: cmd.ChatCommand) -> None:
        self._in.chat.handle(command)

    @_do.register
    def _share_file(self, command: cmd.ShareFile) -> None:
        self._in.emit(ev.FileAdded(self._shown(command.file), command.file))

    @_do.register
    def _withdraw_file(self, command: cmd.WithdrawFile) -> None:
        self._in.emit(ev.FileRemoved(self._shown(command.file), command.file))

    def _shown(self, file: SharedFile) -> tuple[ParticipantId, ...]:
        return tuple(who for who in self._in.everyone() if file.seen_by(who))

    @_do.register
    def _send_data(self, command: cmd.SendData) -> None:
        require(self._actor(command.sender), Right.DATA)
        if command.topic.startswith("/"):
            raise ProtocolError(Code.INVALID, "a topic with a slash in front is the server's")
        to = self._in.everyone(but=command.sender)
        if command.to is not None:
            if command.to == command.sender:
                raise ProtocolError(Code.INVALID, "data does not go back to its sender")
            to = (self._in.participant(command.to).id,)
        self._in.emit(ev.DataSent(to, command.sender, command.topic, command.payload, command.to, command.latest))

    @_do.register
    def _set_presence(self, command: cmd.SetPresence) -> None:
        who = self._in.participant(command.participant)
        require(who, Right.DATA)
        if self._in.presence.set(who.id, command.state, self._in.now):
            self._in.show_presence(who.id)

    @_do.register
    def _set_state(self, command: cmd.SetState) -> None:
        require(self._actor(command.actor), Right.DATA)
        entry = self._in.state_of_all.set(command.key, command.value, command.expected)
        self._in.emit(ev.StateChanged(self._in.everyone(), entry, command.actor))

    @_do.register
    def _delete_state(self, command: cmd.DeleteState) -> None:
        require(self._actor(command.actor), Right.DATA)
        state = self._in.state_of_all
        if state.delete(command.key, command.expected):
            self._in.emit(ev.StateDeleted(self._in.everyone(), command.key, state.version, command.actor))

    @_do.register
    def _react(self, command: cmd.React) -> None:
        who = self._in.participant(command.participant)
        require(who, Right.CHAT)
        self._in.emit(ev.Reacted(self._in.everyone(), who.id, command.reaction))

    @_do.register
    def _set_hand(self, command: cmd.SetHand) -> None:
        if command.actor != command.participant:
            require(self._actor(command.actor), Right.MODERATE)
            if command.raised:
                raise NotAllowed("only its owner raises a hand")
        who = self._in.participant(command.participant)
        if bool(who.hand) != command.raised:
            self._in.set_hand(who, command.raised)

    @_do.register
    def _ask_unmute(self, command: cmd.AskUnmute) -> None:
        require(self._actor(command.actor), Right.MODERATE)
        who = self._in.participant(command.participant)
        if command.source not in (Source.MICROPHONE, Source.CAMERA):
            raise ProtocolError(Code.INVALID, "only for a microphone or a camera can be asked")
        if who.id == command.actor:
            raise ProtocolError(Code.INVALID, "nobody asks himself")
        if not who.may(publish_right(command.source)):
            raise ProtocolError(Code.INVALID, f"that person may not publish a {command.source.value}")
        self._in.emit(ev.UnmuteAsked((who.id,), who.id, command.actor, command.source))

    @_do.register
    def _set_spotlight(self, command: cmd.SetSpotlight) -> None:
        require(self._actor(command.actor), Right.MODERATE)
        who = None if command.participant is None else self._in.participant(command.participant).id
        if self._in.spotlight != who:
            self._in.show_large(who)

    @_do.register
    def _set_role(self, command: cmd.SetRole) -> None:
        require(self._actor(command.actor), Right.MODERATE)
        who = self._in.participant(command.participant)
        demoted = who.role is Role.MODERATOR and command.role is not Role.MODERATOR
        if demoted and self.settings.eldest_moderates and not self._in.moderated_without(who.id):
            raise UserError(Code.INVALID, "the room needs a moderator: make somebody else one first")
        self._in.give_role(who, command.role)

    @_do.register
    def _set_locked(self, command: cmd.SetLocked) -> None:
        require(self._actor(command.actor), Right.MODERATE)
        if self._in.locked != command.locked:
            self._in.locked = command.locked
            self._in.emit(ev.RoomUpdated(self._in.everyone(), self.state))

    @_do.register
    def _invite(self, command: cmd.Invite) -> None:
        require(self._actor(command.actor), Right.ADMIT)
        if command.role is Role.MODERATOR:
            raise ProtocolError(Code.INVALID, "nobody is invited as a moderator")

    @_do.register
    def _set_waiting_room(self, command: cmd.SetWaitingRoom) -> None:
        require(self._actor(command.actor), Right.MODERATE)
        if self._in.waiting_room != command.enabled:
            self._in.waiting_room = command.enabled
            self._in.emit(ev.RoomUpdated(self._in.everyone(), self.state))

    @_do.register
    def _tick(self, command: cmd.Tick) -> None:
        if self._ended:
            return
        for who, until in sorted(self._in.grace.items(), key=lambda item: item[1]):
            if self._in.now >= until:
                self._in.connection_lost(who)
        for who, until in list(self._in.returning.items()):
            if self._in.now >= until:
                self._in.not_returned(who)
        for who, knock in list(self._in.knocks.items()):
            if self._in.now >= knock.until:
                self._in.turn_away(who, "nobody let you in")
        if self._in.topology.tick(self._in.now):
            self._in.show_topology()
        for who in self._in.presence.take_due(self._in.now):
            self._in.show_presence(who)
        if self._in.audience_due is not None and self._in.now >= self._in.audience_due:
            self._in.audience_due = None
            self._in.emit(ev.RoomUpdated(self._in.everyone(), self._in.state))
        self._in.chat.tick()
        if self._empty_until is not None and self._in.now >= self._empty_until:
            self._finish("empty")

    # --- what the handlers share ---

    def _actor(self, actor: ParticipantId | None) -> Participant | None:
        return None if actor is None else self._in.participant(actor)

    def _set_media(self, participant: ParticipantId, connected: bool) -> None:
        who = self._in.people.get(participant)
        if who is not None:
            self._in.people[participant] = replace(who, media=connected)

    def _finish(self, reason: str) -> None:
        self._ended = True
        self._in.emit(ev.RoomEnded(reason))


def _newcomer(command: cmd.Join) -> Participant:
    role, grants = as_asked(command.role, command.rights, command.asked_role)
    return Participant(
        id=command.participant,
        name=command.name,
        role=role,
        rights=effective_rights(role, grants),
        p2p=command.p2p and command.dialect is Dialect.NATIVE,
        dialect=command.dialect,
        auto_subscribe=command.auto_subscribe,
        metadata=command.metadata,
        can_moderate=command.can_moderate and command.asked_role is not Role.VIEWER,
    )


def _require_place(taken: int, size: int) -> None:
    if taken >= size:
        raise Unavailable(Code.ROOM_FULL, "there is no place left")
