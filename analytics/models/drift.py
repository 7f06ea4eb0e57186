"""Whether a model's residuals have drifted away from what they were: the watch asks for a new baseline, and never learns itself.

Residuals of real machines hang together over days and weeks, on which tests for independent values alarm without end. So both
watches look at means over stretches, and learn from the accepted residuals how far these wander.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from analytics import evidence
from analytics.baselines.load_baseline import stretch_means
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray
from device_profiles.kind import Label

ALLOWANCE = 0.5
THRESHOLD = 5.0
"""In standard deviations: a drift of one is found as fast as can be, and independent values alarm once in 465 stretches."""
_BOND_EXPONENT = 0.71
"""The threshold times the inflation to this power keeps that at 465 where values hang together: found by simulation of
autoregressive values with correlations of 0 to 0.9, and asserted by a test."""
LEAST_STRETCHES = 20
_STRONGEST_BOND = 0.95


class Drift(NamedTuple):
    """A drift; the model needs a new baseline, or the machine a look."""

    alarm_row: int
    """Row of the residuals at whose end it was certain."""
    since_row: int
    """Where the sum that alarmed last stood at zero: the likely begin."""
    size: float
    """Mean residual since then, less that of the accepted ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftWatch:
    """How the accepted residuals wandered."""

    stretch_rows: int
    centre: float
    deviation: float
    """Of means over stretches."""
    bond: float
    """Correlation of each such mean with the next, 0 or above."""

    @classmethod
    def learn(cls, residuals: FloatArray, *, stretch_rows: int) -> Self:
        """Learn from residuals of the window in which the model was accepted, in the order of time.

        Parameters
        ----------
        residuals : ndarray, shape (n,)
            NaN where the model does not answer.
        stretch_rows : int
            Rows averaged: a week or a day, longer than what a load case lasts.

        Raises
        ------
        NotEvaluated
            If there are fewer than 20 stretches, or the residuals never move.
        """
        means = stretch_means(residuals, stretch_rows)
        means = means[~np.isnan(means)]
        if len(means) < LEAST_STRETCHES:
            raise NotEvaluated(Why.NOT_TRAINED, f"{len(means)} stretches, {LEAST_STRETCHES} are needed")
        centre, deviation = float(means.mean()), float(means.std(ddof=1))
        if deviation <= 1e-9 * max(abs(centre), 1e-9):
            raise NotEvaluated(Why.BAD_INPUT, "residuals never move")
        off = means - centre
        bond = float(np.clip(off[1:] @ off[:-1] / (off @ off), 0.0, _STRONGEST_BOND))
        return cls(stretch_rows=stretch_rows, centre=centre, deviation=deviation, bond=bond)

    @property
    def inflation(self) -> float:
        """How much larger the variance of a long mean is than that of as many independent values."""
        return (1 + self.bond) / (1 - self.bond)

    @property
    def limit(self) -> float:
        """Threshold of `sums`, in deviations; about one false alarm in 465 stretches."""
        return THRESHOLD * float(self.inflation**_BOND_EXPONENT)

    def sums(self, residuals: FloatArray) -> FloatArray:
        """Give both cumulated sums at the end of each stretch, in deviations.

        Returns
        -------
        ndarray, shape (2, stretches)
            Upwards and downwards; a stretch of which too little is known changes nothing.

        References
        ----------
        Page (1954), Biometrika 41; Hinkley (1971), Biometrika 58: a sum less its lowest value so far.
        """
        means = stretch_means(residuals, self.stretch_rows)
        off = (means - self.centre) / self.deviation
        steps = np.where(np.isnan(off), 0.0, np.array([off, -off]) - ALLOWANCE)
        total = np.cumsum(steps, axis=1)
        sums: FloatArray = total - np.minimum(np.minimum.accumulate(total, axis=1), 0.0)
        return sums

    def first_drift(self, residuals: FloatArray) -> Drift | None:
        """Find the first drift in residuals after the accepted ones; None where there is none."""
        sums = self.sums(residuals)
        over = np.flatnonzero((sums > self.limit).any(axis=0))
        if not len(over):
            return None
        alarm = int(over[0])
        of = sums[int(sums[:, alarm].argmax())]
        resting = np.flatnonzero(of[: alarm + 1] == 0)
        since = int(resting[-1]) + 1 if len(resting) else 0
        rows = residuals[since * self.stretch_rows : (alarm + 1) * self.stretch_rows]
        size = float(rows[~np.isnan(rows)].mean()) - self.centre
        return Drift((alarm + 1) * self.stretch_rows - 1, since * self.stretch_rows, size)

    def evidence(self, times_us: npt.NDArray[np.int64], residuals: FloatArray, *, unit: str) -> list[dict[str, Any]]:
        """Show the means over stretches with the band of the accepted ones, and the sums with their threshold."""
        starts = times_us[: len(residuals) // self.stretch_rows * self.stretch_rows : self.stretch_rows]
        half = 2 * self.deviation
        means = stretch_means(residuals, self.stretch_rows)
        upwards, downwards = self.sums(residuals)
        return [
            evidence.series(
                Label(zh="残差均值", en="Mean residual"),
                unit,
                starts,
                {"residual": means},
                band=(self.centre - half, self.centre + half),
            ),
            evidence.series(
                Label(zh="累积和", en="Cumulated sums"), "", starts, {"up": upwards, "down": downwards}, band=(0.0, self.limit)
            ),
        ]

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {name: getattr(self, name) for name in ("stretch_rows", "centre", "deviation", "bond")}

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        return cls(**{name: model[name] for name in ("stretch_rows", "centre", "deviation", "bond")})


def adaptive_window(
    means: FloatArray, *, deviation: float, inflation: float = 1.0, false_share: float = 0.002, least: int = 5
) -> "tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]":
    """Keep the longest recent window whose halves agree, however it is cut.

    Parameters
    ----------
    means : ndarray, shape (n,)
        Means over stretches; NaN are passed over.
    deviation : float
        Of the accepted means (`DriftWatch.deviation`): that of the window itself would grow with every drift.
    inflation : float
        Of the variance, for values that hang together (`DriftWatch.inflation`).
    false_share : float
        Chance of a cut at a step at which nothing has changed, at most.
    least : int
        Stretches on each side of a cut.

    Returns
    -------
    begins : ndarray, shape (n,)
        Where the window begins after each step.
    cuts : ndarray
        Steps at which it was cut: the past no longer tells of the present.

    References
    ----------
    Bifet and Gavaldà (2007), "Learning from time-changing data with adaptive windowing", SDM: the bound for normal values.
    """
    known = np.flatnonzero(~np.isnan(means))
    values = means[known]
    total = np.concatenate([[0.0], np.cumsum(values)])
    begin, begins = 0, np.zeros(len(means), np.int64)
    cuts: list[int] = []
    for end in range(1, len(values) + 1):
        while end - begin >= 2 * least:
            cut = np.arange(begin + least, end - least + 1)
            before, after = cut - begin, end - cut
            gap = np.abs((total[cut] - total[begin]) / before - (total[end] - total[cut]) / after)
            variance = inflation * deviation**2 * (1 / before + 1 / after)
            excess = gap - np.sqrt(2 * variance * np.log(2 * (end - begin) / false_share))
            if not excess.max() > 0:
                break
            begin = int(cut[excess.argmax()])
            if not cuts or cuts[-1] != known[end - 1]:
                cuts.append(int(known[end - 1]))
        begins[known[end - 1] :] = known[begin]
    return begins, np.array(cuts, np.int64)
