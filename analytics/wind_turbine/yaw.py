"""At which angle of its vane a turbine gives most: a static yaw offset, and what it costs.

The vane's zero may be turned against the rotor's axis; the nacelle then follows its vane and stands beside the wind all the same.
Power goes with a power of the cosine of the angle to the wind, so that its top tells where straight ahead really is.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

FROM_MPS, TO_MPS, BIN_MPS = 5.0, 10.0, 1.0
"""Between them power follows the wind's cube, and no pitch hides the angle."""
WIDEST_DEGREES = 20.0
BINS = round((TO_MPS - FROM_MPS) / BIN_MPS)
_LEAST_RECORDS, _LEAST_BINS, _LEAST_DAYS = 100, 3, 10
_OUTLIER = 4.0
"""In robust deviations of a bin's power coefficient."""
_EXPONENT, _EXPONENT_DEVIATION = 2.7, 0.7
"""Of the cosine, before any record is seen: momentum theory says 3, turbines were seen between 1.4 and 3.5."""
_LOWEST_EXPONENT = 1.0
_LEAST_RELIABLE = 0.3
"""Share of the angles' variance that must be more than the vane's error."""
_SAMPLES = 200
_RADIANS_SQUARED = np.radians(1.0) ** 2


class Offset(NamedTuple):
    """Where the power is highest."""

    degrees: float
    """Of the vane; the sign is the vane's."""
    half_width_degrees: float
    """Of the 95 % interval."""
    by_bin_degrees: FloatArray
    """Of each bin of speed, shape (bins,); NaN of one with too few records."""
    exponent: float
    """Of the cosine."""


class Shares(NamedTuple):
    """Records that count, arrays of shape (n,)."""

    angle_degrees: FloatArray
    logarithm: FloatArray
    """Of the power over the wind's cube, less its median in the bin of speed."""
    speed_bin: npt.NDArray[np.int64]
    day: npt.NDArray[np.int64]


def power_shares(
    *,
    yaw_error_degrees: npt.ArrayLike,
    speed_mps: npt.ArrayLike,
    power_kw: npt.ArrayLike,
    day: npt.ArrayLike,
    vane_error_degrees: float = 0.0,
) -> Shares:
    """Take the records between 5 and 10 m/s and bring winds and bins to one level; NaN and outliers are left out.

    Parameters
    ----------
    yaw_error_degrees, speed_mps, power_kw : array_like, shape (n,)
        Ten-minute means of full performance: wind against nacelle as the vane tells, wind at the standard density, power.
    day : array_like of int, shape (n,)
        Number of the day of each.
    vane_error_degrees : float
        Standard error of the vane's means. Angles are drawn together to where they are to be expected, or the cosine would look
        flatter, and its top farther away, than they are (regression calibration; Carroll and others, "Measurement Error in
        Nonlinear Models", chapter 4).
    """
    angle, speed, power = (np.asarray(one, float) for one in (yaw_error_degrees, speed_mps, power_kw))
    with np.errstate(invalid="ignore"):
        kept = (speed >= FROM_MPS) & (speed < TO_MPS) & (power > 0) & (np.abs(angle) < WIDEST_DEGREES)
    angle, speed, days = angle[kept], speed[kept], np.asarray(day, np.int64)[kept]
    if len(angle):
        reliable = 1 - (vane_error_degrees / max(float(angle.std()), 1e-6)) ** 2
        angle = angle.mean() + max(reliable, _LEAST_RELIABLE) * (angle - angle.mean())
    share: FloatArray = np.log(power[kept] / speed**3)
    number = ((speed - FROM_MPS) // BIN_MPS).astype(np.int64)
    usual = np.ones(len(share), bool)
    for bin_number in range(BINS):
        inside = number == bin_number
        if not inside.any():
            continue
        share[inside] -= np.median(share[inside])
        deviation = 1.4826 * np.median(np.abs(share[inside]))
        usual[inside] = np.abs(share[inside]) <= _OUTLIER * max(deviation, 1e-6)
    return Shares(angle[usual], share[usual], number[usual], days[usual])


def static_offset(shares: Shares, *, dice: np.random.Generator) -> Offset:
    """Find the angle of most power.

    Parameters
    ----------
    dice : numpy.random.Generator
        Draws the days of the bootstrap: records of one day are not independent.

    Raises
    ------
    NotEvaluated
        If fewer than three bins of speed or ten days hold enough records, or the power does not depend on the angle.

    References
    ----------
    ``P = A cosⁿ(theta - theta_0)`` in bins of 1 m/s between 5 and 10 m/s, the median of the bins, as in OpenOA's static yaw
    misalignment. Here in logarithms, ``ln cos x = -x²/2`` (within 2 % of it up to 20°), one exponent for all bins, and without
    bins of the angle, which makes it a linear regression. A nacelle that keeps well in the wind shows little of the cosine's
    bend: its exponent is weighed against what is known of other turbines.
    """
    days, place = np.unique(shares.day, return_inverse=True)
    angle, value = shares.angle_degrees, shares.logarithm
    terms = np.stack([np.ones(len(angle)), angle, angle**2, angle**3, angle**4, value, value * angle, value * angle**2])
    cells = place * BINS + shares.speed_bin
    sums = np.stack([np.bincount(cells, weights=term, minlength=len(days) * BINS) for term in terms], axis=-1)
    of_days = sums.reshape(len(days), BINS, len(terms))
    is_used = of_days[..., 0].sum(axis=0) >= _LEAST_RECORDS
    if is_used.sum() < _LEAST_BINS or len(days) < _LEAST_DAYS:
        raise NotEvaluated(Why.NOT_RUNNING, f"{int(is_used.sum())} bins of wind speed, {len(days)} days with enough records")
    moments = of_days[:, is_used]
    drawn = dice.multinomial(len(days), np.full(len(days), 1 / len(days)), size=_SAMPLES)
    sampled = np.einsum("sd,dbm->sbm", drawn.astype(float), moments)
    whole = moments.sum(axis=0)[None]
    seen, error = float(_exponents(whole)[0]), float(_exponents(sampled).std())
    if seen + 1.96 * error < _LOWEST_EXPONENT:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, "the power does not depend on the angle")
    weights = np.array([error, _EXPONENT_DEVIATION]) ** -2.0
    exponent = max(float(weights @ [seen, _EXPONENT] / weights.sum()), _LOWEST_EXPONENT)
    exponents = np.maximum(dice.normal(exponent, weights.sum() ** -0.5, _SAMPLES), _LOWEST_EXPONENT)
    tops = _tops(whole, np.array([exponent]))[0]
    low, high = np.quantile(np.median(_tops(sampled, exponents), axis=1), [0.025, 0.975])
    by_bin = np.full(BINS, np.nan)
    by_bin[is_used] = tops
    return Offset(float(np.median(tops)), float(high - low) / 2, by_bin, exponent)


def offset_loss_percent(offset_degrees: float) -> float:
    """Power that a constant angle to the wind costs below rated power, ``1 - cos³``. [%]"""
    return float(100 * (1 - np.cos(np.radians(offset_degrees)) ** 3))


class _Centred(NamedTuple):
    """Sums of squares and products about each bin's means, arrays of shape (samples, bins)."""

    spread: FloatArray
    """Of the angle."""
    cross: FloatArray
    """Of the angle and its square."""
    along: FloatArray
    """Of the angle and the logarithm."""
    curved: FloatArray
    """Of the angle's square, beside a line in the angle."""
    bent: FloatArray
    """Of the angle's square and the logarithm, beside a line in the angle."""


def _centred(moments: FloatArray) -> _Centred:
    """Take moments of shape (samples, bins, 8) about their means."""
    number, first, second, third, fourth, value, value_first, value_second = np.moveaxis(moments, -1, 0)
    number = np.maximum(number, 1)
    spread = np.maximum(second - first**2 / number, 1e-9)
    cross = third - first * second / number
    along = value_first - first * value / number
    curved = fourth - second**2 / number - cross**2 / spread
    bent = value_second - second * value / number - cross * along / spread
    return _Centred(spread, cross, along, curved, bent)


def _exponents(moments: FloatArray) -> FloatArray:
    """Exponent of each sample, shape (samples,): ``y = a_k + b_k theta + c theta²`` with one c for all bins."""
    of = _centred(moments)
    exponents: FloatArray = -2 * of.bent.sum(axis=-1) / np.maximum(of.curved.sum(axis=-1), 1e-9) / _RADIANS_SQUARED
    return exponents


def _tops(moments: FloatArray, exponents: FloatArray) -> FloatArray:
    """Top of each bin, ``-b_k / (2 c)``, shape (samples, bins), by the exponent of each sample."""
    of = _centred(moments)
    curvature = -exponents[:, None] * _RADIANS_SQUARED / 2
    tops: FloatArray = -(of.along - curvature * of.cross) / of.spread / (2 * curvature)
    return tops
