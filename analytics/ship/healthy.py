"""How one ship behaves while healthy: a regression for each figure that begins with what physics says of any ship.

Coefficients have a prior, so that a week at one draught, in one season and one weather does not leave the rest undefined: where
the ship has shown nothing yet, the prior speaks, and its doubt widens the interval. A difference is judged by the doubt of
exactly the hours that are looked at (Bayesian linear regression, e.g. Bishop 2006, section 3.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from analytics.baselines.load_baseline import robust_deviation, stretch_means
from analytics.ship.residuals import TARGETS, Hours, Target
from analytics.window import Flags, FloatArray

LEAST_ROWS = 2
"""Hours at sea, below which nothing is said of the newest ones."""
_LEAST_LEARNED_ROWS = 12
_UNKNOWN_LEVEL = 1e4
"""Prior standard deviation of each figure's own level: nothing is known of it."""
_ROW_NOISE = 3.0
"""Standard deviation of one hour in floors: neighbouring hours tell the same, and so count for less than their number."""
_UNLEARNED = {"standstill": 0.0, "current": 0.0}
"""Figures whose level is known without learning; what the sea drifts is new each week, so that of the log is never learned."""


class Reading(NamedTuple):
    """A figure's difference from the healthy ship over its newest hours."""

    score: float
    """Difference in standard deviations; NaN where it is not assessable."""
    difference: float
    size: float
    """One standard deviation."""
    expected: float
    """Mean over the hours judged."""
    residuals: FloatArray
    """Of each hour, shape (hours,)."""


_NAN = float("nan")
NOTHING = Reading(_NAN, _NAN, _NAN, _NAN, np.empty(0))


class _Fitted(NamedTuple):
    coefficients: FloatArray
    covariance: FloatArray
    spread: float
    """Of the means over as many hours as are judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    """What was learned, by the names of the targets; what the ship does not measure is not there."""

    fitted: Mapping[str, _Fitted]
    highest_bilge_m: float
    """Highest level that the bilge pump lets come; NaN unknown."""

    @classmethod
    def learn(cls, hours: Hours, *, highest_bilge_m: float) -> Self:
        """Learn from healthy days; figures of too few hours are left out."""
        fitted = {}
        for name, target in TARGETS.items():
            rows, values = _rows(target, hours), hours.targets[name]
            known = ~(np.isnan(rows).any(axis=1) | np.isnan(values))
            if name not in _UNLEARNED and known.sum() >= _LEAST_LEARNED_ROWS:
                fitted[name] = _fit(target, rows, np.where(known, values, np.nan), level_give=_UNKNOWN_LEVEL)
            elif name in _UNLEARNED:
                learned = np.where(known & (name == "standstill"), values, np.nan)
                fitted[name] = _fit(target, rows, learned, level_give=target.floor if name == "standstill" else 1e-3)
        return cls(fitted=fitted, highest_bilge_m=highest_bilge_m)

    def readings(self, hours: Hours, *, among: Flags | None = None) -> dict[str, Reading]:
        """Compare the newest hours, or the newest of those given, of each figure that was learned."""
        chosen = np.ones(len(hours.starts_us), bool) if among is None else among
        return {name: self._reading(name, fitted, hours, chosen) for name, fitted in self.fitted.items()}

    def doubts(self, name: str, hours: Hours) -> FloatArray:
        """Give the standard deviation of what is expected of a figure in each hour; NaN of one that was not learned."""
        if name not in self.fitted:
            return np.full(len(hours.starts_us), np.nan)
        rows = _rows(TARGETS[name], hours)
        return np.asarray(np.sqrt(np.einsum("ij,jk,ik->i", rows, self.fitted[name].covariance, rows)), np.float64)

    def slope(self, name: str, feature: str) -> float:
        """Give a learned coefficient; what physics says where nothing was learned."""
        target = TARGETS[name]
        number = next(i for i, term in enumerate(target.terms) if term.feature == feature)
        return float(self.fitted[name].coefficients[number + 1]) if name in self.fitted else target.terms[number].usual

    def _reading(self, name: str, fitted: _Fitted, hours: Hours, chosen: Flags) -> Reading:
        target = TARGETS[name]
        rows, values = _rows(target, hours), hours.targets[name]
        expected = rows @ fitted.coefficients
        residuals = values - expected
        recent = np.flatnonzero(~np.isnan(residuals) & chosen)[-target.rows :]
        if len(recent) < LEAST_ROWS:
            return NOTHING._replace(residuals=residuals)
        middle = rows[recent].mean(axis=0)
        difference = float(residuals[recent].mean())
        size = float(np.sqrt(middle @ fitted.covariance @ middle + max(fitted.spread, target.floor) ** 2))
        return Reading(difference / size, difference, size, float(expected[recent].mean()), residuals)

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {
            "fitted": {name: [of.coefficients.tolist(), of.covariance.tolist(), of.spread] for name, of in self.fitted.items()},
            "highest_bilge_m": None if np.isnan(self.highest_bilge_m) else self.highest_bilge_m,
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        level = model["highest_bilge_m"]
        return cls(
            fitted={
                name: _Fitted(np.array(coefficients), np.array(covariance), spread)
                for name, (coefficients, covariance, spread) in model["fitted"].items()
            },
            highest_bilge_m=float("nan") if level is None else level,
        )


def _rows(target: Target, hours: Hours) -> FloatArray:
    columns = [hours.features[term.feature] for term in target.terms]
    return np.column_stack([np.ones(len(hours.starts_us)), *columns])


def _fit(target: Target, rows: FloatArray, values: FloatArray, *, level_give: float) -> _Fitted:
    """Weigh what was seen against what is known before; all rows NaN leave the prior as it is."""
    known = ~np.isnan(values)
    seen, noise = rows[known], _ROW_NOISE * target.floor
    usual = np.array([0.0, *(term.usual for term in target.terms)])
    weights = np.array([level_give, *(term.give for term in target.terms)]) ** -2.0
    covariance = np.linalg.inv(seen.T @ seen / noise**2 + np.diag(weights))
    coefficients = covariance @ (seen.T @ values[known] / noise**2 + weights * usual)
    residuals = np.full(len(rows), np.nan)
    residuals[known] = values[known] - seen @ coefficients
    means = stretch_means(residuals[known], target.rows)
    spread = robust_deviation(means) if len(means) >= LEAST_ROWS else 0.0
    return _Fitted(np.asarray(coefficients, np.float64), np.asarray(covariance, np.float64), spread)
