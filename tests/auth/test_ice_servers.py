"""Which servers a client is told, in every situation."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia import ice_url
from tertulia.auth.ice_servers import MOST_URLS, IceServers
from tertulia.auth.reached import Reached, reached
from tertulia.auth.turn import TurnSecret
from tertulia.wire.native import IceServer
from tests.auth.test_turn import password

OURS, THEIRS = "the secret of our own relay", "the secret of a coturn"
NOW = 1_794_000_000.5


def servers(**settings: Any) -> IceServers:
    return IceServers(**{"relay": TurnSecret(OURS), "clock": lambda: NOW, **settings})


def came(
    host: str,
    *,
    scheme: str = "http",
    at: tuple[str, int] = ("192.0.2.1", 3000),
    client: str = "198.51.100.7",
    **headers: str,
) -> Reached:
    given = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    pairs = [(name.encode(), value.encode()) for name, value in given.items()]
    return reached({"scheme": scheme, "headers": pairs, "server": at, "client": (client, 1)})


def urls(of: Sequence[IceServer]) -> list[str]:
    return [url for server in of for url in server.urls]


TWO = {"udp": ("192.0.2.1:3478", "10.0.0.5:3478"), "tcp": ("192.0.2.1:3000", "10.0.0.5:3000")}
BOTH = {"udp": ("192.0.2.1:3478", "[2001:db8::1]:3478"), "tcp": ("192.0.2.1:3000", "[2001:db8::1]:3000")}
BEHIND_A_ROUTER = {"udp": ("5.6.7.8:3478", "10.0.0.5:3478"), "tcp": ("5.6.7.8:3000", "10.0.0.5:3000")}
LOOPBACK = {"udp": ("127.0.0.1:3478", "192.0.2.1:3478"), "tcp": ("127.0.0.1:3000",)}


@pytest.mark.parametrize(
    ("settings", "by", "sfu", "direct"),
    [
        pytest.param(
            LOOPBACK,
            came("localhost:3000", at=("127.0.0.1", 3000), client="127.0.0.1"),
            ["turn:localhost:3000?transport=tcp"],
            ["stun:127.0.0.1:3478", "turn:127.0.0.1:3478?transport=udp", "turn:localhost:3000?transport=tcp"],
            id="loopback",
        ),
        pytest.param(
            {"udp": ("[::1]:3478",), "tcp": ("[::1]:3000",)},
            came("[::1]:3000", at=("::1", 3000), client="::1"),
            ["turn:[::1]:3000?transport=tcp"],
            ["stun:[::1]:3478", "turn:[::1]:3478?transport=udp", "turn:[::1]:3000?transport=tcp"],
            id="loopback, IPv6",
        ),
        pytest.param(
            TWO,
            came("10.0.0.5:3000", at=("10.0.0.5", 3000), client="10.0.0.9"),
            ["turn:10.0.0.5:3000?transport=tcp"],
            ["stun:10.0.0.5:3478", "turn:10.0.0.5:3478?transport=udp", "turn:10.0.0.5:3000?transport=tcp"],
            id="the interface by which the client came",
        ),
        pytest.param(
            BOTH,
            came("meet.example:3000", at=("2001:db8::1", 3000), client="2001:db8:1::7"),
            ["turn:meet.example:3000?transport=tcp"],
            [
                "stun:192.0.2.1:3478",
                "stun:[2001:db8::1]:3478",
                "turn:[2001:db8::1]:3478?transport=udp",
                "turn:meet.example:3000?transport=tcp",
            ],
            id="the family by which the client came, and STUN in the other",
        ),
        pytest.param(
            {"udp": ("203.0.113.9:3478",), "tcp": ("203.0.113.9:3000",)},
            came("meet.example:3000", at=("10.0.0.5", 3000)),
            ["turn:meet.example:3000?transport=tcp"],
            ["stun:203.0.113.9:3478", "turn:203.0.113.9:3478?transport=udp", "turn:meet.example:3000?transport=tcp"],
            id="one public address",
        ),
        pytest.param(
            BEHIND_A_ROUTER,
            came("meet.example:3000", at=("10.0.0.5", 3000), client="1.2.3.4"),
            ["turn:meet.example:3000?transport=tcp"],
            ["stun:5.6.7.8:3478", "turn:5.6.7.8:3478?transport=udp", "turn:meet.example:3000?transport=tcp"],
            id="behind a router, from outside",
        ),
        pytest.param(
            BEHIND_A_ROUTER,
            came("10.0.0.5:3000", at=("10.0.0.5", 3000), client="10.0.0.9"),
            ["turn:10.0.0.5:3000?transport=tcp"],
            ["stun:10.0.0.5:3478", "turn:10.0.0.5:3478?transport=udp", "turn:10.0.0.5:3000?transport=tcp"],
            id="behind a router, from inside",
        ),
        pytest.param(
            BEHIND_A_ROUTER,
            came("meet.example", at=("10.0.0.5", 3000), client="10.0.0.2", x_forwarded_for="1.2.3.4"),
            ["turn:5.6.7.8:3000?transport=tcp"],
            ["stun:5.6.7.8:3478", "turn:5.6.7.8:3478?transport=udp", "turn:5.6.7.8:3000?transport=tcp"],
            id="behind a proxy in its own network",
        ),
        pytest.param(
            {**TWO, "tls": True},
            came("meet.example:3000", scheme="https"),
            ["turns:meet.example:3000?transport=tcp", "turn:meet.example:3000?transport=tcp"],
            [
                "stun:192.0.2.1:3478",
                "turn:192.0.2.1:3478?transport=udp",
                "turns:meet.example:3000?transport=tcp",
                "turn:meet.example:3000?transport=tcp",
            ],
            id="TLS",
        ),
        pytest.param(
            {**TWO, "tls": True},
            came("meet.example", scheme="wss"),
            ["turns:meet.example:443?transport=tcp", "turn:meet.example:443?transport=tcp"],
            [
                "stun:192.0.2.1:3478",
                "turn:192.0.2.1:3478?transport=udp",
                "turns:meet.example:443?transport=tcp",
                "turn:meet.example:443?transport=tcp",
            ],
            id="a TCP port that has another number outside",
        ),
        pytest.param(
            TWO,
            came("meet.example", scheme="https", x_forwarded_for="198.51.100.7"),
            ["turn:192.0.2.1:3000?transport=tcp"],
            ["stun:192.0.2.1:3478", "turn:192.0.2.1:3478?transport=udp", "turn:192.0.2.1:3000?transport=tcp"],
            id="a proxy that says so",
        ),
        pytest.param(
            TWO,
            came("meet.example", scheme="https"),
            ["turn:192.0.2.1:3000?transport=tcp"],
            ["stun:192.0.2.1:3478", "turn:192.0.2.1:3478?transport=udp", "turn:192.0.2.1:3000?transport=tcp"],
            id="a proxy that has ended TLS",
        ),
        pytest.param(
            TWO,
            came("meet.example", origin="https://meet.example"),
            ["turn:192.0.2.1:3000?transport=tcp"],
            ["stun:192.0.2.1:3478", "turn:192.0.2.1:3478?transport=udp", "turn:192.0.2.1:3000?transport=tcp"],
            id="a proxy that says nothing",
        ),
        pytest.param(
            {**TWO, "tls": True},
            came("meet.example", scheme="https", forwarded="for=198.51.100.7"),
            ["turn:192.0.2.1:3000?transport=tcp"],
            ["stun:192.0.2.1:3478", "turn:192.0.2.1:3478?transport=udp", "turn:192.0.2.1:3000?transport=tcp"],
            id="a proxy before TLS of ours: no certificate has the address",
        ),
        pytest.param(
            {"udp": ("192.0.2.1:3478",), "tcp": ("192.0.2.1:5349",)},
            came("app.example", scheme="https", at=("192.0.2.1", 8000)),
            ["turn:app.example:5349?transport=tcp"],
            ["stun:192.0.2.1:3478", "turn:192.0.2.1:3478?transport=udp", "turn:app.example:5349?transport=tcp"],
            id="mounted, with a port of its own",
        ),
        pytest.param(
            {"udp": ("192.0.2.1:3478",), "tcp": ("192.0.2.1:5349",), "tls": True},
            came("app.example", scheme="https", at=("192.0.2.1", 8000)),
            ["turns:app.example:5349?transport=tcp", "turn:app.example:5349?transport=tcp"],
            [
                "stun:192.0.2.1:3478",
                "turn:192.0.2.1:3478?transport=udp",
                "turns:app.example:5349?transport=tcp",
                "turn:app.example:5349?transport=tcp",
            ],
            id="mounted, with a port of its own and TLS on it",
        ),
        pytest.param(
            {"udp": ("192.0.2.1:3478",)},
            came("app.example", at=("192.0.2.1", 8000)),
            [],
            ["stun:192.0.2.1:3478", "turn:192.0.2.1:3478?transport=udp"],
            id="mounted, without one",
        ),
        pytest.param(
            {**BOTH, "relay": None},
            came("meet.example:3000"),
            [],
            ["stun:[2001:db8::1]:3478", "stun:192.0.2.1:3478"],
            id="no relay",
        ),
        pytest.param({}, came("meet.example"), [], [], id="nothing at all"),
    ],
)
def test_ours(settings: dict[str, Any], by: Reached, sfu: list[str], direct: list[str]) -> None:
    issued = servers(**settings).issue(by)
    assert (urls(issued.sfu), urls(issued.direct)) == (sfu, direct)


def test_credentials_are_made_by_the_convention_and_go_with_turn_alone() -> None:
    issued = servers(**TWO, ttl=600).issue(came("meet.example:3000"))
    stun, turn = issued.direct
    assert (stun.username, stun.credential) == (None, None)
    assert all(url.startswith("turn:") for url in turn.urls)
    assert turn.username is not None
    expires, identity = turn.username.split(":")
    assert (int(expires), issued.expires) == (1_794_000_600, 1_794_000_600)
    assert turn.credential == password(OURS, f"{expires}:{identity}")
    assert issued.renew_at == NOW + 450
    assert turn.credential not in repr(issued)


def test_every_connection_has_its_own_and_nobody_can_be_told_from_it() -> None:
    it = servers(**TWO)
    names = {server.username for _ in range(100) for server in it.issue(came("meet.example")).sfu}
    assert len(names) == 100


def test_what_has_no_credentials_does_not_end() -> None:
    issued = servers(**TWO, relay=None, external=["stun:stun.example"]).issue(came("meet.example"))
    assert (issued.expires, issued.renew_at) == (None, None)
    assert not any(server.username for server in (*issued.sfu, *issued.direct))


EXTERNAL = ["stun:stun.example", "turn:turn.example?transport=udp", "turns:turn.example"]


def test_other_servers_besides_ours_have_credentials_by_their_own_secret() -> None:
    it = servers(**TWO, external=EXTERNAL, external_secret=TurnSecret(THEIRS))
    issued = it.issue(came("meet.example:3000"))
    assert urls(issued.sfu) == ["turn:meet.example:3000?transport=tcp", *EXTERNAL]
    assert urls(issued.direct) == [
        "turn:192.0.2.1:3478?transport=udp",
        "turn:meet.example:3000?transport=tcp",
        *EXTERNAL,
    ]
    own, _, others = issued.sfu
    assert own.username is not None
    assert own.username == others.username
    assert own.credential == password(OURS, own.username)
    assert others.credential == password(THEIRS, own.username)


def test_other_servers_in_place_of_ours() -> None:
    issued = servers(**TWO, relay=None, external=EXTERNAL, external_secret=TurnSecret(THEIRS)).issue(
        came("meet.example")
    )
    assert urls(issued.sfu) == EXTERNAL
    assert urls(issued.direct) == ["stun:192.0.2.1:3478", *EXTERNAL]
    assert issued.expires is not None


@pytest.mark.parametrize(
    "url",
    [
        "stun:192.0.2.1",
        "turn:192.0.2.1:3478",
        "TURN:192.0.2.1?transport=udp",
        "turn:Meet.Example",
        "stun:[2001:DB8:0::1]",
    ],
)
def test_a_foreign_server_that_is_our_own_media_port_is_none_for_the_way_to_us(url: str) -> None:
    it = servers(**BOTH, external=[url], external_secret=TurnSecret(THEIRS))
    issued = it.issue(came("meet.example:3000"))
    assert urls(issued.sfu) == ["turn:meet.example:3000?transport=tcp"]
    assert url.lower() in urls(issued.direct)


def test_a_relay_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        IceServers(external=["turn:turn.example"])
    with pytest.raises(ValueError, match="nonsense"):
        IceServers(external=["nonsense"])


def test_where_people_may_not_connect_there_is_one_list() -> None:
    issued = servers(**TWO, direct=False).issue(came("meet.example:3000"))
    assert issued.direct == issued.either == issued.sfu
    assert urls(issued.sfu) == ["turn:meet.example:3000?transport=tcp"]


def test_a_page_that_cannot_know_its_other_side_has_our_udp_port_only_where_that_relays() -> None:
    relays, does_not = servers(**TWO), servers(**TWO, relay=None, external=["stun:stun.example"])
    by = came("meet.example:3000")
    issued = relays.issue(by)
    assert issued.either == issued.direct
    assert urls(does_not.issue(by).either) == ["stun:stun.example"]


ADDRESSES = st.sampled_from(["192.0.2.1", "10.0.0.5", "203.0.113.9", "2001:db8::1", "fd00::5", "127.0.0.1", "::1"])
NAMES = st.sampled_from(["meet.example", "localhost", "turn.example"])
PORTS = st.sampled_from([443, 3000, 3478, 5349])


def endpoint(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


ENDPOINTS = st.lists(st.builds(endpoint, ADDRESSES, PORTS), max_size=4, unique=True)
FOREIGN = st.builds(
    lambda form, host, port: form.format(endpoint(host, port)),
    st.sampled_from(["stun:{}", "stuns:{}", "turn:{}", "turn:{}?transport=udp", "turn:{}?transport=tcp", "turns:{}"]),
    st.one_of(ADDRESSES, NAMES),
    PORTS,
)
CAME = st.builds(
    lambda name, port, scheme, at, client, headers: came(
        endpoint(name, port), scheme=scheme, at=at, client=client, **headers
    ),
    st.one_of(ADDRESSES, NAMES),
    PORTS,
    st.sampled_from(["http", "https", "ws", "wss"]),
    st.tuples(ADDRESSES, PORTS),
    ADDRESSES,
    st.sampled_from([{}, {"x_forwarded_for": "198.51.100.7"}, {"origin": "https://meet.example"}]),
)


@given(
    udp=ENDPOINTS, tcp=ENDPOINTS, tls=st.booleans(), relay=st.sampled_from([None, TurnSecret(OURS)]),
    external=st.lists(FOREIGN, max_size=5), direct=st.booleans(), by=CAME,
)  # fmt: skip
def test_whatever_is_set_media_from_the_server_can_arrive(
    udp: list[str],
    tcp: list[str],
    tls: bool,
    relay: TurnSecret | None,
    external: list[str],
    direct: bool,
    by: Reached,
) -> None:
    it = servers(
        udp=udp, tcp=tcp, tls=tls, relay=relay, external=external, external_secret=TurnSecret(THEIRS), direct=direct
    )
    issued = it.issue(by)
    own_media = {(parsed.host, parsed.port) for parsed in (ice_url.parse(f"stun:{text}") for text in udp)}
    own_media |= {(by.name, port) for _, port in own_media}
    for url in map(ice_url.parse, urls(issued.sfu)):
        assert url.transport == "tcp" or (url.host, url.port) not in own_media
    for of in (issued.sfu, issued.direct):
        assert len(urls(of)) <= max(MOST_URLS, len(external) + 2)
        for server in of:
            relays = [ice_url.parse(url).relays for url in server.urls]
            assert server.urls
            assert all(relays) if server.credential is not None else not any(relays)
