"""Chunks: what is taken for one, and how a connection without a transport is wired to the engine."""

import itertools

import pytest

from tertulia.errors import Code, ProtocolError
from tertulia.media.chunked import CHUNK_BYTES, Chunked
from tertulia.media.port import (
    Chunk,
    ChunkCame,
    ChunkCodec,
    Connected,
    ConnectionId,
    Disconnected,
    KeyFrameWanted,
    Kind,
    PublicationKey,
)
from tests.media.offers import data, media, offer, publications
from tests.media.stage import Stage

ANA, BOB = ConnectionId("ana"), ConnectionId("bob")
CAM, MIC = PublicationKey("cam"), PublicationKey("mic")
KEY = b"\x00\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00"
DELTA = b"\x01\x00\x00" + bytes(20)
ALL: tuple[ChunkCodec, ...] = ("vp8", "opus")


def picture(time: int, payload: bytes = KEY, *, key: bool | None = None) -> Chunk:
    return Chunk("vp8", payload[:1] == b"\x00" if key is None else key, time, payload)


def sound(time: int, *, key: bool = True) -> Chunk:
    return Chunk("opus", key, time, b"\x78\x01", 30)


def refused(chunk: Chunk, kind: Kind = "video", before: Chunk | None = None) -> Code:
    chunked = Chunked(itertools.count(1).__next__, ALL)
    if before is not None:
        chunked.take(CAM, kind, before)
    with pytest.raises(ProtocolError) as refusal:
        chunked.take(CAM, kind, chunk)
    return refusal.value.code


def test_pictures_begin_with_a_key_frame_and_sound_with_any() -> None:
    assert refused(picture(1, DELTA)) is Code.WRONG_ORDER
    chunked = Chunked(itertools.count(1).__next__, ALL)
    assert chunked.take(MIC, "audio", sound(1))[1]
    source, is_new = chunked.take(CAM, "video", picture(1))
    assert is_new and source.publication == CAM and source.key.name == "VP8"
    assert chunked.take(CAM, "video", picture(2, DELTA)) == (source, False)
    assert {it.publication for it in chunked.sources} == {CAM, MIC}


def test_what_is_no_frame_of_its_codec_is_refused() -> None:
    assert refused(picture(1, b"", key=True)) is Code.INVALID
    assert refused(picture(1, DELTA, key=True)) is Code.INVALID, "its tag says that it is none"
    assert refused(picture(1, KEY, key=False)) is Code.INVALID
    assert refused(picture(1, b"\x00\x00\x00H264...", key=True)) is Code.INVALID
    assert refused(picture(1, b"\x00", key=True)) is Code.INVALID
    assert refused(sound(1, key=False), "audio") is Code.INVALID
    assert refused(picture(1, KEY + bytes(CHUNK_BYTES))) is Code.TOO_LARGE


def test_a_codec_of_another_kind_is_refused() -> None:
    assert refused(sound(1), "video") is Code.INVALID
    assert refused(picture(1), "audio") is Code.INVALID


@pytest.mark.parametrize("time", [0, 999, 1000])
def test_times_rise(time: int) -> None:
    assert refused(picture(time, DELTA), before=picture(1000)) is Code.WRONG_ORDER


def test_times_may_leap_ahead() -> None:
    chunked = Chunked(itertools.count(1).__next__, ALL)
    chunked.take(CAM, "video", picture(0))
    assert not chunked.take(CAM, "video", picture(2**53 - 1, DELTA))[1]


def test_places_are_made_for_what_can_be_decoded() -> None:
    chunked = Chunked(itertools.count(1).__next__, ["opus"])
    assert {slot.kind for slot in chunked.first_slots()} == {"audio"}
    assert len(chunked.grow({"audio": 6, "video": 6})) == 2 and len(chunked.slots) == 6


async def test_a_connection_without_a_transport_sends(stage: Stage) -> None:
    stage.media.open_chunked(ANA, "standup", ALL)
    stage.media.chunk(ANA, CAM, "video", picture(1))
    stage.media.chunk(ANA, CAM, "video", picture(2, DELTA))
    ((number, keywords),) = stage.engine.named("open_chunked")
    ((owner, source, added),) = stage.engine.named("add_source")
    assert owner == number and keywords == {"room": 2}
    assert (added["codec"], added["clock_rate"], added["kind"]) == ("VP8", 90000, "video")
    sent = [(it[0], it[1]["key"], it[1]["time"]) for it in stage.engine.named("chunk")]
    assert sent == [(source, True, 1), (source, False, 2)]
    stage.engine.happen(("connected", number))
    stage.engine.happen(("key_frame_wanted", source))
    assert await stage.events() == [Connected(ANA), KeyFrameWanted(ANA, CAM)]


async def test_a_connection_without_a_transport_receives_and_is_told_of_no_sections(stage: Stage) -> None:
    stage.answer(BOB, 1, offer(data(), media("video", "0", "sendonly")), publications(m0="cam"))
    source = stage.engine.named("add_source")[0][1]
    stage.media.open_chunked(ANA, "standup", ALL)
    stage.media.subscribe(ANA, CAM, "video")
    bound = stage.engine.named("bind")[0]
    slot = bound.slot
    assert bound.source == source
    stage.engine.happen(("chunk", slot, source, True, 7, KEY))
    stage.engine.happen(("chunk", slot, source + 1000, True, 7, KEY))
    stage.engine.happen(("chunk", slot + 1000, source, True, 7, KEY))
    assert await stage.events() == [ChunkCame(ANA, CAM, Chunk("vp8", True, 7, KEY))]
    stage.media.refresh(ANA, CAM)
    assert stage.engine.named("refresh_slot") == [slot]
    stage.media.unsubscribe(ANA, CAM)
    stage.engine.happen(("chunk", slot, source, True, 8, KEY))
    assert await stage.events() == [], "what was under way"


async def test_more_publications_get_more_places(stage: Stage) -> None:
    stage.media.open_chunked(ANA, "standup", ALL)
    stage.media.open_chunked(BOB, "standup", ALL)
    for n in range(11):
        key = PublicationKey(f"cam{n}")
        stage.media.chunk(ANA, key, "video", picture(1))
        stage.media.subscribe(BOB, key, "video")
    await stage.events()
    sources = {it[1] for it in stage.engine.named("add_source")}
    assert {it.source for it in stage.engine.named("bind")} == sources and len(sources) == 11


async def test_an_offer_takes_the_place_and_gives_it_back(stage: Stage) -> None:
    stage.media.open_chunked(ANA, "standup", ALL)
    stage.media.chunk(ANA, CAM, "video", picture(1))
    first = stage.engine.named("open_chunked")[0][0]
    stage.answer(ANA, 1, offer(data(), media("video", "0", "sendonly")), publications(m0="cam"))
    assert stage.engine.named("close") == [first]
    with pytest.raises(ProtocolError) as refusal:
        stage.media.chunk(ANA, CAM, "video", picture(2))
    assert refusal.value.code is Code.WRONG_ORDER
    stage.media.open_chunked(ANA, "standup", ALL)
    stage.media.chunk(ANA, CAM, "video", picture(3))
    assert len(stage.engine.named("close")) == 2
    assert len(stage.engine.named("add_source")) == 3


async def test_a_lost_worker_and_a_withdrawn_publication_leave_nothing_behind(stage: Stage) -> None:
    stage.media.open_chunked(ANA, "standup", ALL)
    stage.media.chunk(ANA, CAM, "video", picture(1))
    source = stage.engine.named("add_source")[0][1]
    stage.media.withdraw(CAM)
    assert stage.engine.named("remove_source") == [source]
    number = stage.engine.named("open_chunked")[0][0]
    stage.engine.happen(("worker_lost", 0, [number]))
    assert await stage.events() == [Disconnected(ANA, "worker_lost")]
    with pytest.raises(ProtocolError):
        stage.media.chunk(ANA, CAM, "video", picture(2))
    assert not stage.media._chunk_slots
