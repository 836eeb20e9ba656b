"""What an app hears of its rooms."""

import asyncio
import gc
from typing import Any

import pytest

from tertulia import (
    ChatSent,
    DataMessage,
    DataSent,
    EventStream,
    Knock,
    Message,
    Participant,
    ParticipantJoined,
    ParticipantLeft,
    Publication,
    Room,
    RoomEnded,
    RoomOpened,
    Tertulia,
)
from tertulia.media.fake import FakeMedia
from tests.doors.harness import WITHIN, Client, eventually, person, server


async def following(stream: EventStream[Any], count: int) -> list[Any]:
    return [await asyncio.wait_for(anext(stream), WITHIN) for _ in range(count)]


async def test_a_room_from_its_first_to_its_last_event() -> None:
    async with server() as (app, _):
        stream = app.events()
        ana = await person(app, "Ana")
        published = await ana.ask("publish", source="camera", kind="video")
        await ana.ask("mute", publication=published["publication"]["id"], muted=True)
        await ana.ask("chat", text="hello")
        await ana.ask("data", topic="cursor", data=[1, 2])
        await ana.ask("hand", raised=True)
        room = app.room("standup")
        assert room is not None
        await room.end()
        happened = await following(stream, 10)
        assert [type(it).__name__ for it in happened] == [
            "RoomOpened", "ParticipantJoined", "PublicationAdded", "PublicationUpdated", "ChatSent", "DataSent",
            "ParticipantUpdated", "PublicationRemoved", "ParticipantLeft", "RoomEnded",
        ]  # fmt: skip
        assert all(it.room == room for it in happened)
        assert happened[2].participant.name == "Ana" and happened[2].publication.source == "camera"
        assert happened[3].publication.muted
        assert (happened[4].message.text, happened[4].message.sender) == ("hello", ana.me)
        assert (happened[5].message.topic, happened[5].message.data) == ("cursor", [1, 2])
        assert happened[6].participant.hand == 1
        assert (happened[8].participant.id, happened[8].reason) == (ana.me, "ended")
        assert happened[9].reason == "ended"


async def test_names_choose_what_comes_and_bytes_are_bytes() -> None:
    async with server() as (app, _):
        stream = app.events("data", "room_ended")
        ana = await person(app, "Ana")
        await ana.ask("data", topic="frame", data="AP8=", encoding="base64")
        (event,) = await following(stream, 1)
        assert isinstance(event, DataSent)
        assert event.message == DataMessage(ana.me, "frame", b"\x00\xff", None)
        with pytest.raises(ValueError, match="no event"):
            app.events("nonsense")  # type: ignore[call-overload]


async def test_one_rooms_events_end_with_it() -> None:
    async with server() as (app, _):
        await person(app, "Ana", room="den")
        den = app.room("den")
        assert den is not None
        joins, everything = den.events("participant_joined"), den.events()
        await person(app, "Ben", room="standup")
        await person(app, "Cleo", room="den")
        await den.end()
        assert [event.participant.name async for event in joins] == ["Cleo"]
        assert [type(event) async for event in everything][-1] is RoomEnded
        assert [event async for event in den.events()] == []


async def test_a_knock_is_heard_once() -> None:
    async with server() as (app, _):
        stream = app.events("knock")
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ana.ask("waiting_room", enabled=True)
        guest = await Client(app).open()
        guest.send("join", room="standup", name="Guest")
        (knock,) = await following(stream, 1)
        assert isinstance(knock, Knock) and knock.participant.name == "Guest"
        await ana.ask("set_role", participant=ben.me, role="moderator")
        await ben.until("knock")
        await knock.room.admit(knock.participant)
        await guest.until("joined")
        await knock.room.end()
        assert [event async for event in knock.room.events()] == []
    assert [event async for event in stream] == []


async def test_a_slow_reader_loses_the_oldest_and_is_told() -> None:
    stream: EventStream[int] = EventStream(capacity=3)
    for number in range(5):
        stream.put(number)
    stream.close()
    stream.put(9)
    assert [event async for event in stream] == [2, 3, 4]
    assert stream.missed == 2


async def test_iterations_end_when_the_server_stops_and_begin_again_with_it() -> None:
    app = Tertulia(open=True, media=FakeMedia())
    async with app.lifespan():
        stream = app.events("room_ended", "participant_left")
        await person(app, "Ana")
        reading = asyncio.create_task(_all(stream))
    reasons = [event.reason for event in await asyncio.wait_for(reading, WITHIN)]
    assert reasons == ["server_stopping", "server_stopping"]


async def _all(stream: EventStream[Any]) -> list[Any]:
    return [event async for event in stream]


async def test_a_forgotten_iteration_costs_nothing() -> None:
    async with server() as (app, _):
        stream = app.events()
        assert len(app._feed._streams) == 1
        del stream
        gc.collect()
        assert len(app._feed._streams) == 0


async def test_handlers_get_what_the_event_is_about() -> None:
    async with server() as (app, _):
        heard: list[str] = []

        @app.on("room_opened")
        async def opened(room: Room) -> None:
            heard.append(f"opened {room.name}")

        @app.on("participant_joined")
        async def joined(room: Room, who: Participant) -> None:
            heard.append(f"joined {who.name}")

        @app.on("publication_added")
        async def added(room: Room, who: Participant, track: Publication) -> None:
            heard.append(f"{who.name} sends {track.source}")

        @app.on("chat")
        async def chat(room: Room, message: Message) -> None:
            heard.append(f"{message.name}: {message.text}")

        @app.on("data")
        async def data(room: Room, message: DataMessage) -> None:
            heard.append(f"{message.topic}: {message.data}")

        @app.on("chat")
        async def broken(room: Room, message: Message) -> None:
            raise ZeroDivisionError

        ana = await person(app, "Ana")
        await ana.ask("publish", source="screen", kind="video")
        await ana.ask("chat", text="hi")
        await ana.ask("data", topic="t", data=None)
        await eventually(lambda: len(heard) == 5)
        assert heard == ["opened standup", "joined Ana", "Ana sends screen", "Ana: hi", "t: None"]


async def test_what_cannot_be_a_handler() -> None:
    app = Tertulia(open=True, media=FakeMedia())

    def sync(room: Room) -> None: ...

    with pytest.raises(TypeError, match="async"):
        app.on("room_ended")(sync)  # type: ignore[type-var]
    with pytest.raises(ValueError, match="no event"):
        app.on("nonsense")(sync)  # type: ignore[call-overload]


async def test_a_handler_that_never_ends_does_not_hold_up_the_end() -> None:
    app = Tertulia(open=True, media=FakeMedia(), drain_timeout=0.2)
    cancelled = asyncio.Event()

    @app.on("participant_joined")
    async def hang(room: Room, who: Participant) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with asyncio.timeout(WITHIN), app.lifespan():
        await person(app, "Ana")
    assert cancelled.is_set()


async def _types_that_the_checker_knows(app: Tertulia, room: Room) -> None:
    """Never called: mypy reads it."""
    joined: EventStream[ParticipantJoined] = app.events("participant_joined")
    left: EventStream[ParticipantLeft] = room.events("participant_left")
    opened: EventStream[RoomOpened] = app.events("room_opened")
    chat: EventStream[ChatSent] = room.events("chat")
    print(joined, left, opened, chat)

    @app.on("chat")  # type: ignore[type-var]
    async def wrong(room: Room, who: Participant) -> None: ...
