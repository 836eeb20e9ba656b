"""URLs of STUN and TURN servers."""

import pytest

from tertulia import ice_url
from tertulia.ice_url import IceUrl


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("stun:example.org", IceUrl("stun", "example.org", 3478, "udp")),
        ("stuns:example.org", IceUrl("stuns", "example.org", 5349, "tcp")),
        ("turn:example.org", IceUrl("turn", "example.org", 3478, "udp")),
        ("turns:example.org", IceUrl("turns", "example.org", 5349, "tcp")),
        ("turn:example.org:80?transport=tcp", IceUrl("turn", "example.org", 80, "tcp")),
        ("turns:example.org:443?transport=tcp", IceUrl("turns", "example.org", 443, "tcp")),
        ("TURN:Example.ORG?transport=UDP", IceUrl("turn", "example.org", 3478, "udp")),
        ("stun:192.0.2.1:1", IceUrl("stun", "192.0.2.1", 1, "udp")),
        ("turn:[2001:DB8:0::1]:65535", IceUrl("turn", "2001:db8::1", 65535, "udp")),
        ("stun:my_coturn", IceUrl("stun", "my_coturn", 3478, "udp")),
    ],
)
def test_what_a_url_says(url: str, says: IceUrl) -> None:
    assert ice_url.parse(url) == says


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "http://example.org",
        "stun://example.org",
        "stun:",
        "stun:example.org:",
        "stun:example.org:0",
        "stun:example.org:65536",
        "stun:example.org:٣٤٧٨",
        "stun:example.org?transport=udp",
        "stun:user@example.org",
        "turn:example.org?transport=sctp",
        "turn:example.org?transport=udp&x=1",
        "turns:example.org?transport=udp",
        "turn:example.org/path",
        "turn:exa mple.org",
        'turn:example.org"',
        "turn:example.org>; rel=x",
        "turn:[2001:db8::1",
        "turn:[2001:db8:::1]",
        "turn:2001:db8::1",
        "turn:example.org\n",
        "turn:" + "a" * 254,
    ],
)
def test_what_is_none(url: str) -> None:
    with pytest.raises(ValueError):
        ice_url.parse(url)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (("stun", "192.0.2.1", 3478), "stun:192.0.2.1:3478"),
        (("turn", "2001:db8::1", 3478, "udp"), "turn:[2001:db8::1]:3478?transport=udp"),
        (("turns", "example.org", 443, "tcp"), "turns:example.org:443?transport=tcp"),
    ],
)
def test_what_is_written_says_it_all(url: tuple[str, str, int], text: str) -> None:
    assert ice_url.write(*url) == text
    parsed = ice_url.parse(text)
    assert (parsed.scheme, parsed.host, parsed.port) == url[:3]
