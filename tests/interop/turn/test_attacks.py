"""Where a relay is used to get at what stands behind it: with real credentials, against the real server."""

from __future__ import annotations

import pytest
from aioice import stun

from . import relayed
from .conftest import Serve
from .relayed import Road

pytestmark = [pytest.mark.interop]

METADATA = ("169.254.169.254", 80)
"""Where clouds tell machines their secrets."""
PRIVATE = ("10.0.0.1", 443)


@pytest.mark.parametrize("road", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("peer", [METADATA, PRIVATE, ("192.168.1.1", 80), ("0.0.0.0", 22)], ids=lambda peer: peer[0])
async def test_a_peer_inside_is_refused(serve: Serve, road: Road, peer: tuple[str, int]) -> None:
    server = await serve(tls=True)
    end = await (await relayed.connect(server, road)).allocate()
    try:
        for method, attributes in (
            (stun.Method.CREATE_PERMISSION, {}),
            (stun.Method.CHANNEL_BIND, {"CHANNEL_NUMBER": 0x4000}),
        ):
            with pytest.raises(stun.TransactionFailed) as refused:
                await end.ask(method, XOR_PEER_ADDRESS=peer, **attributes)
            assert refused.value.response.attributes["ERROR-CODE"][0] == 403
        end.indicate(b"GET / HTTP/1.0\r\n\r\n", peer)
        await server.counted(
            relay_refused_forbidden_peer=2, relay_dropped_no_permission=1, relay_packets_to_peers=0, relay_ports_out=0
        )
    finally:
        await end.close()


async def test_services_of_this_machine_are_not_reached(serve: Serve) -> None:
    """Its addresses are ours, and may be permitted: for the media port and relayed addresses, and no other port."""
    server = await serve()
    end = await (await relayed.connect(server, "udp")).allocate()
    try:
        for port in (22, server.tcp_port):
            with pytest.raises(stun.TransactionFailed) as refused:
                await end.ask(stun.Method.CHANNEL_BIND, CHANNEL_NUMBER=0x4000, XOR_PEER_ADDRESS=("127.0.0.1", port))
            assert refused.value.response.attributes["ERROR-CODE"][0] == 403
        await end.ask(stun.Method.CREATE_PERMISSION, XOR_PEER_ADDRESS=("127.0.0.1", 22))
        end.indicate(b"SSH-2.0-\r\n", ("127.0.0.1", 22))
        await server.counted(
            relay_refused_forbidden_peer=2, relay_dropped_forbidden_peer=1, relay_packets_to_peers=0, relay_ports_out=0
        )
    finally:
        await end.close()
