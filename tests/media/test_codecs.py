import pytest

from tertulia.media.codecs import (
    CodecKey,
    Payload,
    by_audience,
    decodes,
    forwardable,
    key_of,
    names_of,
    no_common_codec,
    payload_for,
    payloads,
)
from tertulia.media.sdp import Codec, Section
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


def section(*codecs: Codec, kind: str = "video", mid: str = "cam") -> Section:
    return Section(kind, 9, "UDP/TLS/RTP/SAVPF", (), mid, codecs=codecs)


def test_a_refusal_names_what_both_sides_have() -> None:
    assert no_common_codec([section(Codec(96, "H265", 90000), Codec(97, "rtx", 90000, None, "apt=96"))]) == (
        "the offer has H265 for video (section 'cam'); this server forwards VP8, VP9, H264, AV1"
    )
    both = no_common_codec([section(Codec(96, "H266", 90000)), section(Codec(0, "PCMU", 8000), kind="audio", mid="m")])
    assert both.endswith(". the offer has PCMU for audio (section 'm'); this server forwards opus")


def test_a_variant_that_is_not_forwarded_is_told_from_one_that_is() -> None:
    odd = section(Codec(96, "H264", 90000, None, "packetization-mode=2"), Codec(111, "opus", 48000, 1))
    assert names_of(odd) == "H264/90000 packetization-mode=2, opus/48000/1"
    assert names_of(section()) == "no codec with a name"


def test_a_refusal_stays_short_whatever_is_offered() -> None:
    many = [Codec(number, "X" * 60 + str(number), 90000) for number in range(100)]
    long = Codec(101, "H264", 90000, None, "x" * 10_000)
    text = no_common_codec([section(long, *many, mid=str(number)) for number in range(300)])
    assert "and 93 more" in text and len(text) < 4000


def test_codecs_that_most_can_decode_come_first_and_else_the_author_s_order_stays() -> None:
    vp8, h264 = Codec(96, "VP8", 90000), Codec(97, "H264", 90000)
    assert by_audience([vp8, h264], "video", lambda key: {"VP8": 1, "H264": 3}[key.name]) == [h264, vp8]
    assert by_audience([vp8, h264], "video", lambda _: 2) == [vp8, h264]
    assert by_audience([h264, vp8], "video", lambda _: 0) == [h264, vp8]
