"""An I-V curve brought to other light and temperature, so that curves of different days can be held side by side."""

from typing import NamedTuple

import numpy as np

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

_FURTHEST = 0.3
"""Share by which the irradiances may differ; usual guidance for procedure 1, not read in the standard itself."""
_LEAST_LIGHT_W_M2 = 100.0


class Coefficients(NamedTuple):
    """Of the device that was measured: a module, or a string as a whole."""

    current_a_per_k: float
    """alpha, of the short-circuit current."""
    voltage_v_per_k: float
    """beta, of the open-circuit voltage; negative."""
    series_ohm: float
    curve_correction_ohm_per_k: float = 0.0
    """kappa."""


class Curve(NamedTuple):
    """Arrays of shape (n,), voltage rising. [V, A]"""

    voltage_v: FloatArray
    current_a: FloatArray


def translated(
    curve: Curve,
    coefficients: Coefficients,
    *,
    light_w_m2: float,
    celsius: float,
    to_light_w_m2: float = 1000.0,
    to_celsius: float = 25.0,
) -> Curve:
    """Correct a measured curve after procedure 1.

    ``I2 = I1 + I_sc1 (G2/G1 - 1) + alpha (T2 - T1)``, ``V2 = V1 - R_s (I2 - I1) - kappa I2 (T2 - T1) + beta (T2 - T1)``.

    Raises
    ------
    NotEvaluated
        If the irradiances differ by more than 30 %, or the first is below 100 W/m²: then the single-diode way is left
        (`analytics.pv_inverter.single_diode`).

    References
    ----------
    IEC 60891:2021, procedure 1.
    """
    if not light_w_m2 >= _LEAST_LIGHT_W_M2:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"{light_w_m2:.0f} W/m²")
    ratio = to_light_w_m2 / light_w_m2
    if not 1 - _FURTHEST <= ratio <= 1 + _FURTHEST:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"G2/G1 = {ratio:.2f}")
    warmer = to_celsius - celsius
    if not np.isfinite(warmer):
        raise NotEvaluated(Why.MISSING_INPUT, "module_temperature")
    shift = short_circuit_a(curve) * (ratio - 1) + coefficients.current_a_per_k * warmer
    current = curve.current_a + shift
    voltage = (
        curve.voltage_v
        - coefficients.series_ohm * shift
        - coefficients.curve_correction_ohm_per_k * current * warmer
        + coefficients.voltage_v_per_k * warmer
    )
    return Curve(voltage, current)


def short_circuit_a(curve: Curve) -> float:
    """Take the current at zero volt from the line through the points nearest to it.

    Raises
    ------
    NotEvaluated
        If the curve does not come near to short circuit, or is no curve.
    """
    known = np.isfinite(curve.voltage_v) & np.isfinite(curve.current_a)
    voltage, current = curve.voltage_v[known], curve.current_a[known]
    if len(voltage) < 10 or (np.diff(voltage) < 0).any():
        raise NotEvaluated(Why.BAD_INPUT, "a curve of ten points with rising voltage is needed")
    near = voltage <= voltage[0] + 0.15 * (voltage[-1] - voltage[0])
    if voltage[0] > 0.15 * voltage[-1] or np.count_nonzero(near) < 2 or np.ptp(voltage[near]) <= 0:
        raise NotEvaluated(Why.WEAK_RECORDING, "the scan does not reach short circuit")
    slope, at_zero = np.polyfit(voltage[near], current[near], 1)
    del slope
    return float(at_zero)
