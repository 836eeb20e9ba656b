"""What the compiled engine measures of two people by aiortc, one of whom loses a tenth of what he sends."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiortc import RTCPeerConnection
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from tertulia.media import addresses
from tertulia.media.engine import EngineMedia, create_engine
from tertulia.media.port import ConnectionStatistics
from tertulia.media.roads import find_roads
from tests.media.test_with_engine import ANA, BOB, CAM, MIC, connect

ENOUGH = 150
"""Packets of sound: three seconds."""


def losing(send: Callable[[bytes], Awaitable[None]], payload_type: int) -> Callable[[bytes], Awaitable[None]]:
    """Loses every tenth packet of a payload type."""
    count = 0

    async def lossy(data: bytes) -> None:
        nonlocal count
        count += data[1] & 0x7F == payload_type
        if not (data[1] & 0x7F == payload_type and count % 10 == 5):
            await send(data)

    return lossy


@pytest.mark.interop
async def test_what_is_measured_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    await asyncio.wait_for(_what_is_measured(monkeypatch), 40)


async def _what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine(addresses.binding("127.0.0.1", 0), local_only=True)
    media = EngineMedia(engine, roads=find_roads("127.0.0.1", engine.addresses()))
    media.listen(lambda event: None)
    publisher, viewer = RTCPeerConnection(), RTCPeerConnection()
    try:
        viewer.addTransceiver("audio", direction="recvonly")
        viewer.addTransceiver("video", direction="recvonly")
        media.subscribe(BOB, MIC, "audio")
        media.subscribe(BOB, CAM, "video")
        await connect(media, viewer, BOB, {})
        sound = publisher.addTransceiver(AudioStreamTrack(), direction="sendonly")
        publisher.addTransceiver(VideoStreamTrack(), direction="sendonly")
        await connect(media, publisher, ANA, {"0": MIC, "1": CAM})
        transport = sound.sender.transport
        monkeypatch.setattr(transport, "_send_rtp", losing(transport._send_rtp, _payload_type(publisher)))
        looks = await _looks(media)
        sent = [it for look in looks for it in look[ANA].sent if it.publication == MIC]
        came, lost = sum(it.encodings[0].packets for it in sent), sum(it.encodings[0].lost for it in sent)
        assert 0.08 <= lost / (came + lost) <= 0.12
        received = [it for look in looks for it in look[BOB].received if it.publication == MIC]
        assert abs(sum(it.packets for it in received) - came) <= 5, "what came was sent on"
        assert {it.reason for it in received} == {"best"}
        last = looks[-1]
        (voice,) = (it for it in last[BOB].received if it.publication == MIC)
        (picture,) = (it for it in last[BOB].received if it.publication == CAM)
        assert voice.layer is not None and voice.layer.width == 0
        assert picture.layer is not None and (picture.layer.width, picture.layer.height) == (640, 480)
        assert (picture.layer, picture.reason) == (picture.best, "best")
        assert 20 < picture.layer.frame_rate < 40
        assert picture.bitrate == pytest.approx(last[ANA].sent[1].encodings[0].bitrate, rel=0.2)
        ben = last[BOB]
        assert 0.9 < ben.seconds < 5
        assert ben.round_trip is not None and ben.round_trip < 0.1
        assert ben.estimate is not None and ben.estimate > 100_000
    finally:
        await publisher.close()
        await viewer.close()
        media.stop()


def _payload_type(peer: RTCPeerConnection) -> int:
    (line,) = (it for it in peer.localDescription.sdp.splitlines() if it.startswith("a=rtpmap") and "opus" in it)
    return int(line.removeprefix("a=rtpmap:").split()[0])


async def _looks(media: EngineMedia) -> list[dict[str, ConnectionStatistics]]:
    """Those in which both were measured, until there were enough packets and the picture and round trip are known."""
    looks: list[dict[str, ConnectionStatistics]] = []
    packets = 0
    while packets < ENOUGH or not looks[-1][BOB].round_trip or len(looks[-1][BOB].received) < 2:
        await asyncio.sleep(0.25)
        look = {str(it.connection): it for it in media.statistics()}
        if look.keys() == {ANA, BOB} and len(look[ANA].sent) == 2:
            looks.append(look)
            packets += sum(it.encodings[0].packets for it in look[ANA].sent if it.publication == MIC)
    return looks
