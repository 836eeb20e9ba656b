"""coturn's `turnutils_uclient` against our TURN server: no packet is lost, and our figures agree with its own.

DTLS is not offered, so `-S` goes with `-t` alone; `-Z` is left out, for the tool asks for a second address family by a number that RFC
8656 did not take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from . import uclient
from .conftest import Serve
from .uclient import CLIENT_TO_CLIENT, NO_RTCP, TCP, TLS, UDP

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

CASES: Mapping[str, tuple[str, ...]] = {
    "channels": (),
    "send indications": ("-s",),
    "an IPv4 relay": ("-X",),
    "an IPv6 relay": ("-x",),
    "padded channels": ("-D",),
    "packets not to be fragmented": ("-g",),
    "packets not to be fragmented, by indications": ("-g", "-s"),
    "20 bytes": ("-l", "20"),
    "101 bytes": ("-l", "101"),
    "1400 bytes": ("-l", "1400"),
    "1400 bytes by indications": ("-l", "1400", "-s"),
    "20 clients": ("-m", "20"),
}
OVER_STREAMS = ("channels", "send indications", "padded channels", "20 bytes", "101 bytes", "1400 bytes", "20 clients")
OVER_TLS = ("channels", "send indications", "101 bytes", "1400 bytes")


@pytest.mark.parametrize(
    ("road", "names"), [(UDP, tuple(CASES)), (TCP, OVER_STREAMS), (TLS, OVER_TLS)], ids=["udp", "tcp", "tls"]
)
async def test_nothing_is_lost_from_one_client_to_another(
    serve: Serve, road: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """All cases at once, for each waits far more than it sends; but for TLS, where one that is late loses what is there (see `uclient`)."""
    server = await serve(tls=road is TLS)
    turns = asyncio.Semaphore(1 if road is TLS else len(names))

    async def run(name: str) -> uclient.Outcome:
        async with turns:
            return await uclient.run(server, NO_RTCP, CLIENT_TO_CLIENT, *road, *CASES[name])

    outcomes = dict(zip(names, await asyncio.gather(*map(run, names)), strict=True))
    assert {name: outcome.text for name, outcome in outcomes.items() if not outcome.is_lossless} == {}
    relayed = sum(outcome.received for outcome in outcomes.values())
    await server.counted(relay_packets_to_clients=relayed, relay_packets_between_clients=relayed)
    counters = await server.counters()
    strange = {name for name in counters if "refused" in name or name.startswith(("relay_dropped", "dropped_stream"))}
    # It offers old versions of TLS until one is accepted, and goes without waiting for the last answer.
    assert strange <= (
        {"dropped_stream_tls", "dropped_stream_send", "dropped_stream_cut"} if road is TLS else {"dropped_stream_send"}
    )


async def test_a_server_on_ipv6(serve: Serve) -> None:
    server = await serve(host="::1")
    six, four = await asyncio.gather(
        uclient.run(server, NO_RTCP, CLIENT_TO_CLIENT, "-x"), uclient.run(server, NO_RTCP, CLIENT_TO_CLIENT, "-X")
    )
    assert six.is_lossless, six.text
    assert four.is_lossless, four.text


async def test_more_requests_than_a_client_needs(serve: Serve) -> None:
    """`-G`: permissions and channels for strangers, some of whom are refused."""
    server = await serve()
    outcome = await uclient.run(server, NO_RTCP, CLIENT_TO_CLIENT, "-G")
    assert outcome.is_lossless, outcome.text
    await server.counted(relay_packets_to_clients=outcome.received)


async def test_clients_that_break_off_leave_nothing_behind_that_hurts_others(serve: Serve) -> None:
    server = await serve()
    broken = [await uclient.start(server, NO_RTCP, CLIENT_TO_CLIENT, "-B", "-m", "10") for _ in range(3)]
    try:
        outcome = await uclient.run(server, NO_RTCP, CLIENT_TO_CLIENT)
        assert outcome.is_lossless, outcome.text
    finally:
        for process in broken:
            await uclient.end(process)


async def test_nonsense_from_some_leaves_others_served(serve: Serve) -> None:
    """`-R` sends what is no TURN for as long as one lets it; `-N` tries what must not work, and should get through."""
    server = await serve(tls=True)
    nonsense = [await uclient.start(server, NO_RTCP, CLIENT_TO_CLIENT, "-R", *road) for road in (UDP, TCP, TLS)]
    try:
        outcomes = await asyncio.gather(
            uclient.run(server, NO_RTCP, CLIENT_TO_CLIENT),
            uclient.run(server, NO_RTCP, CLIENT_TO_CLIENT, *TCP),
            uclient.run(server, NO_RTCP, CLIENT_TO_CLIENT, *TLS),
            uclient.run(server, NO_RTCP, CLIENT_TO_CLIENT, "-N"),
        )
        assert [outcome.text for outcome in outcomes if not outcome.is_lossless] == []
    finally:
        for process in nonsense:
            await uclient.end(process)
    counters = await server.counters()
    assert counters["relay_dropped_malformed"] > 0
    assert counters.get("relay_panics", 0) == counters.get("stream_panics", 0) == 0


async def test_a_pair_of_ports_is_refused(serve: Serve) -> None:
    """Without `-c` the tool wants an even port and the next one for RTCP, and goes without them nowhere."""
    server = await serve()
    outcome = await uclient.run(server, CLIENT_TO_CLIENT)
    assert outcome.code != 0
    assert set(outcome.errors) == {508}, outcome.text
    assert (await server.counters())["relay_refused_capacity"] > 0


async def test_another_secret_opens_nothing(serve: Serve) -> None:
    server = await serve()
    outcome = await uclient.run(server, NO_RTCP, CLIENT_TO_CLIENT, secret="another secret, known to anybody at all")
    assert outcome.code != 0
    counters = await server.counters()
    assert counters["relay_refused_unauthorized"] > 0
    assert "relay_allocations_opened" not in counters
