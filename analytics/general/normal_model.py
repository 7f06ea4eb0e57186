"""A machine's normal behaviour as a plane through its healthy days, and how far a machine strays from it by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from analytics.baselines.load_baseline import stretch_means
from analytics.baselines.steady import runs_since
from analytics.detection.principal_components import PrincipalComponents
from analytics.detection.sensor_checks import flat_share
from analytics.general.at_work import is_at_work, measured_signals
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray, Window
from device_profiles.kind import Role, load_kind

STRETCH_SECONDS = 600.0
BLOCK_STRETCHES = 36
"""Six hours: what is judged together."""
LEAST_STRETCHES = 12
_SETTLE_SECONDS = 1800.0
_LEAST_SHARE = 0.9
_BUSY_SHARE = 0.3
"""Of a stretch, where a machine is never at work for long."""
_MOST_FLAT_SHARE = 0.5
_MOST_TREND = 0.7
"""Rank correlation with time: what runs one way all week, as a filter that clogs until it is changed, goes with anything."""
_LEAST_RANGE = 1e-6
_HULL_MARGIN = 0.1
_LEAST_SPREAD = 0.02
"""In standard deviations of the signal: less is no deviation."""
_LEAST_BLOCKS = 8
_FOLDS = 7
_CAUSES = (Role.LOAD, Role.AMBIENT)
"""What the machine is asked to do, and what surrounds it; the rest follows."""
_US_A_DAY = 86_400e6


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalModel:
    """What a machine does while healthy."""

    signals: tuple[str, ...]
    plane: PrincipalComponents
    spreads: FloatArray
    """Of each signal's mean remainder over a block, in its standard deviations, on days that the plane had not seen."""
    drifts: FloatArray
    """Change of the remainders a day, from the first half of the days to the second: filters clog, levels sink."""
    limit: float
    """Highest departure of a block of those days."""
    lowest: FloatArray
    highest: FloatArray
    """Range of each signal that was seen, widened a little; of signals that follow from others infinite."""
    settles: bool
    """Whether the first half hour of work is left out."""
    until_us: int
    """When the days that it learned from ended."""
    days: float

    @classmethod
    def fit(cls, history: Window) -> Self:
        """Learn from healthy days.

        Raises
        ------
        NotEvaluated
            If too few signals or too few stretches at work are known.
        """
        at_work = is_at_work(history)
        settled = runs_since(at_work) > history.steps(_SETTLE_SECONDS)
        settles = bool(2 * settled.sum() > at_work.sum())
        names = np.array(measured_signals(history.kind))
        rows = stretches(history, tuple(names.tolist()), settles=settles)
        kept = _usable(rows)
        if kept.sum() < 3:
            raise NotEvaluated(Why.NOT_TRAINED, f"{kept.sum()} signals")
        rows = rows[:, kept]
        unseen = np.full(rows.shape, np.nan)
        for fold in np.array_split(np.arange(len(rows)), _FOLDS):
            plane = PrincipalComponents.fit(np.delete(rows, fold, axis=0))
            unseen[fold] = plane.remainders(rows[fold])
        blocks = np.array([_mean(block) for block in _blocks(unseen)])
        blocks = blocks[~np.isnan(blocks).any(axis=1)]
        if len(blocks) < _LEAST_BLOCKS:
            raise NotEvaluated(Why.NOT_TRAINED, f"{len(blocks)} x 6 h at work")
        spreads = np.sqrt(np.square(blocks).mean(axis=0)) + _LEAST_SPREAD
        half = len(rows) // 2
        later = _mean(PrincipalComponents.fit(rows[:half]).remainders(rows[half:]))
        signals = tuple(names[kept].tolist())
        low, high = np.nanmin(rows, axis=0), np.nanmax(rows, axis=0)
        margin = _HULL_MARGIN * (high - low)
        is_cause = np.array([load_kind(history.kind).signals[name].role in _CAUSES for name in signals])
        return cls(
            signals=signals,
            plane=PrincipalComponents.fit(rows),
            spreads=spreads,
            drifts=np.abs(np.nan_to_num(later)) / (history.days / 2),
            limit=float(np.square(blocks / spreads).mean(axis=1).max()),
            lowest=np.where(is_cause, low - margin, -np.inf),
            highest=np.where(is_cause, high + margin, np.inf),
            settles=settles,
            until_us=history.end_us,
            days=history.days,
        )

    def inside(self, rows: FloatArray) -> Flags:
        """Tell which stretches are known in full and lie within loads and surroundings that were seen."""
        with np.errstate(invalid="ignore"):
            within: Flags = np.all((rows >= self.lowest) & (rows <= self.highest), axis=1)
        return within

    def deviations(self, rows: FloatArray, at_us: int) -> FloatArray:
        """Give each signal's mean remainder over a block, in spreads that grow with the time since it learned.

        A week says little of how a machine looks after a month: the spread grows in proportion, and what drifted drifts on.
        """
        age = max(at_us - self.until_us, 0) / _US_A_DAY
        spread = np.sqrt(np.square(self.spreads) * (1 + (age / self.days) ** 2) + np.square(self.drifts * age))
        found: FloatArray = self.plane.remainders(rows).mean(axis=0) / spread
        return found

    def expected(self, rows: FloatArray) -> FloatArray:
        """Give what the plane expects of each signal beside the others, shape of ``rows``, in the signals' units."""
        values: FloatArray = rows - self.plane.remainders(rows) * self.plane.scale
        return values

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models; a range without an end is None."""
        return {
            "signals": list(self.signals),
            "plane": self.plane.to_model(),
            "spreads": self.spreads.tolist(),
            "drifts": self.drifts.tolist(),
            "limit": self.limit,
            "lowest": [None if np.isinf(value) else value for value in self.lowest.tolist()],
            "highest": [None if np.isinf(value) else value for value in self.highest.tolist()],
            "settles": self.settles,
            "until_us": self.until_us,
            "days": self.days,
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        return cls(
            signals=tuple(model["signals"]),
            plane=PrincipalComponents.from_model(model["plane"]),
            spreads=np.array(model["spreads"], float),
            drifts=np.array(model["drifts"], float),
            limit=model["limit"],
            lowest=np.array([-np.inf if value is None else value for value in model["lowest"]], float),
            highest=np.array([np.inf if value is None else value for value in model["highest"]], float),
            settles=model["settles"],
            until_us=model["until_us"],
            days=model["days"],
        )


def stretches(window: Window, signals: tuple[str, ...], *, settles: bool) -> FloatArray:
    """Give means over ten minutes at work, shape (stretches, signals), the last ending with the window."""
    at_work = is_at_work(window)
    if settles:
        at_work = runs_since(at_work) > window.steps(_SETTLE_SECONDS)
    steps = window.steps(STRETCH_SECONDS)
    first = len(window) % steps
    share = _LEAST_SHARE if settles else _BUSY_SHARE
    columns = [stretch_means(np.where(at_work, window[name], np.nan)[first:], steps, at_least_share=share) for name in signals]
    return np.column_stack(columns)


def _usable(rows: FloatArray) -> Flags:
    """Tell which signals are known throughout, vary in every part of the history, and do not run one way through it."""
    known = (~np.isnan(rows)).sum(axis=0)
    usable: Flags = known >= max(_LEAST_SHARE * known.max(initial=0), 2)
    parts = [np.delete(np.arange(len(rows)), fold) for fold in np.array_split(np.arange(len(rows)), _FOLDS)]
    parts.append(np.arange(len(rows) // 2))
    for index in np.flatnonzero(usable):
        column = rows[:, index]
        usable[index] = (
            flat_share(column) < _MOST_FLAT_SHARE
            and all(_varies(column[part]) for part in parts)
            and abs(_rank_correlation_with_time(column)) < _MOST_TREND
        )
    return usable


def _varies(column: FloatArray) -> bool:
    known = column[~np.isnan(column)]
    if len(known) < 2:
        return False
    low, high = np.quantile(known, [0.02, 0.98])
    return bool(high - low > _LEAST_RANGE * max(abs(high), 1e-3))


def _rank_correlation_with_time(column: FloatArray) -> float:
    known = column[~np.isnan(column)]
    ranks = np.empty(len(known))
    ranks[np.argsort(known, kind="stable")] = np.arange(len(known))
    return float(np.corrcoef(ranks, np.arange(len(known)))[0, 1])


def _blocks(rows: FloatArray) -> list[FloatArray]:
    return [rows[first : first + BLOCK_STRETCHES] for first in range(0, len(rows) - BLOCK_STRETCHES + 1, BLOCK_STRETCHES)]


def _mean(rows: FloatArray) -> FloatArray:
    """Give the mean of the rows that are known in full; NaN where they are few."""
    known = rows[~np.isnan(rows).any(axis=1)]
    return known.mean(axis=0) if len(known) >= LEAST_STRETCHES else np.full(rows.shape[1], np.nan)
