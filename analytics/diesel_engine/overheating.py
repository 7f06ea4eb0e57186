"""An engine that becomes hotter than it ever was while healthy, with its coolant in place: the heat does not reach the radiator.

Such an engine is shut down by its protection before it is ever steady, so that it is judged by all that it runs.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics import evidence
from analytics.result import Found
from analytics.spec import label
from analytics.window import Window

CODE = "thermostat_stuck_closed"
ABOVE_K = 6.0
"""Over the hottest of the healthy days: half of the usual distance from there to the alarm of a pressurised system."""
LEAST_SECONDS = 300.0
LEVEL_LOST_PERCENT = 6.0
"""A level so far down explains the heat."""
_HOTTEST_QUANTILE = 0.999


def learn(history: Window) -> dict[str, float | None] | None:
    """Give the hottest coolant and the level of healthy days; None where the coolant is not measured."""
    coolant = history["coolant_temperature"][history.state_is("running")]
    known = coolant[~np.isnan(coolant)]
    if not len(known):
        return None
    level = history["coolant_level"]
    return {
        "hottest_celsius": float(np.quantile(known, _HOTTEST_QUANTILE)),
        "level_percent": None if np.isnan(level).all() else float(np.median(level[~np.isnan(level)])),
    }


def overheated(window: Window, learned: Mapping[str, Any] | None) -> Found | None:
    """Find an engine that overheats although its coolant is there.

    Parameters
    ----------
    learned : mapping or None
        What `learn` gave.
    """
    if learned is None:
        return None
    coolant, level = window["coolant_temperature"], window["coolant_level"]
    limit = learned["hottest_celsius"] + ABOVE_K
    with np.errstate(invalid="ignore"):
        hot = window.state_is("running") & (coolant > limit)
        usual = learned["level_percent"]
        is_low = np.zeros(len(level), bool) if usual is None else level < usual - LEVEL_LOST_PERCENT
    seconds = float(hot.sum()) * window.step_seconds
    if seconds < LEAST_SECONDS or (hot & is_low).sum() > 0.5 * hot.sum():
        return None
    hottest = float(coolant[hot].max())
    text = label("冷却液温度", "Coolant temperature")
    return Found(
        code=CODE,
        since_us=int(window.times_us[np.flatnonzero(hot)[0]]),
        confidence=float(0.95 - 0.3 * np.exp(-seconds / (4 * LEAST_SECONDS))),
        evidence=[
            evidence.inputs(
                [
                    ("最高冷却液温度 / hottest coolant", hottest, "°C"),
                    ("健康时最高 / hottest while healthy", learned["hottest_celsius"], "°C"),
                    ("超限时间 / time beyond", seconds / 60, "min"),
                ]
            ),
            evidence.series(text, "°C", window.times_us, {"coolant": coolant}, band=(0.0, limit)),
        ],
    )
