"""Remaining life learned from a fleet of like machines that ran until they failed.

Smoothed sensors, their recent motion and the machine's age go into a ridge regression on random cosines, which is kernel ridge
with a Gaussian kernel at the price of a plain one. The band comes from machines that the regression had not seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.signal import lfilter

from analytics.remaining_life.quantiles import Remaining
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

SPANS = (5, 15, 40)
"""Of the smoothings, in cycles."""
_MOTION = (8, 25)
"""The difference of these two smoothings tells which way a sensor is going."""
WIDTH = 0.2
PENALTY = 1e-5
"""Chosen by cross-validation over the training units of C-MAPSS FD001 alone; ``benchmarks/analytics_life.py`` does it again."""
_TERMS = 500
_DRAWS = 2
"""Regressions with cosines of their own, averaged."""
_FOLDS = 5
_LEAST_RUNS = 2 * _FOLDS
_BAND_BINS = 12
SETTLED_CYCLES = 30
"""Before it smoothings say little; younger cycles do not count in the band or in scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A fitted fleet; lives are in cycles, and all above the ceiling are the same."""

    ceiling: float
    centre: FloatArray
    scale: FloatArray
    middle: FloatArray
    spread: FloatArray
    """Of the sensors and of the features."""
    frequencies: FloatArray
    """Shape (draws, features, terms)."""
    phases: FloatArray
    coefficients: FloatArray
    """Shape (draws, 1 + features + terms)."""
    band_at: FloatArray
    band: FloatArray
    """Predicted lives, and the errors there at 10 and 90 %: shapes (bins,) and (2, bins)."""
    unseen: tuple[FloatArray, ...]
    """What was predicted for each cycle of each training run by a regression that had not seen the run."""

    @classmethod
    def fit(
        cls, runs: Sequence[FloatArray], *, ceiling: float, width: float = WIDTH, penalty: float = PENALTY, seed: int = 1
    ) -> Self:
        """Learn from runs that ended in failure.

        Parameters
        ----------
        runs : sequence of ndarray, shape (cycles, sensors)
            Each until its failure; sensors that never move are left out by their zero weight.
        ceiling : float
            Cycles; a machine with more left does not show it yet, and counts as having so many.
        width, penalty : float
            Frequencies of the cosines over features in standard deviations, and the ridge.

        Raises
        ------
        NotEvaluated
            If there are too few runs, or unknown values in them.

        References
        ----------
        Heimes (2008), PHM: the ceiling. Rahimi and Recht (2007), "Random features for large-scale kernel machines", NIPS.
        Vovk et al. (2005), "Algorithmic learning in a random world": bands from errors on what was not seen.
        """
        if len(runs) < _LEAST_RUNS:
            raise NotEvaluated(Why.NOT_TRAINED, f"{len(runs)} runs, {_LEAST_RUNS} are needed")
        rows = np.vstack(list(runs))
        if not np.isfinite(rows).all():
            raise NotEvaluated(Why.MISSING_INPUT, "runs with unknown values")
        centre, scale = rows.mean(axis=0), _spread(rows)
        features = [_features((run - centre) / scale) for run in runs]
        middle, spread = np.vstack(features).mean(axis=0), _spread(np.vstack(features))
        left = [_left(run, ceiling) for run in runs]
        rng = np.random.default_rng(seed)
        frequencies = width * rng.standard_normal((_DRAWS, len(middle), _TERMS))
        phases = rng.uniform(0, 2 * np.pi, (_DRAWS, _TERMS))
        fold = rng.permutation(len(runs)) % _FOLDS
        row_fold = np.repeat(fold, [len(run) for run in runs])
        target = np.concatenate(left)
        out_of_fold, coefficients = np.zeros(len(target)), []
        for frequency, phase in zip(frequencies, phases, strict=True):
            design = _design((np.vstack(features) - middle) / spread, frequency, phase)
            # The sums of all folds give those without one of them by subtraction.
            squares = [design[row_fold == number].T @ design[row_fold == number] for number in range(_FOLDS)]
            products = [design[row_fold == number].T @ target[row_fold == number] for number in range(_FOLDS)]
            ridge = penalty * len(target) * np.eye(design.shape[1])
            ridge[0, 0] = 0.0
            for number in range(_FOLDS):
                solved = np.linalg.solve(sum(squares) - squares[number] + ridge, sum(products) - products[number])
                out_of_fold[row_fold == number] += design[row_fold == number] @ solved / _DRAWS
            coefficients.append(np.linalg.solve(sum(squares) + ridge, sum(products)))
        unseen = np.split(np.clip(out_of_fold, 0.0, ceiling), np.cumsum([len(run) for run in runs])[:-1])
        band_at, band = _band(unseen, left)
        return cls(
            ceiling=ceiling,
            centre=centre,
            scale=scale,
            middle=middle,
            spread=spread,
            frequencies=frequencies,
            phases=phases,
            coefficients=np.array(coefficients),
            band_at=band_at,
            band=band,
            unseen=tuple(unseen),
        )

    def predict(self, run: FloatArray) -> FloatArray:
        """Give the life left after each cycle, from it and those before it.

        Parameters
        ----------
        run : ndarray, shape (cycles, sensors)
            Since the machine was new.

        Raises
        ------
        NotEvaluated
            If it holds unknown values, or other sensors than those that were learned.
        """
        if run.ndim != 2 or run.shape[1] != len(self.centre):
            raise NotEvaluated(Why.BAD_INPUT, f"{len(self.centre)} sensors are needed")
        if not len(run) or not np.isfinite(run).all():
            raise NotEvaluated(Why.MISSING_INPUT, "unknown values")
        rows = (_features((run - self.centre) / self.scale) - self.middle) / self.spread
        pieces = zip(self.frequencies, self.phases, self.coefficients, strict=True)
        values: FloatArray = np.mean([_design(rows, frequency, phase) @ of for frequency, phase, of in pieces], axis=0)
        return np.clip(values, 0.0, self.ceiling)

    def remaining(self, run: FloatArray) -> Remaining:
        """Give the life left after the last cycle; the ceiling stands for it and all above."""
        likely = float(self.predict(run)[-1])
        low, high = (float(np.interp(likely, self.band_at, errors)) for errors in self.band)
        return Remaining(min(max(likely + low, 0.0), likely), likely, max(min(likely + high, self.ceiling), likely))

    def unseen_rmse(self) -> float:
        """Root of the mean square error over the settled cycles of runs that were not seen."""
        errors = [np.mean((of - _left(of, self.ceiling))[SETTLED_CYCLES:] ** 2) for of in self.unseen if len(of) > SETTLED_CYCLES]
        return float(np.sqrt(np.mean(errors)))


def ewma(values: FloatArray, span: float) -> FloatArray:
    """Average columns with weights that fade by ``1 - 1 / span`` a row and sum to 1 from the first row on."""
    coefficients = [1 / span], [1.0, 1 / span - 1]
    total: FloatArray = lfilter(*coefficients, values, axis=0)
    weight: FloatArray = lfilter(*coefficients, np.ones(len(values)))
    return total / weight[:, None]


def _features(run: FloatArray) -> FloatArray:
    age = np.arange(1.0, len(run) + 1)
    fast, slow = (ewma(run, span) for span in _MOTION)
    return np.column_stack([*(ewma(run, span) for span in SPANS), fast - slow, np.log(age), age / 100])


def _design(rows: FloatArray, frequency: FloatArray, phase: FloatArray) -> FloatArray:
    cosines = np.cos(rows @ frequency + phase) * np.sqrt(2 / len(phase))
    return np.column_stack([np.ones(len(rows)), 0.1 * rows, cosines])


def _left(run: FloatArray, ceiling: float) -> FloatArray:
    return np.minimum(np.arange(len(run), dtype=np.float64)[::-1], ceiling)


def _spread(rows: FloatArray) -> FloatArray:
    spread = rows.std(axis=0)
    return np.where(spread > 1e-9 * np.maximum(np.abs(rows.mean(axis=0)), 1.0), spread, 1.0)


def _band(unseen: Sequence[FloatArray], left: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Give errors at 10 and 90 % by predicted life, each run counting alike within its settled cycles."""
    first = [min(SETTLED_CYCLES, len(run) - 1) for run in unseen]
    predicted = np.concatenate([run[start:] for run, start in zip(unseen, first, strict=True)])
    error = np.concatenate([run[start:] for run, start in zip(left, first, strict=True)]) - predicted
    bins = np.array_split(np.argsort(predicted), _BAND_BINS)
    at: FloatArray = np.array([np.median(predicted[rows]) for rows in bins])
    return at, np.array([[np.quantile(error[rows], level) for rows in bins] for level in (0.1, 0.9)])
