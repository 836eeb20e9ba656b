"""Where a setting comes from, and what is refused."""

import re
from pathlib import Path
from typing import Any

import pydantic
import pytest

from tertulia import config
from tertulia.cli.failure import describe
from tertulia.config import Settings

ROOT = Path(__file__).parents[2]


def test_flag_before_environment_before_file_before_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tertulia.toml"
    file.write_text('port = 1\nudp-port = 1\nmax_room_size = 1\nallow-origin = ["https://a.example"]\n')
    monkeypatch.setenv("TERTULIA_PORT", "2")
    monkeypatch.setenv("TERTULIA_UDP_PORT", "2")
    settings = config.load(config=file, port=3, workers=None, public_ip=[])
    assert (settings.port, settings.udp_port, settings.max_room_size, settings.grace) == (3, 2, 1, 30.0)
    assert settings.allow_origin == ["https://a.example"]
    assert config.load().port == 2


def test_lists_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERTULIA_PUBLIC_IP", "192.0.2.1, 2001:db8::1")
    monkeypatch.setenv("TERTULIA_ALLOW_ORIGIN", "https://A.example")
    monkeypatch.setenv("TERTULIA_TURN_ALLOW_PEER", "10.0.0.0/8,2001:DB8::1")
    settings = config.load()
    assert settings.turn_allow_peer == ["10.0.0.0/8", "2001:db8::1/128"]
    assert settings.public_ip == ["192.0.2.1", "2001:db8::1"]
    assert settings.allow_origin == ["https://a.example"]


def test_a_public_address_may_be_one_that_is_to_be_found() -> None:
    whom = ["auto", "cloud", "stun:stun.example.org", "stun:[2001:db8::1]:3479", "203.0.113.5"]
    assert config.load(public_ip=whom).public_ip == whom


@pytest.mark.parametrize(
    "given",
    [
        {"port": 70_000},
        {"public_ip": ["example.org"]},
        {"public_ip": ["stun:"]},
        {"public_ip": ["turn:turn.example.org"]},
        {"allow_origin": ["example.org"]},
        {"allow_origin": ["https://example.org/path"]},
        {"ice_server": ["http://example.org"]},
        {"ice_server": ["turn:example.org"]},
        {"ice_server": ["turns:example.org"], "ice_secret": ""},
        {"ice_ttl": 59},
        {"turn_secret": "s" * 31},
        {"turn_allow_peer": ["10.0.0.1/8"]},
        {"turn_allow_peer": ["office"]},
        {"turn_allocations": 0},
        {"turn_per_user": 0},
        {"turn_per_address": 65_536},
        {"turn_bytes_per_second": 999},
        {"tcp_port": 70_000},
        {"tls_cert": Path("a")},
        {"p2p": "sometimes"},
        {"tls": "acme"},
        {"nonsense": 1},
    ],
)
def test_what_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        config.load(**given)


def test_an_unknown_key_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tertulia.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(pydantic.ValidationError):
        config.load(config=file)
    with pytest.raises(OSError):
        config.load(config=tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("example.org", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert Settings(host=host).is_loopback is loopback


def test_a_secret_is_not_shown() -> None:
    assert "hush" not in repr(config.load(secret="hush" * 10, turn_secret="hush" * 10))


def test_other_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERTULIA_ICE_SERVER", "stun:A.example, turn:b.example:80?transport=tcp")
    monkeypatch.setenv("TERTULIA_ICE_SECRET", "hush" * 10)
    settings = config.load()
    assert settings.ice_server == ["stun:a.example", "turn:b.example:80?transport=tcp"]
    assert "hush" not in repr(settings)


def test_a_turn_server_without_a_secret_is_named() -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        config.load(ice_server=["stun:a.example", "turn:b.example"])
    assert describe(refused.value).startswith("ice-server turn:b.example needs ice-secret")


def test_the_relays_limits_are_those_of_the_engine() -> None:
    """Whoever changes one of them changes the other: the numbers stand in both languages."""
    source = (ROOT / "crates/relay/src/config.rs").read_text()
    defaults = source[source.index("impl Default for Limits") :]
    for name in ("allocations", "per_user", "per_address", "bytes_per_second"):
        found = re.search(rf"\b{name}: ([\d_]+),", defaults)
        assert found, name
        assert Settings.model_fields[f"turn_{name}"].default == int(found[1]), name
