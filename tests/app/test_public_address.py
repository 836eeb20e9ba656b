"""A Tertulia in somebody else's server finds its public address as `serve` does."""

import pytest

from tertulia import Tertulia
from tertulia.media.public_address import NotFound


async def test_without_the_address_that_was_asked_for_it_does_not_start() -> None:
    rt = Tertulia(open=True, udp_port=0, public_ip=["stun:127.0.0.1:1"])
    with pytest.raises(NotFound, match=r"stun:127\.0\.0\.1:1: no answer"):
        async with rt.lifespan():
            raise AssertionError("it runs")
    assert rt.rooms == ()
