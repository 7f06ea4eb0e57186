"""How long a part takes, how much that varies, and how long the machine stands between two parts."""

from itertools import pairwise
from typing import Any

import numpy as np

from analytics import evidence
from analytics.cnc_machine.cycles import count_by_power, period_seconds
from analytics.cnc_machine.parts import Parts, parts_of, rises
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, label
from analytics.window import Window

_SHORTEST_SECONDS, _LONGEST_SECONDS = 60.0, 3600.0
"""Of a cycle that is looked for in the spindle's power alone."""
_LEAST_PARTS = 5

SPEC = Spec(
    name="cnc_cycles",
    label=label("加工节拍", "Cycle times"),
    kinds=("cnc_machine",),
    inputs=(
        Input("execution", "1"),
        Input("part_count_total", "1", required=False),
        Input("operating_time", "s", required=False),
        Input("spindle_power", "kW", required=False),
    ),
    step_seconds=10.0,
    outputs=(
        Output("part_time", "s", label("单件加工时间（中位数）", "Execution time of a part, median")),
        Output("part_time_spread", "s", label("单件加工时间离散（四分位距）", "The same, interquartile range")),
        Output("part_gap", "s", label("两件之间空闲时间（中位数）", "Gap between parts, median")),
        Output("parts_per_hour", "1/h", label("每运行小时件数", "Parts an hour of execution")),
        Output("power_period", "s", label("主轴功率的重复周期", "Period of the spindle's power")),
        Output("power_cycles", "1", label("按主轴功率识别的循环数", "Cycles counted by the spindle's power")),
    ),
    parameters=NoParameters,
    source="ISO 22400-2:2014 (actual unit times); Mueen et al. 2017 (distance profile); Wiener-Khinchin (autocorrelation)",
    validity=label(
        "各程序混合统计；没有零件计数时按主轴功率的重复识别，只在单一程序连续加工时有效。",
        "Over all programs together. Without part counter cycles are found by the repetition of the spindle's power, which holds "
        "while one program runs again and again.",
    ),
)


def evaluate(window: Window, parameters: NoParameters) -> Result:  # noqa: ARG001 - the contract
    """Give cycle times by the counters, and by the spindle's power.

    Raises
    ------
    NotEvaluated
        If no program was executed.
    """
    if not window.state_is("active").any():
        raise NotEvaluated(Why.NOT_RUNNING)
    parts = parts_of(window)
    known = ~np.isnan(parts.executing_seconds)
    if known.sum() < _LEAST_PARTS:
        reason = (Why.MISSING_INPUT, f"part_count_total ({int(known.sum())})")
        names = ("part_time", "part_time_spread", "part_gap", "parts_per_hour")
        return Result([*(Figure.declined(name, *reason) for name in names), *_by_power(window)])
    took, gap = parts.executing_seconds[known], parts.gap_seconds[known]
    low, middle, high = np.quantile(took, [0.25, 0.5, 0.75])
    # Error of a median: 1.25 deviations over √n; the deviation by the quartiles.
    half = 1.96 * 1.2533 * float(high - low) / 1.349 / float(np.sqrt(len(took)))
    made, run = float(rises(window["part_count_total"]).sum()), float((took * parts.number[known]).sum())
    figures = [
        Figure(name="part_time", value=float(middle), uncertainty=half),
        Figure(name="part_time_spread", value=float(high - low)),
        Figure(name="part_gap", value=float(np.median(gap))),
        Figure(name="parts_per_hour", value=3600 * float(parts.number[known].sum()) / run)
        if run > 0 and made > 0
        else Figure.declined("parts_per_hour", Why.BAD_INPUT, "operating_time"),
        *_by_power(window),
    ]
    return Result(figures, pictures=[_over_time(window, parts), _histogram(parts)])


def _by_power(window: Window) -> list[Figure]:
    power = window["spindle_power"]
    try:
        period = period_seconds(
            power, step_seconds=window.step_seconds, shortest_seconds=_SHORTEST_SECONDS, longest_seconds=_LONGEST_SECONDS
        )
    except NotEvaluated as declined:
        return [Figure(name=name, value=None, reason=str(declined)) for name in ("power_period", "power_cycles")]
    rows = round(period / window.step_seconds)
    if rows < 6:
        coarse = Figure.declined("power_cycles", Why.OUTSIDE_VALIDITY, f"{rows} values a cycle")
        return [Figure(name="power_period", value=period, validity="doubtful"), coarse]
    count = float(count_by_power(power, period_rows=rows))
    return [Figure(name="power_period", value=period), Figure(name="power_cycles", value=count)]


def _over_time(window: Window, parts: Parts) -> dict[str, Any]:
    known = ~np.isnan(parts.executing_seconds)
    return evidence.series(
        label("单件加工与空闲时间", "Execution and gap of each part"),
        "s",
        window.times_us[parts.row[known]],
        {"execution": parts.executing_seconds[known], "gap": parts.gap_seconds[known]},
    )


def _histogram(parts: Parts) -> dict[str, Any]:
    took = parts.executing_seconds[~np.isnan(parts.executing_seconds)]
    highest = float(np.quantile(took, 0.99))
    counts, edges = np.histogram(np.minimum(took, highest), bins=12)
    return evidence.bars(
        label("单件加工时间分布", "Distribution of the execution time"),
        "1",
        [f"{low:.0f}-{high:.0f} s" for low, high in pairwise(edges.tolist())],
        {"parts": counts.astype(np.float64)},
    )
