"""Certificate files: our own, those we trust, and those that were refused and wait for somebody to look at them."""

import hashlib
import ipaddress
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from telemetry.errors import ConfigError

REJECTED = "rejected"
_MOST_REJECTED = 100
"""Anybody on the network can make certificates; a full quarantine takes no more."""
_SUFFIXES = (".der", ".pem", ".crt", ".cer")


class Listed(NamedTuple):
    """One certificate in a trusted folder or in its quarantine."""

    path: Path
    is_trusted: bool
    common_name: str
    thumbprint: str
    """SHA-1 in hexadecimal, by which OPC UA tools name a certificate."""
    application_uri: str
    not_before: datetime
    not_after: datetime


def make_certificate(
    folder: Path, *, name: str, application_uri: str, hosts: Sequence[str], days: int = 1825
) -> tuple[Path, Path]:
    """Write a self-signed certificate ``<name>.der`` and its key ``<name>.pem``, which only their owner may read.

    Raises
    ------
    ConfigError
        If there is a file of that name already, or the folder cannot be written.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise ConfigError(f"{name!r} is no name for a certificate: letters, digits, '_', '.' and '-'")
    if ":" not in application_uri:
        raise ConfigError(f"{application_uri!r} is no URI, such as urn:plant-7:gateway")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    own_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(application_uri), *map(_host, hosts)]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_KEY_USAGE, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (own_id, False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own_id), False),
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # the other side's clock may be behind
        .not_valid_after(now + timedelta(days=days))
    )
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    certificate = builder.sign(key, hashes.SHA256())
    certificate_file, key_file = folder / f"{name}.der", folder / f"{name}.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_new(key_file, private, mode=0o600)
        _write_new(certificate_file, certificate.public_bytes(serialization.Encoding.DER), mode=0o644)
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: {error.strerror}") from error
    return certificate_file, key_file


def list_certificates(trusted_folder: Path) -> list[Listed]:
    """List what is trusted, then what was refused.

    Raises
    ------
    ConfigError
        If the folder or one of its files cannot be read.
    """
    if not trusted_folder.is_dir():
        raise ConfigError(f"{trusted_folder} is not a folder")
    return [
        Listed(
            path,
            folder == trusted_folder,
            common_name(certificate),
            thumbprint(certificate),
            next(iter(uris_of(certificate)), ""),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )
        for folder in (trusted_folder, trusted_folder / REJECTED)
        for path in certificate_files(folder)
        for certificate in [load_certificate(path)]
    ]


def trust(trusted_folder: Path, which: str) -> Path:
    """Move a refused certificate, named by its file or by its thumbprint (or how that begins), to the trusted ones.

    Raises
    ------
    ConfigError
        If there is none, or more than one.
    """
    wanted = which.replace(":", "").replace(" ", "").lower()
    waiting = [one for one in list_certificates(trusted_folder) if not one.is_trusted]
    found = [
        one
        for one in waiting
        if which in (one.path.name, str(one.path)) or (len(wanted) >= 8 and one.thumbprint.startswith(wanted))
    ]
    if len(found) != 1:
        names = ", ".join(one.path.name for one in found or waiting) or "none"
        raise ConfigError(f"{which!r} names {len(found) or 'none'} of the refused certificates; there are: {names}")
    try:
        return found[0].path.rename(trusted_folder / found[0].path.name)
    except OSError as error:
        raise ConfigError(f"{found[0].path}: {error.strerror}") from error


def quarantine(trusted_folder: Path, certificate: x509.Certificate) -> Path | None:
    """Keep a refused certificate for somebody to look at; None where there is no room or no right to write."""
    folder = trusted_folder / REJECTED
    name = re.sub(r"[^\w.-]+", "_", common_name(certificate))[:64] or "unnamed"
    path = folder / f"{name}-{thumbprint(certificate)[:8]}.der"
    try:
        folder.mkdir(exist_ok=True)
        if not path.exists():
            if len(certificate_files(folder)) >= _MOST_REJECTED:
                return None
            path.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    except OSError:
        return None
    return path


def certificate_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*")) if path.suffix.lower() in _SUFFIXES and path.is_file()]


def load_certificate(path: Path) -> x509.Certificate:
    content = read_bytes(path)
    try:
        if content.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError as error:
        raise ConfigError(f"certificate {path}: {error}") from error


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def thumbprint(certificate: x509.Certificate) -> str:
    return hashlib.sha1(certificate.public_bytes(serialization.Encoding.DER), usedforsecurity=False).hexdigest()


def uris_of(certificate: x509.Certificate) -> list[str]:
    names = _alternative_names(certificate)
    return [] if names is None else list(names.get_values_for_type(x509.UniformResourceIdentifier))


def hosts_of(certificate: x509.Certificate) -> list[str]:
    names = _alternative_names(certificate)
    if names is None:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _alternative_names(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    with suppress(x509.ExtensionNotFound, ValueError):
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return None


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write_new(path: Path, content: bytes, *, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


_KEY_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=True,
    key_encipherment=True,
    data_encipherment=True,
    key_agreement=False,
    key_cert_sign=True,  # it signs itself (OPC UA Part 6, 6.2.2)
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
