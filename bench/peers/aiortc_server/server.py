"""A room that forwards by aiortc's transports: `python server.py ADDRESS PORT`. It speaks what bench/load/src/doors/ortc.rs speaks.

aiortc has no forwarding of its own: its relay decodes every picture and encodes it again for each viewer, of which one core carries
two or three. So this passes payloads on as they come, frame by frame. All else is aiortc's: ICE, DTLS, SRTP, headers, reports, NACK.
"""

import asyncio
import contextlib
import json
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import aiortc.rtcrtpreceiver
from aiortc import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceTransport,
    RTCRtpReceiver,
    RTCRtpSender,
)
from aiortc.rtcrtpparameters import (
    RTCRtcpParameters,
    RTCRtpCodecParameters,
    RTCRtpDecodingParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpReceiveParameters,
    RTCRtpRtxParameters,
    RTCRtpSendParameters,
)
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from aiortc.rtcrtpsender import RTCEncodedFrame
from aiortc.sdp import candidate_from_sdp

Asked = dict[str, Any]
LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
QUEUE_MAX = 256
"""Frames that wait for a viewer whom the server cannot keep up with. More are lost, as in any server."""

certificate = RTCCertificate.generateCertificate()
publications: dict[int, list["Publication"]] = defaultdict(list)
kept: list[object] = []
"""Transports, which nobody else refers to."""


def discard(loop: object, frames: Any, *others: object) -> None:
    """In place of aiortc's decoder, which would have to make sense of what the generator sends."""
    while frames.get() is not None:
        pass


aiortc.rtcrtpreceiver.decoder_worker = discard


class Publication(RTCRtpReceiver):
    """A track that someone sends. Whole frames go to those who watch."""

    def __init__(self, kind: str, ssrc: int, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self.kind = kind
        self.ssrc = ssrc
        self._track = RemoteStreamTrack(kind)
        self.watchers: list[Forwarder] = []
        self._payloads: list[bytes] = []

    async def _handle_rtp_packet(self, packet: Any, arrival_time_ms: int) -> None:
        await super()._handle_rtp_packet(packet, arrival_time_ms=arrival_time_ms)
        self._payloads.append(packet.payload)
        if self.kind == "video" and not packet.marker:
            return
        level = packet.extensions.audio_level
        frame = RTCEncodedFrame(self._payloads, packet.timestamp, -level[1] if level else None)
        self._payloads = []
        for watcher in self.watchers:
            watcher.take(frame)


class Forwarder(RTCRtpSender):
    """A track as one viewer gets it."""

    def __init__(self, publication: Publication, transport: RTCDtlsTransport) -> None:
        silent = RemoteStreamTrack(publication.kind)
        super().__init__(silent, transport)
        self.publication = publication
        self._frames: asyncio.Queue[RTCEncodedFrame] = asyncio.Queue(QUEUE_MAX)

    def take(self, frame: RTCEncodedFrame) -> None:
        if not self._frames.full():
            self._frames.put_nowait(frame)

    async def _next_encoded_frame(self, codec: RTCRtpCodecParameters) -> RTCEncodedFrame:
        return await self._frames.get()


async def connected(remote: Asked, then: Callable[[], Awaitable[None]]) -> tuple[RTCDtlsTransport, Asked]:
    """A transport that is connecting, and its description. `then` runs when it is up."""
    gatherer = RTCIceGatherer(iceServers=[])
    ice = RTCIceTransport(gatherer)
    dtls = RTCDtlsTransport(ice, [certificate])
    kept.append(dtls)
    await gatherer.gather()
    host, port = remote["address"].rsplit(":", 1)
    await ice.addRemoteCandidate(candidate_from_sdp(f"1 1 udp 2130706431 {host} {port} typ host"))
    await ice.addRemoteCandidate(None)
    algorithm, value = remote["fingerprint"].split(" ")

    async def start() -> None:
        await ice.start(RTCIceParameters(usernameFragment=remote["ufrag"], password=remote["pwd"]))
        await dtls.start(RTCDtlsParameters(fingerprints=[RTCDtlsFingerprint(algorithm=algorithm, value=value)]))
        await then()

    task = asyncio.create_task(start())
    kept.append(task)
    own = gatherer.getLocalParameters()
    fingerprint = next(one for one in certificate.getFingerprints() if one.algorithm == "sha-256")
    candidate = next(one for one in gatherer.getLocalCandidates() if "." in one.ip)
    described = {
        "ufrag": own.usernameFragment, "pwd": own.password, "fingerprint": f"sha-256 {fingerprint.value}",
        "address": f"{candidate.ip}:{candidate.port}", "lite": False, "active": True,
    }  # fmt: skip
    return dtls, described


def parameters(kind: str, asked: Asked, mid: str) -> Asked:
    types, extensions = asked["payload_types"], asked["extensions"]
    opus = [RTCRtpCodecParameters("audio/opus", clockRate=48000, channels=2, payloadType=types["opus"])]
    vp8 = [
        RTCRtpCodecParameters("video/VP8", clockRate=90000, payloadType=types["vp8"]),
        RTCRtpCodecParameters("video/rtx", clockRate=90000, payloadType=types["rtx"], parameters={"apt": types["vp8"]}),
    ]
    return {
        "codecs": opus if kind == "audio" else vp8,
        "headerExtensions": [
            RTCRtpHeaderExtensionParameters(id=extensions["mid"], uri=MID_URI),
            RTCRtpHeaderExtensionParameters(id=extensions["audio_level"], uri=LEVEL_URI),
        ],
        "muxId": mid,
    }


async def publish(asked: Asked) -> Asked:
    async def nothing() -> None: ...

    transport, described = await connected(asked["transport"], nothing)
    for number, track in enumerate(asked["tracks"]):
        rtx = RTCRtpRtxParameters(ssrc=track["rtx"]) if track["rtx"] else None
        types = asked["payload_types"]
        payload_type = types["opus" if track["kind"] == "audio" else "vp8"]
        encoding = RTCRtpDecodingParameters(ssrc=track["ssrc"], payloadType=payload_type, rtx=rtx)
        receiver = Publication(track["kind"], track["ssrc"], transport)
        given = parameters(track["kind"], asked, f"s{number}")
        await receiver.receive(RTCRtpReceiveParameters(**given, encodings=[encoding]))
        receiver._set_rtcp_ssrc(1)
        publications[asked["person"]].append(receiver)
    return {"transport": described, "streams": []}


async def watch(asked: Asked) -> Asked:
    senders: list[Forwarder] = []

    async def begin() -> None:
        for number, sender in enumerate(senders):
            given = parameters(sender.kind, asked, f"r{number}")
            rtcp = RTCRtcpParameters(cname="bench", ssrc=sender._ssrc)
            await sender.send(RTCRtpSendParameters(**given, encodings=[], rtcp=rtcp))
            sender.publication.watchers.append(sender)
            if sender.kind == "video":
                await sender.publication._send_rtcp_pli(sender.publication.ssrc)

    transport, described = await connected(asked["transport"], begin)
    others = [track for person, tracks in publications.items() if person != asked["person"] for track in tracks]
    senders += [Forwarder(publication, transport) for publication in others]
    streams = [
        {"kind": sender.kind, "ssrc": sender._ssrc, "rtx": sender._rtx_ssrc if sender.kind == "video" else None}
        for sender in senders
    ]
    return {"transport": described, "streams": streams}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request of HTTP/1.1, or none from one who looks whether we listen."""
    with contextlib.suppress(asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length:")
        )
        asked = json.loads(await reader.readexactly(length))
        reply = json.dumps(await (publish if head.startswith("POST /publish ") else watch)(asked)).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(reply), reply))
        await writer.drain()
    writer.close()


async def main() -> None:
    address, port = sys.argv[1:]
    async with await asyncio.start_server(serve, address, int(port)) as server:
        await server.serve_forever()


asyncio.run(main())
