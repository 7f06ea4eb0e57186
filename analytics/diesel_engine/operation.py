"""What an engine is doing, minute by minute, and how hard it is used."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.baselines.load_baseline import stretch_means
from analytics.baselines.steady import is_steady
from analytics.diesel_engine.duty_cycles import Wear
from analytics.window import Flags, FloatArray

STEADY_SECONDS = 300.0
STEADY_LOAD_PERCENT = 6.0
"""Load must stay within this over so long."""
LOW_LOAD_PERCENT = 30.0
"""Below it for hours, unburned fuel and oil soil the exhaust ("wet stacking"; ISO 8528-1 asks makers for the least load)."""
_MINUTE_SECONDS = 60.0


class Condition(IntEnum):
    """What an engine is doing."""

    UNKNOWN = -1
    OFF = 0
    CRANKING = 1
    WARMING_UP = 2
    IDLE = 3
    STEADY = 4
    TRANSIENT = 5


def with_hysteresis(values: FloatArray, *, low: float, high: float, at_first: bool = False) -> Flags:
    """Tell where a value is up: from ``high`` on, until it falls below ``low``; unknown values change nothing.

    Raises
    ------
    ValueError
        If ``low`` is above ``high``.
    """
    if low > high:
        raise ValueError(f"hysteresis from {low} to {high}")
    with np.errstate(invalid="ignore"):
        decided = (values >= high) | (values < low)
        up = values >= high
    index = np.maximum.accumulate(np.where(decided, np.arange(len(values)), -1))
    return np.asarray(np.where(index < 0, at_first, up[index]), bool)


def segment(
    *,
    speed_rpm: FloatArray,
    load_percent: FloatArray,
    coolant_celsius: FloatArray,
    rated_speed_rpm: float,
    step_seconds: float,
) -> npt.NDArray[np.int64]:
    """Give the `Condition` of each step.

    Parameters
    ----------
    speed_rpm, load_percent, coolant_celsius : ndarray, shape (n,)
        An unknown coolant does not hide the rest: the engine is then taken for warm.

    Notes
    -----
    Borders with hysteresis, so that noise does not cross them to and fro: at work from 60 % of the rated speed until 40 %,
    cranking from 3 % until 2 %, idle below 5 % load until 8 %, warm from 60 °C until 50 °C. Steady: the load has stayed within
    `STEADY_LOAD_PERCENT` over `STEADY_SECONDS`.
    """
    at_work = with_hysteresis(speed_rpm, low=0.4 * rated_speed_rpm, high=0.6 * rated_speed_rpm)
    turns = with_hysteresis(speed_rpm, low=0.02 * rated_speed_rpm, high=0.03 * rated_speed_rpm)
    loaded = with_hysteresis(load_percent, low=5.0, high=8.0)
    warm = with_hysteresis(np.where(np.isnan(coolant_celsius), 60.0, coolant_celsius), low=50.0, high=60.0)
    steady = is_steady(load_percent, span_steps=max(1, round(STEADY_SECONDS / step_seconds)), tolerance=STEADY_LOAD_PERCENT)
    unknown = np.isnan(speed_rpm) | (at_work & np.isnan(load_percent))
    return np.select(
        [unknown, ~turns, ~at_work, ~warm, ~loaded, steady],
        [Condition.UNKNOWN, Condition.OFF, Condition.CRANKING, Condition.WARMING_UP, Condition.IDLE, Condition.STEADY],
        Condition.TRANSIENT,
    ).astype(np.int64)


class Histogram(NamedTuple):
    """Hours by speed and load."""

    speed_edges_percent: FloatArray
    load_edges_percent: FloatArray
    hours: FloatArray
    """Shape (speeds, loads)."""


def load_histogram(*, load_percent: FloatArray, speed_percent: FloatArray, step_seconds: float) -> Histogram:
    """Count hours by speed (steps of 10 %) and load (steps of 10 %); what lies beyond counts for the outermost."""
    speeds, loads = np.arange(0, 121.0, 10), np.arange(0, 121.0, 10)
    known = ~(np.isnan(load_percent) | np.isnan(speed_percent))
    counts, _, _ = np.histogram2d(
        np.clip(speed_percent[known], 0, 119.9), np.clip(load_percent[known], 0, 119.9), bins=(speeds, loads)
    )
    return Histogram(speeds, loads, np.asarray(counts * step_seconds / 3600, np.float64))


def count_starts(counter: FloatArray) -> float:
    """Count by how much a counter has grown; a fall is a reset, and what is unknown is bridged."""
    known = counter[~np.isnan(counter)]
    return float(np.maximum(np.diff(known), 0).sum()) if len(known) else float("nan")


def transient_percent_per_minute(load_percent: FloatArray, at_work: Flags, *, step_seconds: float) -> float:
    """Mean change of load from each minute to the next while at work; NaN without two such minutes. [% / min]

    Means of a minute are compared, whatever the step is, so that noise of a faster reading does not count.
    """
    minute = max(1, round(_MINUTE_SECONDS / step_seconds))
    means = stretch_means(np.where(at_work, load_percent, np.nan), minute, at_least_share=0.5)
    changes = np.abs(np.diff(means))
    changes = changes[~np.isnan(changes)]
    return float(changes.mean() * _MINUTE_SECONDS / (minute * step_seconds)) if len(changes) else float("nan")


def hour_weights(wear: Wear, *, load_percent: FloatArray, oil_celsius: FloatArray) -> FloatArray:
    """Give how much an hour counts at each step for wear; unknown oil counts as not too hot, unknown load is NaN."""
    with np.errstate(invalid="ignore"):
        by_load = np.select(
            [np.isnan(load_percent), load_percent < wear.low_load_percent, load_percent > wear.high_load_percent],
            [np.nan, wear.low_load_weight, wear.high_load_weight],
            1.0,
        )
    beyond = np.clip(np.where(np.isnan(oil_celsius), 0.0, oil_celsius - wear.hot_oil_celsius), 0.0, 40.0)
    return np.asarray(by_load * 2 ** (beyond / wear.oil_doubles_each_kelvin), np.float64)
