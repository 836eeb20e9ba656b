import pytest

from tertulia.errors import Code, ProtocolError
from tertulia.media.codecs import Audience
from tertulia.media.port import PublicationKey
from tertulia.media.sdp import Direction, Setup
from tertulia.media.sdp_parse import parse
from tertulia.media.sections import Encoding
from tests.media.offers import (
    NAMES,
    PWD,
    TRANSPORT_CC,
    all_sending,
    data,
    exchange,
    media,
    negotiation,
    offer,
    publications,
    sample,
    section,
)

MIC = media("audio", "0", "sendonly", extra=("a=ssrc:77 cname:x",))
CAM = media("video", "1", "sendonly", extra=("a=ssrc-group:FID 5 6", "a=ssrc:5 cname:x", "a=ssrc:6 cname:x"))
POOL = [media("audio", "2", "recvonly"), media("video", "3", "recvonly"), media("video", "4", "recvonly")]
PUBLISHED = publications(m0="mic", m1="cam")


def refused(text: str, published: dict[str, PublicationKey] | None = None, code: Code = Code.BAD_OFFER) -> str:
    with pytest.raises(ProtocolError) as caught:
        negotiation().plan(parse(text), published or {})
    assert caught.value.code is code
    return caught.value.message


def test_a_data_channel_alone_is_answered() -> None:
    for name in ("chromium_data", "firefox_data"):
        plan, answer, text = exchange(negotiation(), sample(name))
        assert plan.opens and not plan.restarts_ice
        item = answer.sections[0]
        assert (item.port, item.protocol, item.formats) == (9, "UDP/DTLS/SCTP", ("webrtc-datachannel",))
        assert (item.sctp_port, item.max_message_size) == (5000, 262144)
        assert answer.ice_lite and answer.bundle == ("0",)
        assert "a=ice-options" not in text


def test_sources_and_slots_of_a_pool() -> None:
    plan, answer, _ = exchange(negotiation(), offer(data(), MIC, CAM, *POOL), PUBLISHED)
    mic, cam = plan.added_sources
    assert (mic.publication, mic.kind, mic.key.name, mic.payload_type) == ("mic", "audio", "opus", 111)
    assert (cam.key.name, cam.payload_type, cam.rtx_payload_type) == ("VP8", 96, 97)
    assert (mic.encodings, cam.encodings) == ((Encoding(None, 77),), (Encoding(None, 5, 6),))
    assert cam.nack and not mic.nack
    assert [(slot.kind, slot.mid) for slot in plan.added_slots] == [("audio", "2"), ("video", "3"), ("video", "4")]
    directions = [item.direction for item in answer.sections[1:]]
    assert directions == [*[Direction.RECVONLY] * 2, *[Direction.SENDONLY] * 3]
    assert len({slot.id for slot in plan.added_slots} | {mic.id, cam.id}) == 5


def test_candidates_stand_in_the_first_bundled_section_only() -> None:
    _, _, text = exchange(negotiation(), offer(data(), MIC, *POOL))
    assert text.count("a=candidate:") == text.count("a=end-of-candidates") == 1
    assert text.index("a=candidate:") < text.index("m=audio")


def test_a_sending_section_is_answered_with_one_codec_and_its_rtx() -> None:
    description = parse(sample("chromium_pool"))
    _, answer, _ = exchange(negotiation(), sample("chromium_pool"), all_sending(description))
    sent = [item for item in answer.sections if item.direction is Direction.RECVONLY]
    assert [[codec.name for codec in item.codecs] for item in sent] == [["red", "opus"], ["VP8", "rtx"]]


def test_the_client_s_order_of_codecs_decides() -> None:
    maps = ("98 VP9/90000", "96 VP8/90000")
    plan, _, _ = exchange(negotiation(), offer(media("video", "0", "sendonly", maps=maps)), publications(m0="cam"))
    assert plan.added_sources[0].key.name == "VP9"


def only(name: str) -> Audience:
    return lambda key: int(key.name == name)


TWO_CODECS = ("96 VP8/90000", "97 rtx/90000", "102 H264/90000", "103 rtx/90000")
TWO_REPAIRS = ("a=fmtp:97 apt=96", "a=fmtp:103 apt=102", "a=fmtp:102 packetization-mode=1;profile-level-id=42e01f")


@pytest.mark.parametrize(("decodable", "chosen"), [("H264", "H264"), ("VP8", "VP8"), ("AV1", "VP8")])
def test_what_the_room_can_decode_comes_before_the_client_s_order(decodable: str, chosen: str) -> None:
    text = offer(media("video", "0", "sendonly", maps=TWO_CODECS, extra=TWO_REPAIRS))
    state = negotiation()
    plan = state.plan(parse(text), publications(m0="cam"), audience=only(decodable))
    assert plan.added_sources[0].key.name == chosen
    answer = parse(state.commit(plan, "ours", PWD))
    assert [codec.name for codec in answer.sections[0].codecs] == [chosen, "rtx"]


def test_a_section_both_ways_lists_first_what_the_room_can_decode_and_keeps_the_rest() -> None:
    text = offer(media("video", "0", "sendrecv", maps=TWO_CODECS, extra=TWO_REPAIRS))
    state = negotiation()
    plan = state.plan(parse(text), publications(m0="cam"), audience=only("H264"))
    assert (plan.added_sources[0].key.name, plan.added_sources[0].rtx_payload_type) == ("H264", 103)
    answer = parse(state.commit(plan, "ours", PWD))
    assert [codec.payload_type for codec in answer.sections[0].codecs] == [102, 103, 96, 97]
    assert {payload.key.name for payload in plan.added_slots[0].payloads} == {"VP8", "H264"}


def test_what_nobody_sends_in_keeps_the_client_s_order() -> None:
    text = offer(media("video", "0", "recvonly", maps=TWO_CODECS, extra=TWO_REPAIRS))
    state = negotiation()
    answer = parse(state.commit(state.plan(parse(text), {}, audience=only("H264")), "ours", PWD))
    assert [codec.payload_type for codec in answer.sections[0].codecs] == [96, 97, 102, 103]


def test_a_receiving_section_is_answered_with_every_common_codec() -> None:
    _, answer, _ = exchange(negotiation(), sample("chromium_pool"))
    video = next(item for item in answer.sections if item.kind == "video" and item.direction is Direction.SENDONLY)
    assert {codec.name for codec in video.codecs} == {"VP8", "VP9", "H264", "AV1", "rtx"}
    assert all(codec.rtx is not None for codec in video.codecs if not codec.is_rtx)


def test_ssrcs_and_ids_stay_through_renegotiation() -> None:
    state = negotiation()
    text = offer(data(), MIC, *POOL)
    _, first, _ = exchange(state, text, publications(m0="mic"))
    plan, second, _ = exchange(
        state, offer(data(), MIC, *POOL, media("video", "9", "recvonly")), publications(m0="mic")
    )
    assert [item.ssrcs for item in first.sections] == [item.ssrcs for item in second.sections[:-1]]
    assert [item.msid for item in first.sections] == [item.msid for item in second.sections[:-1]]
    assert (plan.added_sources, plan.removed_sources, plan.removed_slots) == ((), (), ())
    assert [slot.mid for slot in plan.added_slots] == ["9"]
    assert second.version == first.version + 1 and second.session_id == first.session_id


def test_an_inactive_section_is_used_again_for_another_publication() -> None:
    state = negotiation()
    first, _, _ = exchange(state, offer(data(), MIC), publications(m0="mic"))
    off, answer, _ = exchange(state, offer(data(), media("audio", "0", "inactive")))
    assert off.removed_sources == first.added_sources
    assert section(answer, "0").direction is Direction.INACTIVE and section(answer, "0").port == 9
    again, _, _ = exchange(state, offer(data(), MIC), publications(m0="other"))
    assert again.added_sources[0].publication == "other"
    assert again.added_sources[0].id != first.added_sources[0].id


def test_a_slot_keeps_its_ssrc_while_its_section_is_inactive() -> None:
    """Made anew under the same SSRC and SRTP key, it would use nonces twice."""
    state = negotiation()
    first, _, _ = exchange(state, offer(data(), *POOL))
    off, _, _ = exchange(state, offer(data(), media("audio", "2", "inactive"), *POOL[1:]))
    assert off.removed_slots == ()
    assert [slot.mid for slot in state.slots] == ["3", "4"]
    back, _, _ = exchange(state, offer(data(), *POOL))
    assert back.added_slots == ()
    assert next(iter(state.slots)).ssrc == first.added_slots[0].ssrc


def test_a_slot_with_other_extensions_gets_new_ssrcs() -> None:
    state = negotiation()
    first, _, _ = exchange(state, offer(data(), media("audio", "2", "recvonly")))
    extra = ("a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid",)
    second, _, _ = exchange(state, offer(data(), media("audio", "2", "recvonly", extra=extra)))
    assert second.removed_slots == first.added_slots
    assert second.added_slots[0].ssrc not in (first.added_slots[0].ssrc, first.added_slots[0].rtx_ssrc)


def test_our_ssrcs_avoid_the_client_s() -> None:
    taken = tuple(f"a=ssrc:{number} cname:x" for number in (1000, 1001))
    plan, _, _ = exchange(negotiation(), offer(media("audio", "0", "sendrecv", extra=taken)))
    assert plan.added_slots[0].ssrc == 1002


def test_ice_restart_is_seen_by_new_credentials() -> None:
    state = negotiation()
    exchange(state, offer(data()))
    same, _, _ = exchange(state, offer(data()))
    other, answer, _ = exchange(state, offer(data(), ufrag="efgh"), ufrag="new4")
    assert (same.restarts_ice, other.restarts_ice, other.opens) == (False, True, False)
    assert answer.sections[0].transport.ufrag == "new4"


def test_sendrecv_sections_are_source_and_slot_in_one() -> None:
    description = parse(sample("chromium_sendrecv"))
    plan, answer, _ = exchange(negotiation(), sample("chromium_sendrecv"), all_sending(description))
    assert len(plan.added_sources) == len(plan.added_slots) == 2
    assert [item.direction for item in answer.sections] == [Direction.SENDRECV] * 2
    assert len(plan.added_slots[1].payloads) > 1, "it receives whatever others send"


def test_a_sending_section_without_a_publication_is_answered_inactive() -> None:
    plan, answer, _ = exchange(negotiation(), offer(data(), MIC))
    assert plan.added_sources == ()
    assert section(answer, "0").direction is Direction.INACTIVE


def test_a_receiving_section_without_a_common_codec_is_refused_alone() -> None:
    strange = media("video", "5", "recvonly", maps=("100 H266/90000",))
    _, answer, _ = exchange(negotiation(), offer(strange, *POOL))
    item = section(answer, "5")
    assert item.refused and answer.bundle == ("2", "3", "4")
    assert section(answer, "2").transport.ufrag == "ours"


def test_a_publication_without_a_common_codec_is_an_error_with_its_mid() -> None:
    strange = media("video", "cam7", "sendonly", maps=("100 H266/90000",))
    text = offer(strange, *POOL)
    message = refused(text, {"cam7": PublicationKey("p")}, Code.NO_COMMON_CODEC)
    assert message == "the offer has H266 for video (section 'cam7'); this server forwards VP8, VP9, H264, AV1"


def test_nothing_in_common_at_all() -> None:
    message = refused(offer(media("audio", "0", "recvonly", maps=("0 PCMU/8000",))), code=Code.NO_COMMON_CODEC)
    assert message == "the offer has PCMU for audio (section '0'); this server forwards opus"
    message = refused(offer(["m=text 9 UDP/TLS/RTP/SAVPF 98", "a=mid:t"]), code=Code.NO_COMMON_CODEC)
    assert message == "the offer has no section that the server can use"


def test_unknown_kinds_and_protocols_are_refused_alone() -> None:
    text = offer(
        ["m=text 9 UDP/TLS/RTP/SAVPF 98", "a=mid:t"],
        ["m=application 9 DTLS/SCTP 5000", "a=mid:old", "a=sctpmap:5000 webrtc-datachannel 1024"],
        [line.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP") for line in media("audio", "plain", "recvonly")],
        *POOL,
    )
    _, answer, written = exchange(negotiation(), text)
    assert [item.mid for item in answer.sections if item.refused] == ["t", "old", "plain"]
    assert "m=application 0 DTLS/SCTP 5000\r\n" in written
    assert "m=text 0 UDP/TLS/RTP/SAVPF 98\r\n" in written


@pytest.mark.parametrize(
    ("text", "published", "complaint"),
    [
        (offer(data(), fingerprint=""), {}, "fingerprint"),
        (offer(data(), fingerprint="sha-1 " + ":".join(["AB"] * 20)), {}, "fingerprint"),
        (offer(data(), ufrag=""), {}, "ice-ufrag"),
        (offer(data(), pwd=""), {}, "ice-pwd"),
        (offer(data(), MIC, bundle=False), {}, "BUNDLE"),
        (offer(), {}, "no section"),
        (offer(media("audio", "0", "recvonly", port=0)), {}, "no section"),
        (offer([line for line in MIC if "mid" not in line]), {}, "no mid"),
        (offer([line for line in MIC if line != "a=rtcp-mux"]), {}, "rtcp-mux"),
        (offer(MIC), publications(mx="mic"), "'x'"),
        (offer(*POOL), publications(m2="mic"), "'2'"),
        (offer(data()), {"data": PublicationKey("mic")}, "'data'"),
        (offer(MIC, CAM), publications(m0="same", m1="same"), "two sections"),
    ],
)
def test_offers_that_cannot_be_used(text: str, published: dict[str, PublicationKey], complaint: str) -> None:
    assert complaint in refused(text, published)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (offer(data()), "fewer"),
        (offer(MIC, data()), "section 0"),
        (offer(data(), media("video", "0", "sendonly")), "section 1"),
        (offer(data(), MIC, fingerprint="sha-256 " + ":".join(["CD"] * 32)), "fingerprint"),
        (offer(data(), MIC, setup="passive"), "role"),
    ],
)
def test_renegotiations_that_break_the_rules(text: str, complaint: str) -> None:
    state = negotiation()
    exchange(state, offer(data(), MIC), publications(m0="mic"))
    before = list(state.sources)
    with pytest.raises(ProtocolError) as caught:
        state.plan(parse(text), {})
    assert complaint in caught.value.message
    assert list(state.sources) == before


def test_a_line_that_was_refused_may_be_used_for_something_else() -> None:
    state = negotiation()
    exchange(state, offer(data(), media("video", "0", "recvonly", maps=("100 H266/90000",))))
    plan, _, _ = exchange(state, offer(data(), media("audio", "new", "recvonly")))
    assert [slot.mid for slot in plan.added_slots] == ["new"]


def test_a_stopped_section_gives_its_slot_up() -> None:
    state = negotiation()
    first, _, _ = exchange(state, offer(data(), POOL[0]))
    stopped = media("audio", "2", "inactive", port=0)
    plan, answer, _ = exchange(state, offer(data(), stopped).replace("BUNDLE data 2", "BUNDLE data"))
    assert plan.removed_slots == first.added_slots
    assert section(answer, "2").refused


def test_a_withdrawn_source_is_not_removed_twice() -> None:
    state = negotiation()
    plan, _, _ = exchange(state, offer(data(), MIC), publications(m0="mic"))
    state.drop_source(plan.added_sources[0])
    off, _, _ = exchange(state, offer(data(), media("audio", "0", "inactive")))
    assert off.removed_sources == ()


def test_a_slot_for_sound_and_one_for_pictures_share_a_stream() -> None:
    _, pool, _ = exchange(negotiation(), sample("chromium_pool"))
    streams = [(item.kind, item.msid[0]) for item in pool.sections if item.msid]
    assert len(streams) == len(set(streams)) == 7, "no stream has two of a kind"
    assert {stream for kind, stream in streams if kind == "audio"} < {stream for _, stream in streams}
    _, player, _ = exchange(negotiation(), offer(media("audio", "0", "recvonly"), media("video", "1", "recvonly")))
    assert [item.msid[0] for item in player.sections if item.msid] == ["tertulia", "tertulia"]


def test_extensions_keep_the_client_s_ids_and_narrowed_ones_are_left_out() -> None:
    extra = (
        f"a=extmap:7/recvonly {TRANSPORT_CC}",
        "a=extmap:20 urn:3gpp:video-orientation",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:5 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:6 urn:unknown",
    )
    sending = media("video", "0", "sendonly", extra=extra)
    receiving = media("video", "1", "recvonly", extra=(*extra, "a=rtcp-fb:96 transport-cc"))
    plan, answer, _ = exchange(negotiation(), offer(sending, receiving), publications(m0="cam"))
    assert [item.id for item in section(answer, "0").extensions] == [4]
    assert [item.id for item in section(answer, "1").extensions] == [7, 4]
    assert plan.added_slots[0].transport_cc


@pytest.mark.parametrize("name", NAMES)
def test_planning_changes_nothing(name: str) -> None:
    state = negotiation()
    description = parse(sample(name))
    state.plan(description, all_sending(description))
    assert not list(state.slots) and not list(state.sources)
    assert state.plan(description, {}).opens


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_offered_twice_changes_nothing(name: str) -> None:
    state, published = negotiation(), all_sending(parse(sample(name)))
    exchange(state, sample(name), published)
    plan, answer, _ = exchange(state, sample(name), published)
    assert not (plan.added_slots or plan.added_sources or plan.removed_slots or plan.removed_sources)
    assert not any(item.refused for item in answer.sections)
    assert all(item.transport.setup in (Setup.ACTIVE, Setup.PASSIVE) for item in answer.sections)
    assert answer.sections[0].transport.pwd == PWD


def test_a_publication_goes_into_a_section_of_its_kind() -> None:
    text = offer(media("audio", "0", "sendonly"))
    with pytest.raises(ProtocolError) as caught:
        negotiation().plan(parse(text), publications(m0="cam"), {PublicationKey("cam"): "video"})
    assert caught.value.code is Code.INVALID
    negotiation().plan(parse(text), publications(m0="mic"), {PublicationKey("mic"): "audio"})
