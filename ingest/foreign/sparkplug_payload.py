"""Values of Sparkplug B as ours."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from telemetry.errors import BadPayload
from telemetry.quality import Quality
from telemetry.sparkplug_payload import QUALITY, QUALITY_GOOD, QUALITY_STALE, Datatype

_BITS: dict[int, int] = {
    Datatype.INT8: 8,
    Datatype.INT16: 16,
    Datatype.INT32: 32,
    Datatype.INT64: 64,
    Datatype.UINT8: 8,
    Datatype.UINT16: 16,
    Datatype.UINT32: 32,
    Datatype.UINT64: 64,
}
_SIGNED = range(Datatype.INT8, Datatype.INT64 + 1)
_FLOATS = (Datatype.FLOAT, Datatype.DOUBLE)
TEXTS = frozenset({Datatype.STRING, Datatype.TEXT, Datatype.UUID, Datatype.DATE_TIME})
"""Datatypes that become events."""
SCALARS = frozenset({*_BITS, *_FLOATS, Datatype.BOOLEAN, *TEXTS})
"""Datatypes that are one number or one text."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    if datatype == Datatype.BOOLEAN:
        return float(_field(metric, "boolean_value"))
    if datatype == Datatype.DATE_TIME:
        return _iso(_field(metric, "long_value"))
    return str(_field(metric, "string_value"))


def quality_of(metric: Any) -> Quality:
    """Read the property ``Quality``: 192 good, 500 stale, 0 bad; others by the bands of OPC, from which these numbers come."""
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == QUALITY and not value.is_null:
            code = value.int_value or value.long_value
            if code == QUALITY_STALE:
                return Quality.UNCERTAIN_LAST_USABLE_VALUE
            if code >= QUALITY_GOOD:
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
