"""How much of its rated power a motor gives, by three methods, each with its accuracy; the most accurate one counts.

A shaft's power is hardly ever measured. What is: input power (good, if the efficiency is known), slip (the nameplate rounds it),
and current (which hardly falls below half load, because the magnetising part stays).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

NAMEPLATE_SLIP_ACCURACY = 0.10
"""Relative, 95 %: rounding of the nameplate's speed to 5 rpm and manufacturing (IEC 60034-1 even allows 20 % of the slip)."""
LEAST_LOAD_BY_CURRENT = 0.5
"""Below it the current says little of the load."""
_CURRENT_ACCURACY_AT_RATED, _CURRENT_ACCURACY_AT_HALF = 0.05, 0.25
_METER_ACCURACY = 0.01
_EFFICIENCY_ACCURACY = 0.02
"""Relative: the efficiency at part load is not the rated one."""


class LoadEstimate(NamedTuple):
    """Share of the rated output power, with half widths of the 95 % interval in the same share."""

    method: str
    load: FloatArray
    half_width: FloatArray


def synchronous_rpm(*, frequency_hz: npt.ArrayLike, pole_pairs: int) -> FloatArray:
    """Speed of the rotating field. [rpm]"""
    speed: FloatArray = 60 * np.asarray(frequency_hz, float) / pole_pairs
    return speed


def pole_pairs_of(*, rated_rpm: float, rated_hz: float = 50.0) -> int:
    """Give the pole pairs that a rated speed tells: the field turns at the next synchronous speed above it.

    Raises
    ------
    ValueError
        If the speed is not that of an induction motor: not positive, at or above the synchronous speed of two poles, or with a
        slip of more than a quarter.
    """
    if not 0 < rated_rpm < 60 * rated_hz:
        raise ValueError(f"{rated_rpm:g} rpm is no rated speed of an induction motor at {rated_hz:g} Hz")
    # A speed that is synchronous itself (1500) would belong to the field above it, with an absurd slip.
    pairs = int(60 * rated_hz // rated_rpm)
    slip = 1 - rated_rpm * pairs / (60 * rated_hz)
    if not 0 < slip < 0.25:
        raise ValueError(f"{rated_rpm:g} rpm at {rated_hz:g} Hz would be a slip of {slip:.0%}")
    return pairs


def load_by_input_power(*, input_kw: npt.ArrayLike, rated_kw: float, rated_efficiency_percent: float) -> LoadEstimate:
    """Load from the electric power at the motor's terminals: the best of the three.

    Notes
    -----
    The rated efficiency stands for that of the moment. Losses that stay at part load make the estimate too high there: by about
    2 % of the load at half load, and more below, which the half width tells.

    References
    ----------
    U.S. DOE, Motor Challenge fact sheet "Determining electric motor load and efficiency": ``P1 · η_N / P_N``.
    """
    load: FloatArray = np.asarray(input_kw, float) * (rated_efficiency_percent / 100) / rated_kw
    # Half of the losses, at rated load, stay when the load falls: their share of the small load grows.
    staying = 0.5 * (1 - rated_efficiency_percent / 100)
    wide: FloatArray = np.hypot((_METER_ACCURACY + _EFFICIENCY_ACCURACY) * load, staying * np.clip(1 - load, 0, None))
    return LoadEstimate("input_power", load, wide)


def load_by_slip(
    *,
    rpm: npt.ArrayLike,
    synchronous_rpm: npt.ArrayLike,
    rated_rpm: float,
    rated_synchronous_rpm: float,
    voltage_ratio: npt.ArrayLike = 1.0,
    rpm_accuracy: float = 1.0,
    frequency_accuracy_hz: float = 0.05,
    pole_pairs: int = 2,
) -> LoadEstimate:
    """Load from the slip, corrected for the voltage: only where nothing better is known.

    Parameters
    ----------
    rpm, synchronous_rpm : array_like
        Of the rotor and of the field. [rpm]
    voltage_ratio : array_like
        Rated voltage over the measured one, to be squared.
    rpm_accuracy, frequency_accuracy_hz : float
        Of the measurements; 0.05 Hz are 1.5 rpm of a four-pole motor's field.

    References
    ----------
    U.S. DOE, Motor Challenge fact sheet: ``(n_s - n) / [(n_s - n_N)(V_N / V)²]``, where a nameplate within ± 10 % of the true
    slip is taken for granted.
    """
    rated_slip = rated_synchronous_rpm - rated_rpm
    slip: FloatArray = np.subtract(synchronous_rpm, rpm, dtype=float)
    ratio = np.asarray(voltage_ratio, float)
    load: FloatArray = slip / (rated_slip * ratio**2)
    of_speed = np.hypot(rpm_accuracy, 60 * frequency_accuracy_hz / pole_pairs) / (rated_slip * ratio**2)
    wide: FloatArray = np.hypot(NAMEPLATE_SLIP_ACCURACY * load, of_speed)
    return LoadEstimate("slip", load, wide)


def load_by_current(*, current_a: npt.ArrayLike, rated_current_a: float, voltage_ratio: npt.ArrayLike = 1.0) -> LoadEstimate:
    """Load from the current; NaN below half load.

    Parameters
    ----------
    voltage_ratio : array_like
        Measured voltage over the rated one.

    References
    ----------
    U.S. DOE, Motor Challenge fact sheet: ``(I / I_N)(V / V_N)``, above 50 % of the rated load only.
    """
    load: FloatArray = np.asarray(current_a, float) / rated_current_a * np.asarray(voltage_ratio, float)
    with np.errstate(invalid="ignore"):
        load = np.where(load > LEAST_LOAD_BY_CURRENT, load, np.nan)
    # What is magnetising current at half load counts as load: 1 - cos φ is about a quarter there.
    share = np.clip((1 - load) / (1 - LEAST_LOAD_BY_CURRENT), 0, 1)
    wide: FloatArray = load * (_CURRENT_ACCURACY_AT_RATED + share * (_CURRENT_ACCURACY_AT_HALF - _CURRENT_ACCURACY_AT_RATED))
    return LoadEstimate("current", load, wide)


def best_load(estimates: Mapping[str, LoadEstimate]) -> LoadEstimate:
    """Give, of estimates over the same instants, the one with the smallest typical half width.

    Raises
    ------
    ValueError
        If none has a value.
    """
    typical = {
        name: float(np.nanmedian(estimate.half_width))
        for name, estimate in estimates.items()
        if not np.isnan(estimate.half_width).all()
    }
    if not typical:
        raise ValueError("no method gives a load")
    return estimates[min(typical, key=lambda name: typical[name])]
