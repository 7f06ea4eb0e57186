"""Capacity sensing: how many hours of program execution a machine tool has free in the coming week, with a band."""

from datetime import timedelta
from typing import Any

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.cnc_machine.capacity import FreeHours, free_hours, remaining_hours
from analytics.cnc_machine.parts import rises
from analytics.cnc_machine.states import carried
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_DAY_SECONDS, _COMING_DAYS = 86_400.0, 7
_LEAST_DAYS, _LEAST_SHARE = 10, 0.75


class Parameters(Settings):
    """What is planned."""

    maintenance_hours: float = Field(default=0.0, ge=0)
    """Of the coming week, beyond what the past weeks had."""
    utc_offset_hours: float = 8.0
    """Of the plant, to tell its Sundays."""


SPEC = Spec(
    name="cnc_capacity",
    label=label("产能实时感知", "Capacity sensing"),
    kinds=("cnc_machine",),
    inputs=(
        Input("operating_time", "s"),
        Input("part_count_total", "1", required=False),
        Input("part_count_job", "1", required=False),
        Input("part_count_target", "1", required=False),
    ),
    step_seconds=3600.0,
    window=timedelta(days=28),
    cadence=timedelta(hours=6),
    outputs=(
        Output("deliverable_hours", "h", label("未来一周可交付加工时间", "Hours of execution of the coming week")),
        Output("committed_hours", "h", label("在制任务占用", "Taken by the job on the machine")),
        Output("free_hours", "h", label("未来一周空闲产能（中位数）", "Free hours of the coming week, median")),
        Output("free_hours_low", "h", label("空闲产能 P10", "Free hours, P10")),
        Output("free_hours_high", "h", label("空闲产能 P90", "Free hours, P90")),
        Output("daily_use", "%", label("日均程序运行占比", "Share of the day in execution")),
    ),
    parameters=Parameters,
    source="ISO 22400-2:2014 (busy time, availability); Efron 1979 (bootstrap)",
    validity=label(
        "按过去四周的日运行占比抽样；只扣除机床上正在做的任务，未下达的订单由排产扣除。",
        "Drawn from the days of the last four weeks. Only the job on the machine is taken off, orders to come are not.",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Draw the coming week from the past ones.

    Raises
    ------
    NotEvaluated
        If fewer than ten days are known.
    """
    shares, weekdays = _days(window, parameters.utc_offset_hours)
    known = ~np.isnan(shares)
    if known.sum() < _LEAST_DAYS:
        raise NotEvaluated(Why.MISSING_INPUT, f"operating_time ({int(known.sum())} d)")
    coming = (weekdays[-1] + 1 + np.arange(_COMING_DAYS)) % 7
    committed = _committed_hours(window)
    drawn = free_hours(
        shares[known],
        weekdays[known],
        coming_weekdays=coming,
        committed_hours=float(np.nan_to_num(committed)),
        maintenance_hours=parameters.maintenance_hours,
    )
    lowest, median, highest = (float(of[-1]) for of in drawn)
    mean = float(shares[known].mean())
    error = 1.96 * float(shares[known].std(ddof=1)) / float(np.sqrt(known.sum()))
    figures = [Figure(name="daily_use", value=100 * mean, uncertainty=100 * error)]
    if np.isnan(committed):
        names = ("committed_hours", "free_hours", "free_hours_low", "free_hours_high")
        reason = (Why.MISSING_INPUT, "part_count_job, part_count_target, part_count_total")
        half = (highest - lowest) / 2 * 1.96 / 1.2816
        figures += [Figure(name="deliverable_hours", value=median, uncertainty=half)]
        return Result([*figures, *(Figure.declined(name, *reason) for name in names)], pictures=[_fan(window, drawn)])
    figures += [
        Figure(name="deliverable_hours", value=median + committed, uncertainty=(highest - lowest) / 2 * 1.96 / 1.2816),
        Figure(name="committed_hours", value=committed),
        Figure(name="free_hours", value=median),
        Figure(name="free_hours_low", value=lowest),
        Figure(name="free_hours_high", value=highest),
    ]
    return Result(figures, pictures=[_fan(window, drawn)])


def _days(window: Window, utc_offset_hours: float) -> tuple[FloatArray, FloatArray]:
    """Give the share of execution of each day up to the window's end, NaN of one that is not known, and its weekday."""
    rows = round(_DAY_SECONDS / window.step_seconds)
    counter = window["operating_time"]
    count = (len(counter) - 1) // rows
    if count < 1:
        return np.zeros(0), np.zeros(0)
    known = ~np.isnan(counter[1:][-count * rows :]).reshape(count, rows)
    shares = rises(counter)[-count * rows :].reshape(count, rows).sum(axis=1) / _DAY_SECONDS
    shares = np.where(known.mean(axis=1) >= _LEAST_SHARE, np.clip(shares, 0.0, 1.0), np.nan)
    days_ago = np.arange(count, 0, -1, dtype=np.float64) - 0.5
    middles: FloatArray = window.end_us / 1e6 + utc_offset_hours * 3600 - _DAY_SECONDS * days_ago
    # 1970-01-01 was a Thursday.
    weekdays: FloatArray = (middles // _DAY_SECONDS + 3) % 7
    return shares, weekdays


def _committed_hours(window: Window) -> float:
    """Give what the job on the machine still takes, NaN where it is not known; by the time a part took over the last week."""
    made, planned = carried(window["part_count_job"])[-1], carried(window["part_count_target"])[-1]
    week = round(7 * _DAY_SECONDS / window.step_seconds)
    parts = float(rises(window["part_count_total"])[-week:].sum())
    hours = float(rises(window["operating_time"])[-week:].sum()) / 3600
    if np.isnan(made) or np.isnan(planned) or parts <= 0:
        return float("nan")
    return remaining_hours(planned_parts=float(planned), made_parts=float(made), hours_a_part=hours / parts)


def _fan(window: Window, drawn: FreeHours) -> dict[str, Any]:
    days = np.arange(1, len(drawn.median) + 1, dtype=np.int64)
    return evidence.fan(
        label("未来空闲产能（累计）", "Free hours to come, cumulated"),
        "h",
        window.end_us + days * round(1e6 * _DAY_SECONDS),
        drawn.median,
        {80: (drawn.lowest, drawn.highest)},
    )
