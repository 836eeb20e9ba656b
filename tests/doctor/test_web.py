"""HTTP, the clock, and the list of ICE servers, of servers that are not as they should be."""

import json
import socket
import time
from typing import Any

import pytest

from tertulia.doctor import ice_servers, web
from tertulia.doctor.ice_servers import HandedOut
from tertulia.doctor.site import Site
from tests.doctor.house import HEALTHY, House


def site(port: int, within: float = 2.0) -> Site:
    return Site.parse(f"http://127.0.0.1:{port}", within=within)


async def found(house: House) -> list[str]:
    async with house.serving() as port:
        return [finding.code for finding in await web.check(site(port))]


async def test_a_healthy_server() -> None:
    assert await found(House()) == ["http_ok", "clock_ok"]


async def test_one_that_stops() -> None:
    assert (await found(House({**HEALTHY, "/readyz": (503, "stopping\n")})))[0] == "http_stopping"


@pytest.mark.parametrize("pages", [{}, {"/healthz": (200, "<html>")}, {"/healthz": (302, "")}])
async def test_something_else(pages: dict[str, tuple[int, str]]) -> None:
    assert await found(House(pages)) == ["http_not_tertulia"]


async def test_nobody() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert [it.code for it in await web.check(site(port))] == ["http_unreachable"]
        taken.listen()  # takes the connection and says nothing
        assert [it.code for it in await web.check(site(port, within=0.2))] == ["http_unreachable"]


@pytest.mark.parametrize(
    ("ahead", "code"),
    [
        (0.0, "clock_ok"),
        (8.0, "clock_ok"),
        (-11.0, "clock_ok"),
        (60.0, "clock_off"),
        (-60.0, "clock_off"),
        (4000.0, "clock_wrong"),
        (-4000.0, "clock_wrong"),
        (None, "clock_unknown"),
    ],
)
async def test_the_clock(ahead: float | None, code: str) -> None:
    assert (await found(House(ahead=ahead)))[1] == code


async def handed_out(
    status: int, body: Any, token: str | None = None, *, trusted: bool = True
) -> tuple[HandedOut, House]:
    text = body if isinstance(body, str) else json.dumps(body)
    house = House({"/api/v1/ice-servers": (status, text)})
    async with house.serving() as port:
        asked = site(port)
        asked.is_trusted = trusted
        return await ice_servers.check(asked, "a room/é", token), house


def servers(*urls: str, expires: float | None = None) -> dict[str, Any]:
    return {"iceServers": [{"urls": list(urls), "username": "u", "credential": "c"}], "sfu": [], "expires": expires}


LATER = time.time() + 3600


@pytest.mark.parametrize(
    ("status", "body", "token", "code"),
    [
        (200, servers("stun:a", "turn:a:1?transport=udp", expires=LATER), None, "ice_servers_ok"),
        (200, servers("stun:a"), None, "ice_servers_no_turn"),
        (200, {"iceServers": [], "sfu": [], "expires": None}, None, "ice_servers_no_turn"),
        (200, servers("turn:a", expires=1.0), None, "ice_servers_expired"),
        (200, "[]", None, "ice_servers_malformed"),
        (200, {"iceServers": [{"urls": 3}]}, None, "ice_servers_malformed"),
        (500, "oh", None, "ice_servers_malformed"),
        (404, "", None, "ice_servers_missing"),
        (401, "", None, "ice_servers_token_required"),
        (403, "", None, "ice_servers_token_required"),
        (401, {"error": {"code": "token_expired", "message": "over"}}, "t", "ice_servers_token_refused"),
    ],
)
async def test_what_is_handed_out(status: int, body: Any, token: str | None, code: str) -> None:
    given, house = await handed_out(status, body, token)
    assert [finding.code for finding in given.findings] == [code]
    assert house.asked == [("/api/v1/ice-servers?room=a%20room%2F%C3%A9", f"Bearer {token}" if token else "")]
    assert given.is_known is (code in ("ice_servers_ok", "ice_servers_no_turn", "ice_servers_expired"))


async def test_a_token_does_not_go_to_whom_we_do_not_trust() -> None:
    given, house = await handed_out(401, "", "t", trusted=False)
    assert [finding.code for finding in given.findings] == ["ice_servers_token_withheld"]
    assert house.asked[0][1] == ""


async def test_which_road_a_url_is_for() -> None:
    urls = [
        "stun:a", "turn:b", "turn:b:5?transport=tcp", "turns:c:443?transport=tcp", "turns:c", "turn:[2001:db8::1]:7",
        "stuns:d", "http://e", "turn:f:99999", "turn:b", "turn:", 'turn:g"',
    ]  # fmt: skip
    given, _ = await handed_out(200, servers(*urls))
    assert [(url.road, url.host, url.port) for url in given.urls] == [
        ("stun", "a", 3478),
        ("udp", "b", 3478),
        ("tcp", "b", 5),
        ("tls", "c", 443),
        ("tls", "c", 5349),
        ("udp", "2001:db8::1", 7),
    ]
    assert given.urls[0].username == "u"


async def test_a_list_without_end_is_cut() -> None:
    given, _ = await handed_out(200, servers(*(f"turn:h{number}" for number in range(500))))
    assert len(given.urls) == ice_servers.MAX_URLS


@pytest.mark.parametrize(
    "url", ["localhost:3000", "ftp://a", "http://", "http://a?b", "https://u:p@a", "http://a#b", "http://a:x"]
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ValueError):
        Site.parse(url, within=1)


def test_a_prefix_and_a_port_of_its_own() -> None:
    assert Site.parse("https://A.example/rt/", within=1).url == "https://a.example/rt"
    assert Site.parse("http://[::1]:3000", within=1).url == "http://[::1]:3000"
