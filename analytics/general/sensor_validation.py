"""Sensors that cannot be right: one that stands still, gives nothing, jumps, is noisy, or reads what no machine does."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field

from analytics.detection.sensor_checks import bends, is_outside, is_spike, noise, standstill
from analytics.evidence import inputs, series
from analytics.general.at_work import is_at_work, measured_signals
from analytics.general.sensor_limits import HOUR_SECONDS, SPIKE_HOURS, Habits, possible_ranges
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Output, Spec, Training, label
from analytics.window import Flags, FloatArray, Window
from device_profiles.kind import load_kind
from telemetry.settings import Settings

_OUTSIDE_SECONDS = 600.0
_ASSESSABLE_SHARE = 0.125
"""A signal that has stood still for longer than this share of the window while right is not judged by it."""
_NOISE_HOURS = 2
_STIRRED = 1.25
"""Another signal that is noisier than ever by this factor says that it is the machine, not the sensor."""
_MOST_STUCK_SHARE = 0.5
"""More that stand still together are a gateway's or controller's doing."""
_SPIKE_NOISES = 8.0
"""A spike is higher than so many deviations of the noise of the same hours."""
_WHITE = 0.3
"""Neighbouring bends of white noise correlate by -2/3; what lies further off swings rather than being noisy."""


class Parameters(Settings):
    """How sure a sensor's fault must be."""

    standstill_minutes: float = Field(default=30.0, gt=0)
    """So long a value is exactly the same, at least."""
    standstill_times: float = Field(default=10.0, ge=1)
    """So many times the longest standstill of the days that were learned from."""
    noise_times: float = Field(default=2.5, gt=1)
    """So many times the noisiest hour of those days."""
    least_spikes: int = Field(default=5, ge=1)
    """In twelve hours at work."""


SPEC = Spec(
    name="sensor_validation",
    label=label("传感器校验", "Sensor validation"),
    kinds=(),
    inputs=(),
    outputs=(
        Output("sensors_checked", "1", label("已校验传感器数", "Sensors checked")),
        Output("sensors_faulty", "1", label("故障传感器数", "Sensors at fault")),
    ),
    faults=(
        Fault(
            "sensor_fault",
            label("传感器故障", "Sensor fault"),
            label("检查该传感器、接线和变送器", "Check this sensor, its wiring and its transmitter"),
            "medium",
            "standstill > max(30 min, 10 · longest); value ∉ [low - 2R, high + 3R]; no value for 1 h; "
            "σ (2 h) > 2.5 · σ_max of this signal alone; spikes (12 h) ≥ max(5, 3 · (most + 1))",
        ),
    ),
    parameters=Parameters,
    training=Training(days=7),
    source="ISO 13379-1:2012, 6 (quality of the data); NAMUR NE 107 (failure, out of specification)",
    validity=label(
        "只在运行状态判断；学习期内长时间不变或常缺值的信号不判断；偏移和漂移要靠冗余或平衡才能发现。",
        "Judged at work only; signals that stood still or were often missing while learning are not judged; an offset or a "
        "drift shows only against a second sensor or a balance.",
    ),
)


class _Verdict(NamedTuple):
    """Why a sensor is wrong, as a word and with the numbers that say so."""

    how: str
    rows: tuple[tuple[str, float, str], ...]
    since_row: int


def train(history: Window, parameters: Parameters) -> dict[str, Any]:  # noqa: ARG001 - the contract
    """Learn how long each signal stands still, how noisy it is and how often it spikes."""
    names = measured_signals(history.kind)
    rows = np.flatnonzero(is_at_work(history))
    return Habits.of(names, _columns(history, names)[:, rows], step_seconds=history.step_seconds).to_model()


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    """Judge every sensor by the newest hours at work.

    Raises
    ------
    NotEvaluated
        If the machine has been at work for less than two hours of the window, or all signals stand still together.
    """
    habits = Habits.from_model(model)
    rows = np.flatnonzero(is_at_work(window))
    hour = window.steps(HOUR_SECONDS)
    if len(rows) < _NOISE_HOURS * hour:
        raise NotEvaluated(Why.NOT_RUNNING, f"{len(rows) * window.step_seconds / HOUR_SECONDS:.1f} h")
    values = _columns(window, habits.signals)[:, rows]
    verdicts: dict[int, _Verdict] = {}
    for check in (_spiking, _noisy, _stuck, _dead, _outside):
        verdicts |= check(window, values, habits, parameters)
    findings = [
        _found(window, habits.signals[index], verdict, int(rows[verdict.since_row]))
        for index, verdict in sorted(verdicts.items())
    ]
    return Result(
        [
            Figure(name="sensors_checked", value=float(len(habits.signals))),
            Figure(name="sensors_faulty", value=float(len(findings))),
        ],
        findings,
    )


def _stuck(window: Window, values: FloatArray, habits: Habits, parameters: Parameters) -> dict[int, _Verdict]:
    longest = habits.longest_standstill_seconds
    least = np.maximum(60 * parameters.standstill_minutes, parameters.standstill_times * longest)
    lasts = standstill(values)[:, -1]
    assessable = longest <= _ASSESSABLE_SHARE * len(window) * window.step_seconds
    # A signal may stand still at the end of its range, a valve that is open or air that is saturated: nothing lies beyond it.
    known = np.column_stack([habits.lowest, habits.highest, values])
    within = (values[:, -1] > np.nanmin(known, axis=1)) & (values[:, -1] < np.nanmax(known, axis=1))
    stuck = assessable & within & (lasts * window.step_seconds >= least)
    if stuck.sum() > max(1, _MOST_STUCK_SHARE * assessable.sum()):
        raise NotEvaluated(Why.BAD_INPUT, "all signals stand still")
    return {
        int(index): _Verdict(
            "stuck",
            (
                ("value", float(values[index, -1]), ""),
                ("standstill", float(lasts[index] * window.step_seconds / 60), "min"),
                ("limit", float(least[index] / 60), "min"),
            ),
            int(values.shape[1] - 1 - lasts[index]),
        )
        for index in np.flatnonzero(stuck)
    }


def _dead(window: Window, values: FloatArray, habits: Habits, parameters: Parameters) -> dict[int, _Verdict]:  # noqa: ARG001
    missing = np.isnan(values)
    gone: Flags = np.all(missing[:, -window.steps(HOUR_SECONDS) :], axis=1)
    if gone.sum() > _MOST_STUCK_SHARE * len(gone):
        raise NotEvaluated(Why.MISSING_INPUT, "most signals")
    last = values.shape[1] - 1 - np.argmin(missing[:, ::-1], axis=1)
    since = np.where(missing.all(axis=1), 0, np.minimum(last + 1, values.shape[1] - 1))
    return {
        int(index): _Verdict(
            "no_value",
            (("missing", float((values.shape[1] - since[index]) * window.step_seconds / HOUR_SECONDS), "h"),),
            int(since[index]),
        )
        for index in np.flatnonzero(gone)
    }


def _outside(window: Window, values: FloatArray, habits: Habits, parameters: Parameters) -> dict[int, _Verdict]:  # noqa: ARG001
    low, high = possible_ranges(window.kind, habits.signals).T
    outside = is_outside(values, low[:, None], high[:, None])
    steps = window.steps(_OUTSIDE_SECONDS)
    lasting = outside[:, -steps:].all(axis=1)
    return {
        int(index): _Verdict(
            "impossible",
            (
                ("value", float(values[index, -1]), ""),
                ("lowest_possible", float(low[index]), ""),
                ("highest_possible", float(high[index]), ""),
            ),
            _since(outside[index]),
        )
        for index in np.flatnonzero(lasting)
    }


def _noisy(window: Window, values: FloatArray, habits: Habits, parameters: Parameters) -> dict[int, _Verdict]:
    hour = window.steps(HOUR_SECONDS)
    newest = bends(values[:, -_NOISE_HOURS * hour :])
    hourly = noise(newest.reshape(len(values), _NOISE_HOURS, hour))
    # Of many sensors the noise grows with the reading; and one without any while learning has no scale of its own.
    size = _median_size(values[:, -_NOISE_HOURS * hour :])
    grown = np.divide(size, habits.usual_size, out=np.ones(len(size)), where=habits.usual_size > 0)
    usual = habits.noise_highest * np.maximum(1.0, grown)
    limit = parameters.noise_times * usual
    least = hourly.min(axis=1)
    noisy = (least > limit) & (habits.noise_usual > 0) & (np.abs(_neighbours(newest) + 2 / 3) < _WHITE)
    if ((least > _STIRRED * habits.noise_highest) & (habits.noise_usual > 0)).sum() > 1:
        return {}
    return {
        int(index): _Verdict(
            "noisy",
            (("noise", float(hourly[index].min()), ""), ("limit", float(limit[index]), "")),
            values.shape[1] - _NOISE_HOURS * hour,
        )
        for index in np.flatnonzero(noisy)
    }


def _spiking(window: Window, values: FloatArray, habits: Habits, parameters: Parameters) -> dict[int, _Verdict]:
    newest = values[:, -SPIKE_HOURS * window.steps(HOUR_SECONDS) :]
    bent = bends(newest)
    # Where the machine has grown rough, what stands out of it is high; what several sensors see is no sensor's doing.
    least = np.fmax(habits.spike_least, _SPIKE_NOISES * noise(bent))
    spikes = is_spike(newest, bent, least[:, None])
    spikes[habits.spike_least <= 0] = False  # it stood still throughout the training: its noise is not known
    spikes &= spikes.sum(axis=0) == 1
    counts = spikes.sum(axis=1)
    limit = np.maximum(parameters.least_spikes, 3 * (habits.most_spikes + 1))
    return {
        int(index): _Verdict(
            "spikes",
            (
                ("spikes", float(counts[index]), ""),
                ("limit", float(limit[index]), ""),
                ("height", float(least[index]), ""),
            ),
            int(values.shape[1] - newest.shape[1] + spikes[index].argmax()),
        )
        for index in np.flatnonzero(counts >= limit)
    }


def _found(window: Window, name: str, verdict: _Verdict, since_row: int) -> Found:
    signal = load_kind(window.kind).signals[name]
    rows = [(row, value, unit or (signal.unit if row not in ("spikes", "limit") or verdict.how == "noisy" else "1"))
            for row, value, unit in verdict.rows]  # fmt: skip
    return Found(
        code="sensor_fault",
        part=name,
        since_us=int(window.times_us[since_row]),
        confidence=0.9 if verdict.how in ("stuck", "no_value", "impossible") else 0.8,
        evidence=[
            inputs([(f"{verdict.how}: {row}", value, unit) for row, value, unit in rows]),
            series(signal.label, signal.unit, window.times_us, {name: window[name]}),
        ],
    )


def _neighbours(bent: FloatArray) -> FloatArray:
    """Correlation of each bend with the next one, robust enough by clipping; NaN where nothing is known."""
    known = np.nan_to_num(bent)
    spread = np.square(known).sum(axis=1)
    product = (known[:, 1:] * known[:, :-1]).sum(axis=1)
    correlation: FloatArray = np.divide(product, spread, out=np.full(len(bent), np.nan), where=spread > 0)
    return correlation


def _median_size(values: FloatArray) -> FloatArray:
    """Give the median of each signal without its sign; 0 where nothing is known."""
    size = np.zeros(len(values))
    known = ~np.isnan(values).all(axis=1)
    size[known] = np.nanmedian(np.abs(values[known]), axis=1)
    return size


def _since(flags: Flags) -> int:
    """Give the row at which a run of flags that lasts to the end began."""
    back = flags[::-1]
    return int(len(flags) - (len(flags) if back.all() else back.argmin()))


def _columns(window: Window, names: tuple[str, ...]) -> FloatArray:
    return np.array([window[name] for name in names], float).reshape(len(names), len(window))
