import ipaddress

import pytest

from tertulia.media.addresses import Interface, advertised, binding, candidates, local_only, system_interfaces

INTERFACES = [
    Interface("lo", True, (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))),
    Interface("down", False, (ipaddress.ip_address("198.51.100.1"),)),
    Interface(
        "eth0",
        True,
        (
            ipaddress.ip_address("192.0.2.7"),
            ipaddress.ip_address("fe80::1"),
            ipaddress.ip_address("2001:db8::7"),
            ipaddress.ip_address("169.254.3.4"),
        ),
    ),
    Interface("eth1", True, (ipaddress.ip_address("203.0.113.9"),)),
]
V4, BOTH = ["0.0.0.0:3478"], ["[::]:3478", "0.0.0.0:3479"]


@pytest.mark.parametrize(
    ("host", "bound", "public", "expected"),
    [
        ("127.0.0.1", V4, (), ["127.0.0.1:3478", "192.0.2.7:3478"]),
        ("::1", ["[::]:3478"], (), ["[::1]:3478", "[2001:db8::7]:3478"]),
        ("0.0.0.0", V4, (), ["192.0.2.7:3478", "203.0.113.9:3478"]),
        ("::", BOTH, (), ["192.0.2.7:3479", "[2001:db8::7]:3478", "203.0.113.9:3479"]),
        ("192.0.2.7", V4, (), ["192.0.2.7:3478", "203.0.113.9:3478"]),
        ("0.0.0.0", V4, ("5.6.7.8", "2001:db8::5"), ["5.6.7.8:3478", "192.0.2.7:3478", "203.0.113.9:3478"]),
        ("127.0.0.1", V4, ("5.6.7.8",), ["127.0.0.1:3478", "5.6.7.8:3478"]),
        (
            "::",
            BOTH,
            ("2001:db8::5", "5.6.7.8"),
            [
                "[2001:db8::5]:3478",
                "5.6.7.8:3479",
                "192.0.2.7:3479",
                "[2001:db8::7]:3478",
                "203.0.113.9:3479",
            ],
        ),
    ],
)
def test_what_is_advertised(host: str, bound: list[str], public: tuple[str, ...], expected: list[str]) -> None:
    assert advertised(host, bound, public, INTERFACES) == expected


def test_whoever_names_a_public_address_names_all_of_that_family() -> None:
    there = [Interface("eth0", True, tuple(map(ipaddress.ip_address, ("9.9.9.9", "10.0.0.5", "2620:fe::fe"))))]
    assert advertised("::", BOTH, ("5.6.7.8",), there) == ["5.6.7.8:3479", "10.0.0.5:3479", "[2620:fe::fe]:3478"]


def test_a_machine_without_a_network_still_advertises_loopback() -> None:
    assert advertised("127.0.0.1", V4, (), INTERFACES[:1]) == ["127.0.0.1:3478"]


def test_what_is_bound() -> None:
    assert binding("127.0.0.1", 3478) == ["0.0.0.0:3478"]
    assert binding("::1", 0) == ["[::]:0"]
    assert binding("::", 3478) == ["[::]:3478", "0.0.0.0:3478"]


def test_loopback_hosts_are_local_only() -> None:
    assert local_only("127.0.0.1") and local_only("::1") and local_only("localhost")
    assert not local_only("0.0.0.0")


def test_candidates_are_ordered_by_priority() -> None:
    first, second = candidates(["192.0.2.1:3478", "[2001:db8::1]:3479"])
    assert first == "1 1 udp 2130706431 192.0.2.1 3478 typ host"
    assert second == "2 1 udp 2130706175 2001:db8::1 3479 typ host"


def test_this_machine_has_a_loopback_interface() -> None:
    assert any(address.is_loopback for item in system_interfaces() if item.up for address in item.addresses)
