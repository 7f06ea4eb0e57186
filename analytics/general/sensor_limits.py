"""What a sensor has shown while it was right, and how far its signal can go at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from analytics.detection.sensor_checks import bends, is_spike, noise, standstill
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray
from device_profiles.kind import Signal, load_kind

HOUR_SECONDS = 3600.0
SPIKE_HOURS = 12
_LEAST_HOURS = 24
"""Of work, to learn from."""
_LEAST_SHARE = 0.9
"""A signal that is missing more often says nothing by being missing."""
_ABOVE = 3.0
_BELOW = 2.0
"""So many ranges, from the outermost limit, are more than any machine does."""
_NEGATIVE = 0.25
"""A quantity that is never negative may read so far below zero, in ranges, by the sensor's offset."""
_TEMPERATURES = frozenset({"°C", "K"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What each sensor did while it was right; arrays of shape (signals,)."""

    signals: tuple[str, ...]
    lowest: FloatArray
    highest: FloatArray
    usual_size: FloatArray
    """Median of the reading without its sign."""
    longest_standstill_seconds: FloatArray
    noise_highest: FloatArray
    """Highest of any hour, as a standard deviation."""
    noise_usual: FloatArray
    spike_least: FloatArray
    """From here on a single value off its neighbours is unusual."""
    most_spikes: FloatArray
    """Of any stretch of `SPIKE_HOURS`."""

    @classmethod
    def of(cls, signals: Sequence[str], values: FloatArray, *, step_seconds: float) -> Self:
        """Learn from the rows at work.

        Parameters
        ----------
        values : ndarray, shape (signals, n)
            Rows at work, one behind the other; whatever was between two of them.

        Raises
        ------
        NotEvaluated
            If the machine was at work for less than a day, or no signal is known for most of it.
        """
        hour = max(1, round(HOUR_SECONDS / step_seconds))
        if values.shape[1] < _LEAST_HOURS * hour:
            raise NotEvaluated(Why.NOT_TRAINED, f"{values.shape[1] * step_seconds / HOUR_SECONDS:.0f} h at work")
        kept = (~np.isnan(values)).mean(axis=1) >= _LEAST_SHARE
        if not kept.any():
            raise NotEvaluated(Why.NOT_TRAINED, "no signal is there throughout")
        rows = values[kept]
        bent = bends(rows)
        hours = values.shape[1] // hour
        hourly = noise(bent[:, : hours * hour].reshape(len(rows), hours, hour))
        usual = np.nanmedian(hourly, axis=1)
        least = np.maximum(1.5 * np.nanquantile(np.abs(bent), 0.999, axis=1), 8 * usual)
        spikes = is_spike(rows, bent, least[:, None])
        blocks = hours // SPIKE_HOURS
        counts = spikes[:, : blocks * SPIKE_HOURS * hour].reshape(len(rows), blocks, SPIKE_HOURS * hour).sum(axis=2)
        return cls(
            signals=tuple(np.asarray(signals)[kept].tolist()),
            lowest=np.nanmin(rows, axis=1),
            highest=np.nanmax(rows, axis=1),
            usual_size=np.nanmedian(np.abs(rows), axis=1),
            longest_standstill_seconds=standstill(rows).max(axis=1, initial=0) * step_seconds,
            noise_highest=np.nanmax(hourly, axis=1),
            noise_usual=usual,
            spike_least=least,
            most_spikes=counts.max(axis=1, initial=0).astype(float),
        )

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {
            name: list(of) if isinstance(of, tuple) else of.tolist() for name in self.__slots__ for of in [getattr(self, name)]
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        arrays: dict[str, Any] = {name: np.array(of, float) for name, of in model.items() if name != "signals"}
        return cls(signals=tuple(model["signals"]), **arrays)


@cache
def possible_range(kind: str, name: str) -> tuple[float, float]:
    """Give what a signal can be at all, from the kind's normal range and alarm limits; infinite where it has none."""
    return _possible(load_kind(kind).signals[name])


def possible_ranges(kind: str, names: Sequence[str]) -> npt.NDArray[np.float64]:
    """Give the same of several signals, shape (signals, 2)."""
    return np.array([possible_range(kind, name) for name in names], float).reshape(-1, 2)


def _possible(signal: Signal) -> tuple[float, float]:
    if signal.normal is None:
        return -np.inf, np.inf
    numbers = [*signal.normal, *(alarm.value for alarm in signal.alarms)]
    low, high = min(numbers), max(numbers)
    span = high - low
    if signal.unit in _TEMPERATURES:
        return max(low - _BELOW * span, -273.15), high + _ABOVE * span
    return (-_NEGATIVE * span if low >= 0 else low - _BELOW * span), high + _ABOVE * span
