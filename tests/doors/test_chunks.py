"""Media by the native socket: what comes, what is refused, and what a reader gets who is slow or was away."""

import json
from typing import Any

import httpx
import pytest

from tertulia.doors.native.chunks import BYTES_PER_SECOND
from tertulia.errors import Code, ProtocolError
from tertulia.media.port import Chunk, ChunkCame, KeyFrameWanted, PublicationKey
from tertulia.net.media_lane import SOUND_CHUNKS
from tertulia.wire.native import pack

from .harness import Client, eventually, person, server

KEY = b"\x00\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00"
DELTA = b"\x01" + bytes(20)


def chunk(client: Client, publication: str, payload: bytes = KEY, **fields: Any) -> None:
    message = {
        "type": "media_chunk",
        "publication": publication,
        "codec": "vp8",
        "key": payload[:1] == b"\x00",
        "time": 1,
    }
    client.send_bytes(pack(json.dumps(message | fields).encode(), payload))


async def sender(app: Any, name: str = "Ana") -> tuple[Client, str]:
    """Somebody whose media goes by the socket, and a camera of his."""
    client = await person(app, name, p2p=False)
    assert (await client.ask("media_open", codecs=["vp8", "opus"]))["type"] == "ok"
    track = (await client.ask("publish", source="camera", kind="video"))["publication"]["id"]
    return client, track


async def refusal(client: Client) -> str:
    message = await client.until("error")
    assert message.get("id") is None
    return str(message["code"])


async def test_chunks_are_handed_to_media_without_a_reply() -> None:
    async with server() as (app, media):
        ana, camera = await sender(app)
        chunk(ana, camera, time=5)
        chunk(ana, camera, DELTA, time=6)
        assert await ana.settle() == []
        given = [(publication, kind, it.key, it.time, it.bytes) for _, publication, kind, it in media.named("chunk")]
        assert given == [(camera, "video", True, 5, KEY), (camera, "video", False, 6, DELTA)]
        ((connection, room, codecs),) = media.named("open_chunked")
        assert (room, codecs) == ("standup", ("vp8", "opus")) and connection == media.named("chunk")[0][0]


async def test_nobody_sends_for_somebody_else_or_before_he_has_said_so() -> None:
    async with server() as (app, _):
        ana, camera = await sender(app)
        ben = await person(app, "Ben")
        track = (await ben.ask("publish", source="camera", kind="video"))["publication"]["id"]
        chunk(ben, camera)
        assert await refusal(ben) == Code.NO_SUCH_PUBLICATION
        chunk(ben, track)
        assert await refusal(ben) == Code.WRONG_ORDER
        chunk(ana, "nothing")
        assert await refusal(ana) == Code.NO_SUCH_PUBLICATION
        assert (await ben.settle(), await ana.settle()) == ([], [])


async def test_an_error_is_told_once_a_second_and_a_picture_that_was_refused_costs_those_up_to_a_key_frame() -> None:
    async with server() as (app, media):
        ana, camera = await sender(app)
        chunk(ana, camera, time=1)
        await ana.settle()
        media.next_error = ProtocolError(Code.INVALID, "that is no such frame of VP8")
        for time in range(2, 12):
            chunk(ana, camera, DELTA, time=time)
        told = await ana.settle()
        assert [message["type"] for message in told] == ["key_frame_wanted", "error"]
        assert told[0]["publication"] == camera and told[1]["code"] == Code.INVALID
        assert [it[3].time for it in media.named("chunk")] == [1, 2], "what refers to it is not passed on"
        chunk(ana, camera, time=12)
        chunk(ana, camera, DELTA, time=13)
        await ana.settle()
        assert [it[3].time for it in media.named("chunk")] == [1, 2, 12, 13]


async def test_frames_that_cannot_be_read_are_refused_and_harm_nobody() -> None:
    async with server() as (app, media):
        ana, camera = await sender(app)
        for fields, code in (
            ({"codec": "h264"}, Code.MALFORMED),
            ({"time": -1}, Code.MALFORMED),
            ({"level": 128}, Code.MALFORMED),
            ({"key": None}, Code.MALFORMED),
        ):
            chunk(ana, camera, **fields)
            if media.named("chunk"):
                raise AssertionError(fields)
            told = [message["code"] for message in await ana.settle() if message["type"] == "error"]
            assert told in ([code], []), "once a second"
        chunk(ana, camera, KEY + bytes(600_000))
        assert await refusal(ana) == Code.TOO_LARGE
        ana.send_raw(json.dumps({"type": "media_chunk", "publication": camera, "codec": "vp8", "key": True, "time": 1}))
        assert await refusal(ana) == Code.MALFORMED, "it comes in a binary frame"
        chunk(ana, camera)
        await ana.settle()
        assert len(media.named("chunk")) == 1


async def test_chunks_have_a_budget_of_their_own() -> None:
    async with server(messages_per_second=10) as (app, media):
        ana, camera = await sender(app)
        for time in range(1, 101):
            chunk(ana, camera, DELTA if time > 1 else KEY, time=time)
        assert await ana.settle() == []
        assert len(media.named("chunk")) == 100, "more than requests may be"


async def test_who_sends_too_much_is_told_and_his_pictures_go_on_at_a_key_frame() -> None:
    async with server() as (app, media):
        ana, camera = await sender(app)
        size = 400_000
        count = 4 * BYTES_PER_SECOND // size
        for time in range(1, count + 4):
            chunk(ana, camera, (KEY if time == 1 else DELTA) + bytes(size), time=time)
        told = await ana.settle()
        assert [it.get("code") for it in told] == [None, Code.TOO_MANY_MESSAGES]
        assert told[0] == {"type": "key_frame_wanted", "publication": camera, "seq": told[0]["seq"]}
        assert len(media.named("chunk")) <= count
        assert (await ana.ask("hand", raised=True))["type"] == "ok", "nothing else is held up"


async def test_a_flood_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.doors.native.chunks.PER_SECOND", 5)
    async with server() as (app, _):
        ana, camera = await sender(app)
        for time in range(300):
            chunk(ana, camera, DELTA, time=time)
        assert (await ana.closed()).reason == Code.TOO_MANY_MESSAGES


async def receiver(app: Any, media: Any) -> tuple[Client, Any]:
    """Somebody who receives by the socket, and how a chunk comes for him."""
    ben = await person(app, "Ben", p2p=False)
    await ben.ask("media_open", codecs=["vp8", "opus"])
    connection = media.named("open_chunked")[-1][0]

    def come(publication: str, payload: bytes, *, codec: Any = "vp8", key: bool = False, time: int = 1) -> None:
        media.raise_event(ChunkCame(connection, PublicationKey(publication), Chunk(codec, key, time, payload)))

    return ben, come


async def test_chunks_that_come_stand_outside_the_numbering() -> None:
    async with server() as (app, media):
        ben, come = await receiver(app, media)
        come("cam", KEY, key=True, time=7)
        come("mic", b"\x78", codec="opus", key=True)
        picture, sound = await ben.settle()
        assert picture == {
            "type": "media_chunk", "publication": "cam", "codec": "vp8", "key": True, "time": 7, "bytes": KEY,
        }  # fmt: skip
        assert (sound["codec"], sound["bytes"]) == ("opus", b"\x78")


async def test_who_does_not_read_misses_pictures_and_keeps_his_session() -> None:
    async with server() as (app, media):
        ben, come = await receiver(app, media)
        ben.hold()
        come("cam", KEY, key=True)
        for time in range(2, 400):
            come("cam", DELTA + bytes(10_000), time=time)
            come("mic", b"%d" % time, codec="opus", key=True)
        ben.release()
        media.raise_event(KeyFrameWanted(media.named("open_chunked")[-1][0], PublicationKey("own")))
        came = await ben.settle()
        pictures = [it["time"] for it in came if it.get("codec") == "vp8"]
        assert pictures == sorted(pictures) and len(pictures) < 200
        sounds = [it["bytes"] for it in came if it.get("codec") == "opus"]
        assert len(sounds) <= SOUND_CHUNKS + 1 and sounds[-1] == b"399"
        assert any(it["type"] == "key_frame_wanted" for it in came)
        come("cam", DELTA, time=400)
        assert media.named("refresh"), "he reads again: a key frame is asked for"
        come("cam", KEY, key=True, time=401)
        come("cam", DELTA, time=402)
        assert [it["time"] for it in await ben.settle()] == [401, 402]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
            lines = (await client.get("/metrics")).text.splitlines()
        given_out = len(pictures) + len(sounds) + 2
        assert f"tertulia_chunks_left_out_total {399 + 398 + 3 - given_out}.0" in lines


async def test_who_was_away_goes_on_at_a_key_frame() -> None:
    async with server() as (app, media):
        ben, come = await receiver(app, media)
        come("cam", KEY, key=True)
        await ben.settle()
        ben.drop()
        await ben.ended()
        come("cam", DELTA, time=2)
        again = await Client(app).open()
        await again.resume(ben)
        come("cam", DELTA, time=3)
        assert media.named("refresh")
        come("cam", KEY, key=True, time=4)
        assert [it["time"] for it in await again.settle() if it["type"] == "media_chunk"] == [4]


async def test_a_decoder_that_failed_gets_a_key_frame() -> None:
    async with server() as (app, media):
        ben, _ = await receiver(app, media)
        assert (await ben.ask("media_refresh", publication="cam"))["type"] == "ok"
        assert media.named("refresh")[0][1] == "cam"


async def test_reading_is_said_without_a_reply_and_without_harm() -> None:
    async with server() as (app, media):
        ben, come = await receiver(app, media)
        ben.send_raw('{"type":"media_read","count":9007199254740991}')
        come("cam", KEY, key=True)
        assert [it["type"] for it in await ben.settle()] == ["media_chunk"]


async def test_an_offer_takes_the_place_of_the_socket() -> None:
    async with server() as (app, media):
        ana, camera = await sender(app)
        answered = await ana.ask("offer", to="server", serial=1, sdp="v=0", publications={"0": camera})
        assert answered["type"] == "answered"
        chunk(ana, camera)
        assert await refusal(ana) == Code.WRONG_ORDER
        await eventually(lambda: not media.chunked)
