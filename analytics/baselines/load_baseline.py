"""What signals should read at the load and in the conditions of the moment, learned from the machine's own healthy days.

A ridge regression on the features, their squares and products; it declines outside the range of what it has seen. How far a
healthy machine strays is measured over stretches of time, because residuals of a real machine are no white noise: the spread of
means over a stretch is far larger than that of single values divided by the root of their number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

_RIDGE = 1e-3
_HULL_QUANTILE = 0.002
_HULL_MARGIN = 0.1
"""Beyond the outermost quantiles by this share of their distance the baseline still answers."""
_LEAST_STRETCHES = 8
_LEAST_ROWS_A_TERM = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a healthy machine's residuals stray."""

    single: float
    """Standard deviation of single residuals, robust (from the median absolute deviation)."""
    stretch: float
    """The same of their means over stretches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBaseline:
    """A fitted baseline of several targets over shared features."""

    features: tuple[str, ...]
    targets: tuple[str, ...]
    centre: FloatArray
    scale: FloatArray
    lowest: FloatArray
    highest: FloatArray
    """Of each feature: middle and spread for scaling, and the range that was seen."""
    coefficients: FloatArray
    """Shape (terms, targets)."""
    spreads: tuple[Spread, ...]

    @classmethod
    def fit(
        cls, features: Mapping[str, FloatArray], targets: Mapping[str, FloatArray], *, stretch_steps: int, degree: int = 2
    ) -> Self:
        """Learn from rows in the order of time; rows with a NaN anywhere are left out.

        Parameters
        ----------
        features, targets : mapping of str to ndarray, shape (n,)
            Rows of healthy, steady operation; the caller makes all others NaN.
        stretch_steps : int
            Length of the stretches over which residuals will be averaged later.
        degree : int
            1 for a plane, 2 with squares and products.

        Raises
        ------
        NotEvaluated
            If there are too few rows.
        """
        x, y = np.column_stack(list(features.values())), np.column_stack(list(targets.values()))
        known = ~(np.isnan(x).any(axis=1) | np.isnan(y).any(axis=1))
        rows = x[known]
        terms = _count_terms(len(features), degree)
        if len(rows) < max(_LEAST_ROWS_A_TERM * terms, _LEAST_STRETCHES * 2):
            raise NotEvaluated(Why.NOT_TRAINED, f"{len(rows)} steady rows")
        centre, scale = rows.mean(axis=0), rows.std(axis=0)
        scale = np.where(scale > 1e-9 * np.maximum(np.abs(centre), 1), scale, 1.0)
        low, high = np.quantile(rows, [_HULL_QUANTILE, 1 - _HULL_QUANTILE], axis=0)
        margin = _HULL_MARGIN * (high - low) + 1e-9
        design = _terms((rows - centre) / scale, degree)
        penalty = _RIDGE * len(rows) * np.eye(design.shape[1])
        penalty[0, 0] = 0.0
        try:
            coefficients = np.asarray(np.linalg.solve(design.T @ design + penalty, design.T @ y[known]), np.float64)
        except np.linalg.LinAlgError:
            raise NotEvaluated(Why.BAD_INPUT, "values beyond all measure") from None
        residuals = np.full(y.shape, np.nan)
        residuals[known] = y[known] - design @ coefficients
        return cls(
            features=tuple(features),
            targets=tuple(targets),
            centre=centre,
            scale=scale,
            lowest=low - margin,
            highest=high + margin,
            coefficients=coefficients,
            spreads=tuple(_spread(column, stretch_steps) for column in residuals.T),
        )

    def expected(self, features: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Give what each target should read; NaN where a feature is unknown or outside the range that was seen.

        Raises
        ------
        NotEvaluated
            If the machine has no such feature any more: another drive, another meter.
        """
        gone = [name for name in self.features if name not in features]
        if gone:
            raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"the model goes by {', '.join(gone)}")
        x = np.column_stack([features[name] for name in self.features])
        with np.errstate(invalid="ignore"):
            inside = ((x >= self.lowest) & (x <= self.highest)).all(axis=1)
        degree = 1 if len(self.coefficients) == _count_terms(len(self.features), 1) else 2
        values = _terms((x - self.centre) / self.scale, degree) @ self.coefficients
        values[~inside] = np.nan
        return dict(zip(self.targets, values.T, strict=True))

    def residuals(self, features: Mapping[str, FloatArray], targets: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Give measured less expected."""
        expected = self.expected(features)
        return {name: targets[name] - expected[name] for name in self.targets}

    def scores(
        self, residuals: Mapping[str, FloatArray], *, least_rows: int = 5, floors: Mapping[str, float] | None = None
    ) -> dict[str, float]:
        """Give the mean residual of each target over the rows given, in spreads of healthy stretches; NaN of too few rows.

        ``floors`` are the smallest spreads that count, in the targets' units: what a sensor cannot tell apart is no sign.
        """
        found = {}
        for name, spread in zip(self.targets, self.spreads, strict=True):
            known = residuals[name][~np.isnan(residuals[name])]
            size = max(spread.stretch, (floors or {}).get(name, 0.0), 1e-12)
            found[name] = float(known.mean() / size) if len(known) >= least_rows else float("nan")
        return found

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {
            "features": list(self.features),
            "targets": list(self.targets),
            **{name: getattr(self, name).tolist() for name in ("centre", "scale", "lowest", "highest", "coefficients")},
            "spreads": [[spread.single, spread.stretch] for spread in self.spreads],
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        return cls(
            features=tuple(model["features"]),
            targets=tuple(model["targets"]),
            centre=np.array(model["centre"]),
            scale=np.array(model["scale"]),
            lowest=np.array(model["lowest"]),
            highest=np.array(model["highest"]),
            coefficients=np.array(model["coefficients"]),
            spreads=tuple(Spread(single=single, stretch=stretch) for single, stretch in model["spreads"]),
        )


def stretch_means(values: FloatArray, stretch_steps: int, *, at_least_share: float = 0.2) -> FloatArray:
    """Give the mean of each stretch of ``stretch_steps`` steps; NaN where less than a share of it is known."""
    count = len(values) // stretch_steps
    blocks = values[: count * stretch_steps].reshape(count, stretch_steps)
    known = ~np.isnan(blocks)
    number = known.sum(axis=1)
    total = np.where(known, blocks, 0.0).sum(axis=1)
    enough = number >= max(1, at_least_share * stretch_steps)
    means: FloatArray = np.divide(total, number, out=np.full(count, np.nan), where=enough)
    return means


def robust_deviation(values: Sequence[float] | FloatArray) -> float:
    """Standard deviation from the median absolute deviation about zero, of what is known (normal: factor 1.4826)."""
    known = np.asarray(values)[~np.isnan(values)]
    return float(1.4826 * np.median(np.abs(known))) if len(known) else float("nan")


def _spread(residuals: FloatArray, stretch_steps: int) -> Spread:
    means = stretch_means(residuals, stretch_steps)
    means = means[~np.isnan(means)]
    single = robust_deviation(residuals)
    if len(means) < _LEAST_STRETCHES:
        return Spread(single=single, stretch=single)
    # Of few stretches the median understates what the worst of them do.
    return Spread(single=single, stretch=float(max(robust_deviation(means), means.std())))


def _count_terms(features: int, degree: int) -> int:
    return 1 + features + (features * (features + 1) // 2 if degree == 2 else 0)


def _terms(x: FloatArray, degree: int) -> FloatArray:
    columns = [np.ones(len(x)), *x.T]
    if degree == 2:
        columns += [x[:, i] * x[:, j] for i in range(x.shape[1]) for j in range(i, x.shape[1])]
    return np.column_stack(columns)
