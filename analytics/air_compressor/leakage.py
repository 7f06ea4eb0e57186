"""How much the network leaks: at most, as the idle plant shows it, and how much more than in healthy days."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.air_compressor import demand
from analytics.air_compressor.demand import Excess, Habit, Hourly
from analytics.air_compressor.leaks import leak_share
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, Output, Spec, Training, label
from analytics.window import Flags, Window
from telemetry.bundle import MICROSECONDS
from telemetry.settings import Settings

_HOURS_A_YEAR = 8760
_DAY_SECONDS = 86_400
_LEAST_IDLE_SECONDS = 1800
_LEARNED_MARGIN = 1.5


class LeakageParameters(Settings):
    """When no user draws air, and from what size a new leak counts."""

    idle_from_hour: float | None = Field(default=None, ge=0, lt=24)
    """Hour of the local day from which no user draws air."""
    idle_to_hour: float | None = Field(default=None, ge=0, le=24)
    """Until then; before ``idle_from_hour`` it is the next day's."""
    utc_offset_hours: float = Field(default=8, ge=-12, le=14)
    """Of the plant's clock."""
    least_new_leak_percent: float = Field(default=6.5, gt=0, le=100)
    """Of the largest flow; a smaller change of the network is none of ours."""


SPEC = Spec(
    name="air_compressor_leakage",
    label=label("管网泄漏", "Network leakage"),
    kinds=("air_compressor",),
    inputs=(
        Input("state", "1"),
        Input("free_air_delivery", "m³/min"),
        Input("free_air_total", "m³", required=False),
        Input("active_power", "kW", required=False),
        Input("electricity_price", "1/kWh", required=False),
    ),
    window=timedelta(hours=25),
    outputs=(
        Output("least_hourly_flow", "m³/min", label("最小小时用气量（泄漏上限）", "Least hourly flow (the leak is no more)")),
        Output("leak_share", "%", label("停产时泄漏率", "Leak share while the plant is idle")),
        Output("leak_flow", "m³/min", label("停产时泄漏量", "Leak flow while the plant is idle")),
        Output("added_flow", "m³/min", label("比健康期全天多出的用气量", "Flow added at all hours since the healthy days")),
        Output("leak_power", "kW", label("泄漏耗电功率", "Power that feeds the leak")),
    ),
    faults=(
        Fault(
            "network_leak",
            label("管网泄漏", "Leak in the network"),
            label(
                "夜间用超声波查漏，先查软管、接头和排水阀",
                "Look for it by ultrasound at night: hoses, couplings and drains first",
            ),
            "medium",
            "q(t) = q_leak + b · q_healthy(t), q_leak > 0 at all hours",
        ),
    ),
    parameters=LeakageParameters,
    training=Training(days=7),
    source="Leak test T/(T+t): US DOE Compressed Air Tip Sheet 3; base-load comparison with the most similar healthy day",
    validity=label(
        "单机或本机为基荷的管网；多机联控时请看各机之和",
        "One machine on the network, or this one at base load; where several share it, their sum counts",
    ),
)


def train(history: Window, parameters: LeakageParameters) -> dict[str, Any]:  # noqa: ARG001 - what every analytic takes
    """Learn the hours of healthy days; a week, for the sake of its Sunday."""
    habit = demand.learn(history)
    flow = [None if np.isnan(value) else float(value) for value in habit.hours.flow]
    return {**habit._asdict(), "hours": {"first_hour": habit.hours.first_hour, "flow": flow}}


def evaluate(window: Window, parameters: LeakageParameters, model: Mapping[str, Any]) -> Result:
    """Compare the last 24 full hours with the healthy day most like them.

    Raises
    ------
    NotEvaluated
        If hours are missing, if the day is like none that was learned, and if it is neither clearly higher nor clearly not.
    """
    hours = Hourly(model["hours"]["first_hour"], np.array(model["hours"]["flow"], float))
    habit = Habit(**{**model, "hours": hours})
    day = demand.last_day(demand.hourly_flow(window))
    found = demand.excess(day, habit.hours, noise=habit.noise, capacity=habit.capacity)
    if not habit.is_comparable(found):
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, "no healthy day is like this one")
    least = max(parameters.least_new_leak_percent / 100 * habit.capacity, _LEARNED_MARGIN * habit.most_lifted)
    if least / 2 < found.lifted < least:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"{found.lifted:.1f} m³/min more, neither clear nor nothing")
    specific_power = _specific_power(window)
    figures = [
        Figure(name="least_hourly_flow", value=float(np.nanmin(day.flow))),
        Figure(name="added_flow", value=found.lifted, uncertainty=1.96 * habit.noise / np.sqrt(len(day.flow))),
        *_idle_test(window, parameters, habit.capacity, specific_power),
    ]
    return Result(
        figures,
        [_found(day, habit, found, least, _effect(window, found.lifted, specific_power))] if found.lifted >= least else [],
    )


def _idle_test(window: Window, parameters: LeakageParameters, capacity: float, specific_power: float | None) -> list[Figure]:
    idle = _plant_is_idle(window, parameters)
    if idle is None or np.count_nonzero(idle) * window.step_seconds < _LEAST_IDLE_SECONDS:
        detail = "hours of the idle plant are not set" if idle is None else "no idle plant in the window"
        return [Figure.declined(name, Why.MISSING_INPUT, detail) for name in ("leak_share", "leak_flow", "leak_power")]
    # Delivered over largest flow counts loaded time only, whatever the machine does between, and holds for variable speed too.
    flow = window["free_air_delivery"][idle]
    flow = flow[~np.isnan(flow)]
    if not len(flow):
        raise NotEvaluated(Why.MISSING_INPUT, "free_air_delivery")
    loaded = float(np.minimum(flow / capacity, 1.0).sum()) * window.step_seconds
    share = leak_share(loaded_seconds=loaded, unloaded_seconds=len(flow) * window.step_seconds - loaded)
    power = (
        Figure(name="leak_power", value=share * capacity * specific_power)
        if specific_power is not None
        else Figure.declined("leak_power", Why.MISSING_INPUT, "active_power")
    )
    return [Figure(name="leak_share", value=100 * share), Figure(name="leak_flow", value=share * capacity), power]


def _plant_is_idle(window: Window, parameters: LeakageParameters) -> Flags | None:
    begin, end = parameters.idle_from_hour, parameters.idle_to_hour
    if begin is None or end is None:
        return None
    seconds = window.times_us // MICROSECONDS + round(parameters.utc_offset_hours * 3600)
    hour = seconds % _DAY_SECONDS / 3600
    return (hour >= begin) & (hour < end) if begin < end else (hour >= begin) | (hour < end)


def _specific_power(window: Window) -> float | None:
    """Mean power over mean flow, idling included: that is what the leak costs. [kW/(m³/min)]"""
    power, flow = window["active_power"], window["free_air_delivery"]
    both = ~np.isnan(power) & ~np.isnan(flow)
    if not both.any() or flow[both].sum() <= 0:
        return None
    return float(power[both].sum() / flow[both].sum())


def _effect(window: Window, flow: float, specific_power: float | None) -> dict[str, tuple[float, str]]:
    """What a flow costs a year; money where the price is sent."""
    if specific_power is None:
        return {}
    energy = flow * specific_power * _HOURS_A_YEAR
    price = window["electricity_price"]
    price = price[~np.isnan(price)]
    money = {"money": (energy * float(price.mean()), "CNY")} if len(price) else {}
    return {"energy": (energy, "kWh"), **money}


def _found(day: Hourly, habit: Habit, found: Excess, least: float, effect: Mapping[str, tuple[float, str]]) -> Found:
    healthy = (day.flow - found.added) / found.scale
    return Found(
        code="network_leak",
        # A lift is seen once it holds for most of a day.
        since_us=int(demand.hours_us(day)[0]),
        confidence=float(1 - 0.4 * np.exp(1 - found.lifted / least)),
        evidence=[
            evidence.inputs(
                [
                    ("flow added at all hours", found.added, "m³/min"),
                    ("mean flow more", found.more, "m³/min"),
                    ("scale of the healthy day", found.scale, "1"),
                    ("left unexplained", found.mismatch, "m³/min"),
                    ("smallest leak that counts", least, "m³/min"),
                    ("largest flow", habit.capacity, "m³/min"),
                ]
            ),
            evidence.series(
                label("每小时用气量", "Flow by hour"),
                "m³/min",
                demand.hours_us(day),
                {"measured": day.flow, "healthy": healthy},
            ),
        ],
        effect=effect,
    )
