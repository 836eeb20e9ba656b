"""SDP fragments of WHIP and WHEP, as clients write them and as nobody should."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.errors import Code, ProtocolError
from tertulia.media.ice_fragment import Credentials, fragment_of, is_current, parse_fragment, restarted
from tertulia.media.sdp_parse import parse
from tests.media import offers

NEW = Credentials("efgh", "q" * 22)


def test_credentials_may_stand_before_or_in_a_section() -> None:
    lines = ["a=ice-ufrag:efgh", "a=ice-pwd:" + "q" * 22]
    section = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host"]
    for order in ([*lines, *section], [*section, *lines], [*lines, *section, *lines]):
        assert parse_fragment("\r\n".join(order) + "\r\n") == NEW
        assert parse_fragment("\n".join(order)) == NEW


def test_a_fragment_need_not_say_whose_candidates_it_brings() -> None:
    assert parse_fragment("") is None
    assert parse_fragment("m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=end-of-candidates\r\n") is None


@given(st.one_of(st.text(), st.text(alphabet="a=ice-ufragpwdm:\r\n0123", max_size=200)))
def test_any_text_is_a_fragment_or_malformed(text: str) -> None:
    try:
        found = parse_fragment(text)
    except ProtocolError as error:
        assert error.code is Code.MALFORMED
    else:
        assert found is None or (len(found.ufrag) >= 4 and len(found.pwd) >= 22)


@pytest.mark.parametrize("name", offers.NAMES)
def test_only_the_credentials_of_a_real_offer_change(name: str) -> None:
    before = offers.sample(name)
    after = restarted(before, NEW)
    assert is_current(after, NEW)
    assert not is_current(before, NEW)
    changed = {
        (old.partition(":")[0], new.partition(":")[2].strip())
        for old, new in zip(before.split("\n"), after.split("\n"), strict=True)
        if old != new
    }
    assert changed == {("a=ice-ufrag", "efgh"), ("a=ice-pwd", "q" * 22)}
    assert [section.transport.ufrag for section in parse(after).sections if not section.refused] == [
        "efgh" for section in parse(after).sections if not section.refused
    ]


def test_a_restart_as_negotiated_gives_a_fragment_with_all_that_a_client_needs() -> None:
    offer = offers.offer(offers.media("audio", "0", "recvonly"), offers.media("video", "1", "recvonly"))
    state = offers.negotiation()
    offers.exchange(state, offer)
    plan, _, answer = offers.exchange(state, restarted(offer, NEW), ufrag="ournew")
    assert plan.restarts_ice
    assert fragment_of(answer).split("\r\n") == [
        "a=ice-lite",
        "a=group:BUNDLE 0 1",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=ice-ufrag:ournew",
        "a=ice-pwd:" + offers.PWD,
        "a=candidate:1 1 udp 1 192.0.2.1 3478 typ host",
        "a=end-of-candidates",
        "",
    ]
    assert parse_fragment(fragment_of(answer)) == Credentials("ournew", offers.PWD)


def test_a_refused_section_is_passed_over() -> None:
    answer = "v=0\r\na=ice-lite\r\nm=audio 0 X 0\r\na=mid:0\r\nm=video 9 X 0\r\na=mid:1\r\na=ice-ufrag:abcd\r\na=ice-pwd:x\r\n"
    expected = "a=ice-lite\r\nm=video 9 X 0\r\na=mid:1\r\na=ice-ufrag:abcd\r\na=ice-pwd:x\r\n"
    assert fragment_of(answer) == expected
