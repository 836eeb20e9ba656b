"""By which name and address a client came, and whether somebody stands between."""

from typing import Any

import pytest

from tertulia.auth.reached import Reached, reached


def scope(host: str | None = "meet.example", **given: Any) -> dict[str, Any]:
    headers = [] if host is None else [(b"host", host.encode())]
    headers += [(name.encode(), value.encode()) for name, value in given.pop("headers", {}).items()]
    return {
        "type": "http",
        "scheme": "http",
        "headers": headers,
        "server": ("192.0.2.1", 3000),
        "client": ("198.51.100.7", 40000),
        **given,
    }


@pytest.mark.parametrize(
    ("host", "scheme", "name", "port"),
    [
        ("meet.example", "http", "meet.example", 80),
        ("meet.example", "ws", "meet.example", 80),
        ("meet.example", "https", "meet.example", 443),
        ("meet.example", "wss", "meet.example", 443),
        ("Meet.Example:8443", "https", "meet.example", 8443),
        ("192.0.2.1:3000", "http", "192.0.2.1", 3000),
        ("[2001:DB8::1]:3000", "http", "2001:db8::1", 3000),
        ("[::1]", "http", "::1", 80),
    ],
)
def test_the_name_and_the_port_that_the_client_used(host: str, scheme: str, name: str, port: int) -> None:
    it = reached(scope(host, scheme=scheme))
    assert (it.name, it.port, it.secure) == (name, port, scheme in ("https", "wss"))


@pytest.mark.parametrize(
    "host", [None, "", ":80", "a b", 'a"b', "a>b", "a:b", "a:70000", "[::1", "[nonsense]", "a/b c", "ä.example", "?"]
)
def test_a_host_that_could_not_stand_in_a_url_is_none(host: str | None) -> None:
    it = reached(scope(host))
    assert (it.name, it.port) == ("", 0)


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"forwarded": "for=198.51.100.7"}},
        {"headers": {"x-forwarded-for": "198.51.100.7"}},
        {"headers": {"x-forwarded-proto": "https"}},
        {"headers": {"x-forwarded-host": "meet.example"}},
        {"headers": {"x-real-ip": "198.51.100.7"}},
        {"headers": {"via": "1.1 proxy"}},
        {"headers": {"origin": "https://meet.example"}},
        {"client": ("127.0.0.1", 40000)},
        {"client": ("::1", 40000)},
        {"server": ("/run/tertulia.sock", None)},
        {"server": None},
    ],
    ids=str,
)
def test_no_name_where_a_proxy_answers_by_it(given: dict[str, Any]) -> None:
    assert reached(scope(**given)).name == ""


@pytest.mark.parametrize("host", ["localhost:3000", "app.localhost", "127.0.0.1:3000", "[::1]:3000"])
def test_this_machine_is_no_proxy(host: str) -> None:
    assert reached(scope(host, client=("127.0.0.1", 1))).name != ""


def test_a_page_of_ours_over_tls_is_no_sign_of_a_proxy() -> None:
    it = reached(scope(scheme="wss", headers={"origin": "https://meet.example"}))
    assert it.name == "meet.example"


@pytest.mark.parametrize(
    ("given", "local", "client"),
    [
        ({}, "192.0.2.1", "198.51.100.7"),
        ({"server": ("::ffff:192.0.2.1", 3000), "client": ("::ffff:198.51.100.7", 1)}, "192.0.2.1", "198.51.100.7"),
        ({"server": ("fe80::1%eth0", 3000), "client": ("2001:DB8::2", 1)}, "fe80::1", "2001:db8::2"),
        ({"server": ("testserver", 80), "client": None}, "", ""),
    ],
)
def test_addresses_are_written_one_way(given: dict[str, Any], local: str, client: str) -> None:
    it = reached(scope(**given))
    assert (it.local, it.client) == (local, client)


def test_of_a_server_that_says_nothing_nothing_is_known() -> None:
    assert reached({"type": "websocket", "headers": []}) == Reached()
