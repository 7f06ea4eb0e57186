"""One metric of a device: what was read last, and how a host is told of it."""

import math
from dataclasses import dataclass
from typing import Any

from device_profiles.kind import Signal, SignalType
from telemetry.quality import Quality
from telemetry.sparkplug_payload import QUALITY_BAD, QUALITY_GOOD, QUALITY_STALE, Datatype, put_quality, put_value

UNREACHABLE = frozenset({Quality.BAD_NOT_CONNECTED, Quality.BAD_NO_COMMUNICATION})
_DATATYPES = {
    SignalType.REAL: Datatype.FLOAT,
    SignalType.DOUBLE: Datatype.DOUBLE,
    SignalType.INTEGER: Datatype.INT64,
    SignalType.BOOLEAN: Datatype.BOOLEAN,
    SignalType.ENUM: Datatype.INT32,
    SignalType.TEXT: Datatype.STRING,
}
_RANGES = {Datatype.INT32: 2.0**31, Datatype.INT64: 2.0**63}
_LARGEST_FLOAT = (2 - 2**-23) * 2.0**127
_UNIT = "engUnit"
"""The name that SCADA hosts look for; the specification gives none."""


@dataclass(slots=True, kw_only=True, eq=False)
class Metric:
    """``alias`` is unique within the node; it is None where data go by name."""

    name: str
    alias: int | None
    signal: Signal
    value: float | str | None = None
    quality: int = Quality.BAD_NOT_CONNECTED
    """That of the last row, or of nothing having been read yet."""
    time_us: int = 0
    _told_code: int | None = None

    def take(self, value: float | str, quality: int, time_us: int) -> bool:
        """Note what was read; tell whether that is news for a host."""
        fitting = None if quality >= Quality.BAD else _fitting(value, self.datatype)
        news = fitting != self.value or _code(fitting, quality) != self._code
        self.value, self.quality, self.time_us = fitting, quality, time_us
        return news

    @property
    def datatype(self) -> Datatype:
        return _DATATYPES[self.signal.type]

    @property
    def is_unreachable(self) -> bool:
        return self.quality in UNREACHABLE

    def tell_birth(self, payload: Any) -> None:
        """Add all that there is to know of it; a value that was never read is null at the time of the birth."""
        told = payload.metrics.add(name=self.name, alias=self.alias, datatype=self.datatype)
        told.timestamp = self.time_us // 1000 or payload.timestamp
        if self.signal.unit != "1":
            told.properties.keys.append(_UNIT)
            told.properties.values.add(type=Datatype.STRING, string_value=self.signal.unit.encode())
        self._tell_value(told, with_quality=True)

    def tell_data(self, payload: Any, *, with_datatype: bool) -> None:
        """Add the value; the quality only where a host would not know it: without one it takes a value as good."""
        told = payload.metrics.add(timestamp=self.time_us // 1000)
        if self.alias is None:
            told.name = self.name
        else:
            told.alias = self.alias
        if with_datatype:
            told.datatype = self.datatype
        self._tell_value(told, with_quality=self._code != QUALITY_GOOD or self._told_code != QUALITY_GOOD)

    def _tell_value(self, told: Any, *, with_quality: bool) -> None:
        put_value(told, self.datatype, self.value)
        if with_quality:
            put_quality(told, self._code)
        self._told_code = self._code

    @property
    def _code(self) -> int:
        return _code(self.value, self.quality)


def _code(value: float | str | None, quality: int) -> int:
    """Give one of the three qualities that the specification allows."""
    if value is None:
        return QUALITY_BAD
    return QUALITY_GOOD if quality < Quality.UNCERTAIN else QUALITY_STALE


def _fitting(value: float | str, datatype: Datatype) -> float | str | None:
    """Give a value as its datatype holds it; None where it cannot, for a rounded or cut value was never measured."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half of a surrogate pair has no place in UTF-8
    if not math.isfinite(value):
        return None
    if datatype in _RANGES:
        limit = _RANGES[datatype]
        return int(value) if value == int(value) and -limit <= value < limit else None
    if datatype is Datatype.BOOLEAN:
        return value if value in (0.0, 1.0) else None
    if datatype is Datatype.FLOAT:
        return value if abs(value) <= _LARGEST_FLOAT else None
    return value
