"""The compiled engine behind the port, with aiortc as two people."""

import asyncio

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack

from tertulia.media import addresses
from tertulia.media.engine import EngineMedia, create_engine
from tertulia.media.port import Bound, Chunk, ChunkCame, Connected, ConnectionId, MediaEvent, PublicationKey
from tertulia.media.roads import find_roads

ANA, BOB = ConnectionId("ana"), ConnectionId("bob")
CAM, MIC = PublicationKey("cam"), PublicationKey("mic")


async def connect(
    media: EngineMedia, peer: RTCPeerConnection, connection: ConnectionId, published: dict[str, PublicationKey]
) -> None:
    await peer.setLocalDescription(await peer.createOffer())
    answer = media.answer(connection, "room", 1, peer.localDescription.sdp, published)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))


@pytest.mark.interop
@pytest.mark.parametrize("workers", [1, 2])
async def test_sound_and_picture_reach_a_viewer_who_came_first(workers: int) -> None:
    await asyncio.wait_for(_sound_and_picture(workers), 30)


async def _sound_and_picture(workers: int) -> None:
    """Where there are two workers, publisher and viewer have one each."""
    engine = create_engine(addresses.binding("127.0.0.1", 0), workers=workers, room_share=1, local_only=True)
    media = EngineMedia(engine, roads=find_roads("127.0.0.1", engine.addresses()))
    heard: list[MediaEvent] = []
    media.listen(heard.append)
    publisher, viewer = RTCPeerConnection(), RTCPeerConnection()
    tracks: list[MediaStreamTrack] = []
    viewer.on("track", tracks.append)
    try:
        viewer.addTransceiver("audio", direction="recvonly")
        viewer.addTransceiver("video", direction="recvonly")
        media.subscribe(BOB, MIC, "audio")
        media.subscribe(BOB, CAM, "video")
        await connect(media, viewer, BOB, {})
        publisher.addTransceiver(AudioStreamTrack(), direction="sendonly")
        publisher.addTransceiver(VideoStreamTrack(), direction="sendonly")
        await connect(media, publisher, ANA, {"0": MIC, "1": CAM})
        frames = await asyncio.gather(*(track.recv() for track in tracks))
        assert [type(frame).__name__ for frame in frames] == ["AudioFrame", "VideoFrame"]
        assert {event.connection for event in heard if isinstance(event, Connected)} == {ANA, BOB}
        assert [event for event in heard if isinstance(event, Bound)] == [Bound(BOB, "0", MIC), Bound(BOB, "1", CAM)]
        assert media.counters()["rtp_out"] > 0
        assert (media.counters()["mirror_in"] > 0) == (workers == 2)
    finally:
        await publisher.close()
        await viewer.close()
        media.stop()


@pytest.mark.parametrize("workers", [1, 2])
async def test_chunks_go_from_one_connection_without_a_transport_to_another(workers: int) -> None:
    """Where there are two workers, each has one of them."""
    engine = create_engine(addresses.binding("127.0.0.1", 0), workers=workers, room_share=1, local_only=True)
    media = EngineMedia(engine, roads=find_roads("127.0.0.1", engine.addresses()))
    heard: list[MediaEvent] = []
    media.listen(heard.append)
    key, delta = b"\x00\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00" + bytes(5000), b"\x01" + bytes(range(256)) * 9

    def came() -> list[tuple[PublicationKey, bool, bytes]]:
        chunks = [it for it in heard if isinstance(it, ChunkCame)]
        return [(it.publication, it.chunk.key, it.chunk.bytes) for it in chunks if it.connection == BOB]

    try:
        media.open_chunked(ANA, "room", ["vp8", "opus"])
        media.open_chunked(BOB, "room", ["vp8", "opus"])
        media.subscribe(BOB, CAM, "video")
        media.subscribe(BOB, MIC, "audio")
        async with asyncio.timeout(30):
            time = 0
            # A mirror asks its home for what it gets: the first ones may come too soon for it.
            while not came():
                time += 1
                media.chunk(ANA, CAM, "video", Chunk("vp8", True, time, key))
                await asyncio.sleep(0.05)
            before = len(came())
            media.chunk(ANA, CAM, "video", Chunk("vp8", False, time + 1, delta))
            while (CAM, False, delta) not in came()[before:]:  # noqa: ASYNC110 - the engine's events come by a descriptor
                await asyncio.sleep(0.01)
            while all(publication != MIC for publication, _, _ in came()):
                time += 20_000
                media.chunk(ANA, MIC, "audio", Chunk("opus", True, time, b"\x78\x01\x02", 20))
                await asyncio.sleep(0.02)
        assert {event.connection for event in heard if isinstance(event, Connected)} == {ANA, BOB}
        assert {payload for _, _, payload in came()} == {key, delta, b"\x78\x01\x02"}
        assert (media.counters()["mirror_in"] > 0) == (workers == 2)
        assert media.counters()["chunks_out"] == len(came()) <= media.counters()["chunks_in"]
    finally:
        media.stop()
