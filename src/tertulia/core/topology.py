"""Which road media takes: directly between people, or by the SFU. Diagram: docs/design/room.md.

The machine knows people only as the room shows them to it (`update`). Every method that can change the road says whether it did; the
epoch has grown then. A switch never pends for longer than its timeout, whatever the clients do.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tertulia.core.ids import ParticipantId
from tertulia.core.image import RoadImage
from tertulia.core.model import Mode, Participant, Peer, Phase, Policy, Right, RoomSettings, Topology

_AUTO_SIZE: Final = 2
_MESH_SIZE: Final = 4
_MAX_FAILED: Final = 100

_Pair = tuple[ParticipantId, ParticipantId]


def _pair(one: ParticipantId, other: ParticipantId) -> _Pair:
    return (one, other) if one < other else (other, one)


@dataclass(slots=True)
class TopologyMachine:
    """The road of one room. Times are seconds on the room's clock."""

    settings: RoomSettings
    mode: Mode = Mode.DIRECT
    phase: Phase = Phase.COMMIT
    epoch: int = 1
    mesh: tuple[ParticipantId, ...] = ()
    """People among whom direct roads exist or are being made, in join order; none or at least two."""
    _people: tuple[Participant, ...] = ()
    _sfu_required: bool = False
    _ready: dict[ParticipantId, None] = field(default_factory=dict)
    """Who has said `TopologyReady` in this epoch."""
    _switch_at: float | None = None
    """When the switch is no longer waited for; only in phase prepare."""
    _settle_at: float | None = None
    """When the direct road is tried; only in sfu/commit."""
    _failed: dict[_Pair, None] = field(default_factory=dict)
    """Pairs that could not reach each other, remembered while one of the two is here."""

    def __post_init__(self) -> None:
        if self.settings.policy is Policy.NEVER:
            self.mode = Mode.SFU

    def image(self, now: float) -> RoadImage:
        switch_in = None if self._switch_at is None else self._switch_at - now
        settle_in = None if self._settle_at is None else self._settle_at - now
        return RoadImage(self.mode, self.phase, self.epoch, self.mesh, tuple(self._failed), switch_in, settle_in)

    def restore(self, image: RoadImage, people: tuple[Participant, ...], sfu_required: bool, now: float) -> None:
        """Goes on from an image; the rest as in `update`. What is due already is found by the next `tick`."""
        self.mode, self.phase, self.epoch, self.mesh = image.mode, image.phase, image.epoch, image.mesh
        self._people = people
        self._sfu_required = sfu_required
        self._failed = {(one, other): None for one, other in image.failed}
        self._switch_at = None if image.switch_in is None else now + image.switch_in
        self._settle_at = None if image.settle_in is None else now + image.settle_in

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        return self._switch_at if self.phase is Phase.PREPARE else self._settle_at

    @property
    def forwards(self) -> bool:
        """Whether the SFU has to carry media: on both sides of a switch until it is committed."""
        return self.mode is Mode.SFU or self.phase is Phase.PREPARE

    def linked(self, one: ParticipantId, other: ParticipantId) -> bool:
        """Whether a direct road between the two exists or is being made."""
        return one != other and one in self.mesh and other in self.mesh

    def seen_by(self, participant: ParticipantId) -> Topology:
        """What this person has to do now."""
        peers: tuple[Peer, ...] = ()
        if participant in self.mesh:
            place = self.mesh.index(participant)
            peers = tuple(
                Peer(other, polite=index < place) for index, other in enumerate(self.mesh) if other != participant
            )
        return Topology(self.mode, self.phase, self.epoch, peers)

    def update(self, people: tuple[Participant, ...], sfu_required: bool, now: float) -> bool:
        """Who is here, in join order, and whether the room needs the SFU whoever is here."""
        before = self.epoch
        self._people = people
        self._sfu_required = sfu_required
        if self.mode is Mode.SFU and self.phase is Phase.COMMIT and len(people) > _MESH_SIZE:
            # Who comes to a large room, or goes, changes nothing: not worth looking at each of a thousand.
            self._settle_at = None
            return False
        here = self._here()
        self._failed = {pair: None for pair in self._failed if pair[0] in here or pair[1] in here}
        self._ready = {participant: None for participant in self._ready if participant in here}
        if len(here) < 2:
            self._alone()
        elif self.phase is Phase.COMMIT:
            self._look_again(now)
        elif self.mode is Mode.SFU:
            self.mesh = self._kept_roads()
            if len(self.mesh) < 2:
                self._commit_sfu(now)  # nobody is left on the old road
            else:
                self._commit_if_ready(now)
        elif tuple(here) != self.mesh or not self._able():
            self._commit_sfu(now)
        else:
            self._commit_if_ready(now)
        return self.epoch != before

    def ready(self, participant: ParticipantId, epoch: int, now: float) -> bool:
        """Everything this one receives comes by the new road."""
        if epoch != self.epoch or self.phase is not Phase.PREPARE or participant not in self._here():
            return False
        self._ready[participant] = None
        return self._commit_if_ready(now)

    def road_failed(self, participant: ParticipantId, epoch: int, now: float) -> bool:
        """A direct road of this one's is no good. While the SFU takes over anyway there is nothing more to do about it."""
        if epoch != self.epoch or self.mode is not Mode.DIRECT or participant not in self.mesh:
            return False
        self._remember_failed([participant])
        if self.phase is Phase.PREPARE:
            self._commit_sfu(now)
        else:
            self._leave_direct(now)
        return True

    def tick(self, now: float) -> bool:
        """Time has come to `now`."""
        if self.deadline is None or now < self.deadline:
            return False
        if self.phase is Phase.COMMIT:
            self._prepare(Mode.DIRECT, tuple(self._here()), now + self.settings.direct_timeout)
            return True
        if self.mode is Mode.DIRECT:
            self._remember_failed(p.id for p in self._people if p.connected and p.id not in self._ready)
        self._commit_sfu(now)
        return True

    def _here(self) -> dict[ParticipantId, None]:
        return {participant.id: None for participant in self._people}

    def _able(self) -> bool:
        """Whether these people may and can talk directly."""
        size = {Policy.AUTO: _AUTO_SIZE, Policy.ALWAYS: _MESH_SIZE, Policy.NEVER: 0}[self.settings.policy]
        here = self._here()
        return (
            not self._sfu_required
            and len(here) <= size
            and all(participant.p2p and participant.may(Right.SUBSCRIBE) for participant in self._people)
            and not any(pair[0] in here and pair[1] in here for pair in self._failed)
        )

    def _reachable(self) -> bool:
        """Whether everybody can be told to make a new direct road."""
        return all(participant.connected for participant in self._people)

    def _kept_roads(self) -> tuple[ParticipantId, ...]:
        """Who keeps the direct road while the SFU takes over. Who may no longer receive loses it at once."""
        may = {participant.id: None for participant in self._people if participant.may(Right.SUBSCRIBE)}
        return tuple(participant for participant in self.mesh if participant in may)

    def _alone(self) -> None:
        sfu = self._sfu_required or self.settings.policy is Policy.NEVER
        mode = Mode.SFU if sfu else Mode.DIRECT
        if (mode, Phase.COMMIT, ()) != (self.mode, self.phase, self.mesh):
            self._commit(mode, ())
        self._settle_at = None

    def _look_again(self, now: float) -> None:
        """Nothing is pending and at least two are here: is this still the right road?"""
        if self.mode is Mode.SFU:
            self._settle(now)
            return
        here = self._here()
        only_known = all(participant in self.mesh for participant in here)
        if not self._able() or not (only_known or self._reachable()):
            self._leave_direct(now)
        elif tuple(here) != self.mesh:
            self._commit(Mode.DIRECT, tuple(here))

    def _leave_direct(self, now: float) -> None:
        roads = self._kept_roads()
        if len(roads) < 2:
            self._commit_sfu(now)  # there is no older road that has to be kept
            return
        self._prepare(Mode.SFU, roads, now + self.settings.switch_timeout)
        self._commit_if_ready(now)

    def _settle(self, now: float) -> None:
        if not (self._able() and self._reachable()):
            self._settle_at = None
        elif self._settle_at is None:
            self._settle_at = now + self.settings.settle

    def _commit_if_ready(self, now: float) -> bool:
        if not all(self._is_ready(participant) for participant in self._people):
            return False
        if self.mode is Mode.SFU:
            self._commit_sfu(now)
        elif self._ready:
            self._commit(Mode.DIRECT, self.mesh)
        else:
            return False  # everybody is detached: nobody has seen the direct road work
        return True

    def _is_ready(self, participant: Participant) -> bool:
        if not participant.connected:
            return True  # must not keep the others waiting
        if self.mode is Mode.SFU:
            # Who never talks directly has nothing to swap; who has no connection to the SFU cannot have swapped.
            return not participant.p2p or (participant.media and participant.id in self._ready)
        return participant.id in self._ready

    def _remember_failed(self, participants: Iterable[ParticipantId]) -> None:
        for participant in participants:
            for other in self.mesh:
                if other != participant:
                    self._failed[_pair(participant, other)] = None
        while len(self._failed) > _MAX_FAILED:
            del self._failed[next(iter(self._failed))]

    def _prepare(self, mode: Mode, mesh: tuple[ParticipantId, ...], switch_at: float) -> None:
        self._go(mode, Phase.PREPARE, mesh)
        self._switch_at = switch_at

    def _commit_sfu(self, now: float) -> None:
        self._commit(Mode.SFU, ())
        self._settle(now)

    def _commit(self, mode: Mode, mesh: tuple[ParticipantId, ...]) -> None:
        self._go(mode, Phase.COMMIT, mesh)

    def _go(self, mode: Mode, phase: Phase, mesh: tuple[ParticipantId, ...]) -> None:
        self.mode, self.phase, self.mesh = mode, phase, mesh
        self.epoch += 1
        self._ready = {}
        self._switch_at = None
        self._settle_at = None
