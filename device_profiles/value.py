"""From a device's raw value to the house's value and back, one compiled step per point.

Scales of a tenth, a hundredth and so on divide instead of multiplying: 3 / 10 is the double nearest to 0.3, 3 * 0.1 is not.
"""

import math
from collections.abc import Sequence

from device_profiles.kind import Signal, SignalType
from device_profiles.profile import Point
from telemetry.quality import Quality
from telemetry.units import conversion

NO_VALUE = math.nan
Reading = tuple[float, int]
"""A value in the house's unit and its quality; NaN with a bad quality."""


class ValueCodec:
    """Turns raw numbers of one point into values of its signal, and values into raw numbers."""

    def __init__(self, point: Point, signal: Signal, *, sentinels: Sequence[int] = ()) -> None:
        factor, shift = conversion(point.unit, signal.unit) if point.unit else (1.0, 0.0)
        self._multiplier, self._divisor = _as_ratio(point.scale * factor)
        self._offset = point.offset * factor + shift
        self._sentinels = frozenset(sentinels)
        self._states: dict[int, int] | None = None
        if signal.type is SignalType.ENUM:
            codes = {state.name: state.code for state in signal.states}
            self._states = (
                {code: code for code in codes.values()}
                if point.map is None
                else {int(raw): codes[name] for raw, name in point.map.items()}
            )

    def decode(self, raw: float, exponent: int = 0) -> Reading:
        """Give the value of a raw number; ``exponent`` is the power of ten of a scale-factor register."""
        if raw in self._sentinels or raw != raw:  # noqa: PLR0124 - NaN is the one number that differs from itself
            return NO_VALUE, Quality.BAD_NOT_AVAILABLE
        if self._states is not None:
            code = self._states.get(int(raw))
            return (NO_VALUE, Quality.BAD_CONFIGURATION_ERROR) if code is None else (float(code), Quality.GOOD)
        if exponent < 0:
            raw /= 10**-exponent
        elif exponent:
            raw *= 10**exponent
        value = raw * self._multiplier / self._divisor + self._offset
        return (value, Quality.GOOD) if math.isfinite(value) else (NO_VALUE, Quality.BAD_SENSOR_FAILURE)

    def encode(self, value: float, exponent: int = 0) -> float:
        """Give the raw number (not yet rounded) that means a value.

        Raises
        ------
        ValueError
            If there is no value and the point has no sentinel to say so, or no device code for a state.
        """
        if math.isnan(value):
            if not self._sentinels:
                raise ValueError("no value, and the device has no code to say so")
            return next(iter(self._sentinels))
        if self._states is not None:
            for raw, code in self._states.items():
                if code == value:
                    return raw
            raise ValueError(f"no device code means state {value:g}")
        return (value - self._offset) * self._divisor / self._multiplier / 10.0**exponent


def _as_ratio(scale: float) -> tuple[float, float]:
    """Split a scale into multiplier and divisor, so that decimal fractions stay exact."""
    inverse = round(1 / scale) if abs(scale) < 1 else 1
    return (1.0, float(inverse)) if inverse != 1 and math.isclose(inverse * scale, 1, rel_tol=1e-12) else (scale, 1.0)
