"""The server offers: `EngineMedia.offer` and `accept` over a fake engine, and the codecs that a room agrees upon."""

import pytest

from tertulia.errors import Code, ProtocolError, TertuliaError, Unavailable
from tertulia.media.negotiation import MAX_SWITCHES
from tertulia.media.port import Bound, ConnectionId, Disconnected, PublicationKey
from tertulia.media.sdp_parse import parse
from tests.media.offers import data, media, offer, pool, publications
from tests.media.stage import Stage
from tests.media.test_engine import ANA, BOB, BOTH, CAM, EVA, SENDS
from tests.media.test_offering import answer_to

OURS = {"0": PublicationKey("mic"), "1": PublicationKey("cam")}
TWO = ("96 VP8/90000", "102 H264/90000")
H264 = ("102 H264/90000",)
PARAMETERS = ("a=fmtp:102 packetization-mode=1;profile-level-id=42e01f",)


def call(stage: Stage, connection: ConnectionId = ANA, *, audio: bool = True, video: bool = True) -> str:
    return stage.media.offer(connection, "room", audio=audio, video=video)


def receives(*maps: str) -> str:
    return offer(data(), media("video", "0", "recvonly", maps=maps, extra=PARAMETERS))


def sends(*maps: str) -> str:
    return offer(data(), media("video", "0", "sendonly", maps=maps, extra=PARAMETERS))


def codecs(text: str) -> list[str]:
    return [codec.name for codec in parse(text).sections[-1].codecs if not codec.is_rtx]


async def test_the_engine_hears_of_a_call_when_it_is_accepted(stage: Stage) -> None:
    proposed = parse(call(stage))
    assert stage.engine.take() == []
    assert {item.transport.ufrag for item in proposed.sections} == {"called"}
    stage.media.accept(ANA, answer_to(proposed), OURS)
    names = [name for name, _ in stage.engine.calls]
    assert names == ["open", *["add_source"] * 2, *["add_slot"] * 2]
    _, keywords = stage.engine.named("open")[0]
    assert keywords["local"] == ("called", "c" * 22)
    assert (keywords["ice_ufrag"], keywords["dtls_active"]) == ("abcd", False)
    _, _, slot = stage.engine.named("add_slot")[1]
    assert (slot["ssrc"], slot["rtx_ssrc"]) == proposed.sections[1].ssrcs
    assert slot["extensions"] == {"video_orientation": 13, "transport_cc": 3, "mid": 4} and slot["transport_cc"]


async def test_one_who_was_called_sends_and_receives(stage: Stage) -> None:
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    stage.media.subscribe(ANA, PublicationKey("cam2"), "video")
    stage.media.accept(ANA, answer_to(parse(call(stage))), OURS)
    assert await stage.events() == [Bound(BOB, "video1", CAM)]
    stage.answer(EVA, 1, SENDS, publications(m1="cam2"))
    assert await stage.events() == [Bound(ANA, "1", PublicationKey("cam2"))]
    assert stage.engine.named("bind")[-1].payload_type == 96


async def test_its_own_next_offer_is_the_second(stage: Stage) -> None:
    proposed = parse(call(stage))
    stage.media.accept(ANA, answer_to(proposed), OURS)
    stage.engine.take()
    with pytest.raises(ProtocolError) as caught:
        stage.answer(ANA, 0, answer_to(proposed, setup="actpass"), OURS)
    assert caught.value.code is Code.BAD_OFFER
    answer = parse(stage.answer(ANA, 2, answer_to(proposed, setup="actpass"), OURS))
    assert stage.engine.take() == []
    assert [item.ssrcs for item in answer.sections] == [item.ssrcs for item in proposed.sections]
    assert answer.sections[0].transport.ufrag == "called"


@pytest.mark.parametrize(
    "before", ["nothing", "an open connection", "an accepted call", "a call that an offer overtook"]
)
async def test_an_answer_to_nothing_is_out_of_order(stage: Stage, before: str) -> None:
    text = answer_to(parse(call(stage, EVA)))
    match before:
        case "an open connection":
            stage.answer(ANA, 1, SENDS, BOTH)
        case "an accepted call":
            stage.media.accept(ANA, answer_to(parse(call(stage))), OURS)
        case "a call that an offer overtook":
            call(stage)
            stage.answer(ANA, 1, SENDS, BOTH)
        case _:
            pass
    stage.engine.take()
    with pytest.raises(ProtocolError) as caught:
        stage.media.accept(ANA, text, {})
    assert caught.value.code is Code.WRONG_ORDER
    assert stage.engine.take() == []


async def test_a_call_for_nothing_is_invalid(stage: Stage) -> None:
    with pytest.raises(ProtocolError) as caught:
        call(stage, audio=False, video=False)
    assert caught.value.code is Code.INVALID


async def test_a_bad_answer_changes_nothing_and_a_better_one_is_taken(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    proposed = parse(call(stage))
    stage.engine.take()
    for text, published, code in (
        ("nonsense", OURS, Code.BAD_ANSWER),
        (answer_to(proposed, setup="actpass"), OURS, Code.BAD_ANSWER),
        (answer_to(proposed), {"7": CAM}, Code.BAD_ANSWER),
    ):
        with pytest.raises(ProtocolError) as caught:
            stage.media.accept(ANA, text, published)
        assert caught.value.code is code
    assert stage.engine.take() == [] and await stage.events() == []
    stage.media.accept(ANA, answer_to(proposed), OURS)
    assert stage.engine.named("open")


async def test_an_older_connection_goes_on_until_the_call_is_accepted(stage: Stage) -> None:
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    stage.answer(ANA, 1, SENDS, BOTH)
    before = stage.number(ANA)
    assert await stage.events() == [Bound(BOB, "video1", CAM)]
    proposed = parse(call(stage))
    assert stage.number(ANA) == before and not stage.engine.named("close")
    stage.media.accept(ANA, answer_to(proposed), OURS)
    assert stage.engine.named("close") == [before] and stage.number(ANA) != before
    assert await stage.events() == [], "in the same section: nothing needs to be said"


async def test_an_engine_that_refuses_gives_the_call_up(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    before = stage.number(ANA)
    text = answer_to(parse(call(stage)))
    stage.engine.fails.add("add_slot")
    with pytest.raises(Unavailable) as caught:
        stage.media.accept(ANA, text, OURS)
    assert caught.value.code is Code.MEDIA_UNAVAILABLE
    assert stage.number(ANA) == before and await stage.events() == []
    stage.engine.fails.clear()
    with pytest.raises(ProtocolError) as again:
        stage.media.accept(ANA, text, OURS)
    assert again.value.code is Code.WRONG_ORDER


async def test_a_lost_call_can_be_made_anew(stage: Stage) -> None:
    stage.media.accept(ANA, answer_to(parse(call(stage))), OURS)
    stage.engine.happen(("disconnected", stage.number(ANA), "consent_expired"))
    stage.media._read_events()
    assert await stage.events() == [Disconnected(ANA, "consent_expired")]
    with pytest.raises(TertuliaError) as caught:
        stage.answer(ANA, 2, SENDS, BOTH)
    assert caught.value.code is Code.MEDIA_UNAVAILABLE
    stage.media.accept(ANA, answer_to(parse(call(stage))), OURS)


async def test_a_closed_call_is_forgotten(stage: Stage) -> None:
    text = answer_to(parse(call(stage)))
    stage.media.close(ANA)
    assert ANA not in stage.media._connections
    with pytest.raises(ProtocolError):
        stage.media.accept(ANA, text, OURS)


@pytest.mark.parametrize(("room_has", "chosen"), [(H264, "H264"), (("96 VP8/90000",), "VP8"), (TWO, "VP8")])
async def test_a_publisher_s_codec_is_one_that_those_who_receive_can_decode(
    stage: Stage, room_has: tuple[str, ...], chosen: str
) -> None:
    stage.answer(BOB, 1, receives(*room_has))
    assert codecs(stage.answer(ANA, 1, sends(*TWO), publications(m0="cam"))) == [chosen]


async def test_those_who_only_send_and_those_elsewhere_have_no_say(stage: Stage) -> None:
    stage.media.answer(BOB, "elsewhere", 1, receives(*H264), {})
    stage.answer(EVA, 1, sends(*H264), publications(m0="cam2"))
    assert codecs(stage.answer(ANA, 1, sends(*TWO), publications(m0="cam"))) == ["VP8"]


async def test_what_most_can_decode_is_chosen_where_nothing_suits_all(stage: Stage) -> None:
    for name, maps in (("b", H264), ("c", H264), ("d", ("96 VP8/90000",))):
        stage.answer(ConnectionId(name), 1, receives(*maps))
    assert codecs(stage.answer(ANA, 1, sends(*TWO), publications(m0="cam"))) == ["H264"]


async def test_one_who_left_has_no_say(stage: Stage) -> None:
    stage.answer(BOB, 1, receives(*H264))
    stage.media.close(BOB)
    assert codecs(stage.answer(ANA, 1, sends(*TWO), publications(m0="cam"))) == ["VP8"]


async def test_the_sender_s_own_sections_have_no_say(stage: Stage) -> None:
    stage.answer(ANA, 1, receives(*H264))
    both = offer(
        data(),
        media("video", "0", "recvonly", maps=H264, extra=PARAMETERS),
        *[media("video", "1", "sendonly", maps=TWO, extra=PARAMETERS)],
    )
    assert codecs(stage.answer(ANA, 2, both, publications(m1="cam"))) == ["VP8"]


async def test_a_later_offer_of_the_publisher_looks_again(stage: Stage) -> None:
    assert codecs(stage.answer(ANA, 1, sends(*TWO), publications(m0="cam"))) == ["VP8"]
    stage.answer(BOB, 1, receives(*H264))
    stage.media.subscribe(BOB, CAM, "video")
    assert await stage.events() == []
    assert codecs(stage.answer(ANA, 2, sends(*TWO), publications(m0="cam"))) == ["H264"]
    assert await stage.events() == [Bound(BOB, "0", CAM)]


async def test_a_call_begins_with_what_those_who_receive_can_decode(stage: Stage) -> None:
    assert codecs(call(stage))[0] == "VP8"
    stage.answer(BOB, 1, receives(*H264))
    proposed = parse(call(stage))
    assert proposed.sections[1].codecs[0].name == "H264"
    stage.media.accept(ANA, answer_to(proposed), OURS)
    _, _, source = stage.engine.named("add_source")[1]
    assert source["codec"] == "H264"


@pytest.mark.parametrize("called", [True, False])
async def test_a_client_may_send_another_of_the_agreed_codecs(stage: Stage, called: bool) -> None:
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    if called:
        # Chromium sends VP8, the first of the offer, though its answer has H264 alone.
        stage.media.accept(ANA, answer_to(parse(call(stage)), keep=("opus", "H264", "rtx")), OURS)
        number, old, new = 96, "H264", "VP8"
    else:
        both = media("video", "1", "sendrecv", maps=TWO, extra=PARAMETERS)
        stage.answer(ANA, 1, offer(media("audio", "0", "sendonly"), both), BOTH)
        number, old, new = 102, "VP8", "H264"
    await stage.events()
    _, source, keywords = stage.engine.named("add_source")[1]
    assert keywords["codec"] == old
    stage.engine.take()
    stage.engine.happen(("source_payload", source, number))
    stage.media._read_events()
    names = [name for name, _ in stage.engine.calls]
    assert names[:2] == ["remove_source", "add_source"]
    _, after, keywords = stage.engine.named("add_source")[0]
    assert (keywords["codec"], keywords["payload_type"], keywords["mid"]) == (new, number, "1")
    expected = [Bound(BOB, "video1", CAM)] if old == "H264" else [Bound(BOB, "video1", None)]
    assert await stage.events() == expected, "BOB has VP8 alone"
    assert stage.engine.named("bind")[-1].source == (after if new == "VP8" else None)


@pytest.mark.parametrize("number", [13, 97, 127])
async def test_a_payload_type_that_nobody_agreed_upon_changes_nothing(stage: Stage, number: int) -> None:
    stage.media.accept(ANA, answer_to(parse(call(stage))), OURS)
    source = stage.engine.named("add_source")[1][1]
    stage.engine.take()
    stage.engine.happen(("source_payload", source, number), ("source_payload", 4711, 96))
    stage.media._read_events()
    assert stage.engine.take() == []


async def test_a_one_way_section_has_one_codec(stage: Stage) -> None:
    stage.answer(ANA, 1, sends(*TWO), publications(m0="cam"))
    source = stage.engine.named("add_source")[0][1]
    stage.engine.take()
    stage.engine.happen(("source_payload", source, 102))
    stage.media._read_events()
    assert stage.engine.take() == []


async def test_a_client_that_changes_its_codec_for_ever_is_not_followed_for_ever(stage: Stage) -> None:
    stage.media.accept(ANA, answer_to(parse(call(stage))), OURS)
    for turn in range(2 * MAX_SWITCHES):
        source = stage.engine.named("add_source")[-1][1]
        stage.engine.happen(("source_payload", source, (98, 96)[turn % 2]))
        stage.media._read_events()
    assert len(stage.engine.named("add_source")) == 2 + MAX_SWITCHES


async def test_what_is_sent_in_another_codec_is_still_withdrawn_and_offered_again(stage: Stage) -> None:
    proposed = parse(call(stage))
    stage.media.accept(ANA, answer_to(proposed), OURS)
    source = stage.engine.named("add_source")[1][1]
    stage.engine.happen(("source_payload", source, 98))
    stage.media._read_events()
    after = stage.engine.named("add_source")[-1][1]
    stage.engine.take()
    stage.media.withdraw(CAM)
    assert stage.engine.named("remove_source") == [after]
    stage.answer(ANA, 2, answer_to(proposed, setup="actpass"), OURS)
    assert stage.engine.named("add_source")[0][2]["codec"] == "VP8"
