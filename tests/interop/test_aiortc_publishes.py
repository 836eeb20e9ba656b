"""aiortc publishes with each of its codecs, and with certificates of several curves."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable

import pytest
from aiortc import RTCCertificate, RTCPeerConnection, RTCRtpSender
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tertulia.media.port import Connected, ConnectionId, PublicationKey
from tests.interop import painting
from tests.interop.conftest import Engine, Viewer
from tests.interop.tracks import Painted, Played

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_viewer_sees_and_hears_what_aiortc_sends(
    codec: str, engine: Engine, viewer: Callable[[str], Viewer]
) -> None:
    publisher, watcher = RTCPeerConnection(), viewer("watcher")
    try:
        await watcher.watch(engine)
        publisher.addTransceiver(Played(), direction="sendonly")
        video = publisher.addTransceiver(Painted(), direction="sendonly")
        known = RTCRtpSender.getCapabilities("video").codecs
        video.setCodecPreferences([item for item in known if item.name == codec])
        await engine.connect(publisher, "publisher", {"0": PublicationKey("audio"), "1": PublicationKey("video")})
        _, tones = await asyncio.gather(watcher.sees(), watcher.hears())
        assert tones == pytest.approx((painting.LEFT_HZ, painting.RIGHT_HZ), abs=5)
    finally:
        await publisher.close()


def certificate(curve: ec.EllipticCurve) -> RTCCertificate:
    key = ec.generate_private_key(curve)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(tz=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(
        now + datetime.timedelta(days=1)
    )
    return RTCCertificate(key=key, cert=builder.sign(key, hashes.SHA256()))


@pytest.mark.parametrize("curve", [ec.SECP224R1(), ec.SECP256R1(), ec.SECP384R1()], ids=lambda curve: str(curve.name))
async def test_certificates_of_all_these_curves_connect(curve: ec.EllipticCurve, engine: Engine) -> None:
    """secp224r1 is what an FFmpeg built with GnuTLS presents."""
    peer = RTCPeerConnection()
    setattr(peer, "_RTCPeerConnection__certificates", [certificate(curve)])  # noqa: B010  (aiortc asks nobody)
    peer.createDataChannel("tertulia")
    try:
        await engine.connect(peer, "peer")
        await engine.event(lambda event: event == Connected(ConnectionId("peer")), within=15)
    finally:
        await peer.close()
