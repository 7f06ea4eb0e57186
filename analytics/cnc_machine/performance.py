"""Overall equipment effectiveness of a machine tool over a day, and what the rest of the time went into."""

from typing import Any

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.cnc_machine.oee import Oee, Reliability, oee, override_loss_seconds, reliability, setup_ratio
from analytics.cnc_machine.parts import bad_share, executing_seconds
from analytics.cnc_machine.states import (
    REASONS,
    STOP_LABELS,
    Codes,
    debounced,
    micro_stops,
    reasons_of,
    seconds_by_reason,
    spans,
    states_of,
)
from analytics.result import Figure, NotEvaluated, Result, Validity, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_LEAST_KNOWN = 0.5


class Parameters(Settings):
    """How long the machine is meant to work."""

    planned_hours_per_day: float = Field(default=24.0, gt=0, le=24)
    """Planned busy time without planned breaks."""


SPEC = Spec(
    name="cnc_oee",
    label=label("设备综合效率（OEE）", "Overall equipment effectiveness"),
    kinds=("cnc_machine",),
    inputs=(
        Input("execution", "1"),
        Input("part_count_total", "1"),
        Input("part_count_bad", "1", required=False),
        Input("operation_mode", "1", required=False),
        Input("availability", "1", required=False),
        Input("emergency_stop", "1", required=False),
        Input("functional_mode", "1", required=False),
        Input("controller_condition", "1", required=False),
        Input("operating_time", "s", required=False),
        Input("feed_override", "%", required=False),
        Input("path_feedrate_commanded", "mm/min", required=False),
        Input("spindle_speed", "rpm", required=False),
    ),
    rated=(("ideal_cycle_time", "s"),),
    step_seconds=10.0,
    outputs=(
        Output("oee", "%", label("设备综合效率", "Overall equipment effectiveness")),
        Output("oee_availability", "%", label("可用率", "Availability")),
        Output("oee_effectiveness", "%", label("性能率", "Effectiveness")),
        Output("oee_quality", "%", label("合格率", "Quality ratio")),
        Output("parts_made", "1", label("加工件数", "Parts made")),
        Output("executing_hours", "h", label("程序运行时间", "Time of program execution")),
        Output("setup_ratio", "%", label("换线占比", "Set-up ratio")),
        Output("time_between_failures", "h", label("平均无故障时间（MTBF）", "Mean operating time between failures")),
        Output("time_to_restore", "h", label("平均恢复时间（MTTR）", "Mean time to restore")),
        Output("micro_stop_hours", "h", label("微停机时间", "Time in micro-stops")),
        Output("override_loss", "h", label("进给倍率损失时间", "Time lost by the feed override")),
    ),
    parameters=Parameters,
    source="ISO 22400-2:2014 (availability, effectiveness, quality and set-up ratio, OEE, MTBF, MTTR); OPC 40501-1 v1.02, C.2.4",
    validity=label(
        "计划维护不计入计划时间。未填写理想节拍时，性能率只含进给倍率损失，标为存疑。",
        "Maintenance is no planned busy time. Without an ideal cycle time on the nameplate the effectiveness holds the loss by "
        "the feed override alone, and is marked as doubtful.",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Work out the factors, the reliability and where the time went.

    Raises
    ------
    NotEvaluated
        If no part was made, or less than half of the states are known.
    """
    states, reasons = states_of(window), reasons_of(window)
    known = float((~np.isnan(window["execution"])).mean())
    if known < _LEAST_KNOWN:
        raise NotEvaluated(Why.MISSING_INPUT, f"execution ({100 * known:.0f} %)")
    by_reason = seconds_by_reason(window, reasons)
    share, lowest, parts = bad_share(window)
    run_seconds = float(executing_seconds(window)[-1])
    if parts <= 0 or run_seconds <= 0:
        raise NotEvaluated(Why.NOT_RUNNING, "part_count_total")
    maintenance = float(by_reason[REASONS.index("maintenance")])
    planned_seconds = parameters.planned_hours_per_day * 3600 * window.days - maintenance
    if planned_seconds <= 0:
        raise NotEvaluated(Why.NOT_RUNNING, "maintenance")
    lost = _override_loss(window)
    ideal = window.rated.get("ideal_cycle_time")
    seconds_a_part = (run_seconds - float(np.nan_to_num(lost))) / parts if ideal is None else ideal
    good = parts * (1 - float(np.nan_to_num(share)))
    factors = oee(
        planned_seconds=planned_seconds,
        run_seconds=run_seconds,
        ideal_seconds_a_part=seconds_a_part,
        parts=parts,
        good_parts=good,
    )
    seconds = np.arange(len(window), dtype=np.float64) * window.step_seconds
    end_seconds = len(window) * window.step_seconds
    found = debounced(spans(seconds, states, end_seconds=end_seconds))
    by_kind = debounced(spans(seconds, reasons, end_seconds=end_seconds))
    micro = float(by_kind.seconds[micro_stops(by_kind, interrupted=REASONS.index("interrupted"))].sum())
    setup = float(by_reason[REASONS.index("setup")])
    figures = [
        *_factors(factors, share, share - lowest, is_ideal_known=ideal is not None, is_override_known=not np.isnan(lost)),
        Figure(name="parts_made", value=parts),
        Figure(name="executing_hours", value=run_seconds / 3600),
        Figure(name="setup_ratio", value=100 * setup_ratio(setup_seconds=setup, busy_seconds=setup + run_seconds)),
        *_reliability(reliability(found)),
        Figure(name="micro_stop_hours", value=micro / 3600),
        Figure.declined("override_loss", Why.MISSING_INPUT, "feed_override")
        if np.isnan(lost)
        else Figure(name="override_loss", value=lost / 3600),
    ]
    return Result(figures, pictures=[_timeline(window, reasons), _waterfall(planned_seconds, factors), _stops(by_reason)])


def _override_loss(window: Window) -> float:
    """Give the time lost in feeds, in s; NaN where the override or the feed is not known."""
    feed, rpm, override = window["path_feedrate_commanded"], window["spindle_speed"], window["feed_override"]
    if np.isnan(feed).all() or np.isnan(override).all():
        return float("nan")
    # Rapid moves have an override of their own; they are taken for what moves faster than half of the fastest.
    with np.errstate(invalid="ignore"):
        feeds = window.state_is("active") & (feed > 0) & (feed < 0.5 * np.nanmax(feed)) & ((rpm > 0) | np.isnan(rpm))
    return override_loss_seconds(executing_seconds=np.where(feeds, window.step_seconds, 0.0), override_percent=override)


def _factors(factors: Oee, bad: float, half: float, *, is_ideal_known: bool, is_override_known: bool) -> list[Figure]:
    """Give the factors that can be had; ``half`` is how uncertain the share of bad parts is."""
    validity: Validity = "valid" if is_ideal_known else "doubtful"
    effectiveness = Figure(name="oee_effectiveness", value=100 * factors.effectiveness, validity=validity)
    if not (is_ideal_known or is_override_known):
        effectiveness = Figure.declined("oee_effectiveness", Why.NO_NAMEPLATE, "ideal_cycle_time")
    quality = Figure(name="oee_quality", value=100 * factors.quality, uncertainty=None if np.isnan(half) else 100 * half)
    if np.isnan(bad):
        quality = Figure.declined("oee_quality", Why.MISSING_INPUT, "part_count_bad")
    missing = [figure.reason for figure in (effectiveness, quality) if figure.value is None]
    product = Figure(name="oee", value=None, reason=missing[0]) if missing else Figure(
        name="oee",
        value=100 * factors.product,
        uncertainty=100 * half * factors.availability * factors.effectiveness,
        validity=validity,
    )  # fmt: skip
    return [product, Figure(name="oee_availability", value=100 * factors.availability), effectiveness, quality]


def _reliability(found: Reliability) -> list[Figure]:
    if not found.failures:
        return [Figure.declined(name, Why.NO_DEGRADATION, "0") for name in ("time_between_failures", "time_to_restore")]
    # The time to the next of a Poisson process: relative error 1 / √n.
    half = 1.96 / float(np.sqrt(found.failures))
    return [
        Figure(name="time_between_failures", value=found.hours_between_failures, uncertainty=half * found.hours_between_failures),
        Figure(name="time_to_restore", value=found.hours_to_restore),
    ]


def _timeline(window: Window, reasons: Codes) -> dict[str, Any]:
    found = spans(np.arange(len(window), dtype=np.float64), reasons, end_seconds=float(len(window)))
    step_us = window.step_seconds * 1e6
    lane = [
        (window.start_us + round(start * step_us), window.start_us + round(end * step_us), REASONS[state])
        for start, end, state in zip(found.start_seconds.tolist(), found.end_seconds.tolist(), found.state.tolist(), strict=True)
    ]
    return evidence.timeline(label("机床状态", "States of the machine"), {"state": lane}, STOP_LABELS)


def _waterfall(planned_seconds: float, factors: Oee) -> dict[str, Any]:
    planned = planned_seconds / 3600
    after = planned * factors.availability
    return evidence.waterfall(
        label("OEE 损失分解", "Where the planned time goes"),
        "h",
        (label("计划时间", "Planned time"), planned),
        [
            (label("停机与等待", "Not executing"), after - planned),
            (label("速度损失", "Speed loss"), after * (factors.effectiveness - 1)),
            (label("不合格品", "Bad parts"), after * factors.effectiveness * (factors.quality - 1)),
        ],
    )


def _stops(by_reason: FloatArray) -> dict[str, Any]:
    """Rank what the time went into that was not execution, after Pareto."""
    order = [int(index) for index in np.argsort(-by_reason, kind="stable") if by_reason[index] > 0 and index]
    return evidence.bars(
        label("停机原因排序", "Reasons of standing still, ranked"),
        "h",
        [STOP_LABELS[REASONS[index]] for index in order],
        {"hours": by_reason[order] / 3600},
    )
