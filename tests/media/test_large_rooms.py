"""More pictures than a client has places: what is shown goes first, then whoever spoke last."""

from __future__ import annotations

from tertulia.media.engine import EngineMedia
from tertulia.media.port import Bound, ConnectionId, MediaEvent, NeedSections, Preference, PublicationKey
from tests.media.offers import media, offer, pool
from tests.media.stage import ROADS, Stage

ANA, BOB = ConnectionId("s-ana"), ConnectionId("s-bob")
HIDDEN = Preference(visible=False)


def cameras(count: int) -> list[PublicationKey]:
    return [PublicationKey(f"c{number}") for number in range(count)]


class House(Stage):
    """In which nobody is asked to receive more than so many pictures. Ana sends all cameras, and Bob watches."""

    def __init__(self, pictures: int, sent: int, received: int) -> None:
        super().__init__()
        self.media = EngineMedia(self.engine.engine(), roads=ROADS, pictures=pictures)
        self.media.listen(self.heard.append)
        self.cameras = cameras(sent)
        sending = offer(*(media("video", str(number), "sendonly") for number in range(sent)))
        self.answer(ANA, 1, sending, {str(number): key for number, key in enumerate(self.cameras)})
        self.answer(BOB, 1, pool(audio=0, video=received))
        self.shown: dict[str, PublicationKey | None] = {}

    def watch(self, *which: int) -> None:
        for camera in which:
            self.media.subscribe(BOB, self.cameras[camera], "video")

    def hide(self, *which: int) -> None:
        for camera in which:
            self.media.prefer(BOB, self.cameras[camera], HIDDEN)

    def show(self, *which: int, priority: int = 0) -> None:
        for camera in which:
            self.media.prefer(BOB, self.cameras[camera], Preference(priority=priority))

    async def others(self) -> list[MediaEvent]:
        """What Bob was told besides what is in his sections."""
        told = await self.events()
        self.shown.update({event.mid: event.publication for event in told if isinstance(event, Bound)})
        return [event for event in told if not isinstance(event, Bound)]

    async def sees(self) -> set[int]:
        await self.others()
        return {self.cameras.index(camera) for camera in self.shown.values() if camera is not None}

    def engine_sees(self) -> set[int]:
        """By the engine's last word on each slot."""
        negotiation = self.media._connections[ANA].negotiation
        assert negotiation is not None
        sources = {source.id: source.publication for source in negotiation.sources}
        slots = {bind.slot: bind.source for bind in self.engine.named("bind")}
        return {self.cameras.index(sources[source]) for source in slots.values() if source is not None}


async def test_what_is_not_shown_gives_its_place_to_what_is() -> None:
    house = House(pictures=32, sent=6, received=2)
    house.watch(0, 1)
    house.hide(0, 1)
    assert await house.sees() == {0, 1}, "it stays while nobody needs the place"
    house.watch(2)
    assert await house.others() == []
    house.watch(3)
    assert await house.others() == [], "no more places are asked for"
    assert await house.sees() == house.engine_sees() == {2, 3}
    house.watch(4)
    assert await house.others() == [NeedSections(BOB, 0, 4)], "but for more that are shown"


async def test_a_page_is_turned_in_the_places_of_the_one_before() -> None:
    house = House(pictures=32, sent=9, received=3)
    house.watch(0, 1, 2)
    for camera in range(3, 9):
        house.watch(camera)
        house.hide(camera)
    await house.others()
    for page in ((3, 4, 5), (6, 7, 8), (0, 1, 2)):
        now = await house.sees()
        house.hide(*now)
        house.show(*page)
        assert await house.others() == []
        assert await house.sees() == house.engine_sees() == set(page)


async def test_a_slot_that_was_hidden_shows_again_for_what_comes_in_its_place() -> None:
    house = House(pictures=1, sent=2, received=1)
    house.watch(0)
    house.hide(0)
    house.watch(1)
    slot = house.engine.named("bind")[-1].slot
    assert house.engine.named("pause_slot") == [(slot, True), (slot, False)]


async def test_no_more_pictures_are_asked_for_than_the_house_allows() -> None:
    house = House(pictures=3, sent=8, received=2)
    house.watch(*range(8))
    assert await house.others() == [NeedSections(BOB, 0, 3)]
    house.answer(BOB, 2, pool(audio=0, video=3))
    assert await house.others() == []
    assert await house.sees() == {0, 1, 2}


async def test_whoever_speaks_takes_the_place_of_who_spoke_the_longest_ago() -> None:
    house = House(pictures=3, sent=8, received=3)
    house.watch(*range(8))
    for speaker, seen in ((5, {5, 1, 2}), (6, {5, 6, 2}), (7, {5, 6, 7}), (5, {5, 6, 7}), (0, {0, 5, 7})):
        house.media.spoke(house.cameras[speaker])
        assert await house.sees() == house.engine_sees() == seen
    assert await house.others() == []


async def test_what_is_more_important_stays_however_many_speak() -> None:
    house = House(pictures=2, sent=5, received=2)
    house.watch(*range(5))
    house.show(3, priority=3)
    assert 3 in await house.sees()
    for speaker in (0, 1, 2, 4):
        house.media.spoke(house.cameras[speaker])
        assert await house.sees() == {3, speaker}


async def test_who_is_not_shown_anywhere_is_not_brought_in_by_speaking() -> None:
    house = House(pictures=2, sent=3, received=2)
    house.watch(0, 1, 2)
    house.hide(2)
    house.media.spoke(house.cameras[2])
    assert await house.sees() == {0, 1}


async def test_a_place_that_gets_free_goes_to_who_spoke_last() -> None:
    house = House(pictures=2, sent=5, received=2)
    house.watch(*range(5))
    for speaker in (0, 4, 1):
        house.media.spoke(house.cameras[speaker])
    assert await house.sees() == {4, 1}
    house.media.withdraw(house.cameras[1])
    assert await house.sees() == {4, 0}


async def test_two_hundred_pages_leave_as_much_behind_as_two() -> None:
    house = House(pictures=32, sent=8, received=4)
    house.watch(*range(8))
    house.hide(4, 5, 6, 7)
    for turn in range(200):
        old, new = ((0, 1, 2, 3), (4, 5, 6, 7)) if turn % 2 == 0 else ((4, 5, 6, 7), (0, 1, 2, 3))
        house.hide(*old)
        house.show(*new)
        assert await house.sees() == set(new)
    viewer = house.media._connections[BOB].viewer
    assert (len(viewer.slots), len(viewer.taken), len(viewer.subscriptions)) == (4, 4, 8)
    assert not viewer.paused
    assert len({bind.slot for bind in house.engine.named("bind")}) == 4


async def test_a_favoured_sound_stays_so_when_it_comes_by_another_connection() -> None:
    stage = Stage()
    film = PublicationKey("film")
    sends = offer(media("audio", "0", "sendonly"))
    stage.media.favour(film, True)
    stage.answer(ANA, 1, sends, {"0": film})
    first = stage.engine.named("add_source")[-1][1]
    stage.answer(ANA, 1, sends, {"0": film})
    second = stage.engine.named("add_source")[-1][1]
    stage.media.favour(film, True)
    stage.media.favour(film, False)
    assert stage.engine.named("favour_source") == [(first, True), (second, True), (second, False)]
