"""How one engine behaves while healthy, learned from its first days, and how far it is from that now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from analytics.baselines.load_baseline import LoadBaseline, robust_deviation, stretch_means
from analytics.diagnosis.verdicts import Reading, recent_reading
from analytics.diesel_engine.cylinders import deviations, learned_shares, separate
from analytics.diesel_engine.indicators import COMPRESSION, EXHAUST, INDICATORS, MAXIMUM, Observed, observe
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray, Window

RECENT_SECONDS = 7200.0
"""So long at steady load is judged, and so long are the stretches by which the healthy engine's straying is measured."""
LEAST_RECENT_SECONDS = 1200.0
LEAST_LEARNED_HOURS = 8.0

CYLINDER_FLOORS = {"exhaust": 2.5, "compression": 1.0, "rise": 3.0}
"""Like `Indicator.floor`: of the exhaust in K, of p_comp and p_max - p_comp in percent of the other cylinders."""
_WEATHER = frozenset({"intake", "ambient"})
"""Beyond what was seen of them the baseline stays at its edge: physics has already taken out most of what they do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    """What was learned; what the machine does not measure is not there."""

    baselines: Mapping[str, LoadBaseline]
    shares: Mapping[str, FloatArray]
    """Of each cylinder, by the names of `CYLINDER_FLOORS`."""
    spreads: Mapping[str, FloatArray]
    """Of each cylinder's deviation, over stretches."""

    @classmethod
    def learn(cls, history: Window) -> Self:
        """Learn from healthy days.

        Raises
        ------
        NotEvaluated
            If it was hardly ever at steady load.
        """
        observed = observe(history)
        hours = float(observed.steady.sum()) * history.step_seconds / 3600
        if hours < LEAST_LEARNED_HOURS:
            raise NotEvaluated(Why.NOT_TRAINED, f"{hours:.1f} h")
        stretch = history.steps(RECENT_SECONDS)
        baselines = {}
        for name, indicator in INDICATORS.items():
            features = {over: observed.conditions[over] for over in indicator.over}
            try:
                baselines[name] = LoadBaseline.fit(features, {name: observed.indicators[name]}, stretch_steps=stretch)
            except NotEvaluated:  # this machine does not measure it, or never long enough
                continue
        values = _cylinder_values(history, observed)
        shares = {name: learned_shares(of) for name, of in values.items()}
        away = _cylinder_deviations(values, shares)
        spreads = {name: np.array([_spread(row, stretch) for row in of]) for name, of in away.items()}
        return cls(baselines=baselines, shares=shares, spreads=spreads)

    def indicators(self, window: Window, observed: Observed) -> dict[str, Reading]:
        """Compare each indicator that has a baseline."""
        found = {}
        for name, baseline in self.baselines.items():
            features = {
                over: np.clip(observed.conditions[over], baseline.lowest[number], baseline.highest[number])
                if over in _WEATHER
                else observed.conditions[over]
                for number, over in enumerate(baseline.features)
            }
            residuals = baseline.residuals(features, observed.indicators)[name]
            size = min(max(baseline.spreads[0].stretch, INDICATORS[name].floor), INDICATORS[name].ceiling)
            found[name] = _reading(residuals, size, window)
        return found

    def cylinders(self, window: Window, observed: Observed) -> dict[str, list[Reading]]:
        """Compare each cylinder with the others: by the names of `CYLINDER_FLOORS`, one reading a cylinder."""
        away = _cylinder_deviations(_cylinder_values(window, observed), self.shares)
        return {
            name: [
                _reading(row, max(float(np.nan_to_num(spread)), CYLINDER_FLOORS[name]), window)
                for row, spread in zip(of, self.spreads[name], strict=True)
            ]
            for name, of in away.items()
        }

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {
            "baselines": {name: one.to_model() for name, one in self.baselines.items()},
            "shares": {name: _plain(of) for name, of in self.shares.items()},
            "spreads": {name: _plain(of) for name, of in self.spreads.items()},
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        return cls(
            baselines={name: LoadBaseline.from_model(one) for name, one in model["baselines"].items()},
            shares={name: np.array(of, np.float64) for name, of in model["shares"].items()},
            spreads={name: np.array(of, np.float64) for name, of in model["spreads"].items()},
        )


def _cylinder_values(window: Window, observed: Observed) -> dict[str, FloatArray]:
    """Give readings at steady load, each of shape (cylinders, n)."""
    compression = np.where(observed.steady, window.family(COMPRESSION), np.nan)
    return {
        "exhaust": np.where(observed.steady, window.family(EXHAUST), np.nan),
        "compression": compression,
        "rise": np.where(observed.steady, window.family(MAXIMUM), np.nan) - compression,
    }


def _cylinder_deviations(values: Mapping[str, FloatArray], shares: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    apart = separate(
        maximum_bar=values["rise"] + values["compression"],
        compression_bar=values["compression"],
        compression_shares=shares["compression"],
        rise_shares=shares["rise"],
    )
    return {
        "exhaust": deviations(values["exhaust"], shares["exhaust"]),
        "compression": apart.compression_percent,
        "rise": apart.rise_percent,
    }


def _reading(residuals: FloatArray, size: float, window: Window) -> Reading:
    recent, least = window.steps(RECENT_SECONDS), window.steps(LEAST_RECENT_SECONDS)
    return recent_reading(residuals, size, recent_steps=recent, least_steps=least)


def _spread(residuals: FloatArray, stretch_steps: int) -> float:
    means = stretch_means(residuals, stretch_steps)
    return robust_deviation(means if (~np.isnan(means)).any() else residuals)


def _plain(values: FloatArray) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
