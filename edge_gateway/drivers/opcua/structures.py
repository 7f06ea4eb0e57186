"""Fields of the server's own structures, decoded by the definition that the server gives of them.

asyncua could load definitions too, but into one table for the whole process, by node id: with two servers in one gateway the
second one's values would be taken apart by the first one's definitions.
"""

from typing import Any

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import unpack_uatype, unpack_uatype_array
from asyncua.ua.uaerrors import UaError

from edge_gateway.drivers.opcua.session import LOST, Session
from telemetry.errors import NotConnected

_DEEPEST = 8
_BUILT_IN = range(1, 26)
"""Identifiers of the built-in types (OPC UA Part 6, 5.1.2), which are also those of `ua.VariantType`."""
_STRUCTURE, _ENUMERATION = 22, 29
_WITH_OPTIONAL, _UNION = 1, 2


class Structures:
    """What one server says of its types; asked for when the first value of a type comes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._type_of_encoding: dict[ua.NodeId, ua.NodeId | None] = {}
        self._definitions: dict[ua.NodeId, Any] = {}

    async def field(self, value: Any, path: str) -> Any:
        """Give a field of a structure (``Position.X``); None where the server's bytes and its definition do not lead there."""
        for name in path.split("."):
            if isinstance(value, ua.ExtensionObject):
                value = await self._decode(value)
            value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
            if value is None:
                return None
        return value

    async def _decode(self, value: ua.ExtensionObject) -> dict[str, Any] | None:
        try:
            data_type = await self._type_of(value.TypeId)
            if data_type is None or value.Body is None:
                return None
            return await self._unpack(data_type, Buffer(bytes(value.Body)), 0)
        except (NotConnected, *LOST):
            raise
        except Exception:  # noqa: BLE001 - the bytes are the server's; what cannot be decoded has no value
            return None

    async def _unpack(self, data_type: ua.NodeId, data: Buffer, depth: int) -> dict[str, Any]:
        definition = await self._definition(data_type)
        if not isinstance(definition, ua.StructureDefinition) or depth > _DEEPEST:
            raise UaError(f"no structure {data_type}")
        kind = int(definition.StructureType)
        mask = unpack_uatype(ua.VariantType.UInt32, data) if kind in (_WITH_OPTIONAL, _UNION) else 0
        values: dict[str, Any] = {}
        optional = 0
        for number, field in enumerate(definition.Fields, start=1):
            is_there = True
            if kind == _UNION:
                is_there = mask == number
            elif kind == _WITH_OPTIONAL and field.IsOptional:
                is_there = bool(mask >> optional & 1)
                optional += 1
            if is_there:
                values[str(field.Name)] = await self._unpack_field(field, data, depth)
        return values

    async def _unpack_field(self, field: ua.StructureField, data: Buffer, depth: int) -> Any:
        built_in = await self._built_in(field.DataType)
        if built_in is not None and built_in is not ua.VariantType.ExtensionObject:
            return unpack_uatype_array(built_in, data) if field.ValueRank > 0 else unpack_uatype(built_in, data)
        if field.ValueRank <= 0:
            return await self._unpack(field.DataType, data, depth + 1)
        length = unpack_uatype(ua.VariantType.Int32, data)
        return [await self._unpack(field.DataType, data, depth + 1) for _ in range(max(length, 0)) if len(data)]

    async def _built_in(self, data_type: ua.NodeId) -> ua.VariantType | None:
        """Name the built-in type that carries a type on the wire; None for structures."""
        for _ in range(_DEEPEST):
            if data_type.NamespaceIndex == 0 and data_type.Identifier == _STRUCTURE:
                return None
            if data_type.NamespaceIndex == 0 and data_type.Identifier == _ENUMERATION:
                return ua.VariantType.Int32
            if data_type.NamespaceIndex == 0 and data_type.Identifier in _BUILT_IN:
                return ua.VariantType(int(data_type.Identifier))
            if isinstance(await self._definition(data_type), ua.StructureDefinition):
                return None
            above = await self._inverse(data_type, ObjectIds.HasSubtype)
            if above is None:
                return None
            data_type = above
        return None

    async def _type_of(self, encoding: ua.NodeId) -> ua.NodeId | None:
        if encoding not in self._type_of_encoding:
            self._type_of_encoding[encoding] = await self._inverse(encoding, ObjectIds.HasEncoding)
        return self._type_of_encoding[encoding]

    async def _definition(self, data_type: ua.NodeId) -> Any:
        if data_type not in self._definitions:
            [answer] = await self._session.read([data_type], AttributeIds.DataTypeDefinition)
            self._definitions[data_type] = answer.Value.Value if answer.Value is not None else None
        return self._definitions[data_type]

    async def _inverse(self, node: ua.NodeId, reference: int) -> ua.NodeId | None:
        description = ua.BrowseDescription(
            NodeId=node,
            BrowseDirection=ua.BrowseDirection.Inverse,
            ReferenceTypeId=ua.NodeId(ua.Int32(reference)),
        )
        [found] = await self._session.understood(self._session.services.browse(ua.BrowseParameters(NodesToBrowse=[description])))
        return found.References[0].NodeId if found.References else None
