"""What clients are told of UDP and TCP ports."""

import ipaddress

import pytest

from tertulia.media.addresses import Interface, candidates
from tertulia.media.port import ConnectionId
from tertulia.media.roads import Roads, find_roads
from tests.media.offers import data, offer
from tests.media.stage import Stage

INTERFACES = [
    Interface("lo", True, (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))),
    Interface("eth0", True, (ipaddress.ip_address("192.168.1.7"), ipaddress.ip_address("2001:db8::7"))),
    Interface("eth1", True, (ipaddress.ip_address("10.0.0.9"),)),
]
ANA = ConnectionId("ana")
UDP = ["[::]:3478", "0.0.0.0:3478"]


@pytest.mark.parametrize(
    ("tcp", "public", "expected"),
    [
        # The dual listener of "::" is one socket.
        (["[::]:443"], (), ["192.168.1.7:443", "[2001:db8::7]:443", "10.0.0.9:443"]),
        (["0.0.0.0:443"], (), ["192.168.1.7:443", "10.0.0.9:443"]),
        # Only the media sockets are bound to everything.
        (["10.0.0.9:443"], (), ["10.0.0.9:443"]),
        (["127.0.0.1:443", "[::1]:443"], (), ["127.0.0.1:443", "[::1]:443"]),
        (["[fe80::1%eth0]:443"], (), []),
        # Behind a NAT.
        (["10.0.0.9:443"], ("5.6.7.8", "2a00::1"), ["5.6.7.8:443", "10.0.0.9:443"]),
        ([], (), []),
    ],
)
def test_a_tcp_port_is_told_where_it_listens(tcp: list[str], public: tuple[str, ...], expected: list[str]) -> None:
    assert find_roads("::", UDP, tcp, public=public, interfaces=INTERFACES).tcp == tuple(expected)


def test_udp_and_tcp_have_the_same_addresses_where_both_are_bound_to_all() -> None:
    roads = find_roads("::", UDP, ["[::]:443"], public=["5.6.7.8"], tls=True, interfaces=INTERFACES)
    assert [text.replace(":3478", ":443") for text in roads.udp] == list(roads.tcp)
    assert roads.tls


def test_without_a_tcp_port_there_is_no_tls() -> None:
    assert find_roads("127.0.0.1", ["0.0.0.0:3478"], tls=True, interfaces=INTERFACES) == Roads(
        udp=("127.0.0.1:3478", "192.168.1.7:3478")
    )


def test_tcp_is_the_last_resort_and_every_candidate_stands_alone() -> None:
    lines = candidates(["192.0.2.1:3478", "[2001:db8::1]:3478"], ["192.0.2.1:443", "[2001:db8::1]:443"])
    assert lines[2:] == (
        "3 1 tcp 1520435199 192.0.2.1 443 typ host tcptype passive",
        "4 1 tcp 1520434943 2001:db8::1 443 typ host tcptype passive",
    )
    fields = [line.split() for line in lines]
    priorities = [int(field[3]) for field in fields]
    assert priorities == sorted(priorities, reverse=True)
    assert len({field[0] for field in fields}) == len(set(priorities)) == 4


async def test_answers_and_offers_tell_of_both() -> None:
    stage = Stage(Roads(udp=("192.0.2.1:3478",), tcp=("192.0.2.1:443",)))
    try:
        answer = stage.answer(ANA, 1, offer(data()))
        ours = stage.media.offer(ANA, "room", audio=True, video=False)
    finally:
        stage.media.stop()
        stage.engine.dispose()
    for description in (answer, ours):
        assert [line for line in description.split("\r\n") if "candidate" in line] == [
            "a=candidate:1 1 udp 2130706431 192.0.2.1 3478 typ host",
            "a=candidate:2 1 tcp 1520435199 192.0.2.1 443 typ host tcptype passive",
            "a=end-of-candidates",
        ]
