"""Certificates as browsers would judge them."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from tertulia.cli.certificate import CERTIFICATE, read_or_make
from tertulia.doctor import certificate, web
from tertulia.doctor.site import Site
from tests.doctor.certificates import Authority
from tests.doctor.house import House


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """One that this machine trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.mark.parametrize(
    ("names", "options", "code", "says"),
    [
        (["localhost"], {}, "certificate_ok", "89 days left"),
        (["localhost"], {"ends": 10}, "certificate_ends_soon", "9 days left"),
        (["localhost"], {"ends": -1}, "certificate_expired", "ended on"),
        (["localhost"], {"begins": 2}, "certificate_not_yet", "begins on"),
        (["other.example"], {}, "certificate_wrong_name", "it is for other.example, not for localhost"),
        (["localhost"], {"self_signed": True}, "certificate_self_signed", "89 days left"),
    ],
)
async def test_judged(authority: Authority, names: list[str], options: dict[str, Any], code: str, says: str) -> None:
    async with House().serving(authority.server(*names, **options)) as port:
        site = Site.parse(f"https://localhost:{port}", within=2)
        finding = await certificate.check(site)
        assert finding is not None
        assert (finding.code, says in finding.detail) == (code, True), finding.detail
        assert site.is_trusted is (code in ("certificate_ok", "certificate_ends_soon"))
        assert (await web.check(site))[0].code == "http_ok", "the rest is examined all the same"


async def test_an_authority_that_nobody_knows(tmp_path: Path) -> None:
    async with House().serving(Authority(tmp_path).server("localhost")) as port:
        site = Site.parse(f"https://localhost:{port}", within=2)
        finding = await certificate.check(site)
        assert finding is not None and finding.code == "certificate_untrusted"
        assert "An Authority" in finding.detail and not site.is_trusted


async def test_the_servers_own_certificate_is_trusted_where_it_is_kept_and_called_what_it_is(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*read_or_make(tmp_path, []))
    async with House().serving(context) as port:
        site = Site.parse(f"https://localhost:{port}", within=2, trust=tmp_path / CERTIFICATE)
        finding = await certificate.check(site)
    assert finding is not None and finding.code == "certificate_self_signed"
    assert site.is_trusted


async def test_http_is_enough_on_this_machine_alone() -> None:
    for host, code in (
        ("127.0.0.1", "certificate_local"),
        ("localhost", "certificate_local"),
        ("192.0.2.1", "certificate_none"),
    ):
        finding = await certificate.check(Site.parse(f"http://{host}:3000", within=2))
        assert finding is not None and finding.code == code


async def test_a_port_without_tls() -> None:
    async with House().serving() as port:
        finding = await certificate.check(Site.parse(f"https://localhost:{port}", within=2))
    assert finding is not None and finding.code == "certificate_no_tls"


async def test_where_nobody_answers_http_says_it() -> None:
    assert await certificate.check(Site.parse("https://127.0.0.1:1", within=1)) is None
