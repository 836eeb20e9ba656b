"""STUN and TURN by each road, with a fault in each."""

import socket
from pathlib import Path
from time import monotonic

import pytest

from tertulia.doctor import mtu, nat, turn
from tertulia.doctor.ice_servers import IceServer, Road
from tertulia.doctor.site import Site
from tests.doctor.certificates import Authority
from tests.doctor.turn_server import TurnServer
from tests.media.stun_server import StunServer

SITE = Site.parse("http://127.0.0.1:1", within=1.0)


def authority(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.mark.parametrize("road", ["udp", "tcp", "tls"])
async def test_each_road_carries_data_both_ways_and_is_given_back(
    road: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = TurnServer()
    tls = authority(tmp_path, monkeypatch).server("localhost") if road == "tls" else None
    async with server.serving(road, tls) as ice:
        finding = await turn.check(SITE, ice)
    assert (finding.code, finding.subject) == (f"turn_{road}_ok", ice.url), finding.detail
    assert "192.0.2.1:40001 and 192.0.2.1:40002" in finding.detail
    assert (server.allocated, server.freed) == (2, 2)


@pytest.mark.parametrize("road", ["udp", "tcp"])
@pytest.mark.parametrize(
    ("server", "ends"),
    [
        (TurnServer(silent=True), "no_answer"),
        (TurnServer(refuses=486), "refused"),
        (TurnServer(carries=10), "no_data"),
    ],
)
async def test_faults(road: Road, server: TurnServer, ends: str) -> None:
    started = monotonic()
    async with server.serving(road) as ice:
        finding = await turn.check(SITE, ice)
    assert finding.code == f"turn_{road}_{ends}"
    assert monotonic() - started < 5
    assert "486" in finding.detail or ends != "refused"


async def test_wrong_credentials_are_refused() -> None:
    async with TurnServer().serving() as ice:
        wrong = IceServer(ice.url, ice.road, ice.host, ice.port, ice.username, "another")
        finding = await turn.check(SITE, wrong)
    assert finding.code == "turn_udp_refused" and "401" in finding.detail


@pytest.mark.parametrize("road", ["udp", "tcp", "tls"])
async def test_a_closed_port(road: Road) -> None:
    finding = await turn.check(SITE, IceServer("turn:…", road, "127.0.0.1", 1, "u", "c"))
    assert finding.code == f"turn_{road}_no_answer"


@pytest.mark.parametrize(("silent", "code"), [(False, "turn_tls_certificate"), (True, "turn_tls_no_answer")])
async def test_tls_that_browsers_would_not_take(tmp_path: Path, silent: bool, code: str) -> None:
    tls = Authority(tmp_path).server("localhost", self_signed=True)
    async with TurnServer(silent=silent).serving("tls", tls) as ice:
        assert (await turn.check(SITE, ice)).code == code


@pytest.mark.parametrize(
    ("carries", "code", "says"),
    [
        (65_535, "mtu_ok", "1,400 bytes"),
        (1300, "mtu_small", "lost: 1,400 bytes; up to 1,280"),
        (1100, "mtu_too_small", "lost: 1,200, 1,280, 1,400 bytes; up to 1,000"),
        (100, "mtu_too_small", "up to 0 go through"),
    ],
)
async def test_sizes(carries: int, code: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mtu, "PATIENCE", 0.3)
    async with TurnServer(carries=carries).serving() as ice:
        finding = await mtu.check(ice, 1.0)
    assert finding.code == code
    assert says in finding.detail


async def test_no_sizes_without_a_relay() -> None:
    async with TurnServer(silent=True).serving() as ice:
        assert (await mtu.check(ice, 0.2)).code == "mtu_not_tried"


def stun_url(port: int, host: str = "127.0.0.1") -> IceServer:
    return IceServer(f"stun:{host}:{port}", "stun", host, port)


async def test_what_is_between() -> None:
    async with StunServer().serving() as plain, StunServer("203.0.113.9").serving() as behind:
        findings = await nat.check(SITE, [stun_url(plain.port), stun_url(behind.port)])
    assert [finding.code for finding in findings] == ["stun_ok", "stun_ok"]
    assert "no NAT between" in findings[0].detail
    assert "203.0.113.9" in findings[1].detail and "a NAT is between" in findings[1].detail


async def test_a_turn_server_is_asked_too_and_each_server_once() -> None:
    async with TurnServer().serving() as ice:
        findings = await nat.check(SITE, [ice, stun_url(ice.port)])
    assert [(it.code, it.subject) for it in findings] == [("stun_ok", ice.url)]


async def test_udp_that_is_dropped_and_udp_that_is_closed() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free,
    ):
        deaf.bind(("127.0.0.1", 0))
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
        free.close()
        findings = await nat.check(
            SITE, [stun_url(deaf.getsockname()[1]), stun_url(closed), stun_url(1, "no-such-host.invalid")]
        )
    assert [finding.code for finding in findings] == ["stun_no_answer", "stun_refused", "stun_no_answer"]
    assert [it.code for it in await nat.check(SITE, [])] == ["stun_none"]


async def test_ipv6() -> None:
    async with StunServer().serving() as server:
        assert (await nat.check_ipv6(SITE, [stun_url(server.port)], [])).code == "ipv6_none"
    assert (await nat.check_ipv6(SITE, [stun_url(1, "2001:db8::1")], [])).code in ("ipv6_not_here", "ipv6_no_answer")
