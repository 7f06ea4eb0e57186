"""Whom a connection believes: the server's certificate is judged before anything is told to the server."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError, UaStatusCodeError
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from edge_gateway.drivers.opcua.certificates import (
    certificate_files,
    common_name,
    hosts_of,
    load_certificate,
    quarantine,
    read_bytes,
    uris_of,
)
from edge_gateway.drivers.opcua.session import LOST
from edge_gateway.drivers.opcua.values import status_name
from edge_gateway.settings import OpcUaSettings
from telemetry.errors import ConfigError, NotConnected, Refused

_POLICIES: dict[str, type[Any]] = {
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256_Sha256_RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
}
_MODES = {"sign": ua.MessageSecurityMode.Sign, "sign_and_encrypt": ua.MessageSecurityMode.SignAndEncrypt}
_MODE_NAMES = {ua.MessageSecurityMode.Invalid: "nothing", ua.MessageSecurityMode.None_: "none"} | {
    m: n for n, m in _MODES.items()
}


async def protect(client: Client, settings: OpcUaSettings, where: str) -> None:
    """Give a client its user and its security; the server is asked for its certificate, which must be a trusted one.

    Raises
    ------
    ConfigError
        If a file of ours cannot be used.
    NotConnected, Refused
        If the server is not there, offers nothing that was asked for, or is not to be believed.
    """
    if settings.password_file is not None and settings.username is not None:
        client.set_user(settings.username)
        client.set_password(read_bytes(settings.password_file).decode().strip())
    if settings.security == "none":
        return
    assert settings.certificate_file
    assert settings.key_file
    assert settings.trusted_folder  # the settings see to it
    own = load_certificate(settings.certificate_file)
    trusted = _load_trusted(settings.trusted_folder)
    key = read_bytes(settings.key_file)
    client.application_uri = _application_uri(own, settings.certificate_file)
    policy, mode = _POLICIES[settings.policy], _MODES[settings.security]
    endpoint = await _endpoint(client, settings, where)
    try:
        certificate = x509.load_der_x509_certificate(_first_of_chain(endpoint.ServerCertificate or b""))
    except ValueError as error:
        raise Refused(f"{where}: the server's certificate cannot be read", code=StatusCodes.BadCertificateInvalid) from error
    _judge(certificate, endpoint, trusted, folder=settings.trusted_folder, host=client.server_url.hostname or "", where=where)
    try:
        await client.set_security(
            policy,
            certificate=CertProperties(own.public_bytes(Encoding.DER), "der"),
            private_key=CertProperties(key, "pem" if key.lstrip().startswith(b"-----BEGIN") else "der"),
            server_certificate=CertProperties(certificate.public_bytes(Encoding.DER), "der"),
            mode=mode,
        )
    except (ValueError, TypeError) as error:  # an encrypted key, or no key at all
        raise ConfigError(f"private key {settings.key_file}: {error}") from error


async def _endpoint(client: Client, settings: OpcUaSettings, where: str) -> ua.EndpointDescription:
    """Ask the server, over an open channel, what it offers."""
    try:
        endpoints = await client.connect_and_get_server_endpoints()
    except UaStatusCodeError as error:
        raise Refused(f"{where}: {status_name(error.code)}", code=error.code) from error
    except (*LOST, UaError) as error:
        raise NotConnected(f"{where}: {str(error) or 'no answer in time'}") from error
    policy, mode = _POLICIES[settings.policy], _MODES[settings.security]
    for endpoint in endpoints:
        if endpoint.SecurityPolicyUri == policy.URI and endpoint.SecurityMode == mode:
            return endpoint
    offered = sorted(
        {f"{str(one.SecurityPolicyUri).rpartition('#')[2]} with {_MODE_NAMES[one.SecurityMode]}" for one in endpoints}
    )
    raise Refused(
        f"{where}: the server does not offer {settings.policy} with {settings.security}; it offers {', '.join(offered)}",
        code=StatusCodes.BadSecurityPolicyRejected,
    )


def _judge(
    certificate: x509.Certificate,
    endpoint: ua.EndpointDescription,
    trusted: Sequence[x509.Certificate],
    *,
    folder: Path,
    host: str,
    where: str,
) -> None:
    """Refuse a server whose certificate is not trusted, out of its time, or for somebody else.

    The host is compared only where an authority vouches for the certificate: who puts a server's very certificate into the folder
    says that it is this server, and few controllers know the name by which they are reached.
    """
    name, now = common_name(certificate), datetime.now(UTC)
    is_known = certificate in trusted
    if not is_known and not _is_issued_by(certificate, trusted, now):
        path = quarantine(folder, certificate)
        kept = (
            f"it is kept as {path}; move it to {folder} to trust it"
            if path
            else f"there is no room for it in {folder / 'rejected'}"
        )
        raise Refused(
            f"{where}: the server's certificate {name!r} is not trusted; {kept}", code=StatusCodes.BadCertificateUntrusted
        )
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        if now > certificate.not_valid_after_utc:
            what = f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
        else:
            what = f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC; is this machine's clock right?"
        raise Refused(f"{where}: the server's certificate {name!r} {what}", code=StatusCodes.BadCertificateTimeInvalid)
    uris = uris_of(certificate)
    if endpoint.Server.ApplicationUri not in uris:
        raise Refused(
            f"{where}: the server is {endpoint.Server.ApplicationUri!r}, its certificate {', '.join(uris) or 'nothing'}",
            code=StatusCodes.BadCertificateUriInvalid,
        )
    hosts = hosts_of(certificate)
    if not is_known and host.lower() not in (one.lower() for one in hosts):
        raise Refused(
            f"{where}: the server's certificate {name!r} is for {', '.join(hosts) or 'no host'}, not for {host}",
            code=StatusCodes.BadCertificateHostNameInvalid,
        )


def _is_issued_by(certificate: x509.Certificate, trusted: Sequence[x509.Certificate], now: datetime) -> bool:
    """Tell whether a trusted authority has issued a certificate for a server."""
    with suppress(x509.ExtensionNotFound):
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if ExtendedKeyUsageOID.SERVER_AUTH not in usages:
            return False
    for authority in trusted:
        if not _is_authority(authority) or not authority.not_valid_before_utc <= now <= authority.not_valid_after_utc:
            continue
        with suppress(ValueError, TypeError, InvalidSignature):
            certificate.verify_directly_issued_by(authority)
            return True
    return False


def _is_authority(certificate: x509.Certificate) -> bool:
    with suppress(x509.ExtensionNotFound):
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    return False


def _load_trusted(folder: Path) -> list[x509.Certificate]:
    if not folder.is_dir():
        raise ConfigError(f"the trusted folder {folder} does not exist")
    return [load_certificate(path) for path in certificate_files(folder)]


def _application_uri(certificate: x509.Certificate, path: Path) -> str:
    """Take our application URI from our certificate: servers refuse a session in which the two differ."""
    for uri in uris_of(certificate):
        return uri
    raise ConfigError(f"certificate {path} names no application URI (a URI in its subjectAltName), which OPC UA needs")


def _first_of_chain(content: bytes) -> bytes:
    """Cut off the authorities that some servers append; DER tells its own length."""
    return content[: int.from_bytes(content[2:4], "big") + 4]
