"""Would a browser take the server's certificate?"""

import asyncio
import datetime
import ssl
from typing import Final

from cryptography import x509

from tertulia.doctor.finding import Finding
from tertulia.doctor.site import Site

SOON: Final = 14
"""Days; who renews by itself does it with thirty left."""
EXPIRED, NOT_YET, WRONG_NAME, WRONG_ADDRESS = 10, 9, 62, 64
"""X509_V_ERR_… of OpenSSL."""


async def check(site: Site) -> Finding | None:
    """None: nobody answers, which the check of HTTP says better.

    Where the certificate is no good, the site is asked without trust from now on, and never with a token."""
    if not site.is_tls:
        if await _is_loopback(site):
            return Finding("certificate_local", "http: is enough for browsers on this machine")
        return Finding("certificate_none", f"{site.url} is http:")
    try:
        leaf = await _shake_hands(site, site.strict())
    except ssl.SSLCertVerificationError as error:
        site.is_trusted, site.tls = False, site.lenient()
        return await _distrusted(site, error)
    except ssl.SSLError as error:
        return Finding("certificate_no_tls", f"{site.authority}: {error.reason or error}")
    except OSError:
        if not await _listens(site):
            return None
        return Finding("certificate_no_tls", f"{site.authority} takes the connection, and then does not speak TLS")
    if _is_self_signed(leaf):
        return Finding("certificate_self_signed", f"made by the server itself, {_left(leaf)}")
    soon = _days(leaf) < SOON
    return Finding("certificate_ends_soon" if soon else "certificate_ok", f"from {_issuer(leaf)}, {_left(leaf)}")


async def _distrusted(site: Site, error: ssl.SSLCertVerificationError) -> Finding:
    try:
        leaf = await _shake_hands(site, site.lenient())
    except OSError:
        return Finding("certificate_untrusted", error.verify_message)
    if error.verify_code == EXPIRED:
        return Finding("certificate_expired", f"ended on {leaf.not_valid_after_utc:%Y-%m-%d}")
    if error.verify_code == NOT_YET:
        return Finding("certificate_not_yet", f"begins on {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC")
    if error.verify_code in (WRONG_NAME, WRONG_ADDRESS):
        return Finding("certificate_wrong_name", f"it is for {_names(leaf)}, not for {site.host}")
    if _is_self_signed(leaf):
        return Finding("certificate_self_signed", f"made by the server itself, {_left(leaf)}")
    return Finding("certificate_untrusted", f"{error.verify_message}; from {_issuer(leaf)}")


async def _shake_hands(site: Site, context: ssl.SSLContext) -> x509.Certificate:
    async with asyncio.timeout(site.within):
        _, writer = await asyncio.open_connection(site.host, site.port, ssl=context, server_hostname=site.host)
    try:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    return x509.load_der_x509_certificate(der)


async def _listens(site: Site) -> bool:
    try:
        async with asyncio.timeout(site.within):
            _, writer = await asyncio.open_connection(site.host, site.port)
    except OSError:
        return False
    writer.transport.abort()
    return True


async def _is_loopback(site: Site) -> bool:
    addresses = await site.addresses()
    return bool(addresses) and all(text == "::1" or text.startswith("127.") for text in addresses)


def _is_self_signed(leaf: x509.Certificate) -> bool:
    return leaf.issuer == leaf.subject


def _days(leaf: x509.Certificate) -> int:
    return (leaf.not_valid_after_utc - datetime.datetime.now(datetime.UTC)).days


def _left(leaf: x509.Certificate) -> str:
    return f"{_days(leaf)} days left"


def _issuer(leaf: x509.Certificate) -> str:
    named = leaf.issuer.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME) or list(leaf.issuer)
    return str(named[0].value) if named else "nobody"


def _names(leaf: x509.Certificate) -> str:
    try:
        covered = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return "no name"
    return ", ".join(str(name.value) for name in list(covered)[:5]) or "no name"
