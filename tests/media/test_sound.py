"""What descriptions say of sound: forward error correction, silence, and redundancy, as the room has chosen."""

from collections.abc import Iterator

import pytest

from tertulia.media.negotiation import Negotiation
from tertulia.media.port import ConnectionId, PublicationKey, Sound
from tertulia.media.sdp import Codec, Section
from tertulia.media.sdp_parse import parse
from tests.media.fake_engine import Bind
from tests.media.offers import (
    OPUS,
    PWD,
    all_sending,
    exchange,
    media,
    negotiation,
    offer,
    publications,
    sample,
    section,
)
from tests.media.stage import Stage

RED = ("63 red/48000/2",)
BLOCKS = "a=fmtp:63 111/111"
REDUNDANT = media("audio", "0", "sendrecv", maps=(*OPUS, *RED), extra=(BLOCKS,))
PLAIN = media("audio", "0", "sendrecv")


def choosing(sound: Sound) -> Negotiation:
    state = negotiation()
    state.sound = sound
    return state


def names(described: Section) -> list[str]:
    return [codec.name for codec in described.codecs]


def opus(described: Section) -> Codec:
    return next(codec for codec in described.codecs if codec.name == "opus")


@pytest.mark.parametrize(
    ("sound", "parameters"),
    [
        (Sound(), "minptime=10;useinbandfec=1"),
        (Sound(fec=False), "minptime=10"),
        (Sound(dtx=True), "minptime=10;useinbandfec=1;usedtx=1"),
        (Sound(fec=False, dtx=True), "minptime=10;usedtx=1"),
    ],
)
def test_opus_is_asked_for_as_the_room_has_chosen(sound: Sound, parameters: str) -> None:
    description = parse(sample("chromium_sendrecv"))
    _, answer, _ = exchange(choosing(sound), sample("chromium_sendrecv"), all_sending(description))
    assert opus(answer.sections[0]).parameters == parameters
    offered = parse(choosing(sound).propose(("audio",), "ours", PWD))
    assert opus(offered.sections[0]).parameters == parameters


def test_what_a_client_says_of_its_own_opus_stays_but_for_that() -> None:
    said = "a=fmtp:111 stereo=1; useInbandFEC=0;usedtx=1;maxaveragebitrate=64000"
    text = offer(media("audio", "0", "sendonly", maps=OPUS, extra=(said,)))
    _, answer, _ = exchange(negotiation(), text, publications(m0="mic"))
    assert opus(answer.sections[0]).parameters == "stereo=1;maxaveragebitrate=64000;useinbandfec=1"


def test_redundancy_stands_first_in_answers_and_offers() -> None:
    description = parse(sample("chromium_sendrecv"))
    plan, answer, text = exchange(negotiation(), sample("chromium_sendrecv"), all_sending(description))
    assert names(answer.sections[0]) == ["red", "opus"]
    assert "a=fmtp:63 111/111\r\n" in text
    source, slot = plan.added_sources[0], plan.added_slots[0]
    assert (source.payload_type, source.red_payload_type) == (111, 63)
    assert [(payload.payload_type, payload.red_payload_type) for payload in slot.payloads] == [(111, 63)]
    assert names(parse(negotiation().propose(("audio",), "ours", PWD)).sections[0]) == ["red", "opus"]


def test_it_is_left_out_where_the_room_has_none() -> None:
    description = parse(sample("chromium_sendrecv"))
    state = choosing(Sound(red=False))
    plan, answer, _ = exchange(state, sample("chromium_sendrecv"), all_sending(description))
    assert names(answer.sections[0]) == ["opus"]
    assert plan.added_sources[0].red_payload_type is None
    assert plan.added_slots[0].payloads[0].red_payload_type is None
    assert names(parse(state.propose(("audio",), "ours", PWD)).sections[0]) == ["opus"]


def test_a_client_without_it_gets_none() -> None:
    plan, answer, _ = exchange(negotiation(), offer(PLAIN), publications(m0="mic"))
    assert names(answer.sections[0]) == ["opus"]
    assert plan.added_sources[0].red_payload_type is None
    assert plan.added_slots[0].payloads[0].red_payload_type is None


@pytest.mark.parametrize(
    ("maps", "blocks", "known"),
    [
        (RED, BLOCKS, True),
        (RED, "a=fmtp:63 111/111/111", True),
        (RED, "a=fmtp:63 111/0", False),
        (RED, "a=fmtp:63 0/111", False),
        (RED, "a=fmtp:63 x/x", False),
        (RED, "a=fmtp:63 /", False),
        (RED, "a=ptime:20", False),
        (("63 red/8000",), BLOCKS, False),
        (("63 red/48000/1",), BLOCKS, False),
        (("63 PCMU/48000/2",), BLOCKS, False),
    ],
)
def test_only_what_repeats_opus_alone_is_its_redundancy(maps: tuple[str, ...], blocks: str, known: bool) -> None:
    text = offer(media("audio", "0", "sendonly", maps=(*OPUS, *maps), extra=(blocks,)))
    plan, answer, _ = exchange(negotiation(), text, publications(m0="mic"))
    assert names(answer.sections[0]) == (["red", "opus"] if known else ["opus"])
    assert plan.added_sources[0].red_payload_type == (63 if known else None)


def test_pictures_have_none() -> None:
    maps = ("96 VP8/90000", "63 red/90000")
    text = offer(media("video", "0", "sendonly", maps=maps, extra=("a=fmtp:63 96/96",)))
    plan, answer, _ = exchange(negotiation(), text, publications(m0="cam"))
    assert names(answer.sections[0]) == ["VP8"]
    assert plan.added_sources[0].red_payload_type is None


@pytest.mark.parametrize(
    ("maps", "blocks", "known"),
    [
        ((*RED, *OPUS), BLOCKS, True),
        (OPUS, "a=ptime:20", False),
        # Its number means something else: an answer keeps the offer's.
        ((*OPUS, "63 PCMU/8000"), "a=ptime:20", False),
        (("64 red/48000/2", *OPUS), "a=fmtp:64 111/111", False),
    ],
)
def test_what_an_answer_keeps_of_it_counts(maps: tuple[str, ...], blocks: str, known: bool) -> None:
    state = negotiation()
    state.propose(("audio",), "ours", PWD)
    text = offer(media("audio", "0", "sendrecv", maps=maps, extra=(blocks,)), setup="active")
    plan = state.plan_reply(parse(text), publications(m0="mic"))
    expected = 63 if known else None
    assert plan.added_sources[0].red_payload_type == expected
    assert [payload.red_payload_type for payload in plan.added_slots[0].payloads] == [expected]


def test_what_was_agreed_upon_stays_with_the_next_offer() -> None:
    state = choosing(Sound(dtx=True, red=False))
    exchange(state, offer(REDUNDANT), publications(m0="mic"))
    plan, answer, _ = exchange(state, offer(REDUNDANT), publications(m0="mic"))
    assert not (plan.added_sources or plan.removed_sources or plan.added_slots or plan.removed_slots)
    assert names(section(answer, "0")) == ["opus"]
    assert opus(section(answer, "0")).parameters == "useinbandfec=1;usedtx=1"


MIC = PublicationKey("mic")


@pytest.fixture
def both(stage: Stage) -> Iterator[Stage]:
    """Ana publishes; the engine knows of it."""
    stage.answer(ConnectionId("ana"), 1, offer(REDUNDANT), {"0": MIC})
    yield stage


async def test_the_engine_is_told_of_both_sides(both: Stage) -> None:
    (_, source, spec), *_ = both.engine.named("add_source")
    assert (spec["payload_type"], spec["red_payload_type"]) == (111, 63)
    for name, text, expected in (("ben", REDUNDANT, 63), ("cleo", PLAIN, None)):
        both.answer(ConnectionId(name), 1, offer(text))
        both.media.subscribe(ConnectionId(name), MIC, "audio")
        (bound,) = [bind for bind in both.engine.named("bind") if bind.source == source]
        assert bound == Bind(bound.slot, source, 111, None, expected)
        both.engine.take()


async def test_a_room_s_choice_holds_for_the_connection(stage: Stage) -> None:
    ana, sound = ConnectionId("ana"), Sound(fec=False, red=False)
    text = stage.media.answer(ana, "room", 1, offer(REDUNDANT), {"0": MIC}, sound=sound)
    again = stage.media.answer(ana, "room", 2, offer(REDUNDANT), {"0": MIC})
    for answer in (text, again):
        described = parse(answer).sections[0]
        assert (names(described), opus(described).parameters) == (["opus"], "")
    offered = parse(stage.media.offer(ana, "room", audio=True, video=False, sound=sound)).sections[0]
    assert (names(offered), opus(offered).parameters) == (["opus"], "minptime=10")
