"""What a used machine is worth: its price when new, less age, less hours beyond the customary, by its condition."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.stats import t as student

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

LEAST_SALES = 8
_HIGHEST = 2.0


class Depreciation(NamedTuple):
    """How a model of machine loses value; the lessor fits it to sales."""

    by_year: float
    """Continuous rate of loss by age: ``a``. [1/year]"""
    by_overuse: float
    """Share lost by each customary year's hours that were run beyond the customary: ``b``. [-]"""
    hours_a_year: float
    """Customary: ``H_ref``. [h/year]"""
    by_year_uncertainty: float = 0.0
    by_overuse_uncertainty: float = 0.0
    """Half widths of the 95 % intervals, where they were fitted."""


def residual_value(
    loss: Depreciation, *, price_new: float, age_years: npt.ArrayLike, hours: npt.ArrayLike, condition: npt.ArrayLike = 1.0
) -> FloatArray:
    """Give the value ``P exp(-a age) (1 - b max(0, H - H_ref age) / H_ref) condition``, never below 0.

    Parameters
    ----------
    price_new : float
        In any money; the value is in the same.
    age_years, hours : array_like, shape (...)
        Age, and hours on the meter. [years, h]
    condition : array_like, shape (...)
        1 for a machine as good as its age; an appraiser's judgement.

    Raises
    ------
    ValueError
        If a number is negative, or the customary hours are not above 0.

    References
    ----------
    The form is this project's convention: exponential loss by age as in appraisers' tables, and a charge for hours beyond the
    customary ones.
    """
    share = _share(loss.by_year, loss.by_overuse, loss.hours_a_year, age_years, hours)
    if price_new < 0 or (np.asarray(condition) < 0).any():
        raise ValueError("prices and conditions are not negative")
    value: FloatArray = price_new * share * np.asarray(condition, np.float64)
    return value


def fit_depreciation(
    *, age_years: FloatArray, hours: FloatArray, sold_share: FloatArray, hours_a_year: float, condition: npt.ArrayLike = 1.0
) -> Depreciation:
    """Fit both rates to sales, by least squares of the shares.

    Parameters
    ----------
    age_years, hours : ndarray, shape (sales,)
        [years, h]
    sold_share : ndarray, shape (sales,)
        Price that was paid by the price when new. [-]

    Raises
    ------
    NotEvaluated
        If there are fewer than `LEAST_SALES`, or none was run beyond the customary hours: nothing tells that loss then.
    """
    sold, state = np.asarray(sold_share, np.float64), np.asarray(condition, np.float64)
    if len(sold) < LEAST_SALES:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"{len(sold)} sales, {LEAST_SALES} are needed")
    if not (np.isfinite(sold) & (sold > 0)).all():
        raise NotEvaluated(Why.BAD_INPUT, "prices must be above 0")
    if not (hours > hours_a_year * age_years).any():
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"no machine was run beyond {hours_a_year:g} h a year")

    def missed(rates: FloatArray) -> FloatArray:
        missing: FloatArray = _share(float(rates[0]), float(rates[1]), hours_a_year, age_years, hours) * state - sold
        return missing

    found = least_squares(missed, np.array([0.15, 0.1]), bounds=([0.0, 0.0], [_HIGHEST, _HIGHEST]))
    freedom = len(sold) - 2
    variance = float(np.sum(found.fun**2)) / freedom
    covariance = variance * np.linalg.pinv(found.jac.T @ found.jac)
    half = student.ppf(0.975, freedom) * np.sqrt(np.diag(covariance))
    return Depreciation(float(found.x[0]), float(found.x[1]), hours_a_year, float(half[0]), float(half[1]))


def _share(by_year: float, by_overuse: float, hours_a_year: float, age_years: npt.ArrayLike, hours: npt.ArrayLike) -> FloatArray:
    age, meter = np.asarray(age_years, np.float64), np.asarray(hours, np.float64)
    if not hours_a_year > 0 or by_year < 0 or by_overuse < 0 or (age < 0).any() or (meter < 0).any():
        raise ValueError("ages, hours and rates are not negative, and the customary hours above 0")
    over = np.maximum(meter - hours_a_year * age, 0.0) / hours_a_year
    share: FloatArray = np.exp(-by_year * age) * np.maximum(1 - by_overuse * over, 0.0)
    return share
