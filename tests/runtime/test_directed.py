"""A director's choice as subscriptions, in a real room over media that is none."""

import asyncio
from dataclasses import dataclass

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Role, RoomSettings, Source
from tertulia.core.permissions import kind_of
from tertulia.media.fake import FakeMedia
from tertulia.media.port import ConnectionId, PublicationKey
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.directed import Directed
from tertulia.runtime.director import LOUDEST_FOR, STAYS_FOR
from tertulia.runtime.hub import Hub
from tertulia.runtime.seat import Notice

VIEWER, ANA, BEN = (ParticipantId(name) for name in ("viewer", "ana", "ben"))


class Person:
    """Somebody whose session does nothing."""

    def __init__(self, name: str) -> None:
        self.connection = ConnectionId(name)

    def deliver(self, notice: Notice) -> None:
        pass


class Viewer(Person):
    def __init__(self, directed: Directed) -> None:
        super().__init__("viewer")
        self._directed = directed

    def deliver(self, notice: Notice) -> None:
        self._directed.see(notice.event)


@dataclass
class Stage:
    media: FakeMedia
    hub: Hub
    now: float = 100.0

    async def join(self, who: ParticipantId) -> None:
        await self.hub.join("r", cmd.Join(who, who, p2p=False), Person(who), lambda actor, outcome: None)

    async def view(self, directed: Directed) -> None:
        join = cmd.Join(VIEWER, "Viewer", Role.VIEWER, p2p=False, auto_subscribe=False, can_moderate=False)
        await self.hub.join("r", join, Viewer(directed), lambda actor, outcome: directed.start(actor.post))
        await self.settle()

    async def publish(self, who: ParticipantId, *sources: Source) -> None:
        for source in sources:
            await self.do(cmd.Publish(who, PublicationId(f"{who}-{source}"), source, kind_of(source)))

    async def do(self, command: cmd.Command) -> None:
        await self.actor.request(command)
        await self.settle()

    def speak(self, *who: ParticipantId) -> None:
        self.media.speak("r", *((PublicationKey(f"{it}-microphone"), 20) for it in who))

    async def settle(self) -> None:
        """What the room was asked meanwhile is done when this is."""
        await self.actor.request(cmd.Tick())

    @property
    def actor(self) -> RoomActor:
        actor = self.hub.find("r")
        assert actor is not None
        return actor

    @property
    def received(self) -> set[str]:
        return set(self.media.subscriptions.get(ConnectionId("viewer"), {}))

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What the engine was told for the viewer, in order."""
        return [
            (call.name, call.arguments[1])
            for call in self.media.calls
            if call.name in ("subscribe", "unsubscribe") and call.arguments[0] == "viewer"
        ]

    def directed(self, **given: object) -> Directed:
        return Directed(VIEWER, clock=lambda: self.now, **given)  # type: ignore[arg-type]


async def stage() -> Stage:
    media = FakeMedia()
    made = Stage(media, Hub(media, lambda name: RoomSettings(name), clock=lambda: 0.0))
    await made.join(ANA)
    await made.publish(ANA, Source.CAMERA, Source.MICROPHONE)
    return made


async def test_who_comes_to_a_room_receives_what_is_there() -> None:
    show = await stage()
    directed = show.directed()
    await show.view(directed)
    assert show.received == {"ana-camera", "ana-microphone"}
    assert directed.subscribed == ("ana-camera", "ana-microphone")


async def test_another_choice_leaves_its_section_before_it_asks_for_one() -> None:
    show = await stage()
    directed = show.directed()
    await show.join(BEN)
    await show.publish(BEN, Source.MICROPHONE, Source.CAMERA)
    await show.view(directed)
    show.media.calls.clear()
    show.now += STAYS_FOR
    show.speak(ANA)
    await show.settle()
    assert show.asked == [("unsubscribe", "ben-microphone"), ("subscribe", "ana-microphone")]
    show.now += LOUDEST_FOR
    directed.tick()
    await show.settle()
    assert show.asked[2:] == [("unsubscribe", "ben-camera"), ("subscribe", "ana-camera")]


async def test_the_change_comes_by_its_own_timer() -> None:
    show = await stage()
    await show.join(BEN)
    await show.publish(BEN, Source.CAMERA, Source.MICROPHONE)
    await show.view(Directed(VIEWER))
    assert "ben-camera" in show.received
    changed = asyncio.Event()
    wanted = ev.SubscriptionAdded(VIEWER, PublicationId("ana-camera"))
    show.hub.observe(lambda actor, event: changed.set() if event == wanted else None)
    show.speak(ANA)
    async with asyncio.timeout(30):
        await changed.wait()
    assert show.received == {"ana-camera", "ana-microphone"}


async def test_a_publication_that_has_ended_is_not_unsubscribed_again() -> None:
    show = await stage()
    await show.view(show.directed())
    show.media.calls.clear()
    await show.do(cmd.Leave(ANA))
    assert show.asked == [("unsubscribe", "ana-camera"), ("unsubscribe", "ana-microphone")]
    assert show.received == set()


async def test_only_what_there_is_a_place_for_is_received() -> None:
    show = await stage()
    await show.view(show.directed(video=False))
    assert show.received == {"ana-microphone"}


async def test_only_one_persons_tracks_are_received_where_that_is_asked() -> None:
    show = await stage()
    await show.view(show.directed(only=BEN))
    assert show.received == set()
    await show.join(BEN)
    await show.publish(BEN, Source.CAMERA)
    assert show.received == {"ben-camera"}


async def test_who_may_not_receive_asks_for_nothing_until_he_may() -> None:
    show = await stage()
    directed = show.directed()
    join = cmd.Join(
        VIEWER, "Viewer", Role.VIEWER, rights=frozenset(), p2p=False, auto_subscribe=False, can_moderate=False
    )
    await show.hub.join("r", join, Viewer(directed), lambda actor, outcome: directed.start(actor.post))
    await show.settle()
    assert directed.subscribed == ()
    await show.do(cmd.SetRole(None, VIEWER, Role.SPEAKER))
    assert show.received == {"ana-camera", "ana-microphone"}


async def test_after_the_end_nothing_is_asked_any_more() -> None:
    show = await stage()
    directed = show.directed()
    await show.view(directed)
    await show.do(cmd.Remove(None, VIEWER))
    show.media.calls.clear()
    await show.join(BEN)
    await show.publish(BEN, Source.SCREEN)
    directed.tick()
    await show.settle()
    assert show.asked == []
