"""Encrypted sessions with a server that asks for a password: whom the gateway believes, and what it says when it does not."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from asyncua import ua
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from device_profiles.profile import OpcUaProfile, load_profile
from edge_gateway.driver import Target
from edge_gateway.drivers.opcua.certificates import make_certificate
from edge_gateway.drivers.opcua.driver import OpcUa
from edge_gateway.settings import OpcUaSettings
from simulators.fleet import Equipment
from simulators.servers.opcua import Certificate, OpcUaServer
from simulators.settings import MachineSettings
from telemetry.errors import ConfigError, Refused
from telemetry.quality import Quality
from tests.edge_gateway.drivers.opcua.conftest import Elsewhere
from tests.edge_gateway.drivers.opcua.plant import now_us

PROFILE = "cnc_machine/opc_40501"
SERVER_URI = "urn:test:server"
ONE_DAY = timedelta(days=1)


class Authority:
    """Issues certificates as a plant's own authority does."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Plant authority")])
        self.certificate = self._signed(self.name, self.key, [(x509.BasicConstraints(ca=True, path_length=None), True)])

    def issue(
        self, folder: Path, name: str, *, hosts: tuple[str, ...], uri: str = SERVER_URI, start: datetime | None = None
    ) -> Path:
        """Write ``<name>.der`` and ``<name>.pem``, valid for two days from yesterday or from ``start``."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        names = [x509.UniformResourceIdentifier(uri), *map(x509.DNSName, hosts)]
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.SubjectAlternativeName(names), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        ]
        certificate = self._signed(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, extensions, start)
        (folder / f"{name}.der").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
        plain = serialization.NoEncryption()
        (folder / f"{name}.pem").write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        )
        return folder / f"{name}.der"

    def _signed(
        self,
        subject: x509.Name,
        key: rsa.RSAPrivateKey,
        extensions: list[tuple[x509.ExtensionType, bool]],
        start: datetime | None = None,
    ) -> x509.Certificate:
        start = start or datetime.now(UTC) - ONE_DAY
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start + 2 * ONE_DAY)
        for extension, is_critical in extensions:
            builder = builder.add_extension(extension, critical=is_critical)
        return builder.sign(self.key, hashes.SHA256())


class Site(NamedTuple):
    """An encrypted server and a gateway's files."""

    server: OpcUaServer
    loop: asyncio.AbstractEventLoop
    authority: Authority
    folder: Path
    own: tuple[Path, Path]
    password_file: Path

    def settings(self, trusted: Path, **more: object) -> OpcUaSettings:
        return OpcUaSettings.model_validate(
            {
                "protocol": "opcua",
                "url": f"opc.tcp://127.0.0.1:{self.server.port}/",
                "certificate_file": self.own[0],
                "key_file": self.own[1],
                "trusted_folder": trusted,
                "username": "gateway",
                "password_file": self.password_file,
                **more,
            }
        )

    def show(self, certificate: Path) -> None:
        """Let the server stand with another certificate from now on."""

        async def load() -> None:
            server = self.server._server  # noqa: SLF001
            await server.load_certificate(str(certificate))
            await server.load_private_key(str(certificate.with_name(f"{certificate.stem}.pem")))
            server.iserver.endpoints.clear()
            server._policies.clear()  # noqa: SLF001
            await server._setup_server_nodes()  # noqa: SLF001

        asyncio.run_coroutine_threadsafe(load(), self.loop).result(timeout=30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("security")
    (folder / "password").write_text("correct horse\n")
    own = make_certificate(folder / "own", name="gateway", application_uri="urn:test:gateway", hosts=["gateway"])
    make_certificate(folder, name="server", application_uri=SERVER_URI, hosts=["localhost"])
    profile = load_profile(PROFILE)
    assert isinstance(profile, OpcUaProfile)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = OpcUaServer(
        [(Equipment(MachineSettings(name="cnc-1", profile=PROFILE, port=0)), profile)],
        lambda _: None,
        host="127.0.0.1",
        port=0,
        certificate=Certificate(folder / "server.der", folder / "server.pem", SERVER_URI),
        passwords={"gateway": "correct horse"},
    )
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(timeout=60)
    yield Site(server, loop, Authority(), folder, own, folder / "password")
    asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(timeout=60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    folder = tmp_path / "trusted"
    folder.mkdir()
    return folder


def pin(site: Site, trusted: Path, certificate: Path | None = None) -> None:
    certificate = certificate or site.folder / "server.der"
    (trusted / certificate.name).write_bytes(certificate.read_bytes())
    site.show(certificate)


async def refusal(settings: OpcUaSettings) -> str:
    with pytest.raises(Refused) as caught:
        await OpcUa("cnc", settings, now_us=now_us).__aenter__()
    return str(caught.value)


@pytest.mark.parametrize("policy", ["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"])
@pytest.mark.parametrize("security", ["sign", "sign_and_encrypt"])
async def test_values_come_with_every_policy_and_mode(site: Site, trusted: Path, policy: str, security: str) -> None:
    pin(site, trusted)
    target = Target.from_profile(load_profile(PROFILE), name="cnc-1", root="Machines/cnc-1")
    async with OpcUa("cnc", site.settings(trusted, policy=policy, security=security), now_us=now_us) as driver:
        [poll] = (await driver.read([target])).polls
        used = driver.session.client.security_policy
    assert {quality for _, quality in poll.readings} == {Quality.GOOD}
    assert used.URI.endswith(f"#{policy}")
    assert used.Mode == (ua.MessageSecurityMode.Sign if security == "sign" else ua.MessageSecurityMode.SignAndEncrypt)


async def test_an_encrypted_connection_that_broke_takes_its_session_over(site: Site, trusted: Path) -> None:
    pin(site, trusted)
    driver = OpcUa("cnc", site.settings(trusted), now_us=now_us)
    target = Target.from_profile(load_profile(PROFILE), name="cnc-1", root="Machines/cnc-1", period_seconds=0.2)
    rows: list[int] = []
    asked = site.server.session_requests
    for _ in range(2):
        async with driver:
            watching = asyncio.create_task(driver.watch([target], lambda _, at, __: rows.append(at)))
            count = len(rows)
            while len(rows) < count + 2:
                assert not watching.done(), watching
                await asyncio.sleep(0.02)
            for transport in list(site.server._server.iserver.asyncio_transports):  # noqa: SLF001
                site.loop.call_soon_threadsafe(transport.abort)
            await watching
    async with driver:
        pass
    assert site.server.session_requests == asked + 1
    assert site.server.sessions == 0


async def test_an_untrusted_certificate_is_kept_for_somebody_to_look_at(site: Site, trusted: Path) -> None:
    site.show(site.folder / "server.der")
    said = await refusal(site.settings(trusted))
    [kept] = (trusted / "rejected").iterdir()
    assert kept.read_bytes() == (site.folder / "server.der").read_bytes()
    assert kept.name.startswith("server-")
    assert f"not trusted; it is kept as {kept}" in said
    await refusal(site.settings(trusted))
    assert len(list((trusted / "rejected").iterdir())) == 1
    kept.rename(trusted / kept.name)
    async with OpcUa("cnc", site.settings(trusted), now_us=now_us):
        pass


async def test_a_plants_authority_vouches_for_its_servers_at_their_hosts(site: Site, trusted: Path) -> None:
    (trusted / "authority.pem").write_bytes(site.authority.certificate.public_bytes(serialization.Encoding.PEM))
    site.show(site.authority.issue(site.folder, "here", hosts=("127.0.0.1", "plc-7")))
    async with OpcUa("cnc", site.settings(trusted), now_us=now_us):
        pass
    site.show(site.authority.issue(site.folder, "elsewhere", hosts=("plc-8",)))
    assert "is for plc-8, not for 127.0.0.1" in await refusal(site.settings(trusted))
    foreign = Authority()
    site.show(foreign.issue(site.folder, "forged", hosts=("127.0.0.1",)))
    assert "not trusted" in await refusal(site.settings(trusted))


async def test_a_certificate_out_of_its_time_is_refused_with_the_date(site: Site, trusted: Path) -> None:
    pin(site, trusted, site.authority.issue(site.folder, "old", hosts=(), start=datetime(2024, 5, 1, tzinfo=UTC)))
    assert "expired on 2024-05-03" in await refusal(site.settings(trusted))
    start = datetime.now(UTC) + ONE_DAY
    pin(site, trusted, site.authority.issue(site.folder, "young", hosts=(), start=start))
    assert f"is not valid before {start:%Y-%m-%d}" in await refusal(site.settings(trusted))


async def test_a_certificate_of_another_application_is_refused(site: Site, trusted: Path) -> None:
    pin(site, trusted, site.authority.issue(site.folder, "other", hosts=(), uri="urn:test:other"))
    assert "is 'urn:test:server', its certificate urn:test:other" in await refusal(site.settings(trusted))


async def test_a_wrong_password_is_refused(site: Site, trusted: Path, tmp_path: Path) -> None:
    pin(site, trusted)
    (tmp_path / "password").write_text("wrong")
    assert "BadUserAccessDenied" in await refusal(site.settings(trusted, password_file=tmp_path / "password"))


async def test_a_server_that_offers_less_than_was_asked_for_says_what_it_offers(
    site: Site, trusted: Path, elsewhere: Elsewhere
) -> None:
    settings = site.settings(trusted, url=f"opc.tcp://127.0.0.1:{elsewhere.port}/")
    said = await refusal(settings)
    assert "does not offer Basic256Sha256 with sign_and_encrypt; it offers None with none" in said


async def test_files_that_cannot_be_used_are_a_mistake_of_the_settings(site: Site, trusted: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.der"
    broken.write_bytes(b"no certificate")
    for more, said in (
        ({"certificate_file": broken}, "broken.der"),
        ({"certificate_file": tmp_path / "none.der"}, "none.der: No such file"),
        ({"trusted_folder": tmp_path / "none"}, "none does not exist"),
        ({"password_file": tmp_path / "none"}, "none: No such file"),
    ):
        with pytest.raises(ConfigError, match=said):
            await OpcUa("cnc", site.settings(trusted, **more), now_us=now_us).__aenter__()
    pin(site, trusted)
    with pytest.raises(ConfigError, match="private key"):
        await OpcUa("cnc", site.settings(trusted, key_file=broken), now_us=now_us).__aenter__()
