"""Images of rooms as bytes, and rooms that stop without a word."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from tertulia.core import commands, events
from tertulia.core.ids import ParticipantId
from tertulia.core.model import Kind, Layer, Preference, RoomSettings, Source
from tertulia.core.room import Room
from tertulia.media.fake import FakeMedia
from tertulia.net import Binary, OutboxImage
from tertulia.runtime.hub import Hub
from tertulia.runtime.image import FORMAT, SessionImage, pack, unpack
from tertulia.runtime.seat import Done, MediaLost, Outcome
from tertulia.store import ChatLog, Database

from .test_rooms import ANA, BEN, MIC, Clock, Seat

EVERYBODY = b'{"type":"speakers"}'


def session(name: str) -> SessionImage:
    written = (EVERYBODY, Binary(EVERYBODY), name.encode())
    return SessionImage(
        name, (b"\x00" * 32,), 9, OutboxImage(12, 9, written, ((EVERYBODY, "speakers"), (b"last", None)))
    )


class LastingSeat(Seat):
    lasts = True

    def freeze(self) -> SessionImage:
        return session(self.connection)

    def thaw(self) -> None:
        """Nothing has changed."""


async def join(hub: Hub, seat: Seat) -> None:
    who, outcomes = ParticipantId(seat.connection), list[Outcome]()
    await hub.join("standup", commands.Join(who, who), seat, lambda actor, outcome: outcomes.append(outcome))
    assert outcomes == [Done()]


def make_hub(chat: ChatLog | None = None) -> tuple[Hub, FakeMedia]:
    media = FakeMedia()
    return Hub(media, lambda name: RoomSettings(name), clock=Clock(), chat=chat), media


def room_with(*people: ParticipantId) -> Room:
    room = Room(RoomSettings("standup"), 0.0)
    for who in people:
        room.handle(commands.Join(who, who), 0.0)
    room.handle(commands.Publish(people[0], MIC, Source.MICROPHONE, Kind.AUDIO), 0.0)
    for who in people[1:]:
        room.handle(commands.Prefer(who, MIC, Preference(layer=Layer.LOW)), 0.0)
    return room


def test_what_is_packed_comes_out_whole() -> None:
    room = room_with(ANA, BEN).image(1.0)
    sessions = {who: session(who) for who in (ANA, BEN)}
    unpacked_room, unpacked = unpack(pack(room, sessions))
    assert (unpacked_room, unpacked) == (room, sessions)
    assert [type(body) for body in unpacked[ANA].outbox.written] == [bytes, Binary, bytes]


def test_a_message_to_everybody_is_there_once() -> None:
    people = [ParticipantId(f"person-{number}") for number in range(50)]
    room, text = room_with(*people).image(0.0), b"x" * 10_000
    outbox = OutboxImage(1, 0, (text,), ())
    packed = pack(room, {who: replace(session(who), outbox=outbox) for who in people})
    assert packed.count(text) == 1


@pytest.mark.parametrize("harm", ["nothing", "half", "format", "nobody", "place", "noise"])
def test_what_is_no_image_is_said_so(harm: str) -> None:
    room = room_with(ANA, BEN).image(0.0)
    whole = pack(room, {who: session(who) for who in (ANA, BEN)})
    content = msgspec.msgpack.decode(whole)
    broken = {
        "nothing": b"",
        "half": whole[: len(whole) // 2],
        "format": msgspec.msgpack.encode([FORMAT + 1, content[1]]),
        "nobody": pack(room, {ANA: session(ANA)}),
        "place": msgspec.msgpack.encode([FORMAT, [*content[1][:2], []]]),
        "noise": bytes(range(256)),
    }[harm]
    with pytest.raises(ValueError):
        unpack(broken)


async def test_a_room_stops_without_a_word_and_goes_on_elsewhere() -> None:
    hub, _ = make_hub()
    ana, ben = LastingSeat(ANA), LastingSeat(BEN)
    await join(hub, ana)
    await join(hub, ben)
    actor = hub.rooms["standup"]
    assert await actor.request(commands.Publish(ANA, MIC, Source.MICROPHONE, Kind.AUDIO)) == Done()
    told = len(ana.notices), len(ben.notices)
    (frozen,) = (await hub.freeze(5.0)).values()
    assert hub.rooms == {} and actor.closed
    assert (len(ana.notices), len(ben.notices)) == told

    heard: list[events.Event] = []
    other, media = make_hub()
    other.observe(lambda _, event: heard.append(event))
    again = {ANA: LastingSeat(ANA), BEN: LastingSeat(BEN)}
    actor = other.restore("standup", frozen.room, again, 1.0)
    await actor.request(commands.Tick())
    assert [type(it) for it in heard] == [events.ParticipantJoined] * 2 + [events.PublicationAdded]
    assert [it.notices for it in again.values()] == [[MediaLost("server_restarted")]] * 2
    assert other.owner(again[ANA].connection) == (actor, ANA)
    assert {identity for identity, sends in media.members.values() if sends} == {ANA, BEN}
    # The road is direct, so nothing is forwarded yet; when it no longer is, media has what it needs.
    assert media.named("subscribe") == []
    await actor.request(commands.RequireSfu("recording", True))
    assert media.named("subscribe") == [(BEN, MIC, "audio")]


async def test_who_cannot_go_on_elsewhere_leaves_first() -> None:
    hub, _ = make_hub()
    ana, ben = LastingSeat(ANA), Seat(BEN)
    await join(hub, ana)
    await join(hub, ben)
    (frozen,) = (await hub.freeze(5.0)).values()
    assert [who.id for who in frozen.room.people] == [ANA]
    assert isinstance(ben.notices[-1], events.SessionEnded)
    assert isinstance(ana.notices[-1], events.ParticipantLeft | events.TopologyChanged)


async def test_a_room_of_nobody_who_could_go_on_ends_as_ever() -> None:
    hub, _ = make_hub()
    ben = Seat(BEN)
    await join(hub, ben)
    assert await hub.freeze(5.0) == {}
    await hub.stop(5.0)
    assert hub.rooms == {}
    assert isinstance(ben.notices[-1], events.SessionEnded)


async def test_what_was_asked_is_carried_out_before_a_room_stops() -> None:
    database = Database()
    await database.open()
    hub, _ = make_hub(ChatLog(database))
    ana = LastingSeat(ANA)
    await join(hub, ana)
    actor = hub.rooms["standup"]
    replies: list[Outcome] = []
    for number in range(40):
        actor.post(commands.SendChat(ANA, f"m{number}", str(number), None, 1.0), replies.append)
    (frozen,) = (await hub.freeze(5.0)).values()
    assert replies == [Done()] * 40
    shown = [it.message.text for it in ana.notices if isinstance(it, events.ChatSent)]
    assert shown == [str(number) for number in range(40)]
    assert frozen.room.chat.messages == (), "the next process has them from the database"
    assert frozen.room.chat.number == 1039
    await database.close()


async def test_a_room_whose_turn_does_not_come_stays() -> None:
    hub, _ = make_hub()
    await join(hub, LastingSeat(ANA))
    actor = hub.rooms["standup"]
    actor._keeping += 1  # as if a database did not answer
    assert await hub.freeze(0.01) == {}
    actor._keeping -= 1
    await asyncio.sleep(0)
    assert not actor.closed
    await hub.stop(5.0)
    assert actor.closed
