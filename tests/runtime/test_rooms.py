"""Actors and the hub, without any door."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tertulia.core import commands, events
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Kind, RoomSettings, Source
from tertulia.core.model import Sound as RoomSound
from tertulia.errors import Code, Internal, ProtocolError, TertuliaError, Unavailable
from tertulia.media.fake import FakeMedia
from tertulia.media.port import ConnectionId, Sound
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.hub import Hub
from tertulia.runtime.seat import Accept, Call, Done, Notice, Offer, Outcome

ANA, BEN = ParticipantId("ana"), ParticipantId("ben")


class Seat:
    def __init__(self, name: str) -> None:
        self.connection = ConnectionId(name)
        self.notices: list[object] = []

    def deliver(self, notice: Notice) -> None:
        self.notices.append(notice.event)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def make_hub(clock: Callable[[], float] | None = None, **limits: Any) -> tuple[Hub, FakeMedia]:
    media = FakeMedia()
    hub = Hub(media, lambda name: RoomSettings(name, empty_after=5.0), clock=clock or Clock(), **limits)
    return hub, media


async def join(hub: Hub, who: ParticipantId, room: str = "standup") -> tuple[Seat, Outcome]:
    seat, outcomes = Seat(who), []
    await hub.join(room, commands.Join(who, who), seat, lambda actor, outcome: outcomes.append(outcome))
    return seat, outcomes[0]


async def test_rooms_are_made_on_demand_and_end_when_empty() -> None:
    clock = Clock()
    hub, _ = make_hub(clock)
    await join(hub, ANA)
    actor = hub.rooms["standup"]
    await actor.request(commands.Leave(ANA))
    assert hub.find("standup") is actor
    clock.now += 6
    actor.post(commands.Tick())
    await actor.stopped()
    assert hub.rooms == {}
    assert actor.closed
    with pytest.raises(Unavailable):
        await actor.request(commands.Tick())


async def test_a_join_that_meets_a_room_as_it_ends_gets_a_new_one() -> None:
    hub, _ = make_hub()
    await join(hub, ANA)
    old = hub.rooms["standup"]
    old.post(commands.End(None))
    seat, outcome = await join(hub, BEN)
    assert outcome == Done()
    assert hub.rooms["standup"] is not old
    assert hub.rooms["standup"].seat(BEN) is seat


async def test_a_fault_is_the_requests_own() -> None:
    hub, _ = make_hub()
    await join(hub, ANA)
    actor = hub.rooms["standup"]

    def bug(room: object) -> None:
        raise ZeroDivisionError

    assert isinstance(await actor.request(commands.Tick(), check=bug), Internal)
    refused = await actor.request(commands.Unpublish(ANA, "none"))  # type: ignore[arg-type]
    assert isinstance(refused, TertuliaError) and refused.code is Code.NO_SUCH_PUBLICATION
    assert await actor.request(commands.Tick()) == Done()


async def test_stopping_ends_every_room_and_takes_nobody() -> None:
    hub, _ = make_hub()
    seats = [(await join(hub, ANA, room))[0] for room in ("a", "b", "c")]
    await hub.stop(1.0)
    assert hub.rooms == {}
    for seat in seats:
        last = seat.notices[-1]
        assert isinstance(last, events.SessionEnded) and last.code is Code.SERVER_STOPPING
    with pytest.raises(Unavailable) as caught:
        await join(hub, BEN)
    assert caught.value.code is Code.SERVER_STOPPING


async def test_the_timer_goes_off_by_itself() -> None:
    loop = asyncio.get_running_loop()
    media = FakeMedia()
    hub = Hub(media, lambda name: RoomSettings(name, empty_after=0.01), clock=loop.time)
    await join(hub, ANA)
    actor = hub.rooms["standup"]
    await actor.request(commands.Leave(ANA))
    await asyncio.wait_for(actor.stopped(), 30)


async def test_many_askers_wait_for_their_turn() -> None:
    hub, _ = make_hub()
    await join(hub, ANA)
    actor: RoomActor = hub.rooms["standup"]
    outcomes = await asyncio.gather(*(actor.request(commands.Tick()) for _ in range(3_000)))
    assert outcomes == [Done()] * 3_000


async def test_a_cancelled_asker_leaves_its_request_behind() -> None:
    hub, _ = make_hub()
    await join(hub, ANA)
    actor = hub.rooms["standup"]
    replies: list[Outcome] = []
    asking = asyncio.create_task(actor.request(commands.SetLocked(None, True), replies.append))
    await asyncio.sleep(0)
    asking.cancel()
    await actor.request(commands.Tick())
    assert replies == [Done()]
    assert actor.room.state.locked


MIC = PublicationId("mic")


async def publish(hub: Hub, who: ParticipantId, id: PublicationId = MIC) -> RoomActor:
    actor = hub.rooms["standup"]
    assert await actor.request(commands.Publish(who, id, Source.MICROPHONE, Kind.AUDIO)) == Done()
    return actor


async def test_a_call_is_offered_on_the_callers_own_connection_and_its_answer_taken() -> None:
    hub, media = make_hub()
    seat, _ = await join(hub, ANA)
    actor = await publish(hub, ANA)
    outcome = await actor.request(Call(ANA, audio=True, video=False))
    assert outcome == Done(answer="v=0 fake offer ana audio")
    assert media.named("offer") == [(seat.connection, "standup", True, False)]
    assert await actor.request(Accept(ANA, "answer", {"0": MIC})) == Done()
    assert media.named("accept") == [(seat.connection, "answer", {"0": "mic"})]


async def test_media_is_told_how_the_room_sends_sound() -> None:
    media = FakeMedia()
    chosen = RoomSound(fec=False, dtx=True, red=False)
    hub = Hub(media, lambda name: RoomSettings(name, sound=chosen), clock=Clock())
    seat, _ = await join(hub, ANA)
    other, _ = await join(hub, BEN)
    actor = hub.rooms["standup"]
    await actor.request(Offer(ANA, 1, "offer", {}))
    await actor.request(Call(BEN, audio=True, video=False))
    assert media.sounds == {one.connection: Sound(fec=False, dtx=True, red=False) for one in (seat, other)}


async def test_an_answer_publishes_nothing_that_is_somebody_elses() -> None:
    hub, media = make_hub()
    await join(hub, ANA)
    await join(hub, BEN)
    actor = await publish(hub, BEN)
    await actor.request(Call(ANA, audio=True, video=True))
    for published in (MIC, PublicationId("unheard-of")):
        outcome = await actor.request(Accept(ANA, "answer", {"0": published}))
        assert isinstance(outcome, TertuliaError) and outcome.code is Code.NO_SUCH_PUBLICATION
    assert not media.named("accept")


@pytest.mark.parametrize("request_", [Call(BEN, True, True), Accept(BEN, "answer", {})])
async def test_only_who_is_in_the_room_is_called(request_: Call | Accept) -> None:
    hub, media = make_hub()
    await join(hub, ANA)
    outcome = await hub.rooms["standup"].request(request_)
    assert isinstance(outcome, TertuliaError) and outcome.code is Code.NO_SUCH_PARTICIPANT
    assert [call.name for call in media.calls] == ["member"]


async def test_what_media_refuses_is_the_outcome() -> None:
    hub, media = make_hub()
    await join(hub, ANA)
    actor = hub.rooms["standup"]
    outcome = await actor.request(Accept(ANA, "answer", {}))
    assert isinstance(outcome, TertuliaError) and outcome.code is Code.WRONG_ORDER
    media.next_error = ProtocolError(Code.INVALID, "no")
    outcome = await actor.request(Call(ANA, True, True))
    assert isinstance(outcome, TertuliaError) and outcome.code is Code.INVALID
