"""Asking where one is, on a network that loses and forges."""

import socket
from time import monotonic

import pytest

from tertulia.media import stun
from tests.media.stun_server import Fault, StunServer


async def test_the_address_as_the_server_sees_it() -> None:
    async with StunServer("203.0.113.9").serving() as server:
        answer = await stun.ask(("127.0.0.1", server.port))
    assert answer.mapped == ("203.0.113.9", answer.local[1])
    assert answer.local[0] == "127.0.0.1"
    assert server.requests == 1


async def test_lost_requests_are_sent_again_after_half_a_second_and_then_twice_that() -> None:
    async with StunServer(lost=2).serving() as server:
        started = monotonic()
        answer = await stun.ask(("127.0.0.1", server.port))
        took = monotonic() - started
    assert answer.mapped == answer.local
    assert server.requests == 3
    assert 1.4 < took < stun.WITHIN


@pytest.mark.parametrize("fault", ["garbage", "another transaction"])
async def test_what_is_not_the_answer_is_passed_over(fault: Fault) -> None:
    async with StunServer("203.0.113.9", before=(fault,)).serving() as server:
        assert (await stun.ask(("127.0.0.1", server.port))).mapped[0] == "203.0.113.9"


@pytest.mark.parametrize("fault", ["silent", "garbage", "another transaction"])
async def test_without_an_answer_it_ends_in_time(fault: Fault) -> None:
    async with StunServer(instead=fault).serving() as server:
        started = monotonic()
        with pytest.raises(TimeoutError):
            await stun.ask(("127.0.0.1", server.port), within=0.7)
        assert monotonic() - started < 2
    assert server.requests == 2


@pytest.mark.parametrize(("fault", "says"), [("error", "400 Bad Request"), ("no address", "without an address")])
async def test_a_refusal_ends_it_at_once(fault: Fault, says: str) -> None:
    async with StunServer(instead=fault).serving() as server:
        with pytest.raises(stun.Refused, match=says):
            await stun.ask(("127.0.0.1", server.port))
    assert server.requests == 1


async def test_a_closed_port_is_known_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = monotonic()
    with pytest.raises(ConnectionRefusedError):
        await stun.ask(("127.0.0.1", port))
    assert monotonic() - started < 1


async def test_a_check_takes_no_unsigned_answer() -> None:
    credentials = stun.Credentials("ours", "theirs", "a password of theirs")
    async with StunServer().serving() as server:
        with pytest.raises(TimeoutError):
            await stun.ask(("127.0.0.1", server.port), within=0.3, credentials=credentials)
