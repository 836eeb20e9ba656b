"""Which header extensions a section has that only one codec needs, or that need the two-byte form."""

import pytest

from tertulia.media import extensions
from tertulia.media.sdp import Section
from tertulia.media.sections import Slot, Source
from tests.media.offers import VP8, exchange, media, negotiation, offer, publications, sample

DESCRIPTOR = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
MID = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid"
MIXED = "a=extmap-allow-mixed"
AV1 = ("45 AV1/90000", "46 rtx/90000")
CAM = publications(m0="cam")


def described(id: int = 12, narrowed: str = "") -> str:
    return f"a=extmap:{id}{narrowed} {DESCRIPTOR}"


def offered(direction: str, maps: tuple[str, ...], *extra: str) -> str:
    return offer(media("video", "0", direction, maps=maps, extra=("a=fmtp:46 apt=45", "a=fmtp:97 apt=96", *extra)))


def answered(text: str) -> tuple[Section, Source | None, Slot | None]:
    plan, answer, _ = exchange(negotiation(), text, CAM if "sendonly\r\n" in text.replace("/sendonly", "") else {})
    return answer.sections[0], next(iter(plan.added_sources), None), next(iter(plan.added_slots), None)


@pytest.mark.parametrize(("maps", "agreed"), [(AV1, True), ((*AV1, *VP8), True), ((*VP8, *AV1), False), (VP8, False)])
def test_who_sends_av1_describes_its_frames(maps: tuple[str, ...], agreed: bool) -> None:
    section, source, _ = answered(offered("sendonly", maps, MID, described(), MIXED))
    assert source is not None
    assert extensions.ids(source.extensions) == {"mid": 4, **({extensions.DEPENDENCY_DESCRIPTOR: 12} if agreed else {})}
    assert [extension.id for extension in section.extensions] == ([4, 12] if agreed else [4])
    assert section.mixed


@pytest.mark.parametrize(("maps", "agreed"), [(AV1, True), ((*VP8, *AV1), True), (VP8, False)])
def test_who_can_receive_av1_gets_its_descriptions(maps: tuple[str, ...], agreed: bool) -> None:
    _, _, slot = answered(offered("recvonly", maps, MID, described(narrowed="/recvonly"), MIXED))
    assert slot is not None
    assert (extensions.DEPENDENCY_DESCRIPTOR in extensions.ids(slot.extensions)) is agreed


@pytest.mark.parametrize("direction", ["sendonly", "recvonly"])
def test_descriptions_need_both_forms_of_header_extensions(direction: str) -> None:
    section, source, slot = answered(offered(direction, AV1, MID, described()))
    assert [extension.id for extension in section.extensions] == [4]
    assert all(extensions.ids(one.extensions) == {"mid": 4} for one in (source, slot) if one is not None)
    assert not section.mixed


@pytest.mark.parametrize(("lines", "ids"), [((MIXED,), [4, 200]), ((), [4])])
def test_high_ids_need_the_two_byte_form(lines: tuple[str, ...], ids: list[int]) -> None:
    high = ("a=extmap:200 urn:3gpp:video-orientation", "a=extmap:256 urn:ietf:params:rtp-hdrext:ssrc-audio-level")
    section, _, _ = answered(offered("recvonly", VP8, MID, *high, *lines))
    assert [extension.id for extension in section.extensions] == ids


@pytest.mark.parametrize("name", ["chromium_simulcast", "firefox_simulcast"])
def test_what_browsers_say_of_both_forms_is_read_wherever_it_stands(name: str) -> None:
    text = sample(name)
    assert DESCRIPTOR in text
    section, source, _ = answered(text)
    assert section.mixed and f"{MIXED}\r\n" in exchange(negotiation(), text, CAM)[2]
    assert source is not None and extensions.DEPENDENCY_DESCRIPTOR not in extensions.ids(source.extensions)


def test_an_answer_without_extensions_says_nothing_of_their_form() -> None:
    assert not answered(offered("sendonly", VP8, MIXED))[0].mixed
