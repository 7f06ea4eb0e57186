"""What an I-V curve shows of a module or string: its corner values, the slopes at both ends, and the steps of bypassed cells."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from analytics.pv_inverter.translation import Curve, short_circuit_a
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

Sign = Literal["sound", "current_low", "voltage_low", "series_resistance_high", "shunt_resistance_low", "mismatch_steps"]

_POINTS = 200
_LAST_SHARE = 0.3
"""A curve that was brought to more light ends above zero current; the rest is a straight line, nearly."""
_STEP_SHARE = 0.02
"""Smallest fall of the current, as a share of short circuit, that counts as a step: noise of a tracer is some 0.5 %."""
_CURRENT_SHARE, _VOLTAGE_SHARE = 0.03, 0.01
"""From here on a corner value is low: half a bypass diode of a short string, and the light meter's error."""
_SERIES_SHARE, _SHUNT_SHARE = 0.3, 0.5


class Reading(NamedTuple):
    """Of one curve."""

    open_circuit_v: float
    short_circuit_a: float
    best_v: float
    best_a: float
    fill_factor: float
    slope_at_short_circuit_s: float
    """``-dI/dV``: the conductance of the shunts."""
    slope_at_open_circuit_ohm: float
    """``-dV/dI``: series resistance, and the diode's own."""
    steps: int
    """How often the current falls away and levels out again before the knee."""


def read_curve(curve: Curve) -> Reading:
    """Read the figures of a curve that runs from near short circuit to open circuit.

    Parameters
    ----------
    curve : Curve
        Voltage rising, shape (n,). Bring it to one light and temperature first (`analytics.pv_inverter.translation`). [V, A]

    Raises
    ------
    NotEvaluated
        If the scan reaches neither short circuit nor open circuit, or is no curve.

    References
    ----------
    IEC 62446-1:2016, annex D, shapes of I-V curves.
    """
    short_a = short_circuit_a(curve)
    known = np.isfinite(curve.voltage_v) & np.isfinite(curve.current_a)
    voltage, current = curve.voltage_v[known], curve.current_a[known]
    if not short_a > 0 or current[-1] > _LAST_SHARE * short_a:
        raise NotEvaluated(Why.WEAK_RECORDING, "the scan does not reach open circuit")
    last = current <= current[-1] + 0.15 * short_a
    if np.count_nonzero(last) < 2 or np.ptp(current[last]) <= 0:
        last = np.arange(len(current)) >= len(current) - 3
    ohm, open_v = np.polyfit(current[last], voltage[last], 1)
    best = int(np.argmax(voltage * current))
    flat = voltage <= 0.15 * open_v
    conductance = -float(np.polyfit(voltage[flat], current[flat], 1)[0])
    return Reading(
        open_circuit_v=float(open_v),
        short_circuit_a=short_a,
        best_v=float(voltage[best]),
        best_a=float(current[best]),
        fill_factor=float(voltage[best] * current[best] / (open_v * short_a)),
        slope_at_short_circuit_s=conductance,
        slope_at_open_circuit_ohm=-float(ohm),
        steps=_steps(voltage / open_v, current / short_a),
    )


def signs_of(reading: Reading, expected: Reading, *, diodes: int = 0) -> list[tuple[Sign, float]]:
    """Say what sets a curve apart from what the sheet, a peer or its own first scan gives at the same light and temperature.

    Parameters
    ----------
    diodes : int
        Bypass diodes of the device, 3 for each module of a string: a low voltage is then counted in diodes, and half of one is
        low; 0 where it is not known.

    Returns
    -------
    list of (sign, size)
        The largest first, each in multiples of what is let pass: ``current_low`` (dirt, even shade, light meter), ``voltage_low``
        (bypass diode or cell shorted, module missing, wrong temperature), ``series_resistance_high`` (connector, solder joint),
        ``shunt_resistance_low`` (PID, crack), ``mismatch_steps`` (partial shade, crack); ``sound`` where there is none.
    """
    volt_share = min(_VOLTAGE_SHARE, 0.5 / diodes) if diodes else _VOLTAGE_SHARE
    shunt_limit = max(_SHUNT_SHARE * expected.slope_at_short_circuit_s, 0.1 * expected.short_circuit_a / expected.open_circuit_v)
    sizes: dict[Sign, float] = {
        "current_low": (1 - reading.short_circuit_a / expected.short_circuit_a) / _CURRENT_SHARE,
        "voltage_low": (1 - reading.open_circuit_v / expected.open_circuit_v) / volt_share,
        "series_resistance_high": (reading.slope_at_open_circuit_ohm / expected.slope_at_open_circuit_ohm - 1) / _SERIES_SHARE,
        "shunt_resistance_low": (reading.slope_at_short_circuit_s - expected.slope_at_short_circuit_s) / shunt_limit,
        "mismatch_steps": float(max(reading.steps - expected.steps, 0)),
    }
    if sizes["mismatch_steps"] >= 1:  # a step near short circuit is no leak
        sizes["shunt_resistance_low"] = 0.0
    found = sorted(((sign, float(size)) for sign, size in sizes.items() if size >= 1), key=lambda one: -one[1])
    return found or [("sound", 0.0)]


def expected_reading(curves: Sequence[Curve]) -> Reading:
    """Give the median of peers' readings, curves of like strings at one light and temperature.

    Raises
    ------
    NotEvaluated
        If there are fewer than three peers.
    """
    if len(curves) < 3:
        raise NotEvaluated(Why.MISSING_INPUT, f"{len(curves)} peers, three are needed")
    readings = np.array([read_curve(one) for one in curves], float)
    open_v, short_a, best_v, best_a, factor, conductance, ohm, steps = np.median(readings, axis=0).tolist()
    return Reading(open_v, short_a, best_v, best_a, factor, conductance, ohm, int(steps))


def _steps(voltage: FloatArray, current: FloatArray) -> int:
    """Count stretches in which a curve scaled to 1 falls more steeply than it does after them.

    A sound curve is concave: its chord slopes only grow. What lies below the smallest concave curve over it is a step.
    """
    grid = np.linspace(max(float(voltage[0]), 0.0), 1.0, _POINTS)
    even = np.interp(grid, voltage, current)
    hollow = _concave_hull(grid, even) - even > _STEP_SHARE
    begins = np.flatnonzero(np.diff(hollow.astype(int), prepend=0) == 1)
    return len(begins)


def _concave_hull(x: FloatArray, y: FloatArray) -> FloatArray:
    kept: list[int] = []
    for index in range(len(x)):  # two hundred points: the usual scan of a convex hull
        while len(kept) >= 2:
            first, second = kept[-2], kept[-1]
            if (y[second] - y[first]) * (x[index] - x[first]) > (y[index] - y[first]) * (x[second] - x[first]):
                break
            kept.pop()
        kept.append(index)
    return np.interp(x, x[kept], y[kept])
