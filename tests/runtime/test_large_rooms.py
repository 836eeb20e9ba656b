"""Who is heard and seen in a room with many: what the runtime tells media of it."""

from __future__ import annotations

from tertulia.core import commands as cmd
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Kind, Role, RoomSettings, Source
from tertulia.core.room import Room
from tertulia.media.fake import FakeMedia
from tertulia.media.port import ConnectionId, ConnectionStatistics, Layer, PublicationKey, Received
from tertulia.runtime.effects import Effects
from tertulia.runtime.seat import Notice, Rated

ANA, BEN = ParticipantId("ana"), ParticipantId("ben")


class Seat:
    def __init__(self, who: ParticipantId) -> None:
        self.connection = ConnectionId(who)
        self.delivered = 0
        self.ratings: list[Notice] = []

    def deliver(self, notice: Notice) -> None:
        self.delivered += 1
        if isinstance(notice.event, Rated):
            self.ratings.append(notice)

    def rated(self) -> list[set[ParticipantId]]:
        """Whose quality was told since the last time, message by message."""
        told = [{who for who, *_ in notice.event.people} for notice in self.ratings if isinstance(notice.event, Rated)]
        self.ratings.clear()
        return told


class House:
    """Ana moderates, and both send picture and sound."""

    def __init__(self) -> None:
        settings = RoomSettings("r", max_participants=2000)
        self.room = Room(settings, 0.0)
        self.media = FakeMedia()
        self.effects = Effects(self.room, settings, self.media)
        self.seats: dict[ParticipantId, Seat] = {}
        self.join(ANA, Role.MODERATOR)
        self.join(BEN, Role.SPEAKER)
        for who in (ANA, BEN):
            self.publish(who, Source.CAMERA, Kind.VIDEO)
            self.publish(who, Source.MICROPHONE, Kind.AUDIO)

    def do(self, command: cmd.Command, arriving: Seat | None = None) -> None:
        self.effects.carry_out(self.room.handle(command, 0.0), arriving)

    def join(self, who: ParticipantId, role: Role) -> None:
        self.seats[who] = Seat(who)
        self.do(cmd.Join(who, who, role), self.seats[who])

    def publish(self, who: ParticipantId, source: Source, kind: Kind) -> None:
        self.do(cmd.Publish(who, PublicationId(f"{who}-{source.value}"), source, kind))

    def look(self, lost: int) -> None:
        """Everybody gets four hundred packets of a camera, but for these."""
        layer = Layer("f", 640, 360, 30.0)
        for who, seat in self.seats.items():
            camera = PublicationKey("ben-camera" if who == ANA else "ana-camera")
            received = Received(camera, layer, layer, "best", 1e6, 400, lost, 0, 0.0)
            self.effects.measure(who, [ConnectionStatistics(seat.connection, 4.0, 0.03, None, (), (received,))], {})
        self.effects.measured()

    def told(self, what: str) -> list[tuple[object, ...]]:
        told = [call.arguments for call in self.media.calls if call.name == what]
        self.media.calls.clear()
        return told


def test_who_speaks_comes_before_who_spoke_earlier_and_the_loudest_first() -> None:
    house = House()
    house.effects.heard(((PublicationKey("ben-microphone"), 20), (PublicationKey("ana-microphone"), 30)))
    told = [publication for (publication,) in house.told("spoke")]
    assert told == ["ana-camera", "ana-microphone", "ben-camera", "ben-microphone"]
    house.effects.heard(())
    assert house.told("spoke") == [], "silence changes nothing"


def test_the_sound_of_a_screen_is_heard_however_many_speak() -> None:
    house = House()
    assert house.told("favour") == [(f"{who}-microphone", False) for who in (ANA, BEN)]
    house.publish(BEN, Source.SCREEN_AUDIO, Kind.AUDIO)
    assert house.told("favour") == [("ben-screen_audio", True)]


def test_so_is_whom_a_moderator_wants_everybody_to_see() -> None:
    house = House()
    house.media.calls.clear()
    house.do(cmd.SetSpotlight(ANA, BEN))
    assert house.told("favour") == [("ben-microphone", True)]
    house.do(cmd.SetLocked(ANA, True))
    assert house.told("favour") == []
    house.do(cmd.SetSpotlight(ANA, ANA))
    assert house.told("favour") == [("ana-microphone", True), ("ben-microphone", False)]
    house.do(cmd.Unpublish(ANA, PublicationId("ana-microphone")))
    house.publish(ANA, Source.MICROPHONE, Kind.AUDIO)
    assert house.told("favour") == [("ana-microphone", True)]


def test_a_thousand_listeners_are_told_as_many_things_as_there_are_of_them() -> None:
    house = House()
    for number in range(1000):
        house.join(ParticipantId(f"v{number}"), Role.VIEWER)
    delivered = sum(seat.delivered for seat in house.seats.values())
    # The first fifty are shown to everybody, the others to Ana; each is shown the room.
    assert delivered < 1000 * 2 + 50 * 52 + 50
    before = delivered
    for number in range(1000):
        house.do(cmd.Leave(ParticipantId(f"v{number}")))
    assert sum(seat.delivered for seat in house.seats.values()) - before < 1000 * 2 + 50 * 1002


def test_people_are_told_in_one_message_whose_quality_changed_and_not_of_those_who_are_only_counted() -> None:
    house = House()
    viewers = [ParticipantId(f"v{number}") for number in range(500)]
    for viewer in viewers:
        house.join(viewer, Role.VIEWER)
    shown = {ANA, BEN, *viewers[:50]}
    for lost in (0, 100):
        house.look(lost)
        first = house.seats[ANA].ratings[0]
        for who, seat in house.seats.items():
            assert seat.ratings[0] is first, "it is encoded once"
            assert seat.rated() == ([shown] if who in shown else [shown, {who}])
        house.look(lost)
        assert all(seat.rated() == [] for seat in house.seats.values()), "nothing is different"
    house.do(cmd.SetRole(ANA, viewers[-1], Role.SPEAKER))
    assert house.seats[BEN].rated() == house.seats[viewers[60]].rated() == [{viewers[-1]}], (
        "he is more than counted now"
    )
    house.join(ParticipantId("late"), Role.VIEWER)
    assert house.seats[ParticipantId("late")].rated() == [shown | {viewers[-1]}]
