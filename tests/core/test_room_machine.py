"""Random lives of a room. What must hold whatever people do, and a naive room that has to agree."""

import copy
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Step
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.chat_changes import Delete, Edit, SetReaction
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import (
    ChatMessage,
    Layer,
    Mode,
    OnDuplicate,
    Participant,
    Phase,
    Policy,
    Preference,
    Publication,
    Right,
    Role,
    RoomSettings,
    RoomState,
    Snapshot,
    Topology,
)
from tertulia.core.permissions import default_rights, publish_right
from tertulia.core.room import Room
from tertulia.errors import Code, TertuliaError
from tests.core.oracle import Oracle
from tests.core.support import KIND, shown, state

IDS = [ParticipantId(name) for name in "abcdef"]
people = st.sampled_from(IDS)
actors = st.none() | people
roles = st.sampled_from(Role)
grants = st.none() | st.frozensets(st.sampled_from(Right))


class View:
    """What one client knows: its snapshot, and the events that it was shown since."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.room: RoomState = snapshot.room
        self.role: Role = snapshot.you.role
        self.rights: tuple[Right, ...] = snapshot.rights
        self.others: dict[ParticipantId, Participant] = {who.id: who for who in snapshot.participants}
        self.publications: dict[PublicationId, Publication] = {p.id: p for p in snapshot.publications}
        self.knocking: dict[ParticipantId, Participant] = {who.id: who for who in snapshot.knocking}
        self.topology: Topology = snapshot.topology
        self.hand = snapshot.you.hand
        self.texts = [message.id for message in snapshot.messages]
        self.typists: dict[bool, tuple[ParticipantId, ...]] = {True: (), False: ()}
        self.read = dict(snapshot.read_marks)
        self.presence = dict(snapshot.presence)
        self.shared = {entry.key: entry for entry in snapshot.state}

    def apply(self, me: ParticipantId, event: ev.Event) -> None:
        match event:
            case ev.ParticipantJoined(_, who):
                assert who.id not in self.others
                self.others[who.id] = who
            case ev.ParticipantLeft(_, gone):
                del self.others[gone]
                self.presence.pop(gone, None)
            case ev.PresenceChanged(_, who, said):
                assert who in self.others
                self.presence = {it: state for it, state in self.presence.items() if it != who}
                if said is not None:
                    self.presence[who] = said
            case ev.StateChanged(entry=entry):
                assert entry.version > max((it.version for it in self.shared.values()), default=0)
                self.shared[entry.key] = entry
            case ev.ParticipantUpdated(_, who) if who.id == me:
                assert who.role == self.role
                self.hand = who.hand
            case ev.ParticipantUpdated(_, who):
                assert who.id in self.others
                self.others[who.id] = who
            case ev.RightsChanged(_, concerned, role, rights):
                assert concerned == me
                self.role, self.rights = role, rights
            case ev.KnockStarted(_, who):
                assert who.id not in self.knocking
                self.knocking[who.id] = who
            case ev.KnockEnded(_, gone):
                del self.knocking[gone]
            case ev.PublicationAdded(_, publication):
                assert publication.owner in self.others
                self.publications[publication.id] = publication
            case ev.PublicationRemoved(_, removed):
                del self.publications[removed]
            case ev.PublicationUpdated(_, publication):
                assert publication.id in self.publications
                self.publications[publication.id] = publication
            case ev.TopologyChanged(to, _, _, epoch, topologies):
                assert epoch > self.topology.epoch
                assert tuple(who for who, _ in topologies) == to
                self.topology = dict(topologies)[me]
            case ev.RoomUpdated(_, room):
                assert room.spotlight is None or room.spotlight == me or room.spotlight in self.others
                self.room = room
            case ev.ChatSent(message=ChatMessage(id=message, to=None)):
                self.texts.append(message)
            case ev.ReadMarksShown(_, marks):
                self.read |= dict(marks)


def without_media(who: Participant) -> tuple[object, ...]:
    """As others see somebody: nobody is told whose connection to the SFU is up."""
    return (who.id, who.name, who.role, who.connected, who.metadata, who.hand)


def restarted(room: Room, now: float) -> Room:
    return Room.restored(room.settings, room.image(now), now, 0.0)


class RoomMachine(RuleBasedStateMachine):
    """A room, its oracle, a view for everybody in it, and a record of everything."""

    @initialize(
        policy=st.sampled_from(Policy),
        size=st.integers(2, 5),
        eldest=st.booleans(),
        waiting=st.sampled_from([False, False, True]),
        crowd=st.integers(0, 5),
    )
    def make(self, policy: Policy, size: int, eldest: bool, waiting: bool, crowd: int) -> None:
        self.settings = RoomSettings(
            "r",
            max_participants=size,
            policy=policy,
            eldest_moderates=eldest,
            waiting_room=waiting,
            max_publications=2,
            max_waiting=2,
        )
        self.now = 0.0
        self.room = Room(self.settings, self.now)
        self.oracle = Oracle(self.settings, waiting_room=waiting)
        self.record: list[tuple[cmd.Command | None, float, list[ev.Event] | Code]] = []
        """What was done, when, and what came of it; None: a restart of the server."""
        self.views: dict[ParticipantId, View] = {}
        self.admitted: dict[ParticipantId, None] = {}
        self.subscriptions: dict[tuple[ParticipantId, PublicationId], None] = {}
        self.forbidden: dict[PublicationId, None] = {}
        self.epoch = self.room._in.topology.epoch
        self.made = 0
        self.said = 0
        self.last_number = 0
        self.only_viewers: set[ParticipantId] = set()
        """Who could have been more, came as a viewer, and was given no role since."""
        self.over = False
        for who in IDS[:crowd]:
            self.do(cmd.Join(who, who.upper(), bypass=who < "c"))
            self.do(cmd.MediaConnected(who))

    def do(self, command: cmd.Command) -> list[ev.Event]:
        before = state(self.room)
        expected = Code.ROOM_ENDED if self.over else self.oracle.judge(command)
        if self.over and isinstance(command, cmd.Leave | cmd.Tick | cmd.TopologyReady | cmd.RoadFailed):
            expected = None
        may_before = {who.id: who.rights for who in self.room.participants}
        try:
            events = self.room.handle(command, self.now)
        except TertuliaError as error:
            self.record.append((command, self.now, error.code))
            assert state(self.room) == before, "a refused command changes nothing"
            road = isinstance(command, cmd.Signal)
            own = isinstance(command, cmd.Subscribe | cmd.Prefer) and error.code is Code.INVALID
            unknown = isinstance(command, cmd.Unsubscribe | cmd.Subscribe | cmd.Prefer)
            unknown = unknown and error.code in (Code.NO_SUCH_PUBLICATION, Code.NO_SUCH_PARTICIPANT)
            assert error.code is expected or road or own or unknown, (error.code, expected)
            return []
        self.record.append((command, self.now, events))
        assert expected is None, f"should have been refused with {expected}"
        if not self.over:
            self.oracle.apply(command, self.now)
        match command:
            case cmd.Join(participant=who, role=granted, asked_role=Role.VIEWER) if granted is not Role.VIEWER:
                self.only_viewers.add(who)
            case cmd.Join(participant=who) | cmd.SetRole(participant=who):
                self.only_viewers.discard(who)
        self.follow(events, may_before)
        return events

    def follow(self, events: list[ev.Event], may_before: dict[ParticipantId, frozenset[Right]]) -> None:
        newcomers = {event.participant for event in events if isinstance(event, ev.Admitted)}
        may = may_before | {who.id: who.rights for who in self.room.participants}
        for event in events:
            match event:
                case ev.Admitted(who):
                    assert who not in self.admitted
                    self.admitted[who] = None
                    self.views[who] = View(self.room.snapshot(who))
                case ev.SessionEnded(who):
                    self.admitted.pop(who, None)
                    self.views.pop(who, None)
                case ev.SubscriptionAdded(who, publication):
                    assert who in self.admitted and (who, publication) not in self.subscriptions
                    assert Right.SUBSCRIBE in may[who]
                    self.subscriptions[who, publication] = None
                case ev.SubscriptionRemoved(who, publication):
                    del self.subscriptions[who, publication]
                case ev.PublicationForbidden(publication, True):
                    self.forbidden[publication] = None
                case ev.PublicationForbidden(publication, False):
                    del self.forbidden[publication]
                case ev.PublicationAdded(_, added):
                    self.views[added.owner].publications[added.id] = added  # the reply to his request tells him
                case ev.PublicationRemoved(to, publication, owner):
                    self.forbidden.pop(publication, None)
                    if owner in self.views and owner not in to:
                        del self.views[owner].publications[publication]
                case ev.ChatSent(to, ChatMessage(sender=sender, to=recipient, number=number)):
                    assert recipient is None or set(to) <= {sender, recipient}
                    assert sender is None or Right.CHAT in may[sender]
                    assert number > self.last_number
                    self.last_number = number
                case ev.TypingShown(to, typists, private):
                    assert set(typists) <= set(self.admitted)
                    assert len(to) == 1 if private else set(to) == set(self.admitted)
                    for who in to:
                        self.views[who].typists[private] = typists
                case ev.ReadMarkSet(who, number):
                    assert number <= self.room.chat_number
                case ev.Reacted(_, sender) if sender is not None:
                    assert Right.CHAT in may[sender]
                case ev.DataSent(to, sender, _, _, recipient):
                    assert sender is None or Right.DATA in may[sender]
                    assert sender not in to and (recipient is None or to == (recipient,))
                case ev.UnmuteAsked(to, asked, by, source):
                    assert to == (asked,) and publish_right(source) in may[asked]
                    assert by is None or Right.MODERATE in may[by]
                case ev.KnockStarted(to):
                    assert all(Right.ADMIT in may[who] for who in to)
                case ev.TopologyChanged(epoch=epoch):
                    assert epoch > self.epoch
                    self.epoch = epoch
                case ev.RoomEnded():
                    self.over = True
            for _, to in shown([event]):
                assert len(set(to)) == len(to)
                for who in to:
                    assert who in self.admitted, "shown only to people who are in"
                    assert who not in newcomers, "a newcomer has the snapshot"
                    self.views[who].apply(who, event)

    # --- what people do ---

    @rule(
        who=people,
        role=roles,
        rights=grants,
        p2p=st.sampled_from([True, True, True, False]),
        auto=st.sampled_from([True, True, False]),
        duplicate=st.sampled_from(OnDuplicate),
        bypass=st.booleans(),
        can_moderate=st.sampled_from([True, True, False]),
        asked=st.none() | roles,
        knock_only=st.sampled_from([False, False, False, True]),
    )
    def join(self, who: ParticipantId, role: Role, rights: frozenset[Right] | None, p2p: bool, auto: bool,
             duplicate: OnDuplicate, bypass: bool, can_moderate: bool, asked: Role | None, knock_only: bool) -> None:  # fmt: skip
        self.do(
            cmd.Join(
                who,
                who.upper(),
                role,
                rights,
                p2p=p2p,
                auto_subscribe=auto,
                on_duplicate=duplicate,
                bypass=bypass,
                can_moderate=can_moderate,
                asked_role=asked,
                knock_only=knock_only,
            )
        )

    @rule(who=people)
    def ordinary_join(self, who: ParticipantId) -> None:
        self.do(cmd.Join(who, who.upper(), bypass=True))

    @rule(command=st.sampled_from([cmd.Leave, cmd.Detach, cmd.Attach]), who=people)
    def come_and_go(self, command: Callable[[ParticipantId], cmd.Command], who: ParticipantId) -> None:
        self.do(command(who))

    @rule(who=people, source=st.sampled_from(list(KIND)), muted=st.booleans())
    def publish(self, who: ParticipantId, source: Any, muted: bool) -> None:
        self.made += 1
        self.do(cmd.Publish(who, PublicationId(f"p{self.made}"), source, KIND[source], muted))

    def some_publication(self, data: st.DataObject) -> PublicationId:
        known = [publication.id for publication in self.room.publications]
        return data.draw(st.sampled_from([*known, PublicationId("none")]))

    @rule(who=actors, data=st.data(), muted=st.booleans())
    def mute(self, who: ParticipantId | None, data: st.DataObject, muted: bool) -> None:
        self.do(cmd.SetMuted(who, self.some_publication(data), muted))

    @rule(who=actors, data=st.data())
    def unpublish(self, who: ParticipantId | None, data: st.DataObject) -> None:
        self.do(cmd.Unpublish(who, self.some_publication(data)))

    @rule(who=people, data=st.data(), what=st.integers(0, 2), layer=st.sampled_from(Layer))
    def choose(self, who: ParticipantId, data: st.DataObject, what: int, layer: Layer) -> None:
        publication = self.some_publication(data)
        prefer = cmd.Prefer(who, publication, Preference(layer=layer))
        choices: list[cmd.Command] = [cmd.Subscribe(who, publication), cmd.Unsubscribe(who, publication), prefer]
        self.do(choices[what])

    @rule(one=people, other=people)
    def signal(self, one: ParticipantId, other: ParticipantId) -> None:
        events = self.do(cmd.Signal(one, other, "sdp"))
        if events:
            peers = [peer.participant for peer in self.room.snapshot(one).topology.peers]
            assert other in peers and one != other

    @rule(who=people, stale=st.sampled_from([0, 0, 0, 0, 1]))
    def ready(self, who: ParticipantId, stale: int) -> None:
        self.do(cmd.TopologyReady(who, self.epoch - stale))

    @rule()
    def all_ready(self) -> None:
        for who in self.room.participants:
            self.do(cmd.MediaConnected(who.id))
            self.do(cmd.TopologyReady(who.id, self.epoch))

    @rule(who=people, stale=st.sampled_from([0, 0, 0, 0, 1]))
    def road_failed(self, who: ParticipantId, stale: int) -> None:
        self.do(cmd.RoadFailed(who, self.epoch - stale))

    @rule(who=people, up=st.booleans())
    def media(self, who: ParticipantId, up: bool) -> None:
        if not self.over:
            self.do(cmd.MediaConnected(who) if up else cmd.MediaDisconnected(who))

    @rule(who=actors, to=actors)
    def chat(self, who: ParticipantId | None, to: ParticipantId | None) -> None:
        self.said += 1
        self.do(cmd.SendChat(who, f"m{self.said}", "hi", to, 0.0))

    @rule(who=actors, what=st.sampled_from([Edit("new"), Delete(), SetReaction("👍", True)]))
    def change_chat(self, who: ParticipantId | None, what: Edit | Delete | SetReaction) -> None:
        self.do(cmd.ChangeChat(who, f"m{self.said}", what, 0.0))

    @rule(who=people, active=st.sampled_from([True, True, False]), to=actors)
    def typing(self, who: ParticipantId, active: bool, to: ParticipantId | None) -> None:
        self.do(cmd.SetTyping(who, active, to))

    @rule(who=people, back=st.integers(-1, 2))
    def read(self, who: ParticipantId, back: int) -> None:
        self.do(cmd.ReadChat(who, max(0, self.room.chat_number - back)))

    @rule(who=actors, to=actors, latest=st.booleans())
    def data(self, who: ParticipantId | None, to: ParticipantId | None, latest: bool) -> None:
        self.do(cmd.SendData(who, "topic", "payload", to, latest))

    @rule(who=people, said=st.sampled_from([None, b"1", b"2"]))
    def presence(self, who: ParticipantId, said: bytes | None) -> None:
        assert len(self.do(cmd.SetPresence(who, said))) <= 1

    @rule(who=actors, key=st.sampled_from("kl"), expected=st.none() | st.integers(0, 3))
    def set_state(self, who: ParticipantId | None, key: str, expected: int | None) -> None:
        self.do(cmd.SetState(who, key, b"1", expected))

    @rule(who=people)
    def react(self, who: ParticipantId) -> None:
        before = state(self.room)
        self.do(cmd.React(who, "👋"))
        assert state(self.room) == before

    @rule(who=people, raised=st.sampled_from([True, True, False]))
    def own_hand(self, who: ParticipantId, raised: bool) -> None:
        self.do(cmd.SetHand(who, who, raised))

    @rule(actor=actors, who=people, raised=st.sampled_from([True, False, False]))
    def anothers_hand(self, actor: ParticipantId | None, who: ParticipantId, raised: bool) -> None:
        self.do(cmd.SetHand(actor, who, raised))

    @rule(actor=actors, who=people, source=st.sampled_from(list(KIND)))
    def ask_unmute(self, actor: ParticipantId | None, who: ParticipantId, source: Any) -> None:
        self.do(cmd.AskUnmute(actor, who, source))

    @rule(actor=actors, who=actors)
    def spotlight(self, actor: ParticipantId | None, who: ParticipantId | None) -> None:
        self.do(cmd.SetSpotlight(actor, who))

    @rule(actor=people, role=roles)
    def invite(self, actor: ParticipantId, role: Role) -> None:
        self.do(cmd.Invite(actor, role))

    @rule(command=st.sampled_from([cmd.Admit, cmd.Admit, cmd.Deny, cmd.Remove]), actor=actors, who=people)
    def decide(self, command: Callable[..., cmd.Command], actor: ParticipantId | None, who: ParticipantId) -> None:
        self.do(command(actor, who))

    @rule(actor=actors, who=people, role=roles)
    def set_role(self, actor: ParticipantId | None, who: ParticipantId, role: Role) -> None:
        self.do(cmd.SetRole(actor, who, role))

    @rule(command=st.sampled_from([cmd.SetLocked, cmd.SetWaitingRoom]), actor=actors, on=st.booleans())
    def set_room(self, command: Callable[..., cmd.Command], actor: ParticipantId | None, on: bool) -> None:
        self.do(command(actor, on))

    @rule(required=st.booleans())
    def require_sfu(self, required: bool) -> None:
        self.do(cmd.RequireSfu("recording", required))

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 10.0, 15.0, 31.0]))
    def time_passes(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.room.deadline) is not None and due <= end:
            self.now = max(self.now, due)
            self.do(cmd.Tick())
            assert self.room.deadline is None or self.room.deadline > self.now, "a tick settles all that is due"
        self.now = end

    @rule()
    def restart(self) -> None:
        """The server ends, and the next one goes on. Who waits to be admitted does not come along."""
        if self.over or not self.room.participants:
            return
        for who in self.room.waiting:
            self.do(cmd.Leave(who.id, "server_stopping", Code.SERVER_STOPPING))
        self.record.append((None, self.now, []))
        self.room = restarted(self.room, self.now)
        self.oracle.restart(self.now)

    # --- what must hold ---

    @invariant()
    def nobody_has_what_he_may_not(self) -> None:
        present = {who.id: who for who in self.room.participants}
        owners = {publication.id: publication for publication in self.room.publications}
        for publication in self.room.publications:
            assert present[publication.owner].may(publish_right(publication.source))
            assert publication.forbidden == (publication.id in self.forbidden)
            assert publication.muted or not publication.forbidden
        for who, track in self.subscriptions:
            assert present[who].may(Right.SUBSCRIBE)
            assert owners[track].owner != who
        for one in present.values():
            assert one.may(Right.MODERATE) == (one.role is Role.MODERATOR)
        for viewer in self.only_viewers & present.keys():
            assert present[viewer].role is Role.VIEWER
            assert present[viewer].rights <= default_rights(Role.VIEWER)

    @invariant()
    def who_is_gone_owns_nothing(self) -> None:
        present = {who.id for who in self.room.participants}
        waiting = {who.id for who in self.room.waiting}
        inside = self.room._in
        assert set(self.admitted) == present and not present & waiting
        assert self.room.state.spotlight is None or self.room.state.spotlight in present
        assert set(inside.returning) <= set(inside.grace) & present
        assert set(inside.grace) - set(inside.returning) == {
            who.id for who in self.room.participants if not who.connected
        }
        assert {publication.owner for publication in self.room.publications} <= present
        assert {who for who, _ in self.subscriptions} <= present
        assert self.over or set(inside.topology.mesh) <= present
        assert set(inside.presence.states) | set(inside.presence._due) <= present
        assert set(self.forbidden) <= {publication.id for publication in self.room.publications}
        if not present and not waiting:
            assert self.over or self.room.deadline is not None, "an empty room ends"

    @invariant()
    def raised_hands_have_an_order(self) -> None:
        hands = [who.hand for who in self.room.participants if who.hand]
        assert len(set(hands)) == len(hands) and all(hand > 0 for hand in hands)
        assert all(who.hand == 0 for who in self.room.waiting)

    @invariant()
    def never_over_its_size(self) -> None:
        assert len(self.room.participants) <= self.settings.max_participants
        assert len(self.room.waiting) <= self.settings.max_waiting
        for who in self.room.participants:
            assert len(self.room.snapshot(who.id).publications_of(who.id)) <= self.settings.max_publications

    @invariant()
    def everybody_knows_what_is_so(self) -> None:
        """Snapshot and events together are enough: nobody misses anything that he may know."""
        for who, view in self.views.items():
            now = self.room.snapshot(who)
            assert view.room == now.room
            assert (view.role, view.rights, view.hand) == (now.you.role, now.rights, now.you.hand)
            assert view.texts == [message.id for message in now.messages]
            assert set(view.shared.values()) == set(now.state)
            late = self.room._in.presence._due
            assert {it: s for it, s in view.presence.items() if it not in late and it != who} == {
                it: s for it, s in now.presence if it not in late and it != who
            }
            assert [without_media(o) for o in view.others.values()] == [without_media(o) for o in now.participants]
            assert {id: (p.owner, p.muted) for id, p in view.publications.items()} == {
                p.id: (p.owner, p.muted) for p in now.publications
            }
            assert list(view.knocking) == [other.id for other in now.knocking]
            assert (view.topology.mode, view.topology.phase, view.topology.epoch) == (
                now.topology.mode, now.topology.phase, now.topology.epoch
            )  # fmt: skip
            if now.topology.phase is Phase.COMMIT:
                assert view.topology == now.topology
            assert {(s.subscriber, s.publication) for s in now.subscriptions} == {
                pair for pair in self.subscriptions if pair[0] == who
            }

    @invariant()
    def nobody_is_said_to_write_who_has_stopped_long_ago(self) -> None:
        if self.over or self.room._in.chat._typists.deadline is not None:
            return
        assert all(typists == () for view in self.views.values() for typists in view.typists.values())

    @invariant()
    def roads_make_sense(self) -> None:
        if self.over or not self.room.participants:
            return
        roads = {who.id: self.room.snapshot(who.id).topology for who in self.room.participants}
        ((mode, phase, epoch),) = {(road.mode, road.phase, road.epoch) for road in roads.values()}
        assert epoch == self.epoch
        present = self.room.participants
        most = {Policy.AUTO: 2, Policy.ALWAYS: 4, Policy.NEVER: 1}[self.settings.policy]
        if mode is Mode.DIRECT:
            assert len(present) <= most
            assert self.settings.policy is not Policy.NEVER
            assert not self.room.state.waiting_room and not self.room.waiting
            if len(present) > 1:
                assert all(who.p2p and who.may(Right.SUBSCRIBE) for who in present)
                assert all(len(roads[who.id].peers) == len(present) - 1 for who in present)
        elif phase is Phase.COMMIT:
            assert all(road.peers == () for road in roads.values())
        for who, road in roads.items():
            for peer in road.peers:
                (back,) = (other for other in roads[peer.participant].peers if other.participant == who)
                assert back.polite is not peer.polite
        for who, track in self.subscriptions:
            assert self.room.forwards(who, track) == (mode is Mode.SFU or phase is Phase.PREPARE)
            assert self.room.forwards(who, track) or len(roads[who].peers) == len(present) - 1

    @invariant()
    def no_switch_pends_for_ever(self) -> None:
        if self.room._in.topology.phase is Phase.COMMIT:
            return
        room = copy.deepcopy(self.room)
        now, limit = self.now, self.now + 15
        while (due := room.deadline) is not None and due <= limit:
            now = max(now, due)
            room.handle(cmd.Tick(), now)
            if room._in.topology.phase is Phase.COMMIT:
                return
        raise AssertionError("a switch pends")

    @invariant()
    def a_naive_room_agrees(self) -> None:
        if self.over:
            return
        assert [(who.id, who.role.value, {r.value for r in who.rights}) for who in self.room.participants] == [
            (who, somebody.role, somebody.rights) for who, somebody in self.oracle.people.items()
        ]
        assert [who.id for who in self.room.waiting] == list(self.oracle.knocks)
        assert {who.id: who.hand for who in self.room.participants} == {
            who: somebody.hand for who, somebody in self.oracle.people.items()
        }
        assert self.room.state.spotlight == self.oracle.spotlight
        for who in self.room.participants:
            assert [message.id for message in self.room.snapshot(who.id).messages] == self.oracle.texts
        assert {p.id: (p.owner, p.source.value) for p in self.room.publications} == self.oracle.tracks
        for publication in self.room.publications:
            assert (publication.muted, publication.forbidden) == self.oracle.muted[publication.id]

    @invariant()
    def an_open_room_is_moderated(self) -> None:
        candidates = [who for who in self.room.participants if who.can_moderate]
        if self.settings.eldest_moderates and candidates:
            assert any(who.role is Role.MODERATOR for who in self.room.participants)

    def teardown(self) -> None:
        if not hasattr(self, "room"):
            return
        if not self.over:
            self.do(cmd.End(None))
            self.who_is_gone_owns_nothing()
            assert not self.subscriptions and not self.views
        again = Room(self.settings, 0.0)
        for command, now, outcome in self.record:
            if command is None:
                again = restarted(again, now)
                continue
            try:
                replayed: list[ev.Event] | Code = again.handle(command, now)
            except TertuliaError as error:
                replayed = error.code
            assert replayed == outcome, "the same commands give the same events"
        assert state(again) == state(self.room)


RoomMachine.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=40,
    deadline=None,
    phases=[Step.explicit, Step.reuse, Step.generate, Step.shrink],  # explaining takes longer than the test
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestRoomMachine = RoomMachine.TestCase
