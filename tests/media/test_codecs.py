import pytest

from tertulia.media.codecs import CodecKey, Payload, decodes, forwardable, key_of, payload_for, payloads
from tertulia.media.sdp import Codec
from tertulia.media.sdp_parse import parse
from tests.media.offers import sample


def h264(profile: str, mode: int = 1) -> CodecKey | None:
    parameters = f"level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile}"
    return key_of(Codec(102, "H264", 90000, None, parameters), "video")


def test_what_is_forwarded() -> None:
    audio, video = parse(sample("chromium_sendrecv")).sections
    assert [codec.name for codec in forwardable(audio)] == ["opus"]
    assert {codec.name for codec in forwardable(video)} == {"VP8", "H264", "AV1", "VP9"}


@pytest.mark.parametrize(
    "codec",
    [
        Codec(0, "PCMU", 8000),
        Codec(111, "opus", 16000, 2),
        Codec(111, "opus", 48000, 1),
        Codec(97, "rtx", 90000, None, "apt=96"),
        Codec(96, "VP9", 90000, None, "profile-id=9"),
        Codec(96, "VP9", 90000, None, "profile-id=²"),
        Codec(96, "H264", 90000, None, "packetization-mode=2"),
        Codec(96, "H264", 90000, None, "profile-level-id=zz"),
        Codec(96, "H264", 90000, None, "profile-level-id=ffffff"),
    ],
)
def test_what_is_not_forwarded(codec: Codec) -> None:
    assert key_of(codec, "audio") is None and key_of(codec, "video") is None


def test_h264_matches_by_family_and_packetization_not_by_the_string() -> None:
    assert h264("42001f") == h264("42e01f") == h264("42c028") == h264("42E034")
    assert h264("42e01f") != h264("42e01f", mode=0)
    assert h264("4d001f") != h264("42e01f") != h264("64001f")
    assert h264("4d801f") == h264("42e01f"), "main with constraint_set0 is constrained baseline"


def test_h264_without_a_profile_is_constrained_baseline() -> None:
    assert key_of(Codec(102, "H264", 90000), "video") == h264("42e01f", mode=0)


def test_vp9_and_av1_match_by_profile() -> None:
    def vp9(parameters: str) -> CodecKey | None:
        return key_of(Codec(98, "vp9", 90000, None, parameters), "video")

    assert vp9("") == vp9("profile-id=0") != vp9("profile-id=2")
    av1 = key_of(Codec(45, "AV1", 90000, None, "level-idx=5;profile=0;tier=0"), "video")
    assert av1 == key_of(Codec(45, "AV1", 90000), "video") == CodecKey("AV1", 0)


def test_the_same_codec_has_each_client_s_payload_type() -> None:
    chromium = parse(sample("chromium_pool")).sections[-2]
    firefox = parse(sample("firefox_pool")).sections[-2]
    key = CodecKey("VP8")
    for found, expected in ((chromium, (96, 97)), (firefox, (120, 124))):
        payload = payload_for(key, payloads(found))
        assert payload is not None
        assert (payload.payload_type, payload.rtx_payload_type) == expected


def test_a_better_h264_decoder_is_second_choice() -> None:
    main, high = Payload(CodecKey("H264", 1, 1), 1, None), Payload(CodecKey("H264", 2, 1), 2, None)
    assert payload_for(CodecKey("H264", 1, 1), [high, main]) == main
    assert payload_for(CodecKey("H264", 0, 0), [high, main]) == main
    assert payload_for(CodecKey("H264", 2, 1), [main]) is None
    assert not decodes(CodecKey("H264", 2, 0), CodecKey("H264", 2, 1))
    assert not decodes(CodecKey("VP9", 2), CodecKey("VP9", 0))
    assert not decodes(CodecKey("VP8"), CodecKey("H264"))
