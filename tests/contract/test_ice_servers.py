"""A running server tells of its own two ports, and its relay takes the credentials that come with them."""

import asyncio

import pytest
from aioice import stun, turn

from tertulia import ice_url
from tertulia.wire.native import IceServer

from .server import Server
from .support import WITHIN, Invite


async def test_who_joins_is_told_by_which_ports_media_can_go(invite: Invite, server: Server) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    (ready,) = (line for line in server.lines if line.get("event") == "ready")
    host, tcp_port = server.url.removeprefix("http://").split(":")
    udp_port = ready["udp_port"]
    told = ana.room.ice_servers
    assert [it.urls for it in told.sfu] == [[f"turn:{host}:{tcp_port}?transport=tcp"]]
    assert [it.urls for it in told.direct] == [
        [f"stun:{host}:{udp_port}"],
        [f"turn:{host}:{udp_port}?transport=udp", f"turn:{host}:{tcp_port}?transport=tcp"],
    ]
    assert told.sfu[0].username != bo.room.ice_servers.sfu[0].username


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_the_relay_takes_the_credentials_by_each_road(invite: Invite, transport: str) -> None:
    ana = await invite("Ana")
    relay = ana.room.ice_servers.direct[1]
    async with asyncio.timeout(WITHIN):
        (host, port), told = await allocate(relay, transport, relay.credential)
        assert (host, port) != told
        with pytest.raises(stun.TransactionFailed) as refused:
            await allocate(relay, transport, "another password")
        assert refused.value.response.attributes["ERROR-CODE"][0] == 401


class Peer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set()


async def allocate(relay: IceServer, transport: str, password: str | None) -> tuple[tuple[str, int], tuple[str, int]]:
    """The relayed address, and the one that was asked for it. It is given back at once."""
    (url,) = [ice_url.parse(it) for it in relay.urls if it.endswith(transport)]
    channel, peer = await turn.create_turn_endpoint(
        Peer, server_addr=(url.host, url.port), username=relay.username, password=password, transport=transport
    )
    relayed: tuple[str, int] = channel.get_extra_info("sockname")
    channel.close()
    await peer.closed.wait()
    return relayed, (url.host, url.port)
