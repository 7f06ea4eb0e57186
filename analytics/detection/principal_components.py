"""Principal components of healthy rows: how far a row lies within their plane (T²), and how far off it (Q)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.stats import f, norm

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

_LEAST_ROWS_A_SIGNAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalComponents:
    """A plane through healthy rows."""

    rows: int
    """So many were learned from."""
    centre: FloatArray
    scale: FloatArray
    """Mean and standard deviation of each signal."""
    variances: FloatArray
    """Of all components of the scaled signals, the largest first."""
    loadings: FloatArray
    """Shape (signals, kept components)."""

    @classmethod
    def fit(cls, rows: FloatArray, *, kept_share: float = 0.9) -> Self:
        """Learn from healthy rows.

        Parameters
        ----------
        rows : ndarray, shape (n, signals)
            Those with a NaN anywhere are left out; each signal must vary.
        kept_share : float
            So much of the variance the plane holds.

        Raises
        ------
        NotEvaluated
            If there are fewer than two rows a signal.
        """
        known = rows[~np.isnan(rows).any(axis=1)]
        n, signals = known.shape
        if n < max(3, _LEAST_ROWS_A_SIGNAL * signals):
            raise NotEvaluated(Why.NOT_TRAINED, f"{n} rows of {signals} signals")
        centre, scale = known.mean(axis=0), known.std(axis=0, ddof=1)
        if (scale <= 0).any():
            raise ValueError("a signal does not vary")
        variances, vectors = np.linalg.eigh(np.cov((known - centre) / scale, rowvar=False).reshape(signals, signals))
        variances, vectors = np.maximum(variances[::-1], 0.0), vectors[:, ::-1]
        kept = int(np.searchsorted(np.cumsum(variances), kept_share * variances.sum())) + 1
        return cls(rows=n, centre=centre, scale=scale, variances=variances, loadings=vectors[:, :kept])

    @property
    def kept(self) -> int:
        return int(self.loadings.shape[1])

    def scores(self, rows: FloatArray) -> FloatArray:
        """Place of each row in the plane, shape (n, kept)."""
        placed: FloatArray = (rows - self.centre) / self.scale @ self.loadings
        return placed

    def remainders(self, rows: FloatArray) -> FloatArray:
        """What the plane leaves of each signal, in its standard deviations, shape (n, signals)."""
        scaled = (rows - self.centre) / self.scale
        left: FloatArray = scaled - scaled @ self.loadings @ self.loadings.T
        return left

    def t_squared(self, rows: FloatArray) -> FloatArray:
        """Hotelling's T² of each row, shape (n,)."""
        distance: FloatArray = (np.square(self.scores(rows)) / self.variances[: self.kept]).sum(axis=1)
        return distance

    def q(self, rows: FloatArray) -> FloatArray:
        """Squared distance of each row from the plane, shape (n,)."""
        distance: FloatArray = np.square(self.remainders(rows)).sum(axis=1)
        return distance

    def t_squared_limit(self, confidence: float = 0.99) -> float:
        """Limit of T² of a new row: ``a (n² - 1) / (n (n - a)) · F(a, n - a)`` (Jackson 1991, "A user's guide", 1.7)."""
        a, n = self.kept, self.rows
        return float(a * (n**2 - 1) / (n * (n - a)) * f.ppf(confidence, a, n - a))

    def q_limit(self, confidence: float = 0.99) -> float:
        """Limit of Q of a new row (Jackson and Mudholkar 1979, "Control procedures for residuals"); 0 where nothing is left."""
        first, second, third = (float(np.sum(self.variances[self.kept :] ** power)) for power in (1, 2, 3))
        if first <= 0:
            return 0.0
        power = 1 - 2 * first * third / (3 * second**2)
        normal = float(norm.ppf(confidence)) * np.sqrt(2 * second * power**2)
        return float(first * (1 + normal / first + second * power * (power - 1) / first**2) ** (1 / power))

    def contributions(self, rows: FloatArray) -> FloatArray:
        """Share of each signal in Q, with the sign of its remainder, shape (n, signals); 0 for a row in the plane."""
        left = self.remainders(rows)
        squares = np.square(left)
        total = squares.sum(axis=1, keepdims=True)
        share: FloatArray = np.sign(left) * np.divide(squares, total, out=np.zeros_like(squares), where=total > 0)
        return share

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {"rows": self.rows} | {name: getattr(self, name).tolist() for name in ("centre", "scale", "variances", "loadings")}

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        arrays = {name: np.array(model[name], float) for name in ("centre", "scale", "variances", "loadings")}
        return cls(rows=model["rows"], **arrays)
