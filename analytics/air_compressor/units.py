"""A compressor as the dispatch sees it, learned from what it did: capacity, and power over flow."""

import numpy as np

from analytics.air_compressor.dispatch import Unit
from analytics.air_compressor.residuals import fully_loaded
from analytics.baselines.steady import runs_since
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray, Window

_LEAST_SECONDS = 1800
_SETTLED_SECONDS = 60.0
_NEVER_IDLED_SHARE = 0.25
"""Idle power of a machine that was not seen idling: the low end of the published range (US DOE), which promises least."""
_FIXED_SPEED_RANGE = 0.85
"""A machine whose speed never falls below this share of its largest has a fixed speed."""


def learned_unit(window: Window, *, start_minutes: float) -> Unit:
    """Fit a machine's two lines to a window.

    Parameters
    ----------
    start_minutes : float
        What a start costs, in minutes of full power.

    Raises
    ------
    NotEvaluated
        If it was loaded for less than half an hour, or its figures make no sense.
    """
    power, flow, speed = window["active_power"], window["free_air_delivery"], window["speed_percent"]
    with np.errstate(invalid="ignore"):
        rows = fully_loaded(window) & (power > 0) & (flow > 0)
    if np.count_nonzero(rows) * window.step_seconds < _LEAST_SECONDS:
        raise NotEvaluated(Why.NOT_RUNNING, "loaded for less than half an hour")
    capacity = _rated_flow(window, flow, rows)
    idle = _idle_power(window, power)
    turning = speed[rows & ~np.isnan(speed)]
    if not len(turning) or turning.min() > _FIXED_SPEED_RANGE * turning.max():
        capacity = float(np.median(flow[rows]))
        full = float(np.median(power[rows]))
        idle = _NEVER_IDLED_SHARE * full if np.isnan(idle) else idle
        unit = Unit(capacity, capacity, idle, full, full, full * start_minutes / 60)
    else:
        slope, intercept = np.polyfit(flow[rows], power[rows], 1)
        knee = float(np.quantile(flow[rows], 0.02))
        low, full = (float(intercept + slope * at) for at in (knee, capacity))
        idle = min(_NEVER_IDLED_SHARE * full, low) if np.isnan(idle) else idle
        unit = Unit(capacity, knee, idle, low, full, full * start_minutes / 60)
    if not (0 < unit.unloaded_kw <= unit.knee_kw <= unit.full_kw and 0 < unit.knee_flow <= unit.capacity):
        raise NotEvaluated(Why.BAD_INPUT, "power does not grow with the flow")
    return unit


def _rated_flow(window: Window, flow: FloatArray, rows: Flags) -> float:
    percent = window["volume_flow_percent"]
    with np.errstate(invalid="ignore"):
        known = rows & (percent > 20)
    seen = float(np.quantile(flow[rows], 0.995))
    return max(float(np.median(100 * flow[known] / percent[known])), seen) if known.any() else seen


def _idle_power(window: Window, power: FloatArray) -> float:
    idle = window.state_is("idle")
    settled = idle & (runs_since(idle) * window.step_seconds > _SETTLED_SECONDS) & ~np.isnan(power)
    rows = settled if settled.any() else idle & ~np.isnan(power)
    return float(np.median(power[rows])) if rows.any() else float("nan")
