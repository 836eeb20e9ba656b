"""Offers that are wrong, enormous or a lie: each gets its stable code, the connection that was there stays, and so does the room."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tertulia.client import Client
from tertulia.errors import Code, TertuliaError
from tertulia.wire import native
from tests.hostile.call import Call
from tests.hostile.conftest import Target
from tests.hostile.guest import FINGERPRINT

KIB = 1024
HEAD = (
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:" + "p" * 22,
    f"a=fingerprint:{FINGERPRINT}",
    "a=setup:actpass",
)
OPUS = "a=rtpmap:111 opus/48000/2"


def lines(*texts: str) -> str:
    return "".join(f"{text}\r\n" for text in texts)


def section(mid: int, direction: str = "recvonly", rtpmap: str = OPUS, *more: str, kind: str = "audio") -> str:
    payload_type = rtpmap.split(":")[1].split()[0]
    head = f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload_type}"
    return lines(head, "c=IN IP4 0.0.0.0", f"a=mid:{mid}", f"a={direction}", "a=rtcp-mux", rtpmap, *more)


def offer(*sections: str, head: tuple[str, ...] = HEAD) -> str:
    bundle = "a=group:BUNDLE " + " ".join(str(mid) for mid in range(len(sections)))
    return lines(*head, bundle) + "".join(sections)


def without(name: str) -> str:
    return offer(section(0), head=tuple(line for line in HEAD if not line.startswith(f"a={name}")))


def instead(name: str, value: str) -> str:
    return offer(
        section(0), head=tuple(f"a={name}:{value}" if line.startswith(f"a={name}:") else line for line in HEAD)
    )


@dataclass(frozen=True)
class Bad:
    sdp: str
    code: Code = Code.BAD_OFFER
    publications: dict[str, str] = field(default_factory=dict)
    """MINE stands for a publication of the sender's."""


MINE = "mine"
BAD: dict[str, Bad] = {
    "empty": Bad(""),
    "prose": Bad("Dear server, please send me everything."),
    "json": Bad('{"type": "offer"}'),
    "no section": Bad(lines(*HEAD)),
    "only refused sections": Bad(offer(section(0).replace("m=audio 9", "m=audio 0"))),
    "512 KiB of one letter": Bad("x" * 512 * KIB),
    "512 KiB of one line": Bad("v=0\r\na=" + "x" * (512 * KIB - 7)),
    "512 KiB of short lines": Bad("v=0\r\n" + "a=x\n" * (128 * KIB - 2)),
    "more than 512 KiB": Bad("v=0\r\n" + "a=x\n" * (128 * KIB), Code.TOO_LARGE),
    "512 KiB of candidates": Bad(offer(section(0), lines(*["a=candidate:1 1 udp 1 192.0.2.1 9 typ host"] * 11_900)) + "nonsense"),
    "500 sections": Bad(offer(*(section(mid) for mid in range(500))), Code.TOO_MANY_SECTIONS),
    "500 sections without anything": Bad(lines(*HEAD, *["m=audio 9 RTP/AVP 0"] * 500), Code.TOO_MANY_SECTIONS),
    "the same mid twice": Bad(offer(section(0), section(0))),
    "a payload type of 128": Bad(offer(section(0, "recvonly", "a=rtpmap:128 opus/48000/2"))),
    "a thousand SSRCs": Bad(offer(section(0, "sendonly", OPUS, *(f"a=ssrc:{n} cname:x" for n in range(1, 1_001))))),
    "a null character": Bad(offer(section(0, "recvonly", OPUS, "a=x:\x00"))),
    "no fingerprint": Bad(without("fingerprint")),
    "a short fingerprint": Bad(instead("fingerprint", "sha-256 AB:CD")),
    "only a SHA-1 fingerprint": Bad(instead("fingerprint", "sha-1 " + ":".join(["AB"] * 20))),
    "no ICE password": Bad(without("ice-pwd")),
    "a short ICE password": Bad(instead("ice-pwd", "p" * 21)),
    "an ICE fragment with a new line's look": Bad(instead("ice-ufrag", "ab\rcd")),
    "a strange role": Bad(instead("setup", "holdconn")),
    "without BUNDLE": Bad(lines(*HEAD) + section(0) + section(1)),
    "without rtcp-mux": Bad(offer(section(0).replace("a=rtcp-mux\r\n", ""))),
    "no codec in common to receive": Bad(offer(section(0, "recvonly", "a=rtpmap:96 Speex/8000")), Code.NO_COMMON_CODEC),
    "no codec in common to send": Bad(
        offer(section(0, "sendonly", "a=rtpmap:96 Speex/8000")), Code.NO_COMMON_CODEC, {"0": MINE}
    ),
    "300 publications": Bad(
        offer(section(0, "sendonly")), Code.NO_SUCH_PUBLICATION, {str(mid): f"publication-{mid}" for mid in range(300)}
    ),
    "one publication in 300 sections": Bad(
        offer(*(section(mid, "sendonly") for mid in range(300))), Code.BAD_OFFER, {str(mid): MINE for mid in range(300)}
    ),
    "a publication in no section": Bad(offer(section(0)), Code.BAD_OFFER, {"7": MINE}),
    "a publication in a receiving section": Bad(offer(section(0)), Code.BAD_OFFER, {"0": MINE}),
}  # fmt: skip


@contextlib.asynccontextmanager
async def mallory(url: str, room: str) -> AsyncIterator[Client]:
    async with Client(url, room=room, name="Mallory") as client:
        yield client


async def refused(client: Client, bad: Bad, mine: str) -> Code:
    publications = {mid: mine if key == MINE else key for mid, key in bad.publications.items()}
    with pytest.raises(TertuliaError) as caught:
        await client.offer_to_server(1, bad.sdp, publications)
    return caught.value.code


async def test_every_bad_offer_has_its_code_and_disturbs_nobody(target: Target, call: Call) -> None:
    async with mallory(target.url, call.room) as client, call.undisturbed():
        microphone = await client.publish("microphone", "audio")
        codes = {name: await refused(client, bad, microphone.id) for name, bad in BAD.items()}
        assert codes == {name: bad.code for name, bad in BAD.items()}
        # And then a good one.
        assert "a=ice-lite" in await client.offer_to_server(1, offer(section(0)), {})


async def test_a_bad_offer_leaves_the_connection_as_it_was(target: Target, call: Call) -> None:
    peer = RTCPeerConnection()
    peer.createDataChannel("tertulia")
    try:
        async with mallory(target.url, call.room) as client, call.undisturbed():
            microphone = await client.publish("microphone", "audio")
            with client.events(native.MediaLost) as lost:
                await peer.setLocalDescription(await peer.createOffer())
                answer = await client.offer_to_server(1, peer.localDescription.sdp, {})
                await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
                await connected(peer)
                for bad in BAD.values():
                    await refused(client, bad, microphone.id)
                    with pytest.raises(TertuliaError):
                        await client.offer_to_server(2, bad.sdp, {})
                assert peer.connectionState == "connected"
                with pytest.raises(TimeoutError):
                    await lost.next(0.0)
    finally:
        await peer.close()


async def connected(peer: RTCPeerConnection) -> None:
    news = asyncio.Event()
    peer.on("connectionstatechange", news.set)
    async with asyncio.timeout(30):
        while peer.connectionState != "connected":
            await news.wait()
            news.clear()


async def test_300_publications_are_too_many(target: Target, call: Call) -> None:
    async with mallory(target.url, call.room) as client, call.undisturbed():
        sources: tuple[native.Source, ...] = ("camera", "microphone", "screen", "screen_audio")
        codes: list[Code | None] = []
        for number in range(300):
            source = sources[number % len(sources)]
            try:
                await client.publish(source, "audio" if source in ("microphone", "screen_audio") else "video")
                codes.append(None)
            except TertuliaError as error:
                codes.append(error.code)
        assert codes[:4] == [None] * 4
        assert set(codes[4:]) <= {Code.ALREADY_PUBLISHED, Code.TOO_MANY_PUBLICATIONS, Code.TOO_MANY_MESSAGES}


async def test_another_certificate_than_announced_never_connects(target: Target, call: Call) -> None:
    """Whoever sits in the middle of the media cannot finish the handshake in somebody's name."""
    peer = RTCPeerConnection()
    peer.createDataChannel("tertulia")
    try:
        async with mallory(target.url, call.room) as client, call.undisturbed():
            await peer.setLocalDescription(await peer.createOffer())
            sdp = lines(
                *(
                    f"a=fingerprint:{FINGERPRINT}" if line.startswith("a=fingerprint:sha-256") else line
                    for line in peer.localDescription.sdp.splitlines()
                )
            )
            assert sdp.count(FINGERPRINT) == 1
            with client.events(native.MediaLost) as lost:
                answer = await client.offer_to_server(1, sdp, {})
                await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
                # The server says so when it has refused the certificate.
                await lost.next(20)
            # A new connection with the true one is welcome.
            other = RTCPeerConnection()
            other.createDataChannel("tertulia")
            try:
                await other.setLocalDescription(await other.createOffer())
                answer = await client.offer_to_server(1, other.localDescription.sdp, {})
                await other.setRemoteDescription(RTCSessionDescription(answer, "answer"))
                await connected(other)
            finally:
                await other.close()
    finally:
        await peer.close()


@pytest.mark.parametrize("size", [KIB, 512 * KIB, 2 * KIB * KIB])
async def test_a_socket_that_only_shouts_offers(size: int, target: Target, call: Call) -> None:
    """Without `join`, and as large as a frame may be: the socket is closed, nobody else notices."""
    url = target.url.replace("http", "ws", 1) + "/ws"
    text = json.dumps({"type": "offer", "id": 1, "to": "server", "serial": 1, "sdp": "x" * size, "publications": {}})
    async with call.undisturbed(), connect(url, subprotocols=[Subprotocol("tertulia.v1")], compression=None) as socket:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(20):
                await socket.send(text)
        await asyncio.wait_for(socket.wait_closed(), 30)
        # Who sends on to a closed socket gets a reset, which can overtake the reason.
        assert socket.close_code in ({1008} if size == KIB else {1006, 1008, 1009})
