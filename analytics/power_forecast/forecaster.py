"""Trains on a plant's past and forecasts its power: the mean, and quantiles around it."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from analytics.power_forecast import driver_curve, intervals, regressors
from analytics.power_forecast.features import DAY_AHEAD, HORIZONS, ULTRA_SHORT, known_until, matrix
from analytics.power_forecast.frame import STEPS_A_DAY, Frame, Indices
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

LEAST_DAYS = 30
"""Of power and weather side by side; with less the floor itself is the forecast."""
LEADS_A_ROW = 4
"""Of the 16 leads of the next hours so many are drawn for each row: neighbours tell much the same."""
HELD_OUT = 0.3
"""The newest share of the past, on which a model of the older part shows how far off forecasts are."""
ISSUE_HOUR = 9.0
"""North China's rules ask for the next day by 09:00."""


class Forecast(NamedTuple):
    """Power of a plant at instants."""

    times_us: npt.NDArray[np.int64]
    mean_kw: FloatArray
    quantiles_kw: FloatArray
    """Shape (levels, n), of `intervals.LEVELS`."""
    floor_kw: FloatArray
    """What the weather forecast says through the binned curve alone."""


def train(frame: Frame, *, horizon: str, zone: ZoneInfo, issue_hour: float = ISSUE_HOUR) -> dict[str, Any]:
    """Learn a plant.

    Returns
    -------
    dict
        As plain lists and texts, so that it can be kept as JSON.

    Raises
    ------
    NotEvaluated
        With less than `LEAST_DAYS` of power and weather side by side.
    """
    rows, known = _samples(frame, horizon, zone, issue_hour)
    if len(np.unique(rows)) < LEAST_DAYS * STEPS_A_DAY:
        raise NotEvaluated(Why.MISSING_INPUT, f"{len(np.unique(rows)) / STEPS_A_DAY:.0f} d, {LEAST_DAYS} d are needed")
    split = int(np.quantile(rows, 1 - HELD_OUT))
    older = _learn(frame.until(split), horizon, zone, issue_hour)
    newer = rows >= split
    mean, _ = _mean(older, frame, rows[newer], known[newer], horizon=horizon, zone=zone)
    whole = _learn(frame, horizon, zone, issue_hour)
    return whole | {
        "horizon": horizon,
        "issue_hour": issue_hour,
        "capacity_kw": frame.capacity_kw,
        "intervals": _by_lead(mean, frame.power_kw[rows[newer]], rows[newer] - known[newer], horizon),
    }


def predict(
    model: Mapping[str, Any],
    frame: Frame,
    rows: Indices,
    known: Indices,
    *,
    zone: ZoneInfo,
    probabilities: FloatArray | None = None,
) -> Forecast:
    """Forecast rows of a frame whose power is known up to ``known`` rows each.

    Parameters
    ----------
    rows, known : ndarray, shape (k,)
    probabilities : ndarray, shape (levels,), optional
        To ask for instead of the levels themselves (`intervals.running_probabilities`).
    """
    mean, floor = _mean(model, frame, rows, known, horizon=str(model["horizon"]), zone=zone)
    highest = float(model["capacity_kw"])
    quantiles = np.empty((len(intervals.LEVELS), len(rows)))
    groups = _lead_groups(rows - known, str(model["horizon"]))
    for number, one in enumerate(model["intervals"]):
        of = groups == number
        quantiles[:, of] = intervals.quantiles(one, mean[of], highest=highest, probabilities=probabilities)
    return Forecast(frame.times_us[rows], mean, quantiles, floor)


def _samples(frame: Frame, horizon: str, zone: ZoneInfo, issue_hour: float) -> tuple[Indices, Indices]:
    """Give targets to learn from with what is known at their issue; drawn the same way every time."""
    usable = np.flatnonzero(~np.isnan(frame.power_kw) & ~np.isnan(frame.driving))
    if horizon == DAY_AHEAD:
        known = known_until(frame, zone, issue_hour=issue_hour)[usable]
        return usable[known > 0], known[known > 0]
    draws = np.random.default_rng(1).permuted(np.tile(np.arange(1, HORIZONS[ULTRA_SHORT] + 1), (len(usable), 1)), axis=1)
    rows, leads = np.repeat(usable, LEADS_A_ROW), draws[:, :LEADS_A_ROW].ravel()
    known = rows - leads + 1
    return rows[known > 0], known[known > 0]


def _learn(frame: Frame, horizon: str, zone: ZoneInfo, issue_hour: float) -> dict[str, Any]:
    """Learn the floor, how much the newest power counts beside it at each lead, and what is off from both together.

    What is off is learned in units of its own spread at the lead: an hour ahead it is a quarter of what it is at four.
    """
    rows, known = _samples(frame, horizon, zone, issue_hour)
    curve = driver_curve.learn(frame)
    floor, newest = _floor(curve, frame, rows), _newest(frame, known)
    groups = _lead_groups(rows - known, horizon)
    power = frame.power_kw[rows]
    weights, scales = [], []
    for number in range(groups.max() + 1):
        of = groups == number
        gap = np.nan_to_num((newest - floor)[of])  # as `_base` has it where the newest power is missing
        share = float(np.clip(gap @ (power - floor)[of] / max(gap @ gap, 1e-9), 0, 1)) if horizon == ULTRA_SHORT else 0.0
        weights.append(share)
        scales.append(float(np.std((power - floor)[of] - share * gap)) or 1.0)
    core = {"curve": curve, "weights": weights, "scales": scales}
    features = matrix(frame, curve, rows, known, horizon=horizon, zone=zone)
    off = (power - _base(core, floor, newest, groups)) / np.array(scales)[groups]
    return core | {"learner": regressors.fit(features, off)}


def _mean(
    model: Mapping[str, Any], frame: Frame, rows: Indices, known: Indices, *, horizon: str, zone: ZoneInfo
) -> tuple[FloatArray, FloatArray]:
    features = matrix(frame, model["curve"], rows, known, horizon=horizon, zone=zone)
    floor, groups = _floor(model["curve"], frame, rows), _lead_groups(rows - known, horizon)
    off = regressors.predict(model["learner"], features) * np.array(model["scales"])[groups]
    mean = _base(model, floor, _newest(frame, known), groups) + off
    return np.clip(mean, 0, frame.capacity_kw), np.clip(floor, 0, frame.capacity_kw)


def _floor(curve: Mapping[str, Any], frame: Frame, rows: Indices) -> FloatArray:
    return driver_curve.power(curve, frame.driving[rows])


def _newest(frame: Frame, known: Indices) -> FloatArray:
    return frame.power_kw[np.clip(known - 1, 0, len(frame) - 1)]


def _base(model: Mapping[str, Any], floor: FloatArray, newest: FloatArray, groups: Indices) -> FloatArray:
    """Persistence and weather, weighed by lead (Nielsen et al. 1998); weather alone where the newest power is missing."""
    share = np.where(np.isnan(newest), 0.0, np.array(model["weights"])[groups])
    base: FloatArray = floor + share * np.nan_to_num(newest - floor)
    return base


def _by_lead(mean: FloatArray, actual: FloatArray, leads: Indices, horizon: str) -> list[dict[str, Any]]:
    """Learn intervals for each group of leads: what is an hour ahead is less uncertain than what is four."""
    groups = _lead_groups(leads, horizon)
    return [intervals.learn(mean[groups == number], actual[groups == number]) for number in range(groups.max() + 1)]


def _lead_groups(leads: Indices, horizon: str) -> Indices:
    """One for each lead of the next hours; one for the next day."""
    if horizon == DAY_AHEAD:
        return np.zeros(len(leads), dtype=np.intp)
    return np.clip(leads, 0, HORIZONS[ULTRA_SHORT] - 1).astype(np.intp)
