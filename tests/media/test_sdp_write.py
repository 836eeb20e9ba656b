from dataclasses import replace

import pytest

from tertulia.media.sdp_parse import parse
from tertulia.media.sdp_write import write
from tests.media.offers import NAMES, all_sending, exchange, negotiation, sample


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_and_written_reads_the_same(name: str) -> None:
    description = parse(sample(name))
    assert parse(write(description)) == replace(description, ice_lite=False)


@pytest.mark.parametrize("name", NAMES)
def test_answers_read_the_same_when_written_again(name: str) -> None:
    offered = parse(sample(name))
    _, answer, text = exchange(negotiation(), sample(name), all_sending(offered))
    assert parse(write(answer)) == answer
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")


def test_the_answer_to_ffmpeg_word_for_word() -> None:
    offered = parse(sample("ffmpeg_whip"))
    state = negotiation()
    state._session_id = 7
    _, _, text = exchange(state, sample("ffmpeg_whip"), all_sending(offered))
    fingerprint = "sha-256 " + ":".join(["0F"] * 32)
    transport = ["a=ice-ufrag:ours", "a=ice-pwd:" + "p" * 22, f"a=fingerprint:{fingerprint}", "a=setup:active"]
    assert text.splitlines() == [
        "v=0",
        "o=- 7 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE 0 1",
        "a=msid-semantic: WMS *",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        *transport,
        "a=candidate:1 1 udp 1 192.0.2.1 3478 typ host",
        "a=end-of-candidates",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 useinbandfec=1",
        "m=video 9 UDP/TLS/RTP/SAVPF 106 105",
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        *transport,
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=rtpmap:106 H264/90000",
        "a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42c01f",
        "a=rtcp-fb:106 nack",
        "a=rtpmap:105 rtx/90000",
        "a=fmtp:105 apt=106",
    ]
