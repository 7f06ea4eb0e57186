"""Silicon of the next cast of a blast furnace, with how well such forecasts have held of late."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from analytics.blast_furnace.silicon import CONDITIONS, Score, casts_of, fit, forecast, score_of
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, Training, label
from analytics.window import Window

SPEC = Spec(
    name="blast_furnace_silicon",
    label=label("高炉铁水硅预报", "Silicon forecast of the blast furnace"),
    kinds=("blast_furnace",),
    inputs=(
        Input("state", "1"),
        Input("hot_metal_si", "%"),
        Input("hot_metal_temperature", "°C"),
        Input("hot_metal_s", "%", required=False),
        Input("hot_metal_mass", "t", required=False),
        *(Input(signal, unit, required=False) for signal, unit in CONDITIONS.items()),
    ),
    window=timedelta(days=3),
    cadence=timedelta(minutes=30),
    outputs=(
        Output("next_silicon", "%", label("下一炉硅预报", "Silicon of the next cast")),
        Output("silicon_change", "%", label("预报变化", "Change foretold")),
        Output("forecast_error", "%", label("近期预报均方根误差", "Root mean square error of late")),
        Output("persistence_error", "%", label("近期“与上炉相同”的误差", "The same of 'as the last cast'")),
        Output("forecast_hits", "%", label("近期命中率（±0.1 %）", "Hits of late (within 0.1 %)")),
        Output("persistence_hits", "%", label("近期“与上炉相同”的命中率", "The same of 'as the last cast'")),
        Output("direction_hits", "%", label("近期升降方向命中率", "Rise or fall foretold right")),
    ),
    training=Training(days=7),
    source="Ridge regression on lags of silicon, metal temperature and conditions, by leave-one-out; yardstick: persistence",
    validity=label(
        "炉况与化验制度和学习期相同时；每炉铁取一个样", "While burden and sampling are as they were learned; one sample a cast"
    ),
)


def train(history: Window, _: NoParameters) -> dict[str, Any]:
    """Learn from the casts of a history."""
    return fit(casts_of(history))


def evaluate(window: Window, _: NoParameters, model: Mapping[str, Any]) -> Result:
    """Foretell the cast after the newest one.

    Raises
    ------
    NotEvaluated
        If the window holds too few casts for the lags.
    """
    casts = casts_of(window)
    if not len(casts.silicon_percent):
        raise NotEvaluated(Why.MISSING_INPUT, "hot_metal_si")
    expected = forecast(casts, model)
    newest = float(expected[-1])
    if np.isnan(newest):
        raise NotEvaluated(Why.MISSING_INPUT, f"{len(casts.silicon_percent)} casts")
    # Forecasts are compared where they were made, so that both yardsticks see the same casts.
    persistence = np.where(np.isnan(expected), np.nan, casts.silicon_percent)
    ours, theirs = score_of(expected, casts), score_of(persistence, casts)
    return Result(
        figures=[
            Figure(name="next_silicon", value=newest, uncertainty=1.96 * float(model["deviation"])),
            Figure(name="silicon_change", value=newest - float(casts.silicon_percent[-1])),
            *_scores(ours, theirs),
        ]
    )


def _scores(ours: Score | None, theirs: Score | None) -> list[Figure]:
    names = ("forecast_error", "persistence_error", "forecast_hits", "persistence_hits", "direction_hits")
    if ours is None or theirs is None:
        return [Figure.declined(name, Why.MISSING_INPUT, "casts") for name in names]
    values = (ours.rmse, theirs.rmse, ours.hit_percent, theirs.hit_percent, ours.direction_percent)
    return [
        Figure.declined(name, Why.MISSING_INPUT, "casts") if np.isnan(value) else Figure(name=name, value=value)
        for name, value in zip(names, values, strict=True)
    ]
