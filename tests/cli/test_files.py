"""What a server keeps: its secret and its certificate."""

import ipaddress
import stat
from pathlib import Path

import pytest
from cryptography import x509

from tertulia.cli import certificate, secret
from tertulia.net import listen


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert secret.read(data) is None
    made = secret.read_or_make(data)
    assert len(made) >= 32
    assert secret.read_or_make(data) == made == secret.read(data)
    assert stat.S_IMODE((data / "secret").stat().st_mode) == 0o600
    assert secret.read_or_make(data, secret.TURN) == secret.read(data, secret.TURN) != made


def test_the_certificate_names_every_address_and_is_kept(tmp_path: Path) -> None:
    crt, key = certificate.read_or_make(tmp_path, ["192.0.2.1", "2001:db8::1"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    first = crt.read_bytes()
    names = x509.load_pem_x509_certificate(first).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("192.0.2.1") in names.get_values_for_type(x509.IPAddress)
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    certificate.read_or_make(tmp_path, ["192.0.2.1"])
    assert crt.read_bytes() == first
    certificate.read_or_make(tmp_path, ["192.0.2.9"])
    assert crt.read_bytes() != first
    crt.write_text("broken")
    certificate.read_or_make(tmp_path, [])
    assert crt.read_bytes() != b"broken"


def test_a_taken_port_is_an_error() -> None:
    first = listen("127.0.0.1", 0)
    try:
        with pytest.raises(OSError):
            listen("127.0.0.1", first[0].getsockname()[1])
    finally:
        for opened in first:
            opened.close()


def test_both_families() -> None:
    sockets = listen("::", 0)
    try:
        assert len(sockets) == 1
        assert sockets[0].getsockname()[1]
    finally:
        for opened in sockets:
            opened.close()
