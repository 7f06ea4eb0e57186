"""Yields and performance ratios of a plant, and its performance day by day."""

from typing import NamedTuple

import numpy as np

from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray

SUNNY_W_M2 = 20.0
"""Below it counts as night, IEC 61724-1."""
MOST_MISSING = 0.1
REFERENCE_W_M2, REFERENCE_CELSIUS = 1000.0, 25.0


class Yields(NamedTuple):
    """Of a stretch of time; a yield is energy over the array's rating."""

    reference_h: float
    """Y_r: hours of 1 kW/m²."""
    array_h: float
    """Y_A: direct-current energy; NaN where it is not measured."""
    final_h: float
    """Y_f: energy delivered."""
    ratio: float
    """PR."""
    ratio_at_25: float
    """PR'_STC: what it would be with modules at 25 °C; NaN where their temperature is not known."""

    @property
    def capture_loss_h(self) -> float:
        """L_C: from the sun to the inverter."""
        return self.reference_h - self.array_h

    @property
    def system_loss_h(self) -> float:
        """L_BOS: from the inverter's inlet to the grid."""
        return self.array_h - self.final_h


def warmth_factor(module_celsius: FloatArray, *, percent_per_k: float) -> FloatArray:
    """C_k: power of modules at their temperature over that at 25 °C."""
    factor: FloatArray = 1 + percent_per_k / 100 * (module_celsius - REFERENCE_CELSIUS)
    return factor


def yields(
    *,
    light_w_m2: FloatArray,
    dc_kw: FloatArray,
    ac_kw: FloatArray,
    module_celsius: FloatArray,
    array_kwp: float,
    percent_per_k: float,
    step_seconds: float,
) -> Yields:
    """Reckon a plant's yields over the steps at which light and delivered power are known.

    Parameters
    ----------
    light_w_m2, dc_kw, ac_kw, module_celsius : ndarray, shape (n,)
        Means over each step; NaN where unknown. [W/m², kW, kW, °C]
    array_kwp : float
        P0, at standard test conditions. [kW]
    percent_per_k : float
        γ, temperature coefficient of the greatest power, negative; NaN where it is not known. [%/K]

    Raises
    ------
    NotEvaluated
        If more than 10 % of the steps are missing, or the sun did not shine.

    References
    ----------
    IEC 61724-1:2021, clauses 13 and 14; GB/T 20513.1-2025.
    """
    _require_rating(array_kwp)
    sunny = is_sunny(light_w_m2)
    missing = np.isnan(light_w_m2) | (sunny & np.isnan(ac_kw))
    share = np.count_nonzero(missing) / max(len(light_w_m2), 1)
    if share > MOST_MISSING:
        raise NotEvaluated(Why.MISSING_INPUT, f"poa_irradiance, active_power ({100 * share:.0f} % missing)")
    counted = sunny & ~missing
    hours = step_seconds / 3600
    reference = float(light_w_m2[counted].sum()) / REFERENCE_W_M2 * hours
    if reference <= 0:
        raise NotEvaluated(Why.NOT_RUNNING, "no sun")
    final = float(ac_kw[counted].sum()) * hours / array_kwp
    dc = dc_kw[counted]
    array = float(dc.sum()) * hours / array_kwp if not np.isnan(dc).any() else _filled(dc, light_w_m2[counted], hours / array_kwp)
    factor = warmth_factor(module_celsius[counted], percent_per_k=percent_per_k)
    warm = ~np.isnan(factor)
    at_25 = np.nan
    if np.count_nonzero(~warm) <= MOST_MISSING * len(warm):
        expected = float((factor * light_w_m2[counted])[warm].sum())
        at_25 = float(ac_kw[counted][warm].sum()) * REFERENCE_W_M2 / (expected * array_kwp)
    return Yields(reference, array, final, final / reference, at_25)


def is_sunny(light_w_m2: FloatArray) -> Flags:
    """Tell when there is light to reckon with."""
    with np.errstate(invalid="ignore"):
        return np.asarray(light_w_m2 > SUNNY_W_M2)


class Days(NamedTuple):
    """Arrays of shape (days,)."""

    first_row: int
    """Where the first of the days begins."""
    performance: FloatArray
    """Energy over that of modules at 25 °C in the same light, if all were as rated; NaN of days with too little sun."""
    insolation: FloatArray
    """All light that was measured. [kWh/m²]"""
    energy_kwh: FloatArray
    """Direct-current energy."""


def daily_performance(
    *,
    light_w_m2: FloatArray,
    dc_kw: FloatArray,
    module_celsius: FloatArray,
    undisturbed: Flags,
    array_kwp: float,
    percent_per_k: float,
    step_seconds: float,
    least_light_w_m2: float = 200.0,
    least_kwh_m2: float = 1.0,
) -> Days:
    """Give a performance index for each day, which follows dirt, ageing and faults, but not the weather.

    Parameters
    ----------
    undisturbed : ndarray of bool, shape (n,)
        Where nothing held the inverter back: no limit, no stop.
    least_light_w_m2, least_kwh_m2 : float
        Steps below the first do not count, and a day needs so much light in those that do: the index of dark days is noise.

    Notes
    -----
    Days run from one solar midnight to the next, found from the light itself; broken days at either end are left out.
    """
    _require_rating(array_kwp)
    per_day = round(86_400 / step_seconds)
    first = first_midnight(light_w_m2, per_day)
    days = max(len(light_w_m2) - first, 0) // per_day
    hours = step_seconds / 3600
    with np.errstate(invalid="ignore"):
        factor = warmth_factor(module_celsius, percent_per_k=percent_per_k)
        counted = undisturbed & (light_w_m2 > least_light_w_m2) & (dc_kw > 0) & (factor > 0)
    expected = np.where(counted, array_kwp * light_w_m2 / REFERENCE_W_M2 * factor, 0.0)

    def daily(values: FloatArray) -> FloatArray:
        total: FloatArray = np.nan_to_num(values)[first : first + days * per_day].reshape(days, per_day).sum(axis=1) * hours
        return total

    light_counted, possible, made = (
        daily(one) for one in (np.where(counted, light_w_m2, 0.0) / REFERENCE_W_M2, expected, np.where(counted, dc_kw, 0.0))
    )
    performance = np.divide(made, possible, out=np.full(days, np.nan), where=(light_counted >= least_kwh_m2) & (possible > 0))
    return Days(first, performance, daily(light_w_m2 / REFERENCE_W_M2), daily(dc_kw))


def first_midnight(light_w_m2: FloatArray, per_day: int) -> int:
    """Give the first row at which a solar day begins: half a day from the middle of the light."""
    phase = 2 * np.pi * (np.arange(len(light_w_m2)) % per_day) / per_day
    noon = np.angle((np.nan_to_num(light_w_m2) * np.exp(1j * phase)).sum()) / (2 * np.pi) * per_day
    return round(float(noon) + (per_day + 1) / 2) % per_day


def _filled(power_kw: FloatArray, light_w_m2: FloatArray, scale: float) -> float:
    """Energy over rating where a few steps are unknown: these get the others' share of their light; NaN where many are."""
    known = ~np.isnan(power_kw)
    if np.count_nonzero(~known) > MOST_MISSING * len(known):
        return float("nan")
    return float(power_kw[known].sum() / light_w_m2[known].sum() * light_w_m2.sum()) * scale


def _require_rating(array_kwp: float) -> None:
    if not array_kwp > 0:
        raise NotEvaluated(Why.BAD_INPUT, f"dc_power_stc {array_kwp:g} kW")
