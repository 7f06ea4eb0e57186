"""From a device's raw value to the house's value and back, one compiled step per point.

Scales of a tenth, a hundredth and so on divide instead of multiplying: 3 / 10 is the double nearest to 0.3, 3 * 0.1 is not.
"""

import math
from collections.abc import Sequence
from math import isfinite

from device_profiles.kind import Signal, SignalType, device_code
from device_profiles.profile import Point
from telemetry.quality import Quality
from telemetry.units import conversion

NO_VALUE = math.nan
UNAVAILABLE = "UNAVAILABLE"
"""The word by which an MTConnect agent says that it has no value."""
Reading = tuple[float, int]
"""A value in the house's unit and its quality; NaN with a bad quality."""

_TRUTH = {"false": 0, "true": 1}
_GOOD = Quality.GOOD  # looking into an enum costs as much as the arithmetic


class ValueCodec:
    """Turns raw numbers (or, in MTConnect, words) of one point into values of its signal, and values into raw numbers."""

    def __init__(self, point: Point, signal: Signal, *, sentinels: Sequence[float] = (), failures: Sequence[float] = ()) -> None:
        factor, shift = conversion(point.unit, signal.unit) if point.unit else (1.0, 0.0)
        self._multiplier, self._divisor = _as_ratio(point.scale * factor)
        self._offset = point.offset * factor + shift
        self._sentinel = sentinels[0] if sentinels else None
        self.marks: dict[float, int] = dict.fromkeys(failures, Quality.BAD_SENSOR_FAILURE)
        """Raw numbers that are none, each with the quality that it means."""
        self.marks |= dict.fromkeys(sentinels, Quality.BAD_NOT_AVAILABLE)
        self._words: dict[str, int] | None = None
        if signal.type is SignalType.ENUM or point.map is not None:
            codes = {state.name: state.code for state in signal.states} or _TRUTH
            self._words = (
                {name.upper(): code for name, code in codes.items()}
                if point.map is None
                else {word: codes[name.partition("|")[0]] for word, name in point.map.items()}
            )
            self._shown_as = {codes[name]: word for word, names in (point.map or {}).items() for name in names.split("|")[1:]}
            """States that the device cannot tell from the one that the word means."""
            self._states = (
                {code: code for code in codes.values()}
                if point.map is None
                else {raw: code for word, code in self._words.items() if (raw := device_code(word)) is not None}
            )

    def decode(self, raw: float, exponent: int = 0) -> Reading:
        """Give the value of a raw number; ``exponent`` is the power of ten of a scale-factor register."""
        if raw in self.marks:
            return NO_VALUE, self.marks[raw]
        if raw != raw:  # noqa: PLR0124 - NaN is the one number that differs from itself
            return NO_VALUE, Quality.BAD_NOT_AVAILABLE
        if self._words is not None:
            code = self._states.get(raw)  # type: ignore[call-overload]  # 3.0 finds 3
            return (NO_VALUE, Quality.BAD_CONFIGURATION_ERROR) if code is None else (float(code), Quality.GOOD)
        if exponent:
            raw = raw / 10**-exponent if exponent < 0 else raw * 10**exponent
        value = raw * self._multiplier / self._divisor + self._offset
        return (value, _GOOD) if isfinite(value) else (NO_VALUE, Quality.BAD_SENSOR_FAILURE)

    def decode_text(self, text: str) -> Reading:
        """Give the value of a number that came as text, or of the word for a state; as MTConnect sends all values."""
        if text == UNAVAILABLE:
            return NO_VALUE, Quality.BAD_NOT_AVAILABLE
        if self._words is not None:
            code = self._words.get(text)
            return (NO_VALUE, Quality.BAD_CONFIGURATION_ERROR) if code is None else (float(code), Quality.GOOD)
        try:
            return self.decode(float(text))
        except ValueError:
            return NO_VALUE, Quality.BAD_CONFIGURATION_ERROR

    def encode(self, value: float, exponent: int = 0) -> float:
        """Give the raw number (not yet rounded) that means a value.

        Raises
        ------
        ValueError
            If there is no value and the point has no sentinel to say so, or no device code for a state.
        """
        if math.isnan(value):
            if self._sentinel is None:
                raise ValueError("no value, and the device has no code to say so")
            return self._sentinel
        if self._words is not None:
            for raw, code in self._states.items():
                if code == value:
                    return raw
            shown_as = device_code(self._shown_as.get(int(value), ""))
            if shown_as is not None:
                return shown_as
            raise ValueError(f"no device code means state {value:g}")
        return (value - self._offset) * self._divisor / self._multiplier / 10.0**exponent

    def encode_text(self, value: float) -> str:
        """Give the text that means a value.

        Raises
        ------
        ValueError
            If the device has no word for a state.
        """
        if math.isnan(value):
            return UNAVAILABLE
        if self._words is None:
            return f"{self.encode(value):.15g}"
        for word, code in self._words.items():
            if code == value:
                return word
        if int(value) in self._shown_as:
            return self._shown_as[int(value)]
        raise ValueError(f"no device word means state {value:g}")


def _as_ratio(scale: float) -> tuple[float, float]:
    """Split a scale into multiplier and divisor, so that decimal fractions stay exact."""
    inverse = round(1 / scale) if 1e-15 < abs(scale) < 1 else 1
    return (1.0, float(inverse)) if inverse != 1 and math.isclose(inverse * scale, 1, rel_tol=1e-12) else (scale, 1.0)
