"""Short names for long commands, and a room that remembers what was done to it."""

from collections.abc import Iterator
from typing import Any, TypeVar

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Kind, Mode, Phase, Role, RoomSettings, Source, Topology
from tertulia.core.room import Room

E = TypeVar("E")

A, B, C, D, F = (ParticipantId(name) for name in ("a", "b", "c", "d", "f"))
KIND = {
    Source.CAMERA: Kind.VIDEO,
    Source.MICROPHONE: Kind.AUDIO,
    Source.SCREEN: Kind.VIDEO,
    Source.SCREEN_AUDIO: Kind.AUDIO,
}


class Stage:
    """A room with a clock that only the test moves."""

    def __init__(self, **settings: Any) -> None:
        self.now = 0.0
        self.settings = RoomSettings(name="r", **settings)
        self.room = Room(self.settings, self.now)
        self.events: list[ev.Event] = []

    def do(self, command: cmd.Command) -> list[ev.Event]:
        """Carries the command out now; `events` are those of this command."""
        self.events = self.room.handle(command, self.now)
        return self.events

    def join(self, *people: ParticipantId, role: Role = Role.SPEAKER, **fields: Any) -> None:
        """They come in, media connected, as native clients do."""
        for who in people:
            self.do(cmd.Join(who, who.upper(), role, **fields))
            joined = self.events
            self.do(cmd.MediaConnected(who))
            self.events = joined + self.events

    def publish(self, who: ParticipantId, source: Source = Source.CAMERA, **fields: Any) -> PublicationId:
        publication = PublicationId(f"{who}-{source.value}")
        self.do(cmd.Publish(who, publication, source, KIND[source], **fields))
        return publication

    def wait(self, seconds: float) -> list[ev.Event]:
        """Time passes, with a tick whenever one is due; `events` are those of all ticks."""
        end, events = self.now + seconds, []
        while (due := self.room.deadline) is not None and due <= end:
            self.now = max(self.now, due)
            events += self.room.handle(cmd.Tick(), self.now)
            assert self.room.deadline is None or self.room.deadline > self.now, "a tick settles all that is due"
        self.now = end
        self.events = events
        return events

    def seen(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def only(self, kind: type[E]) -> E:
        (event,) = self.seen(kind)
        return event

    def due(self) -> float | None:
        """When the room wants its next tick."""
        return self.room.deadline

    def topology(self, who: ParticipantId) -> Topology:
        return self.room.snapshot(who).topology

    def road(self) -> str:
        """All agree on the road; as `mode/phase`."""
        seen = {(t.mode, t.phase, t.epoch) for t in map(self.topology, self.ids())}
        ((mode, phase, _),) = seen
        return f"{mode.value}/{phase.value}"

    def epoch(self) -> int:
        return self.topology(self.ids()[0]).epoch

    def ids(self) -> tuple[ParticipantId, ...]:
        return tuple(who.id for who in self.room.participants)

    def ready(self, *people: ParticipantId) -> None:
        for who in people:
            self.do(cmd.TopologyReady(who, self.epoch()))


def shown(events: list[ev.Event]) -> Iterator[tuple[ev.Event, ev.To]]:
    """The events that people are shown, with whom."""
    for event in events:
        to = getattr(event, "to", None)
        if to is not None:
            yield event, to


def state(room: Room) -> object:
    """All that a room knows, for comparison; without what belongs to the command in progress."""
    inside = {name: value for name, value in vars(room._in).items() if name not in ("now", "events", "_newcomer")}
    tracks, road = vars(inside.pop("tracks")), inside.pop("topology")
    talk = inside["chat"]
    inside["chat"] = [talk.messages, talk.cleared, vars(talk._typists), vars(talk._marks)]
    inside["state_of_all"], inside["presence"] = vars(inside["state_of_all"]), vars(inside["presence"])
    rest = {name: value for name, value in vars(room).items() if name != "_in"}
    return frozen([inside, tracks, {name: getattr(road, name) for name in road.__slots__}, rest])


def frozen(value: Any) -> Any:
    """A copy in which the order of a dict counts, for it is part of the state. What is not a dict or a list never changes."""
    if isinstance(value, dict):
        return tuple((key, frozen(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    return value


__all__ = ["KIND", "A", "B", "C", "D", "F", "Mode", "Phase", "Stage", "shown", "state"]
