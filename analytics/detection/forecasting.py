"""Forecasts of one signal with intervals, beside the two that any forecast must beat: the last value, and the last season's."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

_RIDGE = 1e-3
_LEAST_ROWS_A_TERM = 5
_HELD_BACK = 0.3
"""Share of the history on which the errors are measured: those on rows that were learned from are too small."""


class Forecast(NamedTuple):
    """The coming rows, arrays of shape (horizon,)."""

    expected: FloatArray
    lowest: FloatArray
    highest: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LagModel:
    """A ridge regression on the last rows and those a season before, one for each row ahead."""

    lags: int
    season: int
    centre: float
    scale: float
    coefficients: FloatArray
    """Shape (terms, horizon)."""
    quantiles: FloatArray
    """Of the errors on rows held back: shape (2, horizon), in the signal's unit."""

    @classmethod
    def fit(cls, history: FloatArray, *, season: int, horizon: int, lags: int = 6, coverage: float = 0.9) -> Self:
        """Learn from the past.

        Parameters
        ----------
        history : ndarray, shape (n,)
            On an even grid; stretches with NaN are left out.
        season : int
            Rows a season, at least ``horizon``.
        coverage : float
            So often the truth shall lie within the interval; from the quantiles of errors, whatever their distribution.

        Raises
        ------
        NotEvaluated
            If there are too few rows.
        """
        if not 1 <= horizon <= season or not 0 < coverage < 1:
            raise ValueError(f"{horizon} rows ahead with {season} a season, coverage {coverage}")
        reach = season + lags
        spans = sliding_window_view(history, reach + horizon) if len(history) >= reach + horizon else np.empty((0, 1))
        spans = spans[~np.isnan(spans).any(axis=1)]
        terms = 1 + lags + horizon
        learned = int(len(spans) * (1 - _HELD_BACK)) - horizon
        if learned < _LEAST_ROWS_A_TERM * terms:
            raise NotEvaluated(Why.NOT_TRAINED, f"{len(spans)} rows")
        centre = float(spans[:learned].mean())
        scale = float(spans[:learned].std()) or 1.0
        scaled = (spans - centre) / scale
        design, truth = _terms(scaled[:, :reach], lags, season, horizon), scaled[:, reach:]
        penalty = _RIDGE * learned * np.eye(terms)
        penalty[0, 0] = 0.0

        def solve(rows: slice) -> FloatArray:
            x = design[rows]
            return np.asarray(np.linalg.solve(x.T @ x + penalty, x.T @ truth[rows]), np.float64)

        # Between what is learned and what is held back lie the rows that both would see.
        late = slice(learned + horizon, None)
        errors = (truth[late] - design[late] @ solve(slice(learned))) * scale
        tail = (1 - coverage) / 2
        count = len(errors)
        # A little outward, as few errors say little of their tails (split conformal prediction).
        level = min(1.0, (1 - tail) * (count + 1) / count)
        return cls(
            lags=lags,
            season=season,
            centre=centre,
            scale=scale,
            coefficients=solve(slice(None)),
            quantiles=np.quantile(errors, [1 - level, level], axis=0),
        )

    def forecast(self, recent: FloatArray) -> Forecast:
        """Look ahead from the end of what is known.

        Parameters
        ----------
        recent : ndarray, shape (m,)
            At least a season and the lags, without a gap.

        Raises
        ------
        NotEvaluated
            If it is too short or has a gap.
        """
        reach = self.season + self.lags
        if len(recent) < reach or np.isnan(recent[-reach:]).any():
            raise NotEvaluated(Why.MISSING_INPUT, f"{reach} rows without a gap are needed")
        scaled = (recent[None, -reach:] - self.centre) / self.scale
        horizon = self.coefficients.shape[1]
        expected = (_terms(scaled, self.lags, self.season, horizon) @ self.coefficients)[0] * self.scale + self.centre
        return Forecast(expected, expected + self.quantiles[0], expected + self.quantiles[1])


def persistence(recent: FloatArray, *, horizon: int) -> FloatArray:
    """Give the last value again and again."""
    return np.full(horizon, recent[-1])


def seasonal_naive(recent: FloatArray, *, season: int, horizon: int) -> FloatArray:
    """Give what was there a season ago."""
    repeated: FloatArray = np.resize(recent[-season:], horizon)
    return repeated


def _terms(spans: FloatArray, lags: int, season: int, horizon: int) -> FloatArray:
    """Lay out 1, the last rows, and the rows that lie a season before those ahead."""
    reach = season + lags
    ago = spans[:, reach - season : reach - season + horizon]
    return np.column_stack([np.ones(len(spans)), spans[:, -lags:], ago])
