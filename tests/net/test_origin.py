"""Which pages are of the same origin as the server that they ask."""

import pytest

from tertulia.net import same_authority, split_authority


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://a.example", "a.example", True),
        ("https://a.example", "a.example:443", True),
        ("https://a.example:443", "a.example", True),
        ("http://a.example:8080", "a.example:8080", True),
        ("http://[::1]:3000", "[::1]:3000", True),
        ("http://a.example", "a.example:8080", False),
        ("http://a.example", "b.example", False),
        ("http://a.example.evil.example", "a.example", False),
        ("file://a.example", "a.example", False),
        ("null", "a.example", False),
        ("", "", False),
    ],
)
def test_same_authority(origin: str, host: str, same: bool) -> None:
    assert same_authority(origin, host) is same


def test_split_authority() -> None:
    assert split_authority("a.example:80") == ("a.example", "80")
    assert split_authority("[::1]:80") == ("::1", "80")
    assert split_authority("[::1]") == ("::1", "")
