"""The door to asyncua: one session per connection, every node of a machine read in one request with its status.

Reading is polled, not subscribed: asyncua 2.1's subscription queue drops silently when it is full (measured), and a poll tells
every period how things stand. The library's reconnecting stays off; the scan owns the waiting, with one session per attempt.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import uacrypto
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError, UaStatusCodeError
from cryptography import x509

from device_profiles.kind import load_kind
from device_profiles.profile import OpcUaPoint, OpcUaProfile
from device_profiles.value import NO_VALUE, Reading, ValueCodec
from edge_gateway import metrics
from edge_gateway.driver import Poll, Target
from edge_gateway.settings import OpcUaSettings
from telemetry.errors import ConfigError, NotConnected, Refused
from telemetry.quality import Quality

_log = logging.getLogger(__name__)

_SESSION_TIMEOUT_MS = 60_000
"""How long a server keeps the session of a gateway that vanished."""
_LOOK_AGAIN_SECONDS = 60.0
"""Nodes that were not found are looked for again: a machine may join its server later."""
_LEAVING_SECONDS = 2.0

_REASONS = {
    "BadNotConnected": Quality.BAD_NOT_CONNECTED,
    "BadDeviceFailure": Quality.BAD_DEVICE_FAILURE,
    "BadSensorFailure": Quality.BAD_SENSOR_FAILURE,
    "BadNoCommunication": Quality.BAD_NO_COMMUNICATION,
    "BadOutOfService": Quality.BAD_OUT_OF_SERVICE,
    "BadWaitingForInitialData": Quality.BAD_NOT_AVAILABLE,
    "BadNoData": Quality.BAD_NOT_AVAILABLE,
    "BadConfigurationError": Quality.BAD_CONFIGURATION_ERROR,
    "BadNodeIdUnknown": Quality.BAD_CONFIGURATION_ERROR,
    "BadNodeIdInvalid": Quality.BAD_CONFIGURATION_ERROR,
    "BadAttributeIdInvalid": Quality.BAD_CONFIGURATION_ERROR,
    "BadNotReadable": Quality.BAD_REFUSED_BY_DEVICE,
    "BadUserAccessDenied": Quality.BAD_REFUSED_BY_DEVICE,
    "UncertainLastUsableValue": Quality.UNCERTAIN_LAST_USABLE_VALUE,
    "UncertainSensorNotAccurate": Quality.UNCERTAIN_SENSOR_NOT_ACCURATE,
    "UncertainEngineeringUnitsExceeded": Quality.UNCERTAIN_ENGINEERING_UNITS_EXCEEDED,
}
_BY_SEVERITY = (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.BAD)
_SESSION_IS_GONE = ("BadSession", "BadSecureChannel", "BadConnection", "BadServerNotConnected", "BadShutdown")
_LOST = (OSError, TimeoutError, asyncio.TimeoutError, UaError)


class _Resolved:
    """The nodes of one target in this session, and when to look again for those that are missing."""

    def __init__(self, nodes: dict[str, ua.NodeId], look_again_at: float | None) -> None:
        self.nodes = nodes
        self.look_again_at = look_again_at


class OpcUa:
    """See `edge_gateway.driver.Driver` for what callers may rely on."""

    def __init__(self, name: str, settings: OpcUaSettings) -> None:
        self._name = name
        self._settings = settings
        self._client: Client | None = None
        self._resolved: dict[str, _Resolved] = {}
        self._codecs: dict[str, dict[str, ValueCodec]] = {}
        if settings.security == "none":
            _log.warning("%s: security is none: anybody on the way to %s can read and forge the values", name, settings.url)

    async def __aenter__(self) -> Self:
        metrics.CONNECTS.labels(self._name).inc()
        client = Client(self._settings.url, timeout=self._settings.timeout_seconds, watchdog_intervall=10.0, auto_reconnect=False)
        client.session_timeout = _SESSION_TIMEOUT_MS
        client.name = client.description = "Shangyun gateway"
        try:
            await self._protect(client)
            await client.connect()
        except UaStatusCodeError as error:
            raise Refused(f"{self._where}: {_status_name(error)}", code=error.code) from error
        except _LOST as error:
            raise NotConnected(f"{self._where}: {str(error) or 'no answer in time'}") from error
        self._client = client
        self._resolved.clear()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):  # whatever the library makes of a dead connection, it is closed now
                async with asyncio.timeout(_LEAVING_SECONDS):
                    await client.disconnect()
            client.disconnect_socket()

    async def read(self, target: Target, *, raw: dict[str, str] | None = None) -> Poll:
        unread: Reading = (NO_VALUE, Quality.BAD_NOT_CONNECTED)
        poll = Poll(readings=[unread] * len(target.signals.names), answered=False, is_connection_lost=True)
        client = self._client
        if client is None:
            return poll
        nodes: dict[str, ua.NodeId] = {}
        values: list[ua.DataValue] = []
        try:
            nodes = await self._nodes(client, target)
            if nodes:
                values = await client.read_attributes([client.get_node(node) for node in nodes.values()])
        except UaStatusCodeError as error:
            name = _status_name(error)
            if name.startswith(_SESSION_IS_GONE):
                return poll
            metrics.EXCEPTIONS.labels(self._name, target.name, name).inc()
            poll.readings = [(NO_VALUE, Quality.BAD_REFUSED_BY_DEVICE)] * len(poll.readings)
            poll.answered, poll.is_connection_lost = True, False
            return poll
        except _LOST:
            metrics.TIMEOUTS.labels(self._name, target.name).inc()
            return poll
        if len(values) != len(nodes):
            metrics.DOUBTFUL.labels(self._name).inc()
            return poll
        poll.answered, poll.is_connection_lost = True, False
        self._fill(poll, target, dict(zip(nodes, values, strict=True)), raw)
        return poll

    def _fill(self, poll: Poll, target: Target, values: dict[str, ua.DataValue], raw: dict[str, str] | None) -> None:
        codecs = self._codecs_of(target)
        for column, signal in enumerate(target.signals.names):
            data = values.get(signal)
            missing: Reading = (NO_VALUE, Quality.BAD_CONFIGURATION_ERROR)
            poll.readings[column] = missing if data is None else _reading(data, codecs[signal])
        for signal in target.text_signals:
            text = _text(values.get(signal))
            if text is not None:
                poll.texts[signal] = text
        if raw is not None:
            for signal in (*target.signals.names, *target.text_signals):
                data = values.get(signal)
                raw[signal] = "no such node" if data is None else _shown(data)

    def _codecs_of(self, target: Target) -> dict[str, ValueCodec]:
        if target.name not in self._codecs:
            kind = load_kind(target.profile.kind)
            self._codecs[target.name] = {
                point.signal: ValueCodec(point, kind.signals[point.signal])
                for point in target.profile.points
                if point.signal in target.signals.names
            }
        return self._codecs[target.name]

    async def _nodes(self, client: Client, target: Target) -> dict[str, ua.NodeId]:
        now = asyncio.get_running_loop().time()
        known = self._resolved.get(target.name)
        if known is None or (known.look_again_at is not None and now >= known.look_again_at):
            assert isinstance(target.profile, OpcUaProfile)
            nodes = await _resolve(client, target, target.profile)
            missing = [point.signal for point in target.profile.points if point.signal not in nodes]
            if missing and known is None:
                _log.warning("%s: %s: the server has no node for %s", self._name, target.name, ", ".join(missing))
            known = _Resolved(nodes, now + _LOOK_AGAIN_SECONDS if missing else None)
            self._resolved[target.name] = known
        return known.nodes

    async def _protect(self, client: Client) -> None:
        settings = self._settings
        if settings.password_file is not None and settings.username is not None:
            client.set_user(settings.username)
            client.set_password(_read(settings.password_file).decode().strip())
        if settings.security == "none":
            return
        assert settings.certificate_file
        assert settings.key_file
        assert settings.trusted_folder  # the settings see to it
        trusted = await _load_trusted(settings.trusted_folder)
        own = await _load_certificate(settings.certificate_file)
        client.application_uri = _application_uri(own, settings.certificate_file)
        client.certificate_validator = trusted
        _read(settings.key_file)
        try:
            await client.set_security(
                SecurityPolicyBasic256Sha256,
                certificate=settings.certificate_file,
                private_key=settings.key_file,
                mode=ua.MessageSecurityMode.SignAndEncrypt,
            )
        except (ValueError, TypeError) as error:  # an encrypted key, or no key at all
            raise ConfigError(f"private key {settings.key_file}: {error}") from error

    @property
    def _where(self) -> str:
        return f"{self._name} ({self._settings.url})"


class _Trusted:
    """Believes the very certificates in the folder, and servers whose certificate an authority in the folder has issued."""

    def __init__(self, certificates: Sequence[x509.Certificate], authorities: CertificateValidator) -> None:
        self._certificates = certificates
        self._authorities = authorities

    async def __call__(self, certificate: x509.Certificate, application: ua.ApplicationDescription) -> None:
        if certificate not in self._certificates:
            await self._authorities(certificate, application)


async def _load_trusted(folder: Path) -> _Trusted:
    files = _certificate_files(folder)
    if not files:
        raise ConfigError(f"the trusted folder {folder} holds no certificate (.der or .pem)")
    certificates = [await _load_certificate(path) for path in files]
    store = TrustStore([folder], [])
    await store.load()
    options = CertificateValidatorOptions.TRUSTED_VALIDATION | CertificateValidatorOptions.PEER_SERVER
    return _Trusted(certificates, CertificateValidator(options, store))


def _certificate_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*")) if path.suffix.lower() in (".der", ".pem")]


async def _load_certificate(path: Path) -> x509.Certificate:
    try:
        certificate: x509.Certificate = await uacrypto.load_certificate(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"certificate {path}: {error}") from error
    return certificate


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _application_uri(certificate: x509.Certificate, path: Path) -> str:
    """Take our application URI from our certificate: servers refuse a session in which the two differ."""
    with suppress(x509.ExtensionNotFound):
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for uri in names.get_values_for_type(x509.UniformResourceIdentifier):
            return str(uri)
    raise ConfigError(f"certificate {path} names no application URI (a URI in its subjectAltName), which OPC UA needs")


async def _resolve(client: Client, target: Target, profile: OpcUaProfile) -> dict[str, ua.NodeId]:
    """Turn browse paths into node ids; what the server does not have is left out."""
    uris = await client.get_namespace_array()
    indexes = {prefix: uris.index(uri) for prefix, uri in profile.namespaces.items() if uri in uris}
    root = await _find_root(client, target.root, indexes)
    points = [point for point in profile.points if _prefixes(point) <= indexes.keys()]
    if root is None or not points:
        return {}
    paths = [_relative_path(point, indexes) for point in points]
    results = await client.translate_browsepaths(root, paths)
    return {
        point.signal: result.Targets[0].TargetId
        for point, result in zip(points, results, strict=True)
        if result.StatusCode.is_good() and result.Targets
    }


async def _find_root(client: Client, path: str, indexes: dict[str, int]) -> ua.NodeId | None:
    """Walk from Objects; a part without prefix goes by its name in any namespace, for a server numbers them as it likes."""
    node = client.get_objects_node()
    for part in path.split("/"):
        prefix, _, name = part.rpartition(":")
        for child in await node.get_children_descriptions():
            found = child.BrowseName
            if found.Name == name and (not prefix or found.NamespaceIndex == indexes.get(prefix)):
                node = client.get_node(child.NodeId)
                break
        else:
            return None
    return node.nodeid


def _prefixes(point: OpcUaPoint) -> set[str]:
    return {part.partition(":")[0] for part in point.path.split("/")}


def _relative_path(point: OpcUaPoint, indexes: dict[str, int]) -> ua.RelativePath:
    path = ua.RelativePath()
    for part in point.path.split("/"):
        prefix, _, name = part.partition(":")
        path.Elements.append(
            ua.RelativePathElement(
                ReferenceTypeId=ua.NodeId(ua.Int32(ObjectIds.HierarchicalReferences)),
                IsInverse=False,  # type: ignore[arg-type]  # the library's own default is a plain bool too
                IncludeSubtypes=True,  # type: ignore[arg-type]
                TargetName=ua.QualifiedName(name, indexes[prefix]),
            )
        )
    return path


def _quality(status: ua.StatusCode) -> Quality:
    return _REASONS.get(status.name, _BY_SEVERITY[status.value >> 30])


def _reading(data: ua.DataValue, codec: ValueCodec) -> Reading:
    quality = _quality(data.StatusCode) if data.StatusCode is not None else Quality.GOOD
    if quality.is_bad:
        return NO_VALUE, quality
    value = None if data.Value is None else data.Value.Value
    if value is None:
        return NO_VALUE, Quality.BAD_NOT_AVAILABLE
    if not isinstance(value, int | float):
        return NO_VALUE, Quality.BAD_CONFIGURATION_ERROR
    decoded, own = codec.decode(value)
    return (decoded, own) if own >= Quality.BAD else (decoded, max(own, quality))


def _text(data: ua.DataValue | None) -> str | None:
    if data is None or data.Value is None or (data.StatusCode is not None and _quality(data.StatusCode).is_bad):
        return None
    value = data.Value.Value
    if isinstance(value, ua.LocalizedText):
        value = value.Text
    return value if isinstance(value, str) else None


def _shown(data: ua.DataValue) -> str:
    status = data.StatusCode
    value: Any = None if data.Value is None else data.Value.Value
    return f"{value!r}" if status is None or status.is_good() else f"{value!r} ({status.name})"


def _status_name(error: UaStatusCodeError) -> str:
    return str(ua.StatusCode(error.code).name)
