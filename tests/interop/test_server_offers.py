"""aiortc is called: the server offers, and aiortc answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription

from tertulia.media.outline import outline
from tertulia.media.port import Connected, ConnectionId, PublicationKey
from tests.interop import painting
from tests.interop.conftest import ROOM, Engine, Viewer
from tests.interop.tracks import Painted, Played

pytestmark = pytest.mark.interop


async def call(engine: Engine, peer: RTCPeerConnection, name: str) -> None:
    """What it sends is published under its kind and name."""
    offer = engine.media.offer(ConnectionId(name), ROOM, audio=True, video=True)
    await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    await peer.setLocalDescription(await peer.createAnswer())
    answer = peer.localDescription.sdp
    sent = [section for section in outline(answer, answer=True) if section.sends]
    publications = {section.mid: PublicationKey(f"{section.kind}-{name}") for section in sent}
    engine.media.accept(ConnectionId(name), answer, publications)


async def test_two_who_were_called_see_and_hear_each_other(engine: Engine, viewer: Callable[[str], Viewer]) -> None:
    ana, ben = viewer("ana"), viewer("ben")
    for person, other in ((ana, ben), (ben, ana)):
        person.peer.addTrack(Played())
        person.peer.addTrack(Painted())
        await call(engine, person.peer, person.name)
        person_id = ConnectionId(person.name)
        engine.media.subscribe(person_id, PublicationKey(f"audio-{other.name}"), "audio")
        engine.media.subscribe(person_id, PublicationKey(f"video-{other.name}"), "video")
    await asyncio.gather(ana.sees(), ben.sees())
    for tones in await asyncio.gather(ana.hears(), ben.hears()):
        assert tones == pytest.approx((painting.LEFT_HZ, painting.RIGHT_HZ), abs=5)


async def test_one_who_only_watches_answers_recvonly(engine: Engine, viewer: Callable[[str], Viewer]) -> None:
    publisher, watcher = viewer("publisher"), viewer("watcher")
    publisher.peer.addTrack(Painted())
    await call(engine, publisher.peer, "publisher")
    await call(engine, watcher.peer, "watcher")
    assert not any(section.sends for section in outline(watcher.peer.localDescription.sdp))
    engine.media.subscribe(ConnectionId("watcher"), PublicationKey("video-publisher"), "video")
    await watcher.sees()


async def test_the_codec_that_the_answer_keeps_is_the_one_that_flows(
    engine: Engine, viewer: Callable[[str], Viewer]
) -> None:
    publisher, watcher = viewer("publisher"), viewer("watcher")
    known = RTCRtpSender.getCapabilities("video").codecs
    publisher.peer.addTrack(Painted())
    publisher.peer.getTransceivers()[0].setCodecPreferences([item for item in known if item.name == "H264"])
    await call(engine, publisher.peer, "publisher")
    await call(engine, watcher.peer, "watcher")
    engine.media.subscribe(ConnectionId("watcher"), PublicationKey("video-publisher"), "video")
    await watcher.sees()


async def test_a_client_that_answers_passive_connects_too(engine: Engine) -> None:
    """We start DTLS then."""
    peer = RTCPeerConnection()
    try:
        offer = engine.media.offer(ConnectionId("peer"), ROOM, audio=True, video=False)
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for transceiver in peer.getTransceivers():
            transceiver.receiver.transport._set_role(role="server")  # aiortc answers active to actpass, always
        await peer.setLocalDescription(await peer.createAnswer())
        assert "a=setup:passive" in peer.localDescription.sdp
        engine.media.accept(ConnectionId("peer"), peer.localDescription.sdp, {})
        await engine.event(lambda event: event == Connected(ConnectionId("peer")), within=15)
    finally:
        await peer.close()
