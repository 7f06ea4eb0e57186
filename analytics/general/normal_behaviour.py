"""A machine that behaves as it never did while healthy, without a rule that names why."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from pydantic import Field

from analytics.evidence import inputs, series, table
from analytics.general.normal_model import BLOCK_STRETCHES, LEAST_STRETCHES, STRETCH_SECONDS, NormalModel, stretches
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Output, Spec, Training, label
from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind
from telemetry.settings import Settings

_SHOWN = 8
_STRETCH_US = round(STRETCH_SECONDS * 1e6)


class Parameters(Settings):
    """How far is too far."""

    departure_limit: float = Field(default=8.0, gt=1)
    """In departures of the most unusual six hours of the days that were learned from."""


SPEC = Spec(
    name="normal_behaviour",
    label=label("正常行为监测", "Normal behaviour"),
    kinds=(),
    inputs=(),
    window=timedelta(days=1),
    outputs=(
        Output("departure", "1", label("偏离程度（1 = 学习期最大）", "Departure (1 = highest while learning)")),
        Output("t_squared", "1", label("T² 与控制限之比", "T² over its limit")),
        Output("q", "1", label("Q 与控制限之比", "Q over its limit")),
    ),
    faults=(
        Fault(
            "unknown_anomaly",
            label("未知异常", "Unknown anomaly"),
            label("查看偏离最大的信号，结合现场检查原因", "Look at the signals that depart most, and look for the cause on site"),
            "low",
            "mean((r / s)²) over 6 h > 8 · highest while learning; r: what the principal components do not explain",
        ),
    ),
    parameters=Parameters,
    training=Training(days=7, at_least_share=0.3),
    source="Jackson and Mudholkar 1979 (Q); Hotelling 1947 (T²); MacGregor and Kourti 1995, Control Engineering Practice 3(3)",
    validity=label(
        "只在学习期见过的负荷和环境范围内判断；学习期必须健康；离学习期越久越不敏感，宜每月重新学习。",
        "Within loads and surroundings that were seen while learning, which must have been healthy; the longer ago, the less "
        "sensitive: learn anew each month.",
    ),
)


def train(history: Window, parameters: Parameters) -> dict[str, Any]:  # noqa: ARG001 - the contract
    """Learn the plane of the healthy days."""
    return NormalModel.fit(history).to_model()


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    """Hold the newest six hours at work against the plane.

    Raises
    ------
    NotEvaluated
        If the machine was at work for less than two of them, or under conditions that the model has not seen.
    """
    normal = NormalModel.from_model(model)
    rows = stretches(window, normal.signals, settles=normal.settles)
    newest = rows[-BLOCK_STRETCHES:]
    _require_known(newest, normal.signals)
    inside = normal.inside(newest)
    if inside.sum() < LEAST_STRETCHES:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, _outside(newest, normal))
    judged = newest[inside]
    since_us = window.end_us - (len(newest) - int(inside.argmax())) * _STRETCH_US
    deviations = normal.deviations(judged, since_us)
    departure = float(np.square(deviations).mean() / normal.limit)
    q_limit = normal.plane.q_limit()
    figures = [
        Figure(name="departure", value=departure),
        Figure(name="t_squared", value=float(np.median(normal.plane.t_squared(judged)) / normal.plane.t_squared_limit())),
        Figure(name="q", value=float(np.median(normal.plane.q(judged)) / q_limit))
        if q_limit > 0
        else Figure.declined("q", Why.OUTSIDE_VALIDITY, "nothing is left"),
    ]
    if departure <= parameters.departure_limit:
        return Result(figures)
    found = Found(
        code="unknown_anomaly",
        since_us=since_us,
        confidence=float(min(0.9, 0.5 + 0.1 * np.log2(departure / parameters.departure_limit))),
        evidence=[
            inputs([
                ("departure", departure, "1"),
                ("departure_limit", parameters.departure_limit, "1"),
                *((figure.name, figure.value, "1") for figure in figures[1:] if figure.value is not None),
            ]),
            *_shown(window, rows, deviations, normal),
        ],
    )  # fmt: skip
    return Result(figures, [found])


def _require_known(rows: FloatArray, signals: tuple[str, ...]) -> None:
    known = ~np.isnan(rows)
    if known.any(axis=1).sum() < LEAST_STRETCHES:
        raise NotEvaluated(Why.NOT_RUNNING, f"{known.any(axis=1).sum() * STRETCH_SECONDS / 3600:.1f} h")
    missing = [name for name, column in zip(signals, known.T, strict=True) if not column.any()]
    if missing:
        raise NotEvaluated(Why.MISSING_INPUT, ", ".join(missing[:3]))


def _outside(rows: FloatArray, normal: NormalModel) -> str:
    """Name the load or surrounding that was outside most often."""
    with np.errstate(invalid="ignore"):
        outside = ((rows < normal.lowest) | (rows > normal.highest)).sum(axis=0)
    return normal.signals[int(outside.argmax())] if outside.any() else ""


def _shown(window: Window, rows: FloatArray, deviations: FloatArray, normal: NormalModel) -> list[dict[str, Any]]:
    """Show which signals depart, and how the one that departs most ran beside what was expected of it."""
    kind = load_kind(window.kind)
    share = np.square(deviations) / np.square(deviations).sum()
    order = np.argsort(-share)[:_SHOWN]
    expected = normal.expected(rows)
    newest = slice(-BLOCK_STRETCHES, None)
    table_rows = [
        (
            normal.signals[index],
            float(100 * share[index]),
            _middle(rows[newest, index]),
            _middle(expected[newest, index]),
            kind.signals[normal.signals[index]].unit,
        )
        for index in order
    ]
    top = int(order[0])
    name = normal.signals[top]
    times_us = window.end_us - np.arange(len(rows), 0, -1, dtype=np.int64) * _STRETCH_US
    curve = series(
        kind.signals[name].label, kind.signals[name].unit, times_us, {name: rows[:, top], "expected": expected[:, top]}
    )
    head = ("signal / 信号", "share / 占比 %", "measured / 实测", "expected / 预期", "unit / 单位")
    return [table(label("偏离最大的信号", "Signals that depart most"), head, table_rows), curve]


def _middle(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
