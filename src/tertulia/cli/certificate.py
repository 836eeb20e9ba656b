"""A self-signed certificate, kept in the data dir so that browsers have to be told only once."""

import datetime
import ipaddress
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE = "self-signed.crt"
"""The file's name in the data dir."""
DAYS = 397
"""The longest that browsers accept."""
RENEW_BEFORE = datetime.timedelta(days=30)


def read_or_make(data_dir: Path, addresses: Iterable[str]) -> tuple[Path, Path]:
    """Files with the certificate and its key. Made anew when it is about to expire or lacks one of `addresses`. Raises OSError."""
    certificate_file, key_file = data_dir / CERTIFICATE, data_dir / "self-signed.key"
    names = _names(addresses)
    if not (key_file.is_file() and _is_good(certificate_file, names)):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        _write(
            key_file,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
        _write(certificate_file, _make(key, names).public_bytes(serialization.Encoding.PEM))
    return certificate_file, key_file


def _names(addresses: Iterable[str]) -> list[x509.GeneralName]:
    host = socket.gethostname()
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in dict.fromkeys(["localhost", host, f"{host}.local"])]
    known = dict.fromkeys(["127.0.0.1", "::1", *addresses])
    return names + [x509.IPAddress(ipaddress.ip_address(address)) for address in known]


def _is_good(file: Path, names: list[x509.GeneralName]) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        covered = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return False
    lasts = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return lasts > RENEW_BEFORE and all(name in covered for name in names)


def _make(key: ec.EllipticCurvePrivateKey, names: list[x509.GeneralName]) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tertulia, self-signed")])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS - 1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _write(file: Path, content: bytes) -> None:
    fresh = file.with_suffix(file.suffix + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
    fresh.replace(file)
