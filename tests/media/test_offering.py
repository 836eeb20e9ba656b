"""Offers of ours: what stands in them, and what becomes of the answers."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.errors import Code, ProtocolError
from tertulia.media.codecs import CodecKey, key_of
from tertulia.media.negotiation import Negotiation, Plan
from tertulia.media.port import Kind, PublicationKey
from tertulia.media.sdp import Direction, SessionDescription, Setup
from tertulia.media.sdp_parse import parse
from tertulia.media.sdp_write import write
from tests.media.offers import FINGERPRINT, OURS, PWD, TRANSPORT_CC, exchange, media, negotiation, offer, section

BOTH: tuple[Kind, ...] = ("audio", "video")
PUBLISHED = {"0": PublicationKey("mic"), "1": PublicationKey("cam")}
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"


def propose(state: Negotiation, *kinds: Kind) -> SessionDescription:
    return parse(state.propose(kinds or BOTH, "ours", PWD))


def answer_to(
    proposed: SessionDescription,
    *directions: str,
    keep: tuple[str, ...] = ("opus", "VP8", "VP9", "H264", "AV1", "rtx"),
    setup: str = "active",
    ufrag: str = "abcd",
) -> str:
    """What a client would write: "port 0" for a section that it refuses."""
    ways = directions or ("sendrecv",) * len(proposed.sections)
    lines: list[list[str]] = []
    for item, direction in zip(proposed.sections, ways, strict=True):
        kept = [codec for codec in item.codecs if codec.name in keep]
        parameters = [f"a=fmtp:{codec.payload_type} {codec.parameters}" for codec in kept if codec.parameters]
        feedback = [f"a=rtcp-fb:{codec.payload_type} {line}" for codec in kept for line in codec.feedback]
        extmaps = [f"a=extmap:{extension.id} {extension.uri}" for extension in item.extensions]
        ssrc = [f"a=ssrc:{77 + int(item.mid or 0)} cname:x"] if "send" in direction else []
        channels = {codec.payload_type: f"/{codec.channels}" if codec.channels else "" for codec in kept}
        maps = [f"{codec.payload_type} {codec.name}/{codec.clock_rate}{channels[codec.payload_type]}" for codec in kept]
        refused = direction == "port 0"
        lines.append(
            media(
                item.kind,
                item.mid or "",
                "inactive" if refused else direction,
                maps=tuple(maps),
                extra=(*parameters, *feedback, *extmaps, *ssrc),
                port=0 if refused else 9,
            )
        )
    live = " ".join(item.mid or "" for item, way in zip(proposed.sections, ways, strict=True) if way != "port 0")
    text = offer(*lines, setup=setup, ufrag=ufrag)
    mids = " ".join(item.mid or "" for item in proposed.sections)
    return text.replace(f"BUNDLE {mids}", f"BUNDLE {live}")


def reply(state: Negotiation, text: str, published: dict[str, PublicationKey] | None = None) -> Plan:
    return state.plan_reply(parse(text, Code.BAD_ANSWER), PUBLISHED if published is None else published)


def test_an_offer_for_sound_and_pictures_word_for_word() -> None:
    state = negotiation()
    state._session_id = 7
    transport = ["a=ice-ufrag:ours", f"a=ice-pwd:{PWD}", f"a=fingerprint:{OURS}", "a=setup:actpass"]
    lines = state.propose(("audio", "video"), "ours", PWD).splitlines()
    video = lines.index("m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 108 109 114 115 116 117 118 119 45 46")
    assert lines[:video] == [
        "v=0",
        "o=- 7 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE 0 1",
        "a=msid-semantic: WMS *",
        "m=audio 9 UDP/TLS/RTP/SAVPF 63 111",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        *transport,
        "a=candidate:1 1 udp 1 192.0.2.1 3478 typ host",
        "a=end-of-candidates",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=rtpmap:63 red/48000/2",
        "a=fmtp:63 111/111",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtcp-fb:111 transport-cc",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        f"a=extmap:3 {TRANSPORT_CC}",
        f"a=extmap:4 {MID}",
        "a=msid:tertulia slot-1",
        "a=ssrc:1000 cname:slot-1",
    ]
    assert lines[video + 1 : video + 18] == [
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        *transport,
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 transport-cc",
        "a=rtcp-fb:96 ccm fir",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "a=rtpmap:98 VP9/90000",
    ]
    assert lines[-8:] == [
        "a=fmtp:46 apt=45",
        "a=extmap:13 urn:3gpp:video-orientation",
        f"a=extmap:3 {TRANSPORT_CC}",
        f"a=extmap:4 {MID}",
        "a=msid:tertulia slot-2",
        "a=ssrc-group:FID 1002 1003",
        "a=ssrc:1002 cname:slot-2",
        "a=ssrc:1003 cname:slot-2",
    ]


def test_numbers_mean_one_thing_in_the_whole_offer() -> None:
    """BUNDLE puts all sections on one transport (RFC 9143)."""
    proposed = propose(negotiation())
    payload_types = [codec.payload_type for item in proposed.sections for codec in item.codecs]
    assert len(set(payload_types)) == len(payload_types)
    meanings = {(extension.id, extension.uri) for item in proposed.sections for extension in item.extensions}
    assert len({id for id, _ in meanings}) == len(meanings)
    plain = [
        (codec, item.kind) for item in proposed.sections for codec in item.codecs if not (codec.is_rtx or codec.is_red)
    ]
    keys = [key_of(codec, kind) for codec, kind in plain]
    assert None not in keys and len(set(keys)) == len(keys)
    assert parse(write(proposed)) == proposed


@pytest.mark.parametrize("kind", BOTH)
def test_one_kind_alone_has_the_first_mid(kind: Kind) -> None:
    proposed = propose(negotiation(), kind)
    assert [(item.kind, item.mid) for item in proposed.sections] == [(kind, "0")]
    assert proposed.bundle == ("0",) and proposed.sections[0].candidates == ()


def test_an_answer_both_ways_is_source_and_slot() -> None:
    state = negotiation()
    proposed = propose(state)
    plan = reply(state, answer_to(proposed))
    assert plan.opens and not plan.restarts_ice and not plan.dtls_active
    assert (plan.remote.ufrag, plan.remote.pwd, plan.remote.fingerprint) == ("abcd", PWD, FINGERPRINT)
    mic, cam = plan.added_sources
    assert (mic.publication, mic.key.name, mic.payload_type, mic.encodings[0].ssrc) == ("mic", "opus", 111, 77)
    assert (cam.publication, cam.key.name, cam.payload_type, cam.rtx_payload_type) == ("cam", "VP8", 96, 97)
    assert cam.nack and not mic.nack
    assert [(slot.kind, slot.mid, slot.ssrc, slot.transport_cc) for slot in plan.added_slots] == [
        ("audio", "0", proposed.sections[0].ssrcs[0], True),
        ("video", "1", proposed.sections[1].ssrcs[0], True),
    ]
    assert plan.added_slots[1].rtx_ssrc == proposed.sections[1].ssrcs[1]
    assert {payload.key.name for payload in plan.added_slots[1].payloads} == {"VP8", "VP9", "H264", "AV1"}


@pytest.mark.parametrize(
    ("way", "sources", "slots"),
    [
        ("sendrecv", ["mic", "cam"], ["0", "1"]),
        ("sendonly", ["mic", "cam"], []),
        ("recvonly", [], ["0", "1"]),
        ("inactive", [], []),
    ],
)
def test_the_answer_decides_who_sends(way: str, sources: list[str], slots: list[str]) -> None:
    state = negotiation()
    plan = reply(state, answer_to(propose(state), way, way), PUBLISHED if sources else {})
    assert [source.publication for source in plan.added_sources] == sources
    assert [slot.mid for slot in plan.added_slots] == slots
    state.keep(plan)
    assert [slot.mid for slot in state.slots] == slots


def test_what_is_sent_without_a_publication_is_no_source() -> None:
    state = negotiation()
    assert reply(state, answer_to(propose(state)), {}).added_sources == ()


def test_a_refused_section_leaves_the_other() -> None:
    state = negotiation()
    plan = reply(state, answer_to(propose(state), "port 0", "sendrecv"), {"1": PublicationKey("cam")})
    assert [source.mid for source in plan.added_sources] == [slot.mid for slot in plan.added_slots] == ["1"]
    state.keep(plan)
    later, _, _ = exchange(
        state, offer(media("audio", "new", "recvonly"), media("video", "1", "recvonly")), {}, ufrag="ours"
    )
    assert "new" in [slot.mid for slot in later.added_slots]


@pytest.mark.parametrize(("setup", "active"), [("active", False), ("passive", True)])
def test_the_answer_decides_who_starts_dtls(setup: str, active: bool) -> None:
    state = negotiation()
    plan = reply(state, answer_to(propose(state), setup=setup))
    assert plan.dtls_active is active
    state.keep(plan)
    _, answer, _ = exchange(state, offer(media("audio", "0", "recvonly"), media("video", "1", "recvonly")))
    assert answer.sections[0].transport.setup is (Setup.ACTIVE if active else Setup.PASSIVE)


def test_codecs_and_extensions_are_what_the_answer_kept() -> None:
    state = negotiation()
    text = answer_to(propose(state), keep=("opus", "H264")).replace(f"a=extmap:3 {TRANSPORT_CC}\r\n", "")
    plan = reply(state, text)
    cam, picture = plan.added_sources[1], plan.added_slots[1]
    assert (cam.key, cam.payload_type, cam.rtx_payload_type) == (CodecKey("H264", 0, 1), 108, None)
    assert {payload.key.name for payload in picture.payloads} == {"H264"}
    assert [payload.rtx_payload_type for payload in picture.payloads] == [None] * 4
    assert not picture.transport_cc
    assert [extension.id for extension in picture.extensions] == [13, 4]


def test_the_order_of_the_offer_says_what_the_client_sends() -> None:
    """An answerer sends the first of the offer that it has, in whatever order it lists them (RFC 3264 section 6.1)."""
    state = negotiation()
    text = answer_to(propose(state))
    types = text[text.index("m=video") :].splitlines()[0]
    plan = reply(state, text.replace(types, "m=video 9 UDP/TLS/RTP/SAVPF 108 109 96 97"))
    assert plan.added_sources[1].key.name == "VP8"


def test_what_the_answer_numbers_in_its_own_way_is_left_out() -> None:
    state = negotiation()
    text = answer_to(propose(state)).replace("a=extmap:4 ", "a=extmap:9 ").replace("rtpmap:96 VP8", "rtpmap:96 H264")
    plan = reply(state, text)
    assert plan.added_sources[1].key.name == "VP9"
    assert [extension.id for extension in plan.added_slots[1].extensions] == [13, 3]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("a=setup:active", "a=setup:actpass"), "setup"),
        (("a=setup:active\r\n", ""), "setup"),
        (("a=mid:0", "a=mid:5"), "section 0"),
        (("a=rtcp-mux\r\n", ""), "rtcp-mux"),
        (("a=group:BUNDLE 0 1\r\n", ""), "BUNDLE"),
        (("a=ice-ufrag:abcd\r\n", ""), "ice-ufrag"),
        ((f"a=fingerprint:{FINGERPRINT}\r\n", ""), "fingerprint"),
        (("rtpmap:111 opus", "rtpmap:111 other"), "no codec of the offer"),
        (("UDP/TLS/RTP/SAVPF 111", "RTP/AVP 111"), "no codec of the offer"),
        (("m=audio", "m=text"), "section 0"),
        (("m=audio 9", "m=audio 0"), "'0'"),
        (("v=0", "hello"), "line 1"),
    ],
)
def test_answers_that_cannot_be_used(change: tuple[str, str], complaint: str) -> None:
    state = negotiation()
    text = answer_to(propose(state))
    assert change[0] in text
    with pytest.raises(ProtocolError) as caught:
        reply(state, text.replace(*change))
    assert caught.value.code is Code.BAD_ANSWER
    assert complaint in caught.value.message
    assert reply(state, text).opens, "the offer still waits"


@pytest.mark.parametrize(
    ("text", "published", "complaint"),
    [
        (answer_to(propose(negotiation()), "port 0", "port 0"), {}, "no section in use"),
        (answer_to(propose(negotiation(), "audio")), {}, "1 sections"),
        (answer_to(propose(negotiation()), "recvonly", "sendrecv"), PUBLISHED, "'0'"),
        (answer_to(propose(negotiation())), dict.fromkeys("01", PublicationKey("same")), "two sections"),
    ],
)
def test_answers_that_say_too_little(text: str, published: dict[str, PublicationKey], complaint: str) -> None:
    state = negotiation()
    propose(state)
    with pytest.raises(ProtocolError) as caught:
        reply(state, text, published)
    assert caught.value.code is Code.BAD_ANSWER
    assert complaint in caught.value.message


def test_sound_published_in_the_section_for_pictures_is_invalid() -> None:
    state = negotiation()
    text = answer_to(propose(state))
    with pytest.raises(ProtocolError) as caught:
        state.plan_reply(parse(text), PUBLISHED, {PublicationKey("cam"): "audio"})
    assert caught.value.code is Code.INVALID


def test_the_client_s_own_next_offer_keeps_sections_ssrcs_and_slots() -> None:
    state = negotiation()
    proposed = propose(state)
    first = reply(state, answer_to(proposed))
    state.keep(first)
    # What a browser offers next has the numbers that were agreed upon, and `actpass` again.
    text = answer_to(proposed, setup="actpass")
    plan, answer, _ = exchange(state, text, PUBLISHED)
    assert not (plan.added_slots or plan.removed_slots or plan.added_sources or plan.removed_sources)
    assert not plan.opens and not plan.restarts_ice
    assert [item.ssrcs for item in answer.sections] == [item.ssrcs for item in proposed.sections]
    assert [item.msid for item in answer.sections] == [item.msid for item in proposed.sections]
    assert (answer.session_id, answer.version) == (proposed.session_id, 2)
    more, _, _ = exchange(
        state,
        text.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + "\r\n".join([*media("video", "2", "recvonly"), ""]),
        PUBLISHED,
    )
    assert [slot.mid for slot in more.added_slots] == ["2"] and not more.removed_slots


def test_a_slot_that_was_not_wanted_comes_with_other_ssrcs_later() -> None:
    state = negotiation()
    proposed = propose(state)
    state.keep(reply(state, answer_to(proposed, "sendonly", "sendonly")))
    plan, _, _ = exchange(state, answer_to(proposed, "sendrecv", "sendrecv", setup="actpass"), PUBLISHED)
    assert [slot.mid for slot in plan.added_slots] == ["0", "1"]
    assert plan.added_slots[0].ssrc not in proposed.sections[0].ssrcs


def test_the_offer_begins_with_what_most_in_the_room_can_decode() -> None:
    def like_h264(key: CodecKey) -> int:
        return {"H264": 2, "VP8": 1}.get(key.name, 0)

    state = negotiation()
    proposed = parse(state.propose(BOTH, "ours", PWD, like_h264))
    names = [codec.name for codec in proposed.sections[1].codecs if not codec.is_rtx]
    assert names == ["H264"] * 4 + ["VP8", "VP9", "AV1"]
    video = proposed.sections[1]
    assert all(video.codecs[at + 1].payload_type == codec.rtx for at, codec in enumerate(video.codecs) if codec.rtx)
    assert reply(state, answer_to(proposed)).added_sources[1].payload_type == 108


def test_two_offers_have_nothing_in_common_but_their_numbers() -> None:
    ids, ssrcs = itertools.count(1), itertools.count(1)
    states = [Negotiation(lambda: next(ids), (), OURS, lambda: next(ssrcs)) for _ in range(2)]
    one, other = (propose(state) for state in states)
    assert not set(one.sections[1].ssrcs) & set(other.sections[1].ssrcs)
    assert one.sections[1].codecs == other.sections[1].codecs


WAYS = st.sampled_from(["sendrecv", "sendonly", "recvonly", "inactive", "port 0"])
KEPT = st.sets(st.sampled_from(["VP8", "VP9", "H264", "AV1"]), min_size=1)


@settings(deadline=None)
@given(ways=st.tuples(WAYS, WAYS), kept=KEPT, repaired=st.booleans(), publishes=st.booleans())
def test_whatever_is_answered_the_plan_is_within_offer_and_answer(
    ways: tuple[str, str], kept: set[str], repaired: bool, publishes: bool
) -> None:
    state = negotiation()
    proposed = propose(state)
    text = answer_to(proposed, *ways, keep=("opus", *kept, *(["rtx"] if repaired else [])))
    sends = [str(at) for at, way in enumerate(ways) if "send" in way]
    published = {mid: PUBLISHED[mid] for mid in sends} if publishes else {}
    try:
        plan = reply(state, text, published)
    except ProtocolError as error:
        assert error.code is Code.BAD_ANSWER and ways == ("port 0", "port 0")
        return
    assert {source.mid for source in plan.added_sources} == set(published)
    assert {slot.mid for slot in plan.added_slots} == {str(at) for at, way in enumerate(ways) if "recv" in way}
    for source in plan.added_sources:
        codec = section(proposed, source.mid).codec(source.payload_type)
        assert codec is not None and source.rtx_payload_type == (codec.rtx if repaired else None)
        assert codec.name in {"opus", *kept}
    for slot in plan.added_slots:
        assert {payload.key.name for payload in slot.payloads} == ({"opus"} if slot.kind == "audio" else kept)
        assert slot.ssrc == section(proposed, slot.mid).ssrcs[0]
    state.keep(plan)
    _, answer, _ = exchange(state, answer_to(proposed, *ways, setup="actpass"), published)
    mirrored = {"sendonly": "recvonly", "recvonly": "sendonly", "port 0": "inactive"}
    for item, way in zip(answer.sections, ways, strict=True):
        wanted = (
            mirrored.get(way, way) if publishes or "send" not in way else {"sendrecv": "sendonly"}.get(way, "inactive")
        )
        assert item.direction == Direction(wanted)
