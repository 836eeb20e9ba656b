"""Addresses and pauses."""

from collections import Counter

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


STEPS = (0.3, 0.6, 1.2, 2.4, 4.8, 5.0, 5.0)


def test_pauses_are_any_time_up_to_a_step_that_doubles_to_five_seconds() -> None:
    drawn: list[list[float]] = [[] for _ in STEPS]
    for _ in range(1000):
        backoff = Backoff()
        for step, pauses in zip(STEPS, drawn, strict=True):
            pause = backoff.next()
            assert 0 <= pause <= step
            pauses.append(pause / step)
        backoff.reset()
        assert backoff.next() <= STEPS[0]
    for pauses in drawn:
        # Spread over the whole step: a tenth of it with less than a third of its share would be seven standard deviations off.
        tenths = Counter(int(10 * pause) for pause in pauses)
        assert all(tenths[tenth] > 30 for tenth in range(10))
