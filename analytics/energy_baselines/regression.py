"""Energy over what drives it, by least squares: an energy baseline after ISO 50006, with what its uncertainty rests on.

Residuals of hours that follow each other are alike, so that n of them say less than n independent ones. The uncertainty goes by
the effective number n' = n (1 - r) / (1 + r), r being the correlation of neighbours (ASHRAE Guideline 14-2014, annex B; IPMVP,
Uncertainty Assessment, 2019).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from scipy.special import stdtr, stdtrit

from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray

_LEAST_FREEDOM = 6
_MOST_CONDITION = 1e7
_LEAST_VARIATION = 1e-6
"""Of a driver, in its root mean square: less is the rounding of its counter."""
_LEAST_OWN_SHARE = 1e-3
"""Of a driver's variation, that the drivers before it do not have."""
_MOST_CORRELATION = 0.95
"""Of neighbouring residuals: above it hardly a row is new, and the effective number is no more than a guess."""


@dataclass(frozen=True, kw_only=True)
class Regression:
    """A fitted line or plane: energy = intercept + sum of coefficient times driver.

    Parameters
    ----------
    drivers : tuple of str
    coefficients : ndarray, shape (1 + drivers,)
        The intercept first. [unit of energy per unit of driver]
    inverse : ndarray, shape (1 + drivers, 1 + drivers)
        Inverse of the design's normal matrix.
    rows : int
    deviation : float
        Standard deviation of the residuals, with n - p degrees of freedom. [unit of energy]
    mean : float
        Of the energy. [unit of energy]
    r_squared : float
    autocorrelation : float
        Of residuals of neighbouring rows, 0 to 0.95; what is negative counts as 0.
    """

    drivers: tuple[str, ...]
    coefficients: FloatArray
    inverse: FloatArray
    rows: int
    deviation: float
    mean: float
    r_squared: float
    autocorrelation: float

    @classmethod
    def fit(cls, drivers: Mapping[str, FloatArray], energy: FloatArray) -> Self:
        """Fit by least squares, on columns of one length so that collinear drivers cost no digits.

        Parameters
        ----------
        drivers : mapping of str to ndarray, shape (n,)
        energy : ndarray, shape (n,)
            Rows in the order of time; those with a NaN anywhere are left out.

        Raises
        ------
        NotEvaluated
            If there are too few rows, or drivers do not vary or follow from each other.
        """
        x = np.column_stack([np.ones(len(energy)), *drivers.values()])
        known = ~(np.isnan(x).any(axis=1) | np.isnan(energy))
        rows, used = x[known], energy[known]
        freedom = len(rows) - x.shape[1]
        if freedom < _LEAST_FREEDOM:
            raise NotEvaluated(Why.NOT_TRAINED, f"{len(rows)} rows for {x.shape[1]} coefficients")
        lengths = np.sqrt(np.square(rows).sum(axis=0))
        q, r = np.linalg.qr(rows / np.where(lengths > 0, lengths, 1.0))
        if np.linalg.cond(r) > _MOST_CONDITION:
            raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"{', '.join(drivers)}: do not vary, or follow from each other")
        back = np.linalg.inv(r) / lengths[:, None]
        coefficients: FloatArray = back @ (q.T @ used)
        residuals = np.full(len(energy), np.nan)
        residuals[known] = used - rows @ coefficients
        left, total = float(np.square(residuals[known]).sum()), float(np.square(used - used.mean()).sum())
        return cls(
            drivers=tuple(drivers),
            coefficients=coefficients,
            inverse=back @ back.T,
            rows=len(rows),
            deviation=float(np.sqrt(left / freedom)),
            mean=float(used.mean()),
            r_squared=1 - left / total if total > 0 else 0.0,
            autocorrelation=_autocorrelation(residuals),
        )

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the residuals, n - p."""
        return self.rows - len(self.coefficients)

    @property
    def cv_rmse_percent(self) -> float:
        """Coefficient of variation of the residuals, CV(RMSE) of ASHRAE Guideline 14."""
        return 100 * self.deviation / abs(self.mean) if self.mean else float("inf")

    @property
    def adjusted_r_squared(self) -> float:
        return 1 - (1 - self.r_squared) * (self.rows - 1) / self.freedom

    @property
    def effective_rows(self) -> float:
        """Give n', how many independent rows would say as much."""
        return self.rows * (1 - self.autocorrelation) / (1 + self.autocorrelation)

    @cached_property
    def standard_errors(self) -> FloatArray:
        """Of the coefficients, as if rows were independent."""
        errors: FloatArray = self.deviation * np.sqrt(np.diag(self.inverse))
        return errors

    @cached_property
    def t_values(self) -> FloatArray:
        values: FloatArray = np.divide(
            self.coefficients, self.standard_errors, out=np.full(len(self.coefficients), np.inf), where=self.standard_errors > 0
        )
        return values

    @cached_property
    def p_values(self) -> FloatArray:
        """Two-sided, of the coefficients, with the effective number of rows."""
        t = np.abs(self.t_values) * np.sqrt(self.effective_rows / self.rows)
        values: FloatArray = 2 * stdtr(self.freedom, -t)
        return values

    @property
    def coverage_factor(self) -> float:
        """Student's t of a two-sided interval of 95 %, for the effective degrees of freedom, at least one."""
        return float(stdtrit(max(self.effective_rows - len(self.coefficients), 1.0), 0.975))

    def expected(self, drivers: Mapping[str, FloatArray]) -> FloatArray:
        """Give the energy that goes with the drivers, of which there may be more than it goes by; NaN where one is unknown.

        Raises
        ------
        NotEvaluated
            If a driver is not measured any more.
        """
        values: FloatArray = self._design(drivers) @ self.coefficients
        return values

    def uncertainty_of_sum(self, drivers: Mapping[str, FloatArray]) -> float:
        """Half width of the 95 % interval of the energy of rows together, less what the baseline expects of them.

        The coefficients' share is the exact one of least squares; both shares are larger by n / n', as a sum of autoregressive
        residuals is. NaN rows must have been taken out.
        """
        rows = self._design(drivers)
        together = rows.sum(axis=0)
        variance = len(rows) + float(together @ self.inverse @ together)
        return self.coverage_factor * self.deviation * float(np.sqrt(variance * self.rows / self.effective_rows))

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        arrays = {name: getattr(self, name).tolist() for name in ("coefficients", "inverse")}
        numbers = {name: getattr(self, name) for name in ("rows", "deviation", "mean", "r_squared", "autocorrelation")}
        return {"drivers": list(self.drivers), **arrays, **numbers}

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        arrays = {name: np.array(model[name], float) for name in ("coefficients", "inverse")}
        return cls(**{**model, **arrays, "drivers": tuple(model["drivers"])})

    def _design(self, drivers: Mapping[str, FloatArray]) -> FloatArray:
        gone = [name for name in self.drivers if name not in drivers]
        if gone:
            raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"the baseline goes by {', '.join(gone)}")
        columns = [drivers[name] for name in self.drivers]
        length = len(next(iter(drivers.values()), ()))
        return np.column_stack([np.ones(length), *columns])


def fit_significant(drivers: Mapping[str, FloatArray], energy: FloatArray, *, most_p: float = 0.05) -> Regression:
    """Fit, and leave out one driver after the other that does not matter: what is left are ISO 50006's relevant variables.

    Drivers that do not vary over the known rows, or follow from those before them, are left out at once; with none left, the
    baseline is a mean.
    """
    known: Flags = np.all(~np.isnan(np.column_stack([energy, *drivers.values()])), axis=1)
    kept = _independent(drivers, known)
    while True:
        found = Regression.fit(kept, energy)
        p = found.p_values[1:]
        if not len(p) or p.max() <= most_p:
            return found
        del kept[found.drivers[int(p.argmax())]]


def _independent(drivers: Mapping[str, FloatArray], known: Flags) -> dict[str, FloatArray]:
    kept: dict[str, FloatArray] = {}
    directions: list[FloatArray] = []
    for name, column in drivers.items():
        rows = column[known]
        own = rows - rows.mean() if len(rows) else rows
        size = float(np.linalg.norm(own))
        if size <= _LEAST_VARIATION * float(np.linalg.norm(rows)):
            continue
        left = own / size
        for direction in directions:
            left = left - direction * float(direction @ left)
        rest = float(np.linalg.norm(left))
        if rest > _LEAST_OWN_SHARE:
            kept[name] = column
            directions.append(left / rest)
    return kept


def _autocorrelation(residuals: FloatArray) -> float:
    both = ~(np.isnan(residuals[1:]) | np.isnan(residuals[:-1]))
    square = float(np.nanmean(np.square(residuals)))
    if both.sum() < _LEAST_FREEDOM or square <= 0:
        return 0.0
    return float(np.clip((residuals[1:] * residuals[:-1])[both].mean() / square, 0.0, _MOST_CORRELATION))
