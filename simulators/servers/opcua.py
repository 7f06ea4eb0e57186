"""OPC UA: machines below ``Objects/Machines/<name>``, served by asyncua, with or without encryption and users.

Node trees are built from the profile's browse paths, without type definitions. A Read brings the machine to now before it is
answered, so that all its values and source timestamps are of one instant; for subscriptions the machine is also read every
`PERIOD_SECONDS` while somebody watches it. What went out is recorded under its source timestamp, so a client that keeps it can
join exactly: one line per Read and machine, and one per refresh while a subscription would have seen it.

A waveform is an array variable whose source timestamp is that of its first sample, with the property XAxisDefinition of a
YArrayItem (OPC UA Part 8, 5.3.4.2): the range of its axis, in seconds, is where the first and the last sample lie. A record is
taken when somebody asks and the one before is old enough; records are in no truth log.

Faults are methods of the server: a bad status, a removed node, slow answers, a restart with or without a goodbye, no sessions.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Self

from asyncua import ua
from asyncua.common.callback import CallbackType
from asyncua.common.node import Node
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from cryptography import x509

from device_profiles.kind import Signal, SignalType
from device_profiles.profile import OpcUaProfile, signals_of
from device_profiles.value import ValueCodec
from simulators.fleet import Equipment
from simulators.truth import Served, Value
from telemetry.errors import ConfigError

PERIOD_SECONDS = 0.25
FOLDER = "Machines"
_FOLDER_NAMESPACE = "http://opcfoundation.org/UA/Machinery/"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VARIANTS = {
    SignalType.REAL: ua.VariantType.Double,
    SignalType.DOUBLE: ua.VariantType.Double,
    SignalType.INTEGER: ua.VariantType.UInt32,
    SignalType.BOOLEAN: ua.VariantType.Boolean,
    SignalType.ENUM: ua.VariantType.Int32,
    SignalType.TEXT: ua.VariantType.String,
}
_SECONDS = ua.EUInformation(
    NamespaceUri="http://www.opcfoundation.org/UA/units/un/cefact",
    UnitId=ua.Int32(0x534543),  # "SEC" of UN/ECE Recommendation 20
    DisplayName=ua.LocalizedText("s"),
    Description=ua.LocalizedText("second"),
)
_EMPTY = {ua.VariantType.String: "", ua.VariantType.Boolean: False}
Record = Callable[[Served], None]
_SECURE = [
    ua.SecurityPolicyType.Basic256Sha256_Sign,
    ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_Sign,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
    ua.SecurityPolicyType.Aes256Sha256RsaPss_Sign,
    ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
]


class _Variable:
    """One signal's node and its raw values."""

    def __init__(self, node_id: ua.NodeId, signal: Signal, codec: ValueCodec | None) -> None:
        self.node_id = node_id
        self._variant, self._codec = _VARIANTS[signal.type], codec

    def raw(self, value: float | str) -> ua.Variant:
        if self._codec is None:
            return ua.Variant(str(value), self._variant)
        raw = self._codec.encode(float(value))
        if self._variant is ua.VariantType.Boolean:
            return ua.Variant(bool(raw), self._variant)
        return ua.Variant(raw if self._variant is ua.VariantType.Double else round(raw), self._variant)

    def decoded(self, raw: Any) -> Value:
        return str(raw) if self._codec is None else self._codec.decode(raw)[0]


class _Waveform(NamedTuple):
    """One waveform's nodes."""

    node_id: ua.NodeId
    axis_id: ua.NodeId
    rate_id: ua.NodeId | None
    """Where the device model has a variable for the sampling rate."""
    codec: ValueCodec

    def values(self, rate_hz: float, samples: Sequence[float], at: ua.DateTime) -> Iterable[tuple[ua.NodeId, ua.DataValue]]:
        """Give what each node holds once a record is taken, its own value last."""
        start = at - timedelta(seconds=len(samples) / rate_hz)
        axis = ua.AxisInformation(
            EngineeringUnits=_SECONDS,
            EURange=ua.Range(ua.Double(0.0), ua.Double((len(samples) - 1) / rate_hz)),
            Title=ua.LocalizedText("Time"),
        )
        raw = [self.codec.encode(sample) for sample in samples]
        yield self.axis_id, ua.DataValue(ua.Variant(axis, ua.VariantType.ExtensionObject), SourceTimestamp=at)
        if self.rate_id is not None:
            yield self.rate_id, ua.DataValue(ua.Variant(rate_hz, ua.VariantType.Double), SourceTimestamp=at)
        yield self.node_id, ua.DataValue(ua.Variant(raw, ua.VariantType.Float), SourceTimestamp=start, ServerTimestamp=at)


class _MachineNodes:
    """One machine's variables in the address space."""

    def __init__(
        self,
        server: Server,
        equipment: Equipment,
        variables: dict[str, _Variable],
        waveforms: dict[str, _Waveform],
        record: Record,
    ) -> None:
        self._server, self._equipment, self._variables, self._record = server, equipment, variables, record
        self._waveforms = waveforms
        self.waveform_ids = {node_id for waveform in waveforms.values() for node_id in waveform[:3] if node_id is not None}
        self._next_record_at = -math.inf
        self.signal_of = {variable.node_id: name for name, variable in variables.items()}
        self.statuses: dict[str, ua.StatusCode] = {}
        self._unrecorded: Served | None = None

    @property
    def name(self) -> str:
        return self._equipment.name

    async def refresh(self) -> None:
        """Read the machine and put its values into the address space, all under one source timestamp."""
        at = ua.DateTime.now(UTC)
        values = self._equipment.read()
        served: dict[str, Value] = {}
        for name, variable in self._variables.items():
            raw = variable.raw(values[name])
            status = self.statuses.get(name)
            if status is None:
                data = ua.DataValue(raw, SourceTimestamp=at, ServerTimestamp=at)
                served[name] = variable.decoded(raw.Value)
            else:
                data = ua.DataValue(ua.Variant(), status, SourceTimestamp=at, ServerTimestamp=at)
                served[name] = None
            await self._server.iserver.aspace.write_attribute_value(variable.node_id, AttributeIds.Value, data)
        self._unrecorded = Served(_microseconds(at), self._equipment.name, served)
        self.record_if_watched()

    async def take_records(self, *, now: float) -> None:
        """Take a record of each waveform if it is time for one, by the event loop's clock."""
        if now < self._next_record_at:
            return
        self._next_record_at = now + self._equipment.settings.record_seconds
        at = ua.DateTime.now(UTC)
        for name, waveform in self._waveforms.items():
            rate_hz, samples = self._equipment.record(name)
            for node_id, data in waveform.values(rate_hz, samples.tolist(), at):
                await self._server.iserver.aspace.write_attribute_value(node_id, AttributeIds.Value, data)

    def record_if_watched(self) -> None:
        """Record what a subscription has been told, or will be told as its first values."""
        if self._unrecorded is not None and self.is_watched:
            self._record(self._unrecorded)
            self._unrecorded = None

    @property
    def is_watched(self) -> bool:
        """Tell whether a subscription monitors any of the machine's values."""
        return self._is_any_watched(self.signal_of)

    @property
    def is_recording_watched(self) -> bool:
        """Tell whether a subscription monitors any of its waveforms."""
        return self._is_any_watched(self.waveform_ids)

    def _is_any_watched(self, node_ids: Iterable[ua.NodeId]) -> bool:
        nodes = self._server.iserver.aspace
        return any(nodes[node_id].attributes[AttributeIds.Value].datachange_callbacks for node_id in node_ids)

    async def remove(self, signal: str) -> None:
        """Take a node away, as a controller does that gets another program."""
        variable = self._variables.pop(signal)
        del self.signal_of[variable.node_id]
        await self._server.get_node(variable.node_id).delete()

    def record(self, results: Iterable[tuple[ua.NodeId, ua.DataValue]]) -> None:
        values, at = {}, _EPOCH
        for node_id, result in results:
            name = self.signal_of.get(node_id)
            if name is not None and result.Value is not None and name not in self.statuses:
                values[name] = self._variables[name].decoded(result.Value.Value)
                at = result.SourceTimestamp or at
        if values:
            self._record(Served(_microseconds(at), self._equipment.name, values))


class Certificate(NamedTuple):
    """Files of the server's own certificate; whoever made it decides whether it is expired or trusted anywhere."""

    certificate_file: Path
    key_file: Path
    application_uri: str

    @classmethod
    def read(cls, certificate_file: Path, key_file: Path) -> Self:
        """Take the application's URI from the certificate, where OPC UA Part 6, 6.2.2 has it.

        Raises
        ------
        ConfigError
            If a file cannot be read, or is no certificate of an application.
        """
        try:
            key_file.read_bytes()
            certificate = x509.load_der_x509_certificate(certificate_file.read_bytes())
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            (uri,) = names.get_values_for_type(x509.UniformResourceIdentifier)
        except OSError as error:
            raise ConfigError(f"{error.filename}: {error.strerror}") from None
        except (ValueError, x509.ExtensionNotFound):
            raise ConfigError(f"{certificate_file} is no certificate (DER) that carries an application URI") from None
        return cls(certificate_file, key_file, uri)


class _Users(UserManager):
    """Lets in who knows the password."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = passwords

    def get_user(self, _: Any, username: str | None = None, password: str | None = None, certificate: Any = None) -> User | None:
        del certificate  # it protects the channel and names nobody
        is_known = username is not None and self._passwords.get(username) == password
        return User(role=UserRole.User, name=username) if is_known else None


class OpcUaServer:
    """Entered, it listens; left, it is gone."""

    def __init__(
        self,
        machines: Sequence[tuple[Equipment, OpcUaProfile]],
        record: Record,
        *,
        host: str,
        port: int,
        certificate: Certificate | None = None,
        passwords: Mapping[str, str] | None = None,
        numbers: int = 0,
    ) -> None:
        """Make a server; with a ``certificate`` it is encrypted only, with ``passwords`` nobody is anonymous.

        ``numbers`` variables ``Machines/many/Value<n>`` stand beside the machines; asyncua takes some milliseconds for each.
        """
        self._machines, self._record = machines, record
        self._host, self.port = host, port
        self._certificate, self._passwords, self._numbers = certificate, passwords, numbers
        self._server = Server()
        self._nodes: list[_MachineNodes] = []
        self._ticker: asyncio.Task[None] | None = None
        self.delay_seconds = 0.0
        """How long each Read takes."""
        self.most_sessions: int | None = None
        """How many sessions it keeps at a time; more are refused."""
        self.session_requests = 0
        """How many CreateSession requests came, over all restarts."""

    async def __aenter__(self) -> Self:
        logging.getLogger("asyncua.server.server").setLevel(logging.CRITICAL)  # it prints a traceback beside what it raises
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _start(self) -> None:
        users = None if self._passwords is None else _Users(self._passwords)
        server = self._server = Server(user_manager=users)
        await server.init()
        server.set_endpoint(f"opc.tcp://{self._host}:{self.port}/")
        server.set_server_name("Shangyun simulator")
        if users is not None:
            server.set_identity_tokens([ua.UserNameIdentityToken])
        if self._certificate is None:
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        else:
            await server.set_application_uri(self._certificate.application_uri)
            server.set_security_policy(_SECURE)
            await server.load_certificate(str(self._certificate.certificate_file))
            await server.load_private_key(str(self._certificate.key_file))
        folder_namespace = await server.register_namespace(_FOLDER_NAMESPACE)
        folder = await server.nodes.objects.add_object(folder_namespace, FOLDER)
        self._nodes = [await self._build(folder, equipment, profile) for equipment, profile in self._machines]
        await self._build_numbers(folder)
        for nodes in self._nodes:
            await nodes.refresh()
        server.subscribe_server_callback(CallbackType.PreRead, self._before_read)
        server.subscribe_server_callback(CallbackType.PostRead, self._after_read)
        server.subscribe_server_callback(CallbackType.ItemSubscriptionCreated, self._after_watching)
        self._count_sessions(server)
        try:
            await server.start()
        except OSError as error:
            why = error.strerror or str(error)
            raise ConfigError(f"cannot listen on {self._host}:{self.port} for OPC UA: {why}") from None
        listener: asyncio.Server = server.bserver._server  # type: ignore[union-attr,assignment]  # noqa: SLF001 - asyncua tells the port nowhere else
        self.port = int(listener.sockets[0].getsockname()[1])
        self._ticker = asyncio.create_task(self._tick())

    async def stop(self, *, abrupt: bool = False) -> None:
        """End it, with a goodbye or as if it was killed; `start` makes another one at the same port."""
        if self._ticker is None:
            return
        self._ticker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._ticker
        self._ticker = None
        if abrupt:
            for transport in list(self._server.iserver.asyncio_transports):
                transport.abort()
        await self._server.stop()

    async def start(self) -> None:
        """Serve again after `stop`, with none of the old sessions and subscriptions."""
        await self._start()

    def set_status(self, machine: str, signal: str, status: str | None) -> None:
        """Give a node a status such as ``BadSensorFailure`` instead of its value; None gives the value again."""
        nodes = self._machine(machine)
        if status is None:
            nodes.statuses.pop(signal, None)
        else:
            nodes.statuses[signal] = ua.StatusCode(ua.UInt32(getattr(StatusCodes, status)))

    async def remove(self, machine: str, signal: str) -> None:
        await self._machine(machine).remove(signal)

    @property
    def sessions(self) -> int:
        """How many clients have a session."""
        return len(self._server.iserver._external_sessions)  # noqa: SLF001 - asyncua tells it nowhere else

    def _machine(self, name: str) -> _MachineNodes:
        return next(nodes for nodes in self._nodes if nodes.name == name)

    def _count_sessions(self, server: Server) -> None:
        create = server.iserver.create_session

        def count(*args: Any, **more: Any) -> Any:
            self.session_requests += 1
            if self.most_sessions is not None and self.sessions >= self.most_sessions:
                raise ServiceError(StatusCodes.BadTooManySessions)
            return create(*args, **more)

        server.iserver.create_session = count  # type: ignore[method-assign]

    async def _build_numbers(self, folder: Node) -> None:
        if self._numbers:
            own = await self._server.register_namespace("urn:shangyun:simulator")
            many = await folder.add_object(_node_id("many", own), ua.QualifiedName("many", own))
            for number in range(self._numbers):
                name = f"Value{number}"
                await many.add_variable(_node_id(f"many/{name}", own), ua.QualifiedName(name, own), float(number))

    async def _build(self, folder: Node, equipment: Equipment, profile: OpcUaProfile) -> _MachineNodes:
        indexes = {prefix: await self._server.register_namespace(uri) for prefix, uri in profile.namespaces.items()}
        own = await self._server.register_namespace("urn:shangyun:simulator")
        root = await folder.add_object(_node_id(equipment.name, own), ua.QualifiedName(equipment.name, own))
        signals = signals_of(profile)
        tree = _Tree({"": root}, equipment.name, indexes, own)
        variables, waveforms = {}, {}
        for point in profile.points:
            if point.index is not None or point.field is not None:
                raise ConfigError(f"{equipment.name}: {point.signal} is part of an array or a structure, which is not simulated")
            signal = signals[point.signal]
            parent, node_id, name_in = await tree.place(point.path, point.node, point.signal)
            if signal.type is SignalType.WAVEFORM:
                array = await parent.add_variable(node_id, name_in, [0.0], ua.VariantType.Float)
                axis_id = _node_id(f"{equipment.name}/{point.signal}/axis", own)
                await array.add_property(axis_id, ua.QualifiedName("XAxisDefinition", 0), ua.AxisInformation())
                rate_id = None
                if point.rate is not None:
                    in_path, by_id = (None, point.rate) if point.path is None else (point.rate, None)
                    beside, rate_id, rate_name = await tree.place(in_path, by_id, f"{point.signal}_rate")
                    await beside.add_variable(rate_id, rate_name, 0.0, ua.VariantType.Double)
                waveforms[point.signal] = _Waveform(node_id, axis_id, rate_id, ValueCodec(point, signal))
                continue
            variant = _VARIANTS[signal.type]
            await parent.add_variable(node_id, name_in, _EMPTY.get(variant, 0), variant)
            codec = ValueCodec(point, signal) if signal.is_numeric else None
            variables[point.signal] = _Variable(node_id, signal, codec)
        return _MachineNodes(self._server, equipment, variables, waveforms, self._record)

    async def _before_read(self, event: Any, _: object) -> None:
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        asked = {item.NodeId for item in event.request_params.NodesToRead if item.AttributeId == AttributeIds.Value}
        for nodes in self._nodes:
            if not asked.isdisjoint(nodes.signal_of):
                await nodes.refresh()
            if not asked.isdisjoint(nodes.waveform_ids):
                await nodes.take_records(now=asyncio.get_running_loop().time())

    async def _after_read(self, event: Any, _: object) -> None:
        items = zip(event.request_params.NodesToRead, event.response_params, strict=True)
        results = [(item.NodeId, result) for item, result in items if item.AttributeId == AttributeIds.Value]
        for nodes in self._nodes:
            nodes.record(results)

    def _after_watching(self, *_: object) -> None:
        for nodes in self._nodes:
            nodes.record_if_watched()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            for nodes in self._nodes:
                if nodes.is_watched:
                    await nodes.refresh()
                if nodes.is_recording_watched:
                    await nodes.take_records(now=asyncio.get_running_loop().time())


class _Tree(NamedTuple):
    """The objects below one machine."""

    objects: dict[str, Node]
    """By their paths; the machine itself is at the empty one."""
    machine: str
    indexes: dict[str, int]
    own: int

    async def place(self, path: str | None, node: str | None, name: str) -> tuple[Node, ua.NodeId, ua.QualifiedName]:
        """Give the object in which a variable stands, its id and its name, by a browse path or else a node id."""
        if path is None:
            return self.objects[""], _node_id_of(str(node), self.indexes), ua.QualifiedName(name, self.own)
        *above, last = path.split("/")
        prefix, _, name = last.partition(":")
        parent = await self._object(above)
        return parent, _node_id(f"{self.machine}/{path}", self.own), ua.QualifiedName(name, self.indexes[prefix])

    async def _object(self, parts: Sequence[str]) -> Node:
        """Give the object at the end of a path, made where it is not there yet."""
        path = ""
        for part in parts:
            above, path = path, f"{path}/{part}"
            if path not in self.objects:
                prefix, _, name = part.partition(":")
                self.objects[path] = await self.objects[above].add_object(
                    _node_id(self.machine + path, self.own), ua.QualifiedName(name, self.indexes[prefix])
                )
        return self.objects[path]


def _node_id(path: str, namespace: int) -> ua.NodeId:
    return ua.NodeId(ua.String(path), ua.Int16(namespace))


def _node_id_of(text: str, indexes: dict[str, int]) -> ua.NodeId:
    prefix, colon, rest = text.partition(":")
    return ua.NodeId.from_string(f"ns={indexes[prefix]};{rest}" if colon and "=" not in prefix else text)


def _microseconds(at: datetime) -> int:
    delta = at.replace(tzinfo=UTC) - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
