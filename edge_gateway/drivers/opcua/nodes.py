"""From a profile's paths and node ids to the nodes of one server, with everything that turns their values into readings."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

from device_profiles.profile import OpcUaPoint, OpcUaProfile
from device_profiles.value import Reading, ValueCodec
from edge_gateway.driver import Target
from edge_gateway.drivers.opcua.session import Session
from edge_gateway.drivers.opcua.structures import Structures
from edge_gateway.drivers.opcua.values import pick, reading_of, text_of

LOOK_AGAIN_SECONDS = 60.0
"""Nodes that were not found are looked for again: a machine may join its server later."""


class Signal:
    """A point of a profile, ready to be read."""

    def __init__(self, point: OpcUaPoint, target: Target) -> None:
        self.point = point
        self.name = point.signal
        kind = target.kind_signals[point.signal]
        self.codec = ValueCodec(point, kind) if kind.is_numeric else None

    async def value(self, data: ua.DataValue, structures: Structures) -> Reading | str | None:
        """Give its reading or its text; None for a text that is not there."""
        value = pick(data.Value.Value if data.Value is not None else None, self.point.index)
        if self.point.field is not None and value is not None:
            value = await structures.field(value, self.point.field)
        return text_of(data, value) if self.codec is None else reading_of(data, value, self.codec)


class Found(NamedTuple):
    """The nodes of one target in this session, and when to look again for those that are missing."""

    nodes: dict[str, ua.NodeId]
    rates: dict[str, ua.NodeId]
    """Of waveforms, where their sampling rate is told: a variable, or the property XAxisDefinition."""
    look_again_at: float | None


class Nodes:
    """Knows the nodes of all targets of one session."""

    def __init__(self, session: Session, say_once: Callable[[str], None]) -> None:
        self._session, self._say_once = session, say_once
        self._found: dict[Target, Found] = {}

    async def of(self, target: Target) -> dict[str, ua.NodeId]:
        """Give the nodes by signal; what the server does not have is left out, and looked for again every minute."""
        return (await self._found_of(target)).nodes

    async def rates_of(self, target: Target) -> dict[str, ua.NodeId]:
        """Give the nodes that tell the sampling rates of the target's waveforms, by signal; see `of`."""
        return (await self._found_of(target)).rates

    async def _found_of(self, target: Target) -> Found:
        now = asyncio.get_running_loop().time()
        known = self._found.get(target)
        if known is None or (known.look_again_at is not None and now >= known.look_again_at):
            nodes, rates = await self._resolve(target)
            points = [point for point in target.points if isinstance(point, OpcUaPoint)]
            missing = [point.signal for point in points if point.signal not in nodes]
            if missing:
                self._say_once(f"{target.name}: the server has no node for {', '.join(missing)}")
            rateless = [signal for signal in _without_rate_hz(points, target) if signal in nodes and signal not in rates]
            if rateless:
                self._say_once(f"{target.name}: the server does not tell the sampling rate of {', '.join(rateless)}")
            known = Found(nodes, rates, now + LOOK_AGAIN_SECONDS if missing or rateless else None)
            self._found[target] = known
        return known

    def forget(self, target: Target) -> None:
        self._found.pop(target, None)

    async def _resolve(self, target: Target) -> tuple[dict[str, ua.NodeId], dict[str, ua.NodeId]]:
        """Give the nodes of the values, and those that tell the rates of waveforms."""
        assert isinstance(target.profile, OpcUaProfile)
        uris = self._session.namespaces
        indexes = {prefix: uris.index(uri) for prefix, uri in target.profile.namespaces.items() if uri in uris}
        points = [point for point in target.points if isinstance(point, OpcUaPoint)]
        root = await self._find_root(target.root, indexes) if any(point.path for point in points) else None
        nodes = await self._at({point.signal: (point.path, point.node) for point in points}, root, indexes)
        told = {p.signal: (p.rate, None) if p.path else (None, p.rate) for p in points if p.rate}
        rates = await self._at(told, root, indexes)
        untold = [signal for signal in _without_rate_hz(points, target) if signal in nodes and signal not in told]
        rates |= await self._translated({signal: (nodes[signal], _X_AXIS) for signal in untold})
        return nodes, rates

    async def _at(
        self, places: Mapping[str, tuple[str | None, str | None]], root: ua.NodeId | None, indexes: dict[str, int]
    ) -> dict[str, ua.NodeId]:
        """Give the nodes that a path below the root, or else a node id, leads to."""
        found = {name: node for name, (_, text) in places.items() if text and (node := _node_id(text, indexes)) is not None}
        if root is None:
            return found
        paths = {name: path for name, (text, _) in places.items() if text and (path := _relative_path(text, indexes)) is not None}
        return found | await self._translated({name: (root, path) for name, path in paths.items()})

    async def _translated(self, paths: Mapping[str, tuple[ua.NodeId, ua.RelativePath]]) -> dict[str, ua.NodeId]:
        """Give the nodes at the ends of paths, where there are any."""
        if not paths:
            return {}
        session = self._session
        results = await session.in_batches(
            "MaxNodesPerTranslate",
            [ua.BrowsePath(StartingNode=start, RelativePath=path) for start, path in paths.values()],
            lambda some: session.understood(session.services.translate_browsepaths_to_nodeids(some)),
        )
        return {
            signal: result.Targets[0].TargetId
            for signal, result in zip(paths, results, strict=True)
            if result.StatusCode.is_good() and result.Targets
        }

    async def _find_root(self, path: str, indexes: dict[str, int]) -> ua.NodeId | None:
        """Walk from Objects; a part without prefix goes by its name in any namespace, for a server numbers them as it likes."""
        node = self._session.client.get_objects_node()
        for part in path.split("/") if path else ():
            prefix, _, name = part.rpartition(":")
            for child in await self._session.understood(node.get_children_descriptions()):
                found = child.BrowseName
                if found.Name == name and (not prefix or found.NamespaceIndex == indexes.get(prefix)):
                    node = self._session.client.get_node(child.NodeId)
                    break
            else:
                return None
        return node.nodeid


def _without_rate_hz(points: Sequence[OpcUaPoint], target: Target) -> list[str]:
    """Name the waveforms whose sampling rate the server must tell."""
    return [point.signal for point in points if point.signal in target.waveforms and point.rate_hz is None]


def _node_id(text: str, indexes: dict[str, int]) -> ua.NodeId | None:
    """Read ``ns=2;s=Temp`` or ``sy:s=Temp``; None where the server does not have the prefix's namespace."""
    prefix, colon, rest = text.partition(":")
    if colon and "=" not in prefix:
        if prefix not in indexes:
            return None
        text = f"ns={indexes[prefix]};{rest}"
    try:
        return ua.NodeId.from_string(text)
    except UaError:
        return None


def _relative_path(path: str, indexes: dict[str, int]) -> ua.RelativePath | None:
    elements = []
    for part in path.split("/"):
        prefix, _, name = part.partition(":")
        if prefix not in indexes:
            return None
        elements.append(_element(ua.QualifiedName(name, indexes[prefix]), ObjectIds.HierarchicalReferences))
    return ua.RelativePath(Elements=elements)


def _element(name: ua.QualifiedName, reference: int) -> ua.RelativePathElement:
    return ua.RelativePathElement(
        ReferenceTypeId=ua.NodeId(ua.Int32(reference)),
        IsInverse=False,  # type: ignore[arg-type]  # the library's own default is a plain bool too
        IncludeSubtypes=True,  # type: ignore[arg-type]
        TargetName=name,
    )


_X_AXIS = ua.RelativePath(Elements=[_element(ua.QualifiedName("XAxisDefinition", 0), ObjectIds.HasProperty)])
