"""Certificate files: made, listed, refused and trusted."""

import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from edge_gateway.drivers.opcua import certificates
from edge_gateway.drivers.opcua.certificates import list_certificates, load_certificate, make_certificate, quarantine, trust
from telemetry.errors import ConfigError


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    folder = tmp_path / "trusted"
    folder.mkdir()
    return folder


def certificate_of(folder: Path, name: str) -> x509.Certificate:
    return load_certificate(make_certificate(folder, name=name, application_uri=f"urn:test:{name}", hosts=["plc"])[0])


def test_a_made_certificate_is_what_openssl_says_an_opc_ua_certificate_is(tmp_path: Path) -> None:
    made, key = make_certificate(
        tmp_path / "own", name="gateway-7", application_uri="urn:plant:gateway-7", hosts=["edge-7", "192.168.1.7"], days=30
    )
    command = ["openssl", "x509", "-inform", "DER", "-in", str(made), "-noout", "-text"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for expected in (
        "URI:urn:plant:gateway-7, DNS:edge-7, IP Address:192.168.1.7",
        "Digital Signature, Non Repudiation, Key Encipherment, Data Encipherment, Certificate Sign",
        "TLS Web Client Authentication",
        "sha256WithRSAEncryption",
        "Public-Key: (2048 bit)",
        "CA:FALSE",
    ):
        assert expected in text
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    certificate = load_certificate(made)
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert private.public_key() == certificate.public_key()
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == 30


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    make_certificate(tmp_path, name="gateway", application_uri="urn:a:b", hosts=[])
    with pytest.raises(ConfigError, match=r"gateway\.pem: File exists"):
        make_certificate(tmp_path, name="gateway", application_uri="urn:a:b", hosts=[])


@pytest.mark.parametrize(("name", "uri", "said"), [("../x", "urn:a:b", "no name"), ("x", "gateway", "no URI")])
def test_names_that_cannot_be_used_are_refused(tmp_path: Path, name: str, uri: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make_certificate(tmp_path, name=name, application_uri=uri, hosts=[])
    assert not list(tmp_path.iterdir())


def test_trusted_and_refused_certificates_are_listed(trusted: Path, tmp_path: Path) -> None:
    quarantine(trusted, certificate_of(tmp_path, "stranger"))
    certificate = certificate_of(tmp_path, "friend")
    (trusted / "friend.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    friend, stranger = list_certificates(trusted)
    assert (friend.common_name, friend.is_trusted, friend.application_uri) == ("friend", True, "urn:test:friend")
    assert (stranger.common_name, stranger.is_trusted) == ("stranger", False)
    command = ["openssl", "x509", "-in", str(friend.path), "-noout", "-fingerprint", "-sha1"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert printed.rpartition("=")[2].replace(":", "").lower() == friend.thumbprint


def test_a_refused_certificate_is_trusted_by_its_file_or_its_thumbprint(trusted: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        quarantine(trusted, certificate_of(tmp_path, name))
    one, two = list_certificates(trusted)
    assert trust(trusted, one.path.name) == trusted / one.path.name
    with_colons = ":".join(two.thumbprint[n : n + 2] for n in range(0, 40, 2)).upper()
    assert trust(trusted, with_colons) == trusted / two.path.name
    assert all(certificate.is_trusted for certificate in list_certificates(trusted))
    with pytest.raises(ConfigError, match="names none of the refused certificates; there are: none"):
        trust(trusted, one.path.name)


def test_a_name_from_the_network_cannot_lead_out_of_the_quarantine(
    trusted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(certificates, "common_name", lambda _: "../../etc/evil name")
    kept = quarantine(trusted, certificate_of(tmp_path, "x"))
    assert kept is not None
    assert kept.parent == trusted / "rejected"
    assert kept.name.startswith(".._.._etc_evil_name-")


def test_the_quarantine_does_not_grow_for_ever(trusted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(certificates, "_MOST_REJECTED", 2)
    kept = [quarantine(trusted, certificate_of(tmp_path, name)) for name in ("a", "b", "c")]
    assert kept[2] is None
    assert len(list_certificates(trusted)) == 2


def test_a_file_that_is_no_certificate_is_named(trusted: Path) -> None:
    (trusted / "broken.der").write_bytes(b"nothing")
    with pytest.raises(ConfigError, match=r"certificate .*broken\.der"):
        list_certificates(trusted)
