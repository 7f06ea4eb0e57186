import asyncio
import math
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pytest
from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from device_profiles.profile import OpcUaProfile
from edge_gateway.driver import Poll, Target
from edge_gateway.drivers.opcua import OpcUa
from edge_gateway.settings import OpcUaSettings
from shangyun.local_servers import free_port
from telemetry.errors import ConfigError, RetryableError
from telemetry.quality import Quality

if TYPE_CHECKING:
    from asyncua.common.node import Node

URI = "urn:test:machine"
PROFILE = OpcUaProfile.model_validate(
    {
        "kind": "cnc_machine",
        "maker": "test",
        "model": "test",
        "label": {"zh": "测试", "en": "Test"},
        "source": "this test",
        "verified": "simulator",
        "protocol": "opcua",
        "namespaces": {"m": URI, "other": "urn:test:not-there"},
        "points": [
            {"signal": "execution", "path": "m:Monitoring/m:State", "map": {"10": "active", "20": "interrupted"}},
            {"signal": "spindle_speed", "path": "m:Monitoring/m:Speed"},
            {"signal": "spindle_load", "path": "m:Monitoring/m:Load", "scale": 0.1},
            {"signal": "part_count_total", "path": "m:Monitoring/m:Parts"},
            {"signal": "is_warm_up", "path": "m:Monitoring/m:WarmUp"},
            {"signal": "machine_power", "path": "m:Monitoring/m:Nowhere"},
            {"signal": "energy_total", "path": "other:Vendor/other:Energy"},
            {"signal": "program", "path": "m:Monitoring/m:Program"},
        ],
    }
)
TARGET = Target.from_profile(PROFILE, name="cnc-1", root="Machines/cnc-1")


class Machine:
    """A small OPC UA server with one machine; each variable can be given a value or a status."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.server = Server()
        self.nodes: dict[str, Node] = {}

    async def __aenter__(self) -> Self:
        server = self.server
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}/")
        await self.protect()
        await server.register_namespace("urn:test:something-before")  # so that our index is not the first one
        index = await server.register_namespace(URI)
        folder = await server.nodes.objects.add_object(index, "Machines")
        machine = await folder.add_object(index, "cnc-1")
        monitoring = await machine.add_object(index, "Monitoring")
        values: dict[str, tuple[Any, ua.VariantType]] = {
            "State": (20, ua.VariantType.Int32),
            "Speed": (8000.5, ua.VariantType.Double),
            "Load": (423, ua.VariantType.UInt16),
            "Parts": (4_000_000_000, ua.VariantType.UInt32),
            "WarmUp": (True, ua.VariantType.Boolean),
            "Program": ("O1001", ua.VariantType.String),
        }
        for name, (value, variant) in values.items():
            self.nodes[name] = await monitoring.add_variable(index, name, value, variant)
        await server.start()
        return self

    async def protect(self) -> None:
        self.server.set_security_policy([ua.SecurityPolicyType.NoSecurity])

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.server.stop()

    @contextmanager
    def giving(self, name: str, data: ua.DataValue) -> Iterator[None]:
        """Serve this instead of the variable's value, past the type check that a server makes on a write."""
        attribute = self.server.iserver.aspace[self.nodes[name].nodeid].attributes[AttributeIds.Value]
        usual, attribute.value = attribute.value, data
        try:
            yield
        finally:
            attribute.value = usual


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One server for the module, on an event loop of its own: it takes more than a second to start."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    it = Machine(free_port())
    asyncio.run_coroutine_threadsafe(it.__aenter__(), loop).result(timeout=30)
    try:
        yield it
    finally:
        asyncio.run_coroutine_threadsafe(it.__aexit__(None, None, None), loop).result(timeout=30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def open_settings(port: int) -> OpcUaSettings:
    return OpcUaSettings(protocol="opcua", url=f"opc.tcp://127.0.0.1:{port}/", security="none", timeout_seconds=1.0)


def told(poll: Poll) -> dict[str, tuple[float, Quality]]:
    pairs = zip(TARGET.signals.names, poll.readings, strict=True)
    return {name: (value, Quality(quality)) for name, (value, quality) in pairs}


async def test_every_node_of_a_machine_comes_in_one_request_with_its_own_status(machine: Machine) -> None:
    async with OpcUa("cnc", open_settings(machine.port)) as driver:
        raw: dict[str, str] = {}
        poll = await driver.read(TARGET, raw=raw)
    values = told(poll)
    assert values["execution"] == (1, Quality.GOOD), "device code 20 means interrupted, which the kind numbers 1"
    assert values["spindle_speed"] == (8000.5, Quality.GOOD)
    assert values["spindle_load"] == (42.3, Quality.GOOD)
    assert values["part_count_total"] == (4_000_000_000, Quality.GOOD)
    assert values["is_warm_up"] == (1, Quality.GOOD)
    assert values["machine_power"][1] == Quality.BAD_CONFIGURATION_ERROR
    assert values["energy_total"][1] == Quality.BAD_CONFIGURATION_ERROR
    assert poll.texts == {"program": "O1001"}
    assert raw["spindle_load"] == "423"
    assert raw["machine_power"] == "no such node"


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        ("BadSensorFailure", Quality.BAD_SENSOR_FAILURE),
        ("BadNoCommunication", Quality.BAD_NO_COMMUNICATION),
        ("BadWaitingForInitialData", Quality.BAD_NOT_AVAILABLE),
        ("BadUnexpectedError", Quality.BAD),
    ],
)
async def test_a_bad_node_has_no_value_and_keeps_its_reason_and_stops_no_other(
    machine: Machine, status: str, quality: Quality
) -> None:
    code = ua.StatusCode(getattr(StatusCodes, status))
    speed = ua.DataValue(ua.Variant(1.0, ua.VariantType.Double), code)
    program = ua.DataValue(ua.Variant("stale", ua.VariantType.String), code)
    with machine.giving("Speed", speed), machine.giving("Program", program):
        async with OpcUa("cnc", open_settings(machine.port)) as driver:
            poll = await driver.read(TARGET)
    value, told_quality = told(poll)["spindle_speed"]
    assert math.isnan(value)
    assert told_quality == quality
    assert told(poll)["spindle_load"] == (42.3, Quality.GOOD)
    assert "program" not in poll.texts


async def test_an_uncertain_value_travels_as_uncertain(machine: Machine) -> None:
    code = ua.StatusCode(ua.UInt32(StatusCodes.UncertainLastUsableValue))
    with machine.giving("Speed", ua.DataValue(ua.Variant(77.0, ua.VariantType.Double), code)):
        async with OpcUa("cnc", open_settings(machine.port)) as driver:
            assert told(await driver.read(TARGET))["spindle_speed"] == (77.0, Quality.UNCERTAIN_LAST_USABLE_VALUE)


@pytest.mark.parametrize(
    ("variant", "quality"),
    [
        (ua.Variant(None, ua.VariantType.Null), Quality.BAD_NOT_AVAILABLE),
        (ua.Variant("fast", ua.VariantType.String), Quality.BAD_CONFIGURATION_ERROR),
        (ua.Variant([1.0, 2.0], ua.VariantType.Double), Quality.BAD_CONFIGURATION_ERROR),
        (ua.Variant(math.nan, ua.VariantType.Double), Quality.BAD_NOT_AVAILABLE),
        (ua.Variant(math.inf, ua.VariantType.Double), Quality.BAD_SENSOR_FAILURE),
    ],
)
async def test_what_is_no_number_is_never_made_one(machine: Machine, variant: ua.Variant, quality: Quality) -> None:
    with machine.giving("Speed", ua.DataValue(variant)):
        async with OpcUa("cnc", open_settings(machine.port)) as driver:
            value, told_quality = told(await driver.read(TARGET))["spindle_speed"]
    assert math.isnan(value)
    assert told_quality == quality


async def test_a_machine_that_the_server_does_not_have_is_told_as_misconfigured(machine: Machine) -> None:
    lost = Target.from_profile(PROFILE, name="cnc-9", root="Machines/cnc-9")
    async with OpcUa("cnc", open_settings(machine.port)) as driver:
        poll = await driver.read(lost)
        assert {quality for _, quality in poll.readings} == {Quality.BAD_CONFIGURATION_ERROR}
        assert not poll.is_connection_lost
        assert told(await driver.read(TARGET))["spindle_speed"][1] == Quality.GOOD


async def test_a_server_that_stops_is_a_lost_connection_and_one_that_returns_is_read_again() -> None:
    port = free_port()
    driver = OpcUa("cnc", open_settings(port))
    async with Machine(port) as machine, driver:
        assert (await driver.read(TARGET)).answered
        await machine.server.stop()
        poll = await driver.read(TARGET)
        assert poll.is_connection_lost
        assert {quality for _, quality in poll.readings} == {Quality.BAD_NOT_CONNECTED}
    with pytest.raises(RetryableError, match=r"cnc \(opc.tcp://127.0.0.1"):
        await driver.__aenter__()
    async with Machine(port), driver:
        assert (await driver.read(TARGET)).answered


async def test_a_server_that_falls_silent_is_left_after_the_time_out(machine: Machine) -> None:
    """A proxy between the two stops passing bytes on, as a pulled cable does."""
    silent = asyncio.Event()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not silent.is_set():
                writer.write(data)

    tasks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", machine.port)
        tasks.extend((asyncio.create_task(carry(reader, far_writer)), asyncio.create_task(carry(far_reader, writer))))
        await asyncio.wait(tasks)
        far_writer.close()
        writer.close()

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    settings = open_settings(proxy.sockets[0].getsockname()[1]).model_copy(update={"timeout_seconds": 0.3})
    async with OpcUa("cnc", settings) as driver:
        assert (await driver.read(TARGET)).answered
        silent.set()
        poll = await driver.read(TARGET)
        assert poll.is_connection_lost
        for task in tasks:
            task.cancel()
    proxy.close()
    await proxy.wait_closed()


class Certificates:
    """Files of a self-signed certificate, as plant engineers exchange them."""

    def __init__(self, folder: Path, name: str) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.uri = f"urn:{name}"
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(self.uri), x509.DNSName(socket.gethostname())])
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=True,
            key_encipherment=True,
            data_encipherment=True,
            key_agreement=False,
            key_cert_sign=False,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(names, critical=False)
            .add_extension(usage, critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        folder.mkdir()
        self.certificate, self.key = folder / f"{name}.der", folder / f"{name}-key.pem"
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
        plain = serialization.NoEncryption()
        self.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))


class Protected(Machine):
    def __init__(self, port: int, own: Certificates) -> None:
        super().__init__(port)
        self._own = own

    async def protect(self) -> None:
        await self.server.set_application_uri(self._own.uri)
        self.server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        await self.server.load_certificate(self._own.certificate)
        await self.server.load_private_key(self._own.key)


@asynccontextmanager
async def protected(tmp_path: Path) -> AsyncIterator[tuple[Certificates, Certificates, int]]:
    gateway, server = Certificates(tmp_path / "gateway", "gateway"), Certificates(tmp_path / "server", "server")
    async with Protected(free_port(), server) as machine:
        yield gateway, server, machine.port


def secure_settings(port: int, own: Certificates, trusted: Path) -> OpcUaSettings:
    return OpcUaSettings(
        protocol="opcua",
        url=f"opc.tcp://127.0.0.1:{port}/",
        certificate_file=own.certificate,
        key_file=own.key,
        trusted_folder=trusted,
        timeout_seconds=2.0,
    )


async def test_with_certificates_the_session_is_signed_and_encrypted_and_only_a_trusted_server_is_believed(
    tmp_path: Path,
) -> None:
    trusted, other = tmp_path / "trusted", tmp_path / "other"
    trusted.mkdir()
    other.mkdir()
    async with protected(tmp_path) as (gateway, server, port):
        (trusted / "server.der").write_bytes(server.certificate.read_bytes())
        (other / "gateway.der").write_bytes(gateway.certificate.read_bytes())
        async with OpcUa("cnc", secure_settings(port, gateway, trusted)) as driver:
            assert told(await driver.read(TARGET))["spindle_speed"] == (8000.5, Quality.GOOD)
            assert driver._client is not None  # noqa: SLF001
            assert driver._client.security_policy.Mode == ua.MessageSecurityMode.SignAndEncrypt  # noqa: SLF001
        with pytest.raises(RetryableError):
            await OpcUa("cnc", secure_settings(port, gateway, other)).__aenter__()
        with pytest.raises(RetryableError):
            await OpcUa("cnc", open_settings(port)).__aenter__()


async def test_files_that_cannot_be_used_are_a_mistake_of_the_settings(tmp_path: Path) -> None:
    own = Certificates(tmp_path / "gateway", "gateway")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="holds no certificate"):
        await OpcUa("cnc", secure_settings(1, own, tmp_path / "empty")).__aenter__()
    own.certificate.write_bytes(b"no certificate")
    with pytest.raises(ConfigError, match="certificate"):
        await OpcUa("cnc", secure_settings(1, own, tmp_path / "gateway")).__aenter__()


def test_no_security_is_said_out_loud_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    OpcUa("cnc", open_settings(4840))
    assert "security is none" in caplog.text
