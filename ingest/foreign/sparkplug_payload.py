"""The payload of Sparkplug B: the part of its protobuf message that we read, and its values as ours.

The message class is made from the field numbers of the specification (3.0, section 6.4). Protobuf skips what is not described
here, so data sets, templates and their like need no description to be passed over.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from telemetry.errors import BadPayload
from telemetry.quality import Quality

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
    "PropertyValue": {"is_null": (2, "BOOL"), "int_value": (3, "UINT32"), "long_value": (4, "UINT64")},
}
"""Number and type of each field; a star says repeated."""

_BITS = {1: 8, 2: 16, 3: 32, 4: 64, 5: 8, 6: 16, 7: 32, 8: 64}
_SIGNED = range(1, 5)
UINT64 = 8
_FLOATS, _BOOLEAN, _TEXTS, _DATE_TIME = (9, 10), 11, (12, 14, 15), 13  # 12 String, 14 Text, 15 UUID
SCALARS = frozenset({*_BITS, *_FLOATS, _BOOLEAN, *_TEXTS, _DATE_TIME})
"""Datatypes that are one number or one text."""
TEXTS = frozenset({*_TEXTS, _DATE_TIME})
"""Those of them that become events."""

_GOOD, _STALE = 192, 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def value_of(metric: Any, datatype: int) -> float | str | None:
    """Give the value of a scalar metric; None is "no value".

    Raises
    ------
    BadPayload
        With the reason ``sparkplug``, if the value is not of the datatype.
    """
    if metric.is_null:
        return None
    if datatype in _BITS:
        return _integer(_field(metric, "int_value", "long_value"), datatype)
    if datatype in _FLOATS:
        number = float(_field(metric, "float_value", "double_value"))
        return number if math.isfinite(number) else None
    if datatype == _BOOLEAN:
        return float(_field(metric, "boolean_value"))
    if datatype == _DATE_TIME:
        return _iso(_field(metric, "long_value"))
    return str(_field(metric, "string_value"))


def quality_of(metric: Any) -> Quality:
    """Read the property ``Quality``: 192 good, 500 stale, 0 bad; others by the bands of OPC, from which these numbers come."""
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == "Quality" and not value.is_null:
            code = value.int_value or value.long_value
            if code == _STALE:
                return Quality.UNCERTAIN_LAST_USABLE_VALUE
            if code >= _GOOD:
                return Quality.GOOD
            return Quality.UNCERTAIN if code >= 64 else Quality.BAD
    return Quality.GOOD


def _field(metric: Any, *names: str) -> Any:
    for name in names:
        if metric.HasField(name):
            return getattr(metric, name)
    shown = metric.name or f"alias {metric.alias}"
    raise BadPayload("sparkplug", f"{shown[:80]!r} has no {' or '.join(names)} for its datatype, and is not null")


def _integer(raw: int, datatype: int) -> float:
    """Undo two's complement: a signed number travels in an unsigned field, with or without its upper bits."""
    bits = _BITS[datatype]
    number = raw & ((1 << bits) - 1)
    return float(number - (1 << bits) if datatype in _SIGNED and number >> (bits - 1) else number)


def _iso(milliseconds: int) -> str:
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")
    except OverflowError:
        return f"{milliseconds} ms since 1970"
