"""What real clients insist on, as far as SDP can keep it: each line was learnt from one of them."""

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from tertulia.media import extensions
from tertulia.media.codecs import payload_for
from tertulia.media.sdp import Direction, Setup
from tertulia.media.sdp_parse import parse
from tests.media.offers import (
    NAMES,
    TRANSPORT_CC,
    all_sending,
    exchange,
    media,
    negotiation,
    offer,
    publications,
    sample,
)


def test_ffmpeg_offers_setup_passive_and_we_start_dtls() -> None:
    description = parse(sample("ffmpeg_whip"))
    plan, answer, _ = exchange(negotiation(), sample("ffmpeg_whip"), all_sending(description))
    assert plan.dtls_active
    assert {item.transport.setup for item in answer.sections} == {Setup.ACTIVE}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ffmpeg_whip"])
def test_everyone_else_offers_actpass_and_we_answer_passive(name: str) -> None:
    plan, answer, _ = exchange(negotiation(), sample(name))
    assert not plan.dtls_active
    assert {item.transport.setup for item in answer.sections} == {Setup.PASSIVE}


def test_the_role_stays_when_ffmpeg_offers_again() -> None:
    state = negotiation()
    exchange(state, sample("ffmpeg_whip"))
    plan, _, _ = exchange(state, sample("ffmpeg_whip").replace("setup:passive", "setup:actpass"))
    assert plan.dtls_active


@pytest.mark.parametrize("name", ["chromium_pool", "firefox_pool"])
def test_chromium_takes_the_first_ssrc_line_as_primary_group_then_media_then_rtx(name: str) -> None:
    plan, _, text = exchange(negotiation(), sample(name))
    slot = next(slot for slot in plan.added_slots if slot.kind == "video")
    block = text.split("m=")
    lines = next(part for part in block if f"a=mid:{slot.mid}\r\n" in part).splitlines()
    assert [line.split(" cname")[0] for line in lines if line.startswith("a=ssrc")] == [
        f"a=ssrc-group:FID {slot.ssrc} {slot.rtx_ssrc}",
        f"a=ssrc:{slot.ssrc}",
        f"a=ssrc:{slot.rtx_ssrc}",
    ]


def test_pion_needs_rtpmaps_in_a_refused_section() -> None:
    strange = media("video", "0", "recvonly", maps=("100 H266/90000", "101 rtx/90000"), extra=("a=fmtp:101 apt=100",))
    _, _, text = exchange(negotiation(), offer(strange, media("audio", "1", "recvonly")))
    refused = text.split("m=")[1]
    assert refused.startswith("video 0 UDP/TLS/RTP/SAVPF 100 101\r\n")
    assert "a=rtpmap:100 H266/90000\r\n" in refused and "a=rtpmap:101 rtx/90000\r\n" in refused
    assert "a=mid:0\r\n" in refused and "a=candidate" not in refused and "a=ice-ufrag" not in refused


@pytest.mark.parametrize("name", NAMES)
def test_payload_types_and_extension_ids_are_the_client_s_own(name: str) -> None:
    description = parse(sample(name))
    _, answer, _ = exchange(negotiation(), sample(name), all_sending(description))
    for offered, answered in zip(description.sections, answer.sections, strict=True):
        theirs = {codec.payload_type: codec.name for codec in offered.codecs}
        assert all(theirs[codec.payload_type] == codec.name for codec in answered.codecs)
        ids = {extension.id: extension.uri for extension in offered.extensions}
        assert all(ids[extension.id] == extension.uri for extension in answered.extensions)


@pytest.mark.parametrize("name", NAMES)
def test_a_client_without_transport_cc_is_asked_what_it_can_take(name: str) -> None:
    description = parse(sample(name))
    _, answer, _ = exchange(negotiation(), sample(name), all_sending(description))
    for item in answer.sections:
        of_items = extensions.ids(item.extensions)
        tells = any("goog-remb" in codec.feedback for codec in item.codecs)
        assert tells == (name == "aiortc" and item.kind == "video")
        assert ("abs_send_time" in of_items) == (tells and item.direction.sends)
        assert not tells or extensions.TRANSPORT_CC not in of_items


@pytest.mark.parametrize("name", NAMES)
def test_transport_cc_is_answered_only_where_the_section_has_the_extension(name: str) -> None:
    description = parse(sample(name))
    plan, answer, text = exchange(negotiation(), sample(name), all_sending(description))
    for item in answer.sections:
        has_extension = any(extension.uri == TRANSPORT_CC for extension in item.extensions)
        has_feedback = any("transport-cc" in codec.feedback for codec in item.codecs)
        assert has_extension or not has_feedback
    if name in ("aiortc", "ffmpeg_whip"):
        assert "transport" not in text
        assert not any(slot.transport_cc for slot in plan.added_slots)
        assert not any(extensions.TRANSPORT_CC in extensions.ids(source.extensions) for source in plan.added_sources)


def test_feedback_without_the_extension_is_not_answered() -> None:
    text = offer(media("video", "0", "recvonly", extra=("a=rtcp-fb:96 transport-cc",)))
    _, _, answer = exchange(negotiation(), text)
    assert "transport-cc" not in answer and "a=rtcp-fb:96 nack pli" in answer


def test_h264_of_ffmpeg_meets_h264_of_chromium_by_mode_and_family() -> None:
    ffmpeg, _, _ = exchange(negotiation(), sample("ffmpeg_whip"), publications(m1="obs"))
    chromium, _, _ = exchange(negotiation(), sample("chromium_pool"))
    slot = next(slot for slot in chromium.added_slots if slot.kind == "video")
    payload = payload_for(ffmpeg.added_sources[0].key, slot.payloads)
    offered = parse(sample("chromium_pool")).sections
    codec = next(item.codec(payload.payload_type) for item in offered if item.mid == slot.mid) if payload else None
    assert codec is not None and codec.parameters.endswith("packetization-mode=1;profile-level-id=42001f")


def test_a_player_without_the_publisher_s_codec_gets_no_payload_type() -> None:
    ffmpeg, _, _ = exchange(negotiation(), sample("ffmpeg_whip"), publications(m1="obs"))
    firefox, _, _ = exchange(negotiation(), sample("firefox_pool"))
    slot = next(slot for slot in firefox.added_slots if slot.kind == "video")
    assert payload_for(ffmpeg.added_sources[0].key, slot.payloads) is None


def test_firefox_s_first_section_carries_the_transport_of_its_bundle_only_ones() -> None:
    plan, answer, _ = exchange(negotiation(), sample("firefox_pool"))
    assert plan.remote.ufrag == "9f00d77b"
    assert len(answer.bundle) == 10 and not any(item.bundle_only for item in answer.sections)


@pytest.mark.interop
async def test_aiortc_takes_the_answer() -> None:
    peer = RTCPeerConnection()
    try:
        peer.createDataChannel("tertulia")
        peer.addTrack(AudioStreamTrack())
        peer.addTrack(VideoStreamTrack())
        peer.addTransceiver("video", direction="recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        text = peer.localDescription.sdp
        _, answer, written = exchange(negotiation(), text, all_sending(parse(text)))
        await peer.setRemoteDescription(RTCSessionDescription(written, "answer"))
        assert peer.signalingState == "stable"
        # aiortc writes no direction for itself alone: what counts is what both agreed upon.
        assert answer.sections[0].direction is Direction.SENDRECV
    finally:
        await peer.close()
