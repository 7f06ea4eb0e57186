"""Hull and propeller: how much slower, or at how much more power, a ship sails than when she was clean.

After ISO 19030-2: blocks, Chauvenet's criterion, validation, the wind taken out, and the difference of speed from that of the
clean ship at the same power and loading (`reference_curves`).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import erfc
from scipy.stats import t as student

from analytics.window import Flags, FloatArray

MONTH_DAYS = 365.25 / 12
MOST_ERRORS = {"shaft_speed": 3.0, "speed_through_water": 0.5, "speed_over_ground": 0.5, "rudder_angle": 1.0}
"""Largest standard errors of a valid block's means: rpm, kn, kn, deg."""
_LEAST_TREND_DAYS = 20
_LEAST_BLOCKS_A_DAY = 3


class Blocks(NamedTuple):
    """Means over blocks of samples."""

    means: dict[str, FloatArray]
    """Of each signal, shape (blocks,)."""
    is_valid: Flags


def is_kept(values: FloatArray) -> Flags:
    """Chauvenet's criterion in each row: a value stays unless less than half a value is to be expected so far from the mean.

    Parameters
    ----------
    values : ndarray, shape (blocks, n)
        NaN is not kept.

    References
    ----------
    ISO 19030-2:2016, annex I: out where ``erfc(|x - mean| / (√2 s)) · n < 0.5``.
    """
    known = ~np.isnan(values)
    number = known.sum(axis=1, keepdims=True)
    mean, deviation = _mean(values, known)
    away = np.abs(values - mean) / np.where(deviation > 0, deviation, np.inf)
    with np.errstate(invalid="ignore"):
        kept: Flags = known & ~(erfc(away / np.sqrt(2)) * number < 0.5)
    return kept


def blocks_of(signals: Mapping[str, FloatArray], *, size: int) -> Blocks:
    """Average samples over blocks: what Chauvenet's criterion rejects in one signal goes in all of them.

    Parameters
    ----------
    signals : mapping of str to ndarray, shape (n,)
        Those of `MOST_ERRORS` decide on validity. Angles have to be components.
    size : int
        Samples of a block; ten minutes in the standard.
    """
    count = len(next(iter(signals.values()))) // size
    rows = {name: of[: count * size].reshape(count, size) for name, of in signals.items()}
    judged = [name for name in MOST_ERRORS if name in rows]
    kept = np.all([is_kept(rows[name]) for name in judged], axis=0)
    means, valid = {}, kept.sum(axis=1) >= max(2, size / 2)
    for name, of in rows.items():
        known = kept & ~np.isnan(of)
        mean, deviation = _mean(of, known)
        means[name] = mean[:, 0]
        if name in judged:
            error = deviation[:, 0] / np.sqrt(np.maximum(known.sum(axis=1), 1))
            valid &= ~np.isnan(mean[:, 0]) & (error <= MOST_ERRORS[name])
    return Blocks(means, valid)


def corrected_power_kw(
    *,
    power_kw: npt.ArrayLike,
    added_resistance_kn: npt.ArrayLike,
    speed_over_ground_m_per_s: npt.ArrayLike,
    efficiency: float,
    overload_factor: float,
) -> FloatArray:
    """Power that the ship would have needed without wind. [kW]

    Parameters
    ----------
    added_resistance_kn : array_like
        Of the wind; of waves as well, where they are known.
    efficiency : float
        Quasi-propulsive, in still air.
    overload_factor : float
        Relative change of the efficiency for a relative change of the resistance, negative: a loaded propeller works worse.

    References
    ----------
    ISO 19030-2:2016, annex G: ``ΔP = ΔR V_g / η_D0 + P (1 - η_DM / η_D0)`` (form as remembered, unverified), with
    ``η_DM / η_D0 = 1 + ξ ΔR / R`` as load variation tests have it (ISO 15016:2015) and ``R = P η_D0 / V_g``.
    """
    power, added = np.asarray(power_kw, float), np.asarray(added_resistance_kn, float)
    by_resistance = added * np.asarray(speed_over_ground_m_per_s, float) / efficiency
    found: FloatArray = power - by_resistance * (1 - overload_factor)
    return found


def speed_deviation_percent(*, speed_kn: npt.ArrayLike, expected_kn: npt.ArrayLike) -> FloatArray:
    """V_d, ``100 (V_m - V_e) / V_e``; negative where the ship is slower than she should be."""
    found: FloatArray = 100 * (np.asarray(speed_kn, float) / np.asarray(expected_kn, float) - 1)
    return found


class Mean(NamedTuple):
    """A mean with half the width of its 95 % interval."""

    value: float
    half_width: float
    days: int


class Trend(NamedTuple):
    """A slope with half the width of its 95 % interval, in percent a month."""

    slope: float
    half_width: float


def daily_means(days: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Average over whole days, which are more nearly independent than hours of one weather.

    Returns
    -------
    tuple of ndarray, each of shape (days,)
        The days that have at least three values, and their means.
    """
    known = ~np.isnan(values)
    number, inverse, count = np.unique(np.floor(days[known]), return_inverse=True, return_counts=True)
    enough = count >= _LEAST_BLOCKS_A_DAY
    return number[enough], (np.bincount(inverse, values[known], minlength=len(number)) / np.maximum(count, 1))[enough]


def indicator(days: FloatArray, values: FloatArray) -> Mean | None:
    """Mean of V_d over a period, as ISO 19030 builds its indicators; None of less than two days."""
    _, means = daily_means(days, values)
    if len(means) < 2:
        return None
    number = independent_count(means)
    error = float(means.std(ddof=1) / np.sqrt(number))
    return Mean(float(means.mean()), float(student.ppf(0.975, max(number - 1, 1))) * error, len(means))


def trend(days: FloatArray, values: FloatArray, which: npt.NDArray[np.int64]) -> Trend | None:
    """Slope over time common to all loadings, each with a level of its own, so that an error of a reference is no trend.

    None of less than twenty days. The interval is widened for weather that lasts from one day to the next.
    """
    times, means, groups = [], [], []
    for number in np.unique(which[which >= 0]):
        at, of = daily_means(days[which == number], values[which == number])
        kept = is_kept(of[None, :])[0]
        times.append(at[kept])
        means.append(of[kept])
        groups.append(np.full(int(kept.sum()), number))
    if sum(len(of) for of in times) < _LEAST_TREND_DAYS:
        return None
    time, mean, group = (np.concatenate(of) for of in (times, means, groups))
    levels = (group[:, None] == np.unique(group)).astype(float)
    design = np.column_stack([time - time.mean(), levels])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    coefficients = np.linalg.lstsq(design, mean, rcond=None)[0]
    order = np.argsort(time)
    rests = (mean - design @ coefficients)[order]
    freedom = max(independent_count(rests) - design.shape[1], 1)
    variance = float(rests @ rests) / freedom * np.linalg.inv(design.T @ design)[0, 0] * (len(rests) / independent_count(rests))
    half = float(student.ppf(0.975, freedom) * np.sqrt(variance))
    return Trend(MONTH_DAYS * float(coefficients[0]), MONTH_DAYS * half)


def independent_count(values: FloatArray) -> float:
    """How many values count, where each hangs together with the one before it; at least two."""
    off = values - values.mean()
    power = float(off @ off)
    bond = float(np.clip(off[1:] @ off[:-1] / power, 0.0, 0.9)) if power > 0 and len(values) > 2 else 0.0
    return max(len(values) * (1 - bond) / (1 + bond), 2.0)


def _mean(values: FloatArray, known: Flags) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each row's known values, shape (rows, 1); NaN where there are none."""
    number = known.sum(axis=1, keepdims=True)
    total = np.where(known, values, 0.0).sum(axis=1, keepdims=True)
    mean = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
    square = np.where(known, values - mean, 0.0) ** 2
    return mean, np.sqrt(square.sum(axis=1, keepdims=True) / np.maximum(number - 1, 1))
