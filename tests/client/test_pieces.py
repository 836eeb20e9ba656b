"""Addresses and pauses."""

import pytest

from tertulia.client.backoff import Backoff
from tertulia.client.socket import socket_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:3000", "ws://127.0.0.1:3000/ws"),
        ("https://rtc.example/", "wss://rtc.example/ws"),
        ("https://rtc.example/rt", "wss://rtc.example/rt/ws"),
        ("http://[::1]:3000/rt/?x=1#t", "ws://[::1]:3000/rt/ws?x=1"),
        ("wss://rtc.example/rt/ws", "wss://rtc.example/rt/ws"),
    ],
)
def test_the_socket_of_a_server(url: str, expected: str) -> None:
    assert socket_url(url) == expected


@pytest.mark.parametrize("url", ["", "rtc.example", "ftp://rtc.example", "http://"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="is not an"):
        socket_url(url)


def test_pauses_double_to_five_seconds_with_jitter() -> None:
    for _ in range(100):
        backoff = Backoff()
        for step in (0.3, 0.6, 1.2, 2.4, 4.8, 5, 5):
            assert step / 2 <= backoff.next() <= step
        backoff.reset()
        assert backoff.next() <= 0.3
