"""Waveforms: arrays of samples whose source time is that of the first one; each record of a device is taken once.

The sampling rate is fixed by the profile, stands in a variable of its own, or is told by the array's property XAxisDefinition
(OPC UA Part 8, 5.3.4.2 and 5.6.7): the range of its axis, in seconds, is where the first and the last sample lie.
"""

import math
import sys
from array import array
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from asyncua import ua
from asyncua.ua.uaerrors import UaStatusCodeError

from device_profiles.profile import OpcUaPoint
from device_profiles.value import ValueCodec
from edge_gateway import metrics
from edge_gateway.device_clock import DeviceClock
from edge_gateway.driver import Target
from edge_gateway.drivers.opcua.session import is_loss
from edge_gateway.drivers.opcua.subscription import Place
from edge_gateway.drivers.opcua.values import microseconds, quality_of, shown, status_name
from telemetry.bundle import Block

_OLDEST_US = 366 * 86_400_000_000
"""A source time further back is that of a clock that was never set."""
_SECONDS_OF_UNIT = {5_457_219: 1.0, 4_403_766: 1e-3, 4_340_024: 1e-6}
"""By the numbers that OPC UA makes of the codes SEC, C26 and B98 (UN/ECE Recommendation 20)."""
_SECONDS_OF_SIGN = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6}
_HIGHEST_HZ = 1e7
_DIGITS = 9
"""To so many the rate is rounded: the ends of an axis are not exact in the last place of a double."""


class _Seen(NamedTuple):
    """By what a record is known again: a server may give each answer a time of its own, or none at all."""

    source_us: int | None
    samples: bytes


class Records:
    """Knows what was read last of each waveform, also beyond the end of a session."""

    def __init__(self, name: str, clock: DeviceClock, say_once: Callable[[str], None]) -> None:
        self._name, self._clock, self._say_once = name, clock, say_once
        self._seen: dict[tuple[Target, str], _Seen] = {}

    def forget(self, target: Target) -> None:
        self._seen = {key: seen for key, seen in self._seen.items() if key[0] is not target}

    async def of(self, target: Target, place: Place, raw: dict[str, str] | None = None) -> list[Block]:
        """Read the waveforms of a target, each by itself, and give the records that are new.

        Raises
        ------
        UaError, NotConnected, OSError, TimeoutError
            When the connection is lost; the records count as not seen then.
        """
        nodes = await place.nodes.of(target)
        found: list[tuple[_Seen, Block]] = []
        for point in target.points:
            if not isinstance(point, OpcUaPoint):
                continue
            if raw is not None:
                raw[point.signal] = "no such node"
            if point.signal not in nodes:
                continue
            try:
                new = await self._new(target, point, nodes[point.signal], place, raw)
            except UaStatusCodeError as error:  # such as a record that is larger than the server's answers may be
                if is_loss(error):
                    raise
                metrics.EXCEPTIONS.labels(self._name, target.name, status_name(error.code)).inc()
                self._say_once(f"{target.name}: {point.signal}: {status_name(error.code)}")
                continue
            found += [] if new is None else [new]
        self._seen |= {(target, block.signal): seen for seen, block in found}
        return [block for _, block in found]

    async def _new(
        self, target: Target, point: OpcUaPoint, node: ua.NodeId, place: Place, raw: dict[str, str] | None
    ) -> tuple[_Seen, Block] | None:
        """Read a waveform; None where there is no record, or only the one before."""
        [data] = await place.session.read([node])
        read_us, values = place.now_us(), data.Value.Value if data.Value is not None else None
        if point.field is not None and values is not None:
            values = await place.structures.field(values, point.field)
        if raw is not None:
            raw[point.signal] = f"{len(values)} values" if isinstance(values, list) else shown(data)
        source_us = microseconds(data.SourceTimestamp) if isinstance(data.SourceTimestamp, datetime) else None
        before = self._seen.get((target, point.signal))
        is_known = before is not None and source_us is not None and before.source_us == source_us
        if quality_of(data.StatusCode).is_bad or not values or is_known:
            return None
        samples = _samples(values, ValueCodec(point, target.kind_signals[point.signal]))
        if samples is None:
            self._say_once(f"{target.name}: {point.signal}: what the server has there is no array of finite numbers")
            return None
        if before is not None and before.samples == samples:
            return None
        rate_hz = point.rate_hz or await self._rate_hz(target, point.signal, len(values), place)
        if rate_hz is None:
            return None
        start_us = read_us - round(len(values) / rate_hz * 1e6)
        if source_us is not None and source_us > read_us - _OLDEST_US:
            start_us = self._clock.time_us(source_us)
        return _Seen(source_us, samples), Block(target.name, point.signal, start_us, rate_hz, samples)

    async def _rate_hz(self, target: Target, signal: str, count: int, place: Place) -> float | None:
        rates = await place.nodes.rates_of(target)
        if signal not in rates:
            return None  # `Nodes` has said so
        [data] = await place.session.read([rates[signal]])
        rate_hz = _rate_hz(data, count)
        if rate_hz is None:
            self._say_once(f"{target.name}: {signal}: its sampling rate is neither a number in Hz nor an axis in seconds")
        return rate_hz


def _samples(values: Any, codec: ValueCodec) -> bytes | None:
    """Pack an array as the wire has it, float32 little-endian, in the signal's unit; None where it is no array of numbers."""
    if not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        return None
    zero, one = codec.decode(0.0)[0], codec.decode(1.0)[0]
    packed = array("f", values if (zero, one) == (0.0, 1.0) else [value * (one - zero) + zero for value in values])
    if not all(map(math.isfinite, packed)):
        return None
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _rate_hz(data: ua.DataValue, count: int) -> float | None:
    value = data.Value.Value if data.Value is not None else None
    if isinstance(value, ua.AxisInformation):
        unit = value.EngineeringUnits
        seconds = _SECONDS_OF_UNIT.get(unit.UnitId) or _SECONDS_OF_SIGN.get(unit.DisplayName.Text or "")
        length = value.EURange.High - value.EURange.Low
        value = (count - 1) / (length * seconds) if seconds and length > 0 and count > 1 else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _HIGHEST_HZ:
        return None
    return float(f"{value:.{_DIGITS}g}")
