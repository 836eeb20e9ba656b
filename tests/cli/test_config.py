"""Where a setting comes from, and what is refused."""

from pathlib import Path
from typing import Any

import pydantic
import pytest

from tertulia import config
from tertulia.config import Settings


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
    settings = config.load()
    assert settings.public_ip == ["192.0.2.1", "2001:db8::1"]
    assert settings.allow_origin == ["https://a.example"]


@pytest.mark.parametrize(
    "given",
    [
        {"port": 70_000},
        {"public_ip": ["example.org"]},
        {"allow_origin": ["example.org"]},
        {"allow_origin": ["https://example.org/path"]},
        {"ice_server": ["http://example.org"]},
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
    assert "hush" not in repr(config.load(secret="hush" * 10))
