"""Energy over a temperature (or another weather variable) that counts only below or above a point: change-point models.

Forms and names of ASHRAE Guideline 14-2014, annex D, and Kissock, Haberl and Claridge 2003, Inverse Modeling Toolkit (RP-1050),
ASHRAE Transactions 109(2): ``3P below`` heats below a point, ``3P above`` cools above it, ``4P`` has another slope on either side
of one point, ``5P`` heats below a lower and cools above a higher one.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Literal, NamedTuple

import numpy as np

from analytics.energy_baselines.regression import Regression
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

Form = Literal["3P below", "3P above", "4P", "5P"]
FORMS: tuple[Form, ...] = ("3P below", "3P above", "4P", "5P")
_OUTERMOST = (0.05, 0.95)
"""A point is looked for between these quantiles: beyond it must lie enough rows for a slope."""
_CANDIDATES = {1: 41, 2: 17}
_REFINEMENTS = 4
_LEAST_ROWS = 12
_ALIKE_POINTS = 0.1


class ChangePointModel(NamedTuple):
    """A fitted form."""

    form: Form
    points: tuple[float, ...]
    regression: Regression
    """Of the energy over what lies below and above the points, and over other drivers."""

    @property
    def cv_rmse_percent(self) -> float:
        """As of a regression, but each point costs a degree of freedom as well."""
        regression = self.regression
        freedom = regression.freedom - len(self.points)
        return regression.cv_rmse_percent * float(np.sqrt(regression.freedom / freedom))

    def expected(self, x: FloatArray, others: Mapping[str, FloatArray] | None = None) -> FloatArray:
        return self.regression.expected({**(others or {}), **parts(self.form, self.points, x)})


def parts(form: Form, points: Sequence[float], x: FloatArray) -> dict[str, FloatArray]:
    """Give how far a variable lies below and above the points: what energy is proportional to."""
    found = {}
    if form != "3P above":
        found["below"] = np.maximum(points[0] - x, 0.0)
    if form != "3P below":
        found["above"] = np.maximum(x - points[-1], 0.0)
    return found


def fit_change_point(
    x: FloatArray, energy: FloatArray, form: Form, *, others: Mapping[str, FloatArray] | None = None
) -> ChangePointModel:
    """Fit a form by least squares, its points by a search that narrows.

    Parameters
    ----------
    x, energy : ndarray, shape (n,)
    others : mapping of str to ndarray, shape (n,), optional
        Further drivers, linear.

    Raises
    ------
    NotEvaluated
        If there are too few rows, or ``x`` does not vary.
    """
    others = others or {}
    known = ~np.isnan(np.column_stack([x, energy, *others.values()])).any(axis=1)
    if known.sum() < _LEAST_ROWS:
        raise NotEvaluated(Why.NOT_TRAINED, f"{known.sum()} rows")
    low, high = np.quantile(x[known], _OUTERMOST)
    if high - low <= 0:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, "the variable does not vary")
    number = 2 if form == "5P" else 1
    base = np.column_stack([np.ones(known.sum()), *(column[known] for column in others.values())])
    lines = [np.linspace(low, high, _CANDIDATES[number])] * number
    best: tuple[float, ...] = ()
    for _ in range(_REFINEMENTS):
        step = lines[0][1] - lines[0][0]
        pairs = (
            combinations_with_replacement(lines[0], number) if not best else np.array(np.meshgrid(*lines)).T.reshape(-1, number)
        )
        candidates = [tuple(float(point) for point in pair) for pair in pairs]
        candidates = [pair for pair in candidates if pair[0] <= pair[-1]]
        best = min(candidates, key=lambda pair: _left(base, parts(form, pair, x[known]), energy[known]))
        lines = [np.linspace(point - step, point + step, 9) for point in best]
    return ChangePointModel(form, best, Regression.fit({**others, **parts(form, best, x)}, energy))


def best_change_point(x: FloatArray, energy: FloatArray) -> ChangePointModel:
    """Give the simplest form whose CV(RMSE) is within a tenth of a point of the lowest, which is no reason for another slope."""
    fitted = [fit_change_point(x, energy, form) for form in FORMS]
    least = min(model.cv_rmse_percent for model in fitted)
    near = [model for model in fitted if model.cv_rmse_percent <= least + _ALIKE_POINTS]
    return min(near, key=lambda model: (len(model.regression.coefficients) + len(model.points), model.cv_rmse_percent))


def _left(base: FloatArray, columns: Mapping[str, FloatArray], energy: FloatArray) -> float:
    """Give the sum of squares that a candidate leaves."""
    design = np.column_stack([base, *columns.values()])
    coefficients = np.linalg.lstsq(design, energy, rcond=None)[0]
    return float(np.square(energy - design @ coefficients).sum())
