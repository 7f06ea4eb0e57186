"""OPC UA: machines below ``Objects/Machines/<name>``, served by asyncua, anonymous and without encryption.

Node trees are built from the profile's browse paths, without type definitions. A Read brings the machine to now before it is
answered, so that all its values and source timestamps are of one instant; for subscriptions the machine is also read every
`PERIOD_SECONDS` while somebody watches it. What went out is recorded under its source timestamp, so a client that keeps it can
join exactly: one line per Read and machine, and one per refresh while a subscription would have seen it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Self

from asyncua import ua
from asyncua.common.callback import CallbackType
from asyncua.common.node import Node
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds

from device_profiles.kind import Signal, SignalType, load_kind
from device_profiles.profile import OpcUaProfile
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
_EMPTY = {ua.VariantType.String: "", ua.VariantType.Boolean: False}
Record = Callable[[Served], None]


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


class _MachineNodes:
    """One machine's variables in the address space."""

    def __init__(self, server: Server, equipment: Equipment, variables: dict[str, _Variable], record: Record) -> None:
        self._server, self._equipment, self._variables, self._record = server, equipment, variables, record
        self.signal_of = {variable.node_id: name for name, variable in variables.items()}

    async def refresh(self) -> None:
        """Read the machine and put its values into the address space, all under one source timestamp."""
        at = ua.DateTime.now(UTC)
        values = self._equipment.read()
        served: dict[str, Value] = {}
        for name, variable in self._variables.items():
            raw = variable.raw(values[name])
            data = ua.DataValue(raw, SourceTimestamp=at, ServerTimestamp=at)
            await self._server.iserver.aspace.write_attribute_value(variable.node_id, AttributeIds.Value, data)
            served[name] = variable.decoded(raw.Value)
        if self.is_watched:
            self._record(Served(_microseconds(at), self._equipment.name, served))

    @property
    def is_watched(self) -> bool:
        """Tell whether a subscription monitors any of the machine's values."""
        nodes = self._server.iserver.aspace
        return any(nodes[node_id].attributes[AttributeIds.Value].datachange_callbacks for node_id in self.signal_of)

    def record(self, results: Iterable[tuple[ua.NodeId, ua.DataValue]]) -> None:
        values, at = {}, _EPOCH
        for node_id, result in results:
            name = self.signal_of.get(node_id)
            if name is not None and result.Value is not None:
                values[name] = self._variables[name].decoded(result.Value.Value)
                at = result.SourceTimestamp or at
        if values:
            self._record(Served(_microseconds(at), self._equipment.name, values))


class OpcUaServer:
    """Entered, it listens; left, it is gone."""

    def __init__(self, machines: Sequence[tuple[Equipment, OpcUaProfile]], record: Record, *, host: str, port: int) -> None:
        self._machines, self._record = machines, record
        self._host, self._port = host, port
        self._server = Server()
        self._nodes: list[_MachineNodes] = []
        self._ticker: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        listener: asyncio.Server = self._server.bserver._server  # type: ignore[union-attr,assignment]  # noqa: SLF001 - asyncua tells it nowhere else
        return int(listener.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        logging.getLogger("asyncua.server.server").setLevel(logging.CRITICAL)  # it prints a traceback beside what it raises
        await self._server.init()
        self._server.set_endpoint(f"opc.tcp://{self._host}:{self._port}/")
        self._server.set_server_name("Shangyun simulator")
        self._server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        folder_namespace = await self._server.register_namespace(_FOLDER_NAMESPACE)
        folder = await self._server.nodes.objects.add_object(folder_namespace, FOLDER)
        self._nodes = [await self._build(folder, equipment, profile) for equipment, profile in self._machines]
        for nodes in self._nodes:
            await nodes.refresh()
        self._server.subscribe_server_callback(CallbackType.PreRead, self._before_read)
        self._server.subscribe_server_callback(CallbackType.PostRead, self._after_read)
        try:
            await self._server.start()
        except OSError as error:
            why = error.strerror or str(error)
            raise ConfigError(f"cannot listen on {self._host}:{self._port} for OPC UA: {why}") from None
        self._ticker = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._ticker is not None
        self._ticker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._ticker
        await self._server.stop()

    async def _build(self, folder: Node, equipment: Equipment, profile: OpcUaProfile) -> _MachineNodes:
        indexes = {prefix: await self._server.register_namespace(uri) for prefix, uri in profile.namespaces.items()}
        own = await self._server.register_namespace("urn:shangyun:simulator")
        root = await folder.add_object(_node_id(equipment.name, own), ua.QualifiedName(equipment.name, own))
        signals = load_kind(profile.kind).signals
        objects = {"": root}
        variables = {}
        for point in profile.points:
            path = ""
            for part in point.path.split("/"):
                above, path = path, f"{path}/{part}"
                prefix, _, name = part.partition(":")
                node_id, name_in = _node_id(equipment.name + path, own), ua.QualifiedName(name, indexes[prefix])
                if path.endswith(point.path):
                    signal = signals[point.signal]
                    variant = _VARIANTS[signal.type]
                    await objects[above].add_variable(node_id, name_in, _EMPTY.get(variant, 0), variant)
                    codec = ValueCodec(point, signal) if signal.is_numeric else None
                    variables[point.signal] = _Variable(node_id, signal, codec)
                elif path not in objects:
                    objects[path] = await objects[above].add_object(node_id, name_in)
        return _MachineNodes(self._server, equipment, variables, self._record)

    async def _before_read(self, event: Any, _: object) -> None:
        asked = {item.NodeId for item in event.request_params.NodesToRead if item.AttributeId == AttributeIds.Value}
        for nodes in self._nodes:
            if not asked.isdisjoint(nodes.signal_of):
                await nodes.refresh()

    async def _after_read(self, event: Any, _: object) -> None:
        items = zip(event.request_params.NodesToRead, event.response_params, strict=True)
        results = [(item.NodeId, result) for item, result in items if item.AttributeId == AttributeIds.Value]
        for nodes in self._nodes:
            nodes.record(results)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            for nodes in self._nodes:
                if nodes.is_watched:
                    await nodes.refresh()


def _node_id(path: str, namespace: int) -> ua.NodeId:
    return ua.NodeId(ua.String(path), ua.Int16(namespace))


def _microseconds(at: datetime) -> int:
    delta = at.replace(tzinfo=UTC) - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
