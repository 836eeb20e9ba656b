import contextlib
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.media.sdp import Direction, Rid, Setup, Simulcast
from tertulia.media.sdp_parse import MAX_BYTES, MAX_LINES, MAX_SECTIONS, parse
from tertulia.media.sdp_write import write
from tests.media.offers import NAMES, PWD, all_sending, data, media, negotiation, offer, sample, section


def refusal(text: str) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        parse(text)
    return caught.value


def test_chromium_pool_is_read() -> None:
    description = parse(sample("chromium_pool"))
    kinds = sorted((item.kind, item.direction) for item in description.sections)
    assert kinds == [
        ("application", Direction.SENDRECV),
        *[("audio", Direction.RECVONLY)] * 3,
        ("audio", Direction.SENDONLY),
        *[("video", Direction.RECVONLY)] * 4,
        ("video", Direction.SENDONLY),
    ]
    assert description.bundle == tuple(str(mid) for mid in range(10))
    video = next(item for item in description.sections if item.kind == "video" and item.direction.sends)
    vp8 = video.codec(96)
    assert vp8 is not None
    assert (vp8.name, vp8.clock_rate, vp8.rtx) == ("VP8", 90000, 97)
    assert set(vp8.feedback) == {"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"}
    group = video.group("FID")
    assert group is not None and group.ssrcs == video.ssrcs and len(video.ssrcs) == 2
    assert video.transport.setup is Setup.ACTPASS
    assert video.rtcp_mux and video.rtcp_rsize


def test_firefox_s_bundle_only_sections_are_not_refused() -> None:
    description = parse(sample("firefox_pool"))
    assert [item.port for item in description.sections[1:]] == [0] * 9
    assert not any(item.refused for item in description.sections)


def test_session_level_fingerprint_and_setup_hold_for_sections() -> None:
    description = parse(sample("firefox_data"))
    assert description.sections[0].transport.fingerprint.startswith("sha-256 DE:BD:48")


def test_only_sha_256_is_kept_of_several_fingerprints() -> None:
    assert parse(sample("aiortc")).sections[0].transport.fingerprint.startswith("sha-256 45:C4")


def test_simulcast_is_read() -> None:
    for name in ("chromium_simulcast", "firefox_simulcast"):
        video = parse(sample(name)).sections[0]
        assert [rid.id for rid in video.rids] == ["q", "h", "f"]
        assert video.simulcast == Simulcast(send=(("q",), ("h",), ("f",)))


def test_alternatives_pauses_and_restrictions_are_read_and_written() -> None:
    lines = ("a=rid:a send", "a=rid:b send pt=96;max-width=640", "a=rid:c recv", "a=simulcast:recv c send ~a,b;b")
    text = offer(media("video", "0", "sendrecv", extra=lines))
    video = parse(text).sections[0]
    assert video.rids == (Rid("a", "send"), Rid("b", "send", "pt=96;max-width=640"), Rid("c", "recv"))
    assert video.simulcast == Simulcast(send=(("~a", "b"), ("b",)), recv=(("c",),))
    assert parse(write(parse(text))).sections[0] == video


def test_a_second_simulcast_line_is_refused() -> None:
    lines = ("a=rid:a send", "a=simulcast:send a", "a=simulcast:send a")
    assert "second time" in refusal(offer(media("video", "0", "sendonly", extra=lines))).message


def test_static_payload_types_need_no_rtpmap() -> None:
    plain = media("audio", "0", "sendrecv", maps=("0 PCMU/8000",))
    plain = [line for line in plain if "rtpmap" not in line]
    codec = parse(offer(plain)).sections[0].codecs[0]
    assert (codec.name, codec.clock_rate) == ("PCMU", 8000)


def test_wildcard_feedback_is_spread_over_codecs_but_not_rtx() -> None:
    video = parse(offer(media("video", "0", "recvonly", extra=("a=rtcp-fb:* transport-cc",)))).sections[0]
    assert video.codecs[0].feedback == ("nack", "nack pli", "transport-cc")
    assert video.codecs[1].feedback == ()


def test_sctp_section_is_read() -> None:
    item = parse(sample("chromium_data")).sections[0]
    assert (item.sctp_port, item.max_message_size, item.formats) == (5000, 262144, ("webrtc-datachannel",))


@pytest.mark.parametrize("name", NAMES)
def test_bare_line_feeds_are_read_alike(name: str) -> None:
    text = sample(name)
    assert parse(text.replace("\r\n", "\n")) == parse(text)


@pytest.mark.parametrize("text", ["", "\r\n", "hello", "{}", "v=0 fake", "v=1\r\n", "\x00", "v=0\r\nnonsense"])
def test_nonsense_is_a_bad_offer(text: str) -> None:
    assert refusal(text).code is Code.BAD_OFFER


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("a=mid:has space", "mid"),
        ("a=mid:", "mid"),
        ("a=mid:" + "x" * 65, "mid"),
        ("a=ice-ufrag:abc", "ice-ufrag"),
        ("a=ice-ufrag:ab:cd", "ice-ufrag"),
        ("a=ice-pwd:short", "ice-pwd"),
        ("a=fingerprint:sha-256 AB:CD", "fingerprint"),
        ("a=fingerprint:sha-256 " + ":".join(["AB"] * 33), "fingerprint"),
        ("a=setup:holdconn", "setup"),
        ("a=rtpmap:128 VP8/90000", "payload type"),
        ("a=rtpmap:96 VP8", "rtpmap"),
        ("a=rtpmap:96 VP8/0", "clock rate"),
        ("a=rtpmap:96 VP8/٩٠٠٠٠", "rtpmap"),
        ("a=rtpmap:96 VP8/9_0", "clock rate"),
        ("a=ssrc:-1 cname:x", "SSRC"),
        ("a=ssrc:4294967296 cname:x", "SSRC"),
        ("a=ssrc-group:", "ssrc-group"),
        ("a=extmap:x urn:y", "header extension"),
        ("a=extmap:1/upwards urn:y", "extmap"),
        ("a=extmap:1", "extmap"),
        ("a=sctp-port:70000", "SCTP port"),
        ("a=rid:q sideways", "rid"),
        ("a=rid:q;h send", "rid"),
        ("a=rid:q send pt=\u2028", "rid"),
        ("a=simulcast:", "simulcast"),
        ("a=simulcast:send", "simulcast"),
        ("a=simulcast:sideways q", "simulcast"),
        ("a=simulcast:send q send h", "simulcast"),
        ("a=simulcast:send q recv", "simulcast"),
        ("a=simulcast:send q;;h", "RIDs"),
        ("a=simulcast:send q,", "RIDs"),
        ("a=simulcast:send ~", "RIDs"),
        ("a=simulcast:send ~~q", "RIDs"),
        ("a=simulcast:send rid=q;h;f", "RIDs"),
        ("a=simulcast:send " + ";".join("abcdefghijklmnopqrstuvwxyzABCDEFG"), "more than"),
        ("m=video 9 UDP/TLS/RTP/SAVPF", "m="),
        ("m=video 9 UDP/TLS/RTP/SAVPF 96 96", "twice"),
        ("m=video 99999 UDP/TLS/RTP/SAVPF 96", "port"),
        ("a=" + "x" * 20_500, "longer"),
        ("a=fmtp:96 a\rb", "control"),
        ("a=fmtp:96 a\x00b", "control"),
        ("a=fmtp:96 a\u2028b", "ASCII"),
        ("A=upper", "form"),
    ],
)
def test_a_bad_line_is_named_with_its_number(line: str, complaint: str) -> None:
    text = offer(media("video", "0", "recvonly")) + line + "\r\n"
    error = refusal(text)
    assert error.code is Code.BAD_OFFER
    assert complaint in error.message
    assert f"line {text.count(chr(10))}:" in error.message


def test_two_sections_with_one_mid_are_refused() -> None:
    assert "'a'" in refusal(offer(media("audio", "a", "recvonly"), media("video", "a", "recvonly"))).message


def test_five_hundred_sections_are_too_many() -> None:
    text = offer(*(media("audio", str(number), "recvonly") for number in range(500)))
    assert refusal(text).code is Code.TOO_MANY_SECTIONS
    allowed = offer(*(media("audio", str(number), "recvonly") for number in range(MAX_SECTIONS)))
    assert len(parse(allowed).sections) == MAX_SECTIONS


def test_limits_on_size() -> None:
    assert "bytes" in refusal("v=0\r\n" + "a=x\r\n" * MAX_BYTES).message
    assert "bytes" in refusal("v=0\r\ns=" + "é" * (MAX_BYTES // 2)).message
    assert "lines" in refusal("v=0\r\n" + "a=x\r\n" * MAX_LINES).message


@pytest.mark.parametrize(
    "lines",
    [
        [f"a=extmap:{number} urn:x" for number in range(1, 66)],
        [f"a=ssrc:{number} cname:x" for number in range(65)],
        [f"a=ssrc-group:FID {number} 1" for number in range(65)],
        [f"a=rid:r{number} send" for number in range(17)],
        [f"a=rtcp-fb:96 x{number}" for number in range(33)],
    ],
)
def test_limits_within_a_section(lines: list[str]) -> None:
    error = refusal(offer(media("video", "0", "sendonly", extra=tuple(lines))))
    assert error.code is Code.BAD_OFFER
    assert "more than" in error.message or "at most" in error.message


def test_a_group_without_a_meaning_is_no_crash() -> None:
    assert parse("v=0\r\na=group:\r\n").bundle == ()


def test_a_lone_surrogate_is_no_crash() -> None:
    assert refusal("v=0\r\na=mid:\ud800").code is Code.BAD_OFFER


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, "v=0\r\n" + text, "v=0\r\nm=video 9 RTP/SAVPF 96\r\na=" + text):
        with contextlib.suppress(TertuliaError):
            parse(candidate)


_WORDS = [
    "",
    "0",
    "-1",
    "*",
    "96",
    "apt=",
    "4294967296",
    ":",
    ";",
    "=",
    "\r",
    "\x00",
    "é",
    "²",
    "a=mid:",
    "m=",
    "9" * 40,
]


@settings(max_examples=300)
@given(st.sampled_from(NAMES), st.randoms(use_true_random=False), st.integers(1, 6))
def test_mutated_real_offers_are_answered_or_refused(name: str, randomness: random.Random, changes: int) -> None:
    pieces = re.split(r"([\r\n]+|[ :/;=,])", sample(name))
    for _ in range(changes):
        index = randomness.randrange(len(pieces))
        match randomness.randrange(4):
            case 0:
                pieces[index] = randomness.choice(_WORDS)
            case 1:
                del pieces[index : index + randomness.randrange(1, 20)]
            case 2:
                pieces[index:index] = pieces[randomness.randrange(len(pieces)) :][:30]
            case _:
                other = randomness.randrange(len(pieces))
                pieces[index], pieces[other] = pieces[other], pieces[index]
    with contextlib.suppress(TertuliaError):
        description = parse("".join(pieces))
        state = negotiation()
        answer = parse(state.commit(state.plan(description, all_sending(description)), "ours", PWD))
        assert [item.mid for item in answer.sections] == [item.mid for item in description.sections]


def test_data_helper_makes_what_chromium_makes() -> None:
    ours = section(parse(offer(data())), "data")
    theirs = parse(sample("chromium_data")).sections[0]
    assert (ours.protocol, ours.formats, ours.sctp_port) == (theirs.protocol, theirs.formats, theirs.sctp_port)
