"""Gateways come in with a certificate of their own, which no other has or ever had."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from registry.imports.tables import Mistake
from store.city_bulk import EnrolledGateway, enterprises_by_code, gateways_like, lock_registry, save_gateways
from store.city_registry import Gateway
from store.database import Connection


class Certificate(NamedTuple):
    """What is kept of a certificate."""

    common_name: str
    sha256: bytes
    """Of the whole certificate as DER."""


def read_certificate(pem: bytes) -> Certificate:
    """Read the first certificate of a PEM file.

    Raises
    ------
    ValueError
        If it is none, or names nobody.
    """
    try:
        found = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise ValueError(f"no certificate in PEM: {error}") from None
    names = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1:
        raise ValueError(f"the certificate has {len(names)} common names (CN), and one names its gateway")
    return Certificate(str(names[0].value), hashlib.sha256(found.public_bytes(Encoding.DER)).digest())


def certificate_problem(gateway: Gateway, stored: Iterable[EnrolledGateway]) -> Mistake | None:
    """Say why a gateway cannot come in with its certificate; None where it can, anew or with its next one."""
    for one in stored:
        is_same = one.gateway.certificate_sha256 == gateway.certificate_sha256
        if one.gateway.name != gateway.name:
            if is_same:
                name = one.gateway.name
                return Mistake(
                    f"该证书已由网关 {name} 使用，证书不得共用", f"gateway {name} enrolled with this certificate; none is shared"
                )
        elif one.gateway.uscc != gateway.uscc:
            return Mistake(f"该网关属于 {one.gateway.uscc}", f"this gateway is one of {one.gateway.uscc}")
        elif is_same and one.revoked_at is not None:
            return Mistake("该证书已吊销，请使用新证书", "this certificate was revoked; enrol with a new one")
    return None


def enrol(connection: Connection, gateway: Gateway) -> bool:
    """Let a gateway in, or give one that is in its next certificate; False where nothing changes.

    Raises
    ------
    ValueError
        If the certificate is another's, was revoked, the gateway is another enterprise's, or that is not registered.
    """
    lock_registry(connection)
    enterprise = enterprises_by_code(connection, [gateway.uscc]).get(gateway.uscc)
    if enterprise is None or enterprise.retired_at is not None:
        raise ValueError(f"enterprise {gateway.uscc} is {'not registered' if enterprise is None else 'retired'}")
    stored = gateways_like(connection, names=[gateway.name], certificates=[gateway.certificate_sha256])
    problem = certificate_problem(gateway, stored)
    if problem is not None:
        raise ValueError(problem.en)
    if any(one.gateway.name == gateway.name and one.gateway.certificate_sha256 == gateway.certificate_sha256 for one in stored):
        return False
    save_gateways(connection, [gateway])
    return True
