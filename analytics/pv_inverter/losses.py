"""Where the energy went between what rated modules at 25 °C would make of the light and what was delivered, cause by cause."""

from typing import NamedTuple

import numpy as np

from analytics.pv_inverter.clipping import is_clipped
from analytics.pv_inverter.curtailment import is_held_by_order, is_plateau
from analytics.pv_inverter.outage import SUN_W_M2, is_out
from analytics.pv_inverter.performance import REFERENCE_W_M2, is_sunny, warmth_factor
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray

_LEAST_FREE_SECONDS = 1800.0


class Losses(NamedTuple):
    """Energies of a stretch of time, on the direct-current side. [kWh]"""

    possible: float
    """Of modules as rated at 25 °C in this light."""
    warmth: float
    """Lost by warm modules; negative where they were colder than 25 °C."""
    outage: float
    curtailment: float
    clipping: float
    derating: float
    """By the inverter's own temperature, voltage or frequency limits."""
    dirt: float
    """NaN where no soiling ratio is measured; then it is part of ``other``."""
    strings: float
    """Lost by strings below their peers; NaN where none are measured."""
    other: float
    """Array losses that have no name of their own: age, mismatch, cables, reflection, meters."""
    conversion: float
    """In the inverter."""
    delivered: float
    is_free_known: bool
    """Whether the window itself showed what the array gives when nothing holds it back."""


class Rows(NamedTuple):
    """What losses are reckoned from; arrays of shape (n,), NaN where unknown. [W/m², °C, kW, kW, %, 1]"""

    light_w_m2: FloatArray
    module_celsius: FloatArray
    dc_kw: FloatArray
    ac_kw: FloatArray
    setpoint_percent: FloatArray
    clean_share: FloatArray
    """Soiling ratio, 1 where clean."""
    strings_lost_share: FloatArray
    """Of the direct-current power, what strings below their peers would add; NaN where it is not measured."""
    by_order: Flags
    by_rating: Flags
    by_itself: Flags
    """Where the inverter itself says that it is held back: by an order, by its rating, by its temperature or the grid."""


def split(
    rows: Rows, *, array_kwp: float, rated_kw: float, percent_per_k: float, usual_ratio: float, step_seconds: float
) -> Losses:
    """Tell the losses apart.

    Parameters
    ----------
    usual_ratio : float
        Direct-current power over ``P0 G/1000 C_k`` of an array that nothing holds back, for windows that do not show it.

    Raises
    ------
    NotEvaluated
        If the sun did not shine at a known step.

    Notes
    -----
    What an outage, order or limit cost is the power expected from the array's own performance at free steps of the window, less
    what it gave. The order of causes settles steps that have two: outage, order, own limit, rating.
    """
    known = is_sunny(rows.light_w_m2) & ~np.isnan(rows.dc_kw) & ~np.isnan(rows.ac_kw) & ~np.isnan(rows.module_celsius)
    if not known.any():
        raise NotEvaluated(Why.MISSING_INPUT, "poa_irradiance, module_temperature, dc_power, active_power")
    hours = step_seconds / 3600
    rated = np.where(known, array_kwp * rows.light_w_m2 / REFERENCE_W_M2, 0.0)
    warm = np.where(known, rated * warmth_factor(rows.module_celsius, percent_per_k=percent_per_k), 0.0)
    out = known & is_out(light_w_m2=rows.light_w_m2, power_kw=rows.ac_kw, rated_kw=rated_kw)
    ordered = is_held_by_order(power_kw=rows.ac_kw, setpoint_percent=rows.setpoint_percent, rated_kw=rated_kw)
    full = is_clipped(rows.ac_kw, rated_kw=rated_kw)
    held = known & ~out & (rows.by_order | ordered)
    own = known & ~out & ~held & rows.by_itself
    clipped = known & ~out & ~held & ~own & (rows.by_rating | full)
    free = known & ~out & ~held & ~own & ~clipped
    still = is_plateau(power_kw=rows.ac_kw, possible_kw=np.full(len(known), np.inf), rated_kw=rated_kw, step_seconds=step_seconds)
    ratio = _free_ratio(rows, warm, free & ~still, step_seconds)
    is_free_known = not np.isnan(ratio)
    usual = ratio if is_free_known else usual_ratio
    if is_free_known:
        untold = free & is_plateau(power_kw=rows.ac_kw, possible_kw=usual * warm, rated_kw=rated_kw, step_seconds=step_seconds)
        held, free = held | untold, free & ~untold
    lack = np.maximum(usual * warm - np.where(known, rows.dc_kw, 0.0), 0.0)

    def energy(values: FloatArray, where: Flags) -> float:
        return float(values[where].sum()) * hours

    possible, dc, delivered = (energy(values, known) for values in (rated, rows.dc_kw, rows.ac_kw))
    warmth = possible - energy(warm, known)
    outage, curtailment, derating, clipping = (energy(lack, where) for where in (out, held, own, clipped))
    dirt = _measured(
        np.where(rows.clean_share > 0.3, (1 / np.maximum(rows.clean_share, 0.3) - 1) * rows.dc_kw, np.nan), free, hours
    )
    strings = _measured(rows.strings_lost_share * rows.dc_kw, free, hours)
    named = warmth + outage + curtailment + derating + clipping + np.nansum([dirt, strings])
    return Losses(
        possible=possible,
        warmth=warmth,
        outage=outage,
        curtailment=curtailment,
        clipping=clipping,
        derating=derating,
        dirt=dirt,
        strings=strings,
        other=float(possible - named - dc),
        conversion=dc - delivered,
        delivered=delivered,
        is_free_known=is_free_known,
    )


def _free_ratio(rows: Rows, warm_kw: FloatArray, free: Flags, step_seconds: float) -> float:
    """What the array gives of the expected when nothing holds it back; NaN where half an hour of it was not seen."""
    bright = free & (warm_kw > 0)
    bright[bright] = rows.light_w_m2[bright] > SUN_W_M2
    if np.count_nonzero(bright) * step_seconds < _LEAST_FREE_SECONDS:
        return float("nan")
    return float(np.median(rows.dc_kw[bright] / warm_kw[bright]))


def _measured(lost_kw: FloatArray, where: Flags, hours: float) -> float:
    """Energy of a loss that is measured by itself; NaN where it is mostly unknown."""
    values = lost_kw[where]
    known = ~np.isnan(values)
    if not len(values):
        return 0.0
    if np.count_nonzero(known) < 0.5 * len(values):
        return float("nan")
    return float(values[known].mean() * len(values)) * hours
