"""What a motor's quantities are while it is healthy, and how far those of a window are from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.baselines.load_baseline import LoadBaseline
from analytics.motor.quantities import BLOCK_SECONDS, Blocks, features_of
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

RECENT_SECONDS = 6 * 3600.0
"""Judged are so many hours at work, the newest of the window."""
LEAST_SECONDS = 3600.0
RECENT_BLOCKS, _LEAST_BLOCKS = int(RECENT_SECONDS / BLOCK_SECONDS), int(LEAST_SECONDS / BLOCK_SECONDS)
_WEEK_HOURS = 168
_LEAST_HOURS_COMPARED = 4
_FLOORS = {
    "slip": 0.3,
    "current": 1.5,
    "insulation": 0.15,
    "current_swing": 1.0,
    "current_negative": 0.5,
    "distortion": 0.1,
    "velocity": 0.01,
    "swing": 0.02,
    "acceleration": 0.1,
    "shock": 0.1,
    "bearing_rise": 0.5,
    "winding_rise": 1.0,
    "winding_spread": 0.5,
    "air_rise": 0.4,
    "torque": 0.01,
}
"""Smallest spreads that count, in the targets' units: what common sensors cannot tell apart, and errors of the baseline."""


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How far one quantity has moved."""

    mean: float
    """Of the residual over the recent blocks, in the quantity's unit."""
    expected: float
    score: float
    """In spreads of healthy stretches."""
    residual: FloatArray
    """Of every block of the window."""

    @property
    def ratio(self) -> float:
        """Measured over expected."""
        return 1 + self.mean / self.expected if self.expected > 0 else float("nan")


@dataclass(frozen=True, kw_only=True)
class Torque:
    """Torque against that of the same hours of the week (motor on the mains), or at the same speed (fed by a drive)."""

    ratio: float
    busiest: float
    """Share of the rated torque at the busiest hours of the training, at full speed, times the ratio."""
    expected: FloatArray
    """Of each block, share of the rated torque."""


def learn(blocks: Blocks) -> dict[str, Any]:
    """Make a model of healthy blocks: a baseline for each quantity over load and speed.

    Raises
    ------
    NotEvaluated
        If there are too few blocks at work.
    """
    baselines: dict[str, Any] = {}
    for name, values in blocks.targets.items():
        try:
            fitted = LoadBaseline.fit(blocks.features[features_of(name)], {name: values}, stretch_steps=RECENT_BLOCKS)
        except NotEvaluated:
            continue  # a sensor that hardly ever spoke: its faults are not seen, the others' are
        baselines[name] = fitted.to_model()
    if not baselines:
        raise NotEvaluated(Why.NOT_TRAINED, f"{int((~np.isnan(blocks.load)).sum())} blocks at work")
    by_speed, at_full_speed = None, blocks.load
    if blocks.is_fed_by_drive:
        by_speed = LoadBaseline.fit({"speed": blocks.speed}, {"torque": blocks.load}, stretch_steps=RECENT_BLOCKS).to_model()
        # What the driven machine would ask for at full speed (affinity law of pumps and fans).
        at_full_speed = blocks.load / blocks.speed**2
    return {
        "baselines": baselines,
        "torque_by_speed": by_speed,
        "torque_by_hour": _by_hour(blocks),
        "busiest": float(np.nanquantile(at_full_speed, 0.95)),
        "voltage_unbalance": _median(blocks.voltage_unbalance),
    }


def shifts_of(blocks: Blocks, model: Mapping[str, Any]) -> dict[str, Shift]:
    """Hold the recent blocks of a window against the model; quantities with less than an hour to judge are left out."""
    found = {}
    for name, plain in model["baselines"].items():
        if name not in blocks.targets:
            continue
        baseline = LoadBaseline.from_model(plain)
        features = blocks.features[features_of(name)]
        expected = baseline.expected(features)[name]
        residual = blocks.targets[name] - expected
        recent = _recent(residual)
        if len(recent) < _LEAST_BLOCKS:
            continue
        mean = float(residual[recent].mean())
        floor = _FLOORS.get(name) or next(size for known, size in _FLOORS.items() if name.startswith(f"{known}_"))
        score = mean / max(baseline.spreads[0].stretch, floor)
        found[name] = Shift(mean=mean, expected=float(expected[recent].mean()), score=score, residual=residual)
    return found


def torque_of(blocks: Blocks, model: Mapping[str, Any]) -> Torque | None:
    """Compare the torque with that of the training; None where there is too little to compare."""
    if model["torque_by_speed"] is not None:
        baseline = LoadBaseline.from_model(model["torque_by_speed"])
        expected = baseline.expected({"speed": blocks.speed})["torque"]
        recent = _recent(blocks.load - expected)
        if len(recent) < _LEAST_HOURS_COMPARED * 3600 / BLOCK_SECONDS:
            return None
        ratio = float(blocks.load[recent].sum() / expected[recent].sum())
        return Torque(ratio=ratio, busiest=ratio * model["busiest"], expected=expected)
    expected = np.array([np.nan if mean is None else mean for mean in model["torque_by_hour"]])[_hour_of_week(blocks.times_us)]
    both = ~np.isnan(blocks.load) & ~np.isnan(expected)
    if both.sum() < _LEAST_HOURS_COMPARED * 3600 / BLOCK_SECONDS:
        return None
    # Of the whole window, because a single shift may be busier than a week ago.
    newest = np.flatnonzero(both)[-2 * RECENT_BLOCKS :]
    ratio = float(blocks.load[newest].sum() / expected[newest].sum())
    return Torque(ratio=ratio, busiest=ratio * model["busiest"], expected=expected)


def recent_voltage_unbalance(blocks: Blocks) -> float | None:
    """Mean of the recent blocks at work; None of less than an hour. [%]"""
    recent = _recent(blocks.voltage_unbalance)
    return float(blocks.voltage_unbalance[recent].mean()) if len(recent) >= _LEAST_BLOCKS else None


def since_us(blocks: Blocks, residual: FloatArray, mean: float) -> int:
    """Give when a residual left what is usual for good: the block after the last that was nearer to nought than to its mean."""
    known = np.flatnonzero(~np.isnan(residual))
    inside = known[residual[known] * np.sign(mean) < abs(mean) / 2]
    # Of a few blocks that fall back by chance the start must not be taken, so half an hour in a row counts.
    runs = inside[2:][(np.searchsorted(known, inside[2:]) - np.searchsorted(known, inside[:-2])) == 2]
    first = known[0] if len(runs) == 0 else known[min(np.searchsorted(known, runs[-1]) + 1, len(known) - 1)]
    return int(blocks.times_us[first])


def _recent(residual: FloatArray) -> npt.NDArray[np.intp]:
    return np.flatnonzero(~np.isnan(residual))[-RECENT_BLOCKS:]


def _hour_of_week(times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Any week will do, so that it needs no time zone."""
    return times_us // 3_600_000_000 % _WEEK_HOURS


def _by_hour(blocks: Blocks) -> list[float | None]:
    hours, known = _hour_of_week(blocks.times_us), ~np.isnan(blocks.load)
    count = np.bincount(hours[known], minlength=_WEEK_HOURS)
    total = np.bincount(hours[known], weights=blocks.load[known], minlength=_WEEK_HOURS)
    return [float(sum_ / number) if number >= 3 else None for sum_, number in zip(total, count, strict=True)]


def _median(values: FloatArray) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None
