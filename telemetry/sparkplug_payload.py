"""The payload of Sparkplug B: the part of its protobuf message that both sides of the house know.

The message class is made from the field numbers of the specification (3.0, section 6.4). Protobuf skips what is not described
here, so data sets, templates and their like need no description to be passed over. Only this module needs protobuf: to import it
raises `ConfigError` on a machine that lacks the extra ``shangyun[sparkplug]``.
"""

from enum import IntEnum
from typing import Any

from telemetry.errors import BadPayload, ConfigError

try:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
except ImportError as error:
    raise ConfigError("Sparkplug needs protobuf, which is not installed: pip install 'shangyun[sparkplug]'") from error


class Datatype(IntEnum):
    """The numbers of the specification's datatypes that are one number or one text."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATE_TIME = 13
    TEXT = 14
    UUID = 15


BD_SEQ = "bdSeq"
"""The metric whose number a node's will and its birth have in common."""
REBIRTH = "Node Control/Rebirth"
"""The metric by which a host asks for all births anew."""
QUALITY = "Quality"
"""The property that says how far a value may be trusted."""
QUALITY_BAD, QUALITY_GOOD, QUALITY_STALE = 0, 192, 500

_FIELDS = {
    "Payload": {"timestamp": (1, "UINT64"), "metrics": (2, "Metric*"), "seq": (3, "UINT64")},
    "Metric": {
        "name": (1, "STRING"),
        "alias": (2, "UINT64"),
        "timestamp": (3, "UINT64"),
        "datatype": (4, "UINT32"),
        "is_historical": (5, "BOOL"),
        "is_transient": (6, "BOOL"),
        "is_null": (7, "BOOL"),
        "properties": (9, "PropertySet"),
        "int_value": (10, "UINT32"),
        "long_value": (11, "UINT64"),
        "float_value": (12, "FLOAT"),
        "double_value": (13, "DOUBLE"),
        "boolean_value": (14, "BOOL"),
        "string_value": (15, "STRING"),
    },
    "PropertySet": {"keys": (1, "STRING*"), "values": (2, "PropertyValue*")},
    "PropertyValue": {
        "type": (1, "UINT32"),
        "is_null": (2, "BOOL"),
        "int_value": (3, "UINT32"),
        "long_value": (4, "UINT64"),
        "string_value": (8, "BYTES"),  # the same on the wire; a foreign unit that is not UTF-8 shall not cost the whole message
    },
}
"""Number and type of each field; a star says repeated."""

_BITS_32, _BITS_64 = (1 << 32) - 1, (1 << 64) - 1


def _message_class() -> Any:
    kinds = descriptor_pb2.FieldDescriptorProto
    # An edition, because version 2 of the language lets texts pass that are not UTF-8, and version 3 forgets what was absent.
    file = descriptor_pb2.FileDescriptorProto(
        name="sparkplug.proto", package="shangyun", syntax="editions", edition=descriptor_pb2.EDITION_2023
    )
    for message, fields in _FIELDS.items():
        described = file.message_type.add(name=message)
        for name, (number, text) in fields.items():
            kind, is_repeated = text.rstrip("*"), text.endswith("*")
            field = described.field.add(name=name, number=number)
            field.label = kinds.LABEL_REPEATED if is_repeated else kinds.LABEL_OPTIONAL
            if kind in _FIELDS:
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".shangyun.{kind}"
            else:
                field.type = getattr(kinds, f"TYPE_{kind}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shangyun.Payload"))


Payload = _message_class()
"""Protobuf class of the whole message; its fields are those of `_FIELDS`."""


def decode_payload(data: bytes) -> Any:
    """Read a payload.

    Raises
    ------
    BadPayload
        With the reason ``sparkplug``.
    """
    try:
        return Payload.FromString(data)
    except DecodeError as error:
        raise BadPayload("sparkplug", str(error)[:300]) from error


def encode_payload(payload: Any) -> bytes:
    return bytes(payload.SerializeToString())


def put_value(metric: Any, datatype: Datatype, value: float | str | None) -> None:
    """Write a value, which must fit its datatype, into the field that belongs to it; None is "no value"."""
    if value is None:
        metric.is_null = True
    elif isinstance(value, str):
        metric.string_value = value
    elif datatype is Datatype.BOOLEAN:
        metric.boolean_value = bool(value)
    elif datatype is Datatype.FLOAT:
        metric.float_value = value
    elif datatype is Datatype.DOUBLE:
        metric.double_value = value
    elif datatype in (Datatype.INT64, Datatype.UINT64, Datatype.DATE_TIME):
        metric.long_value = int(value) & _BITS_64  # negative ones travel as two's complement
    else:
        metric.int_value = int(value) & _BITS_32


def put_quality(metric: Any, code: int) -> None:
    """Write the property ``Quality``, an Int32 as the specification has it."""
    metric.properties.keys.append(QUALITY)
    metric.properties.values.add(type=Datatype.INT32, int_value=code)
