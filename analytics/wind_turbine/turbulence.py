"""Turbulence bends a ten-minute power curve: what a record would have been at another intensity.

Within ten minutes the wind is taken as normal about its mean, and the turbine follows its curve without turbulence at once.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.wind_turbine.air import wind_power_kw
from analytics.window import FloatArray

GRID_MPS: FloatArray = np.arange(0.0, 50.0, 0.1)
"""Speeds over which the wind's distribution is summed."""
_ROWS_AT_ONCE = 256
_ROUNDS = 20
_RATED_SHARE, _CUT_IN_MPS, _COEFFICIENT = 0.001, 0.5, 0.01
"""The first estimate is good enough within these of the curve's rated power, cut-in and highest power coefficient."""


class ZeroTurbulenceCurve(NamedTuple):
    """A curve without turbulence, with the three numbers of its first estimate."""

    speed_mps: FloatArray
    power_kw: FloatArray
    rated_kw: float
    rated_mps: float
    cut_in_mps: float
    grid_kw: FloatArray
    """The curve on the grid of integration."""


class _Shape(NamedTuple):
    """Cube of the speed from cut-in to rated power."""

    rated_kw: float
    cut_in_mps: float
    coefficient: float

    def rated_mps(self, area_m2: float) -> float:
        return float(np.cbrt(self.rated_kw / (wind_power_kw(speed_mps=1.0, area_m2=area_m2) * self.coefficient)))

    def power_kw(self, speed_mps: FloatArray, area_m2: float) -> FloatArray:
        cube = self.coefficient * wind_power_kw(speed_mps=speed_mps, area_m2=area_m2)
        running = np.where(speed_mps < self.rated_mps(area_m2), cube, self.rated_kw)
        power: FloatArray = np.where(speed_mps > self.cut_in_mps, running, 0.0)
        return power


def zero_turbulence_curve(
    *, speed_mps: npt.ArrayLike, power_kw: npt.ArrayLike, turbulence: npt.ArrayLike, area_m2: float
) -> ZeroTurbulenceCurve:
    """Take the turbulence out of a measured or stated curve.

    Parameters
    ----------
    speed_mps, power_kw : array_like, shape (bins,)
        At the standard density.
    turbulence : array_like, shape (bins,)
        Mean intensity of each bin, as a share.
    area_m2 : float
        Swept by the rotor.

    Raises
    ------
    ValueError
        If the curve has no power or no turbulence, or no first estimate fits it.

    References
    ----------
    IEC 61400-12-1:2017, annex M: a cube from cut-in to rated power is put to the curve's turbulence until rated power, cut-in and
    highest power coefficient agree; the curve is then moved by what turbulence does to that cube.
    """
    speed, power = np.asarray(speed_mps, float), np.asarray(power_kw, float)
    intensity = np.broadcast_to(np.asarray(turbulence, float), speed.shape)
    if not len(speed) or not (power > 0).any() or not (intensity > 0).all():
        raise ValueError("a curve without power or without turbulence")
    shape = goal = _shape_of(speed, power, area_m2)
    for _ in range(_ROUNDS):
        found = _shape_of(
            speed, mean_power_kw(speed_mps=speed, turbulence=intensity, grid_kw=shape.power_kw(GRID_MPS, area_m2)), area_m2
        )
        rated_kw, cut_in_mps, coefficient = (float(one) for one in np.subtract(found, goal))
        rated_is_near = abs(rated_kw) < _RATED_SHARE * goal.rated_kw
        cut_in_is_near, coefficient_is_near = abs(cut_in_mps) <= _CUT_IN_MPS, abs(coefficient) <= _COEFFICIENT
        if rated_is_near and cut_in_is_near and coefficient_is_near:
            break
        shape = _Shape(
            shape.rated_kw - (0 if rated_is_near else rated_kw),
            shape.cut_in_mps - (0 if cut_in_is_near else cut_in_mps),
            shape.coefficient - (0 if coefficient_is_near else coefficient),
        )
    else:
        raise ValueError("no first estimate fits the curve")
    simulated = mean_power_kw(speed_mps=speed, turbulence=intensity, grid_kw=shape.power_kw(GRID_MPS, area_m2))
    calm = power + shape.power_kw(speed, area_m2) - simulated
    last = int(np.flatnonzero(power > 0)[-1])
    grid = np.interp(GRID_MPS, speed[: last + 1], calm[: last + 1], left=0.0)
    return ZeroTurbulenceCurve(speed, calm, shape.rated_kw, shape.rated_mps(area_m2), shape.cut_in_mps, grid)


def mean_power_kw(*, speed_mps: npt.ArrayLike, turbulence: npt.ArrayLike, grid_kw: FloatArray) -> FloatArray:
    """Mean power of a wind that is normal about each mean speed, shape (n,); NaN where a mean or an intensity is unknown. [kW]

    Parameters
    ----------
    speed_mps, turbulence : array_like, shape (n,)
    grid_kw : ndarray
        Power without turbulence, of `ZeroTurbulenceCurve`.
    """
    speed, intensity = np.broadcast_arrays(np.asarray(speed_mps, float), np.asarray(turbulence, float))
    with np.errstate(invalid="ignore"):
        known = (speed > 0) & (intensity > 0)
    mean = np.full(speed.shape, np.nan)
    centre, width = speed[known], (speed * intensity)[known]
    found = [
        _normal_means(centre[first : first + _ROWS_AT_ONCE], width[first : first + _ROWS_AT_ONCE], grid_kw)
        for first in range(0, len(centre), _ROWS_AT_ONCE)
    ]
    mean[known] = np.concatenate([np.empty(0), *found])
    return mean


def turbulence_effect_kw(
    curve: ZeroTurbulenceCurve, *, speed_mps: npt.ArrayLike, turbulence: npt.ArrayLike, reference: npt.ArrayLike
) -> FloatArray:
    """Power at an intensity over that at the reference one; take it from a measured power to normalise it. [kW]

    References
    ----------
    IEC 61400-12-1:2017, annex M: ``P(I_ref) = P(I) - P_sim(I) + P_sim(I_ref)``.
    """
    effect: FloatArray = mean_power_kw(speed_mps=speed_mps, turbulence=turbulence, grid_kw=curve.grid_kw) - mean_power_kw(
        speed_mps=speed_mps, turbulence=reference, grid_kw=curve.grid_kw
    )
    return effect


def _normal_means(centre_mps: FloatArray, width_mps: FloatArray, grid_kw: FloatArray) -> FloatArray:
    exponents = -0.5 * ((GRID_MPS - centre_mps[:, None]) / width_mps[:, None]) ** 2
    # Of a wind far narrower than the grid, or far off it, the nearest point is left.
    weights = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    means: FloatArray = weights @ grid_kw / weights.sum(axis=1)
    return means


def _shape_of(speed_mps: FloatArray, power_kw: FloatArray, area_m2: float) -> _Shape:
    rated_kw = float(power_kw.max())
    wind = wind_power_kw(speed_mps=speed_mps, area_m2=area_m2)
    coefficients = np.divide(power_kw, wind, out=np.zeros(len(wind)), where=wind > 0)
    return _Shape(rated_kw, float(speed_mps[power_kw >= _RATED_SHARE * rated_kw].min()), float(coefficients.max()))
