"""Silicon of the next cast, the heat of the hearth told early, by a ridge on the casts before and what the furnace has done.

Persistence (the next is as the last) is the yardstick: silicon of neighbouring casts correlates by 0.6 to 0.7, and a model that
does not beat it is worth nothing. Which inputs help depends on the furnace; they are chosen by leaving out one cast at a time.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from analytics.blast_furnace.taps import Taps, before, taps_of
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray, Window

LAGS = 5
CONDITIONS = {
    "coal_injection_rate": "t/h",
    "blast_volume": "m³/h",
    "hot_blast_temperature": "°C",
    "blast_humidity": "g/m³",
    "oxygen_enrichment": "%",
    "permeability_index": "1",
    "flame_temperature": "°C",
    "gas_utilization": "%",
}
_SHORT_SECONDS, _LONG_SECONDS = 2 * 3600.0, 12 * 3600.0
"""Conditions count as what they were lately less what they usually are, so that a slow drift of level does no harm."""
_PENALTIES = (0.03, 0.1, 0.3, 1.0)
_LEAST_CASTS = 40
_GAIN = 0.98
"""Conditions are taken only if they lower the error by so much: of few casts they fit noise."""
HIT_PERCENT = 0.1
"""A forecast within this of the laboratory's value is a hit, as the trade counts."""


class Casts(NamedTuple):
    """What is known at each cast, and the silicon of the cast that followed it."""

    lags: FloatArray
    """Shape (casts, 2 LAGS): silicon of this cast and those before it, and their temperature."""
    conditions: FloatArray
    """Shape (casts, conditions)."""
    silicon_percent: FloatArray
    next_percent: FloatArray
    """NaN at the last one."""


class Score(NamedTuple):
    """How well casts were foretold."""

    rmse: float
    hit_percent: float
    """Share within `HIT_PERCENT`."""
    direction_percent: float
    """Share whose rise or fall was foretold; NaN for persistence, which foretells none."""
    casts: int


def casts_of(window: Window) -> Casts:
    """Read all casts of a window."""
    taps = taps_of(window)
    lags = np.column_stack(
        [_lagged(values, lag) for values in (taps.silicon_percent, taps.celsius) for lag in range(LAGS)]
    ).reshape(-1, 2 * LAGS)
    conditions = np.column_stack([_lately(window, taps, name) for name in CONDITIONS]).reshape(-1, len(CONDITIONS))
    following = np.append(taps.silicon_percent[1:], np.nan) if len(taps.steps) else np.array([])
    return Casts(lags, conditions, taps.silicon_percent, following)


def fit(casts: Casts) -> dict[str, Any]:
    """Learn coefficients, with the penalty and the inputs that foretell left-out casts best.

    Raises
    ------
    NotEvaluated
        If there are fewer than 40 whole casts.

    References
    ----------
    Hoerl and Kennard, Technometrics 12 (1970): ridge regression. Left-out residuals of a linear smoother: ``e / (1 - h)``.
    """
    choices = []
    for has_conditions in (False, True):
        x = _inputs(casts, has_conditions=has_conditions)
        known = ~np.isnan(x).any(axis=1) & ~np.isnan(casts.next_percent)
        if known.sum() < _LEAST_CASTS:
            continue
        choices += [_ridge(x[known], casts.next_percent[known], penalty, has_conditions) for penalty in _PENALTIES]
    if not choices:
        raise NotEvaluated(Why.NOT_TRAINED, f"{len(casts.silicon_percent)} casts")
    return min(choices, key=lambda one: float(one["deviation"]) * (_GAIN if not one["has_conditions"] else 1.0))


def forecast(casts: Casts, model: Mapping[str, Any]) -> FloatArray:
    """Give the silicon expected of the cast after each; NaN where an input is missing. [%]"""
    x = _inputs(casts, has_conditions=model["has_conditions"])
    scaled = (x - np.array(model["centre"])) / np.array(model["scale"])
    found: FloatArray = scaled @ np.array(model["coefficients"]) + model["intercept"]
    return found


def score_of(forecast_percent: FloatArray, casts: Casts) -> Score | None:
    """Compare forecasts with what came; None where nothing can be compared."""
    error = casts.next_percent - forecast_percent
    known = ~np.isnan(error)
    if not known.any():
        return None
    error, foretold = error[known], (forecast_percent - casts.silicon_percent)[known]
    came = (casts.next_percent - casts.silicon_percent)[known]
    moves = (foretold != 0) & (came != 0)
    direction = 100 * float((np.sign(foretold[moves]) == np.sign(came[moves])).mean()) if moves.any() else float("nan")
    hits = 100 * float((np.abs(error) <= HIT_PERCENT).mean())
    return Score(float(np.sqrt((error**2).mean())), hits, direction, len(error))


def _inputs(casts: Casts, *, has_conditions: bool) -> FloatArray:
    return np.column_stack([casts.lags, casts.conditions]) if has_conditions else casts.lags


def _ridge(x: FloatArray, y: FloatArray, penalty: float, has_conditions: bool) -> dict[str, Any]:  # noqa: FBT001
    centre, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-9 * np.maximum(np.abs(centre), 1), scale, 1.0)
    z = (x - centre) / scale
    inverse = np.linalg.inv(z.T @ z + penalty * len(z) * np.eye(z.shape[1]))
    coefficients = inverse @ z.T @ (y - y.mean())
    leverage = np.einsum("ij,jk,ik->i", z, inverse, z) + 1 / len(z)
    left_out = (y - y.mean() - z @ coefficients) / (1 - leverage)
    return {
        "has_conditions": has_conditions,
        "centre": centre.tolist(),
        "scale": scale.tolist(),
        "coefficients": coefficients.tolist(),
        "intercept": float(y.mean()),
        "deviation": float(np.sqrt((left_out**2).mean())),
        "casts": len(y),
    }


def _lagged(values: FloatArray, lag: int) -> FloatArray:
    return np.concatenate([np.full(min(lag, len(values)), np.nan), values[: max(len(values) - lag, 0)]])


def _lately(window: Window, taps: Taps, signal: str) -> FloatArray:
    values = np.where(window.state_is("blowing"), window[signal], np.nan)
    lately, usually = (before(values, taps, span_steps=window.steps(span)) for span in (_SHORT_SECONDS, _LONG_SECONDS))
    return lately - usually
