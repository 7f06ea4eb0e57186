"""The figures of a machine's statement of use over the last 24 hours, and what a lessor should look at."""

from datetime import timedelta

import numpy as np

from analytics import evidence
from analytics.construction_machine.counters import growth
from analytics.construction_machine.position import drawn_fence
from analytics.construction_machine.utilisation import RESOLUTION_HOURS
from analytics.leasing.flags import COUNTERS, OFFLINE_HOURS, Marks, last_seen, marks_of
from analytics.leasing.statement import completeness, grown
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, label
from analytics.window import Window
from telemetry.bundle import MICROSECONDS

_DAY_US = 86_400 * MICROSECONDS
_FLAGS = {
    "counter_decrease": label("计数器倒退（1 是）", "A counter fell (1 yes)"),
    "engine_on_for_nothing": label("长时间空转无负荷无移动（1 是）", "Engine on for an hour without load or movement (1 yes)"),
    "offline": label("离线超过 72 h（1 是）", "Offline for more than 72 h (1 yes)"),
    "left_region": label("驶出约定区域（1 是）", "Left the agreed region (1 yes)"),
    "power_cut": label("终端主电源被断（1 是）", "Tracker cut from main power (1 yes)"),
}
_NEEDS = {
    "counter_decrease": ", ".join(COUNTERS),
    "engine_on_for_nothing": "load_percent, travel_speed",
    "offline": "",
    "left_region": "site_latitude, site_longitude, site_radius",
    "power_cut": "main_power_ok",
}

SPEC = Spec(
    name="construction_usage",
    label=label("使用声明（租赁、供应链金融）", "Statement of use (leasing, supply-chain finance)"),
    kinds=("construction_machine",),
    inputs=(
        Input("engine_hours", "h"),
        Input("idle_hours", "h", required=False),
        Input("fuel_total", "L", required=False),
        Input("engine_speed", "rpm", required=False),
        Input("engine_running", "1", required=False),
        Input("load_percent", "%", required=False),
        Input("travel_speed", "km/h", required=False),
        Input("gps_speed", "km/h", required=False),
        Input("latitude", "deg", required=False),
        Input("longitude", "deg", required=False),
        Input("main_power_ok", "1", required=False),
    ),
    rated=(("site_latitude", "deg"), ("site_longitude", "deg"), ("site_radius", "m")),
    window=timedelta(days=4),
    cadence=timedelta(hours=6),
    outputs=(
        Output("hours_of_the_day", "h", label("24 h 运转小时", "Operating hours of 24 h")),
        Output("idle_hours_of_the_day", "h", label("24 h 怠速小时", "Idle hours of 24 h")),
        Output("fuel_of_the_day", "L", label("24 h 油耗", "Fuel of 24 h")),
        Output("counters_completeness", "%", label("计数器数据完整率", "Counter readings that have come")),
        Output("offline_hours", "h", label("最长失联时间", "Longest silence")),
        Output("hours_on_for_nothing", "h", label("无负荷无移动运转小时", "Hours with the engine on, no load, no movement")),
        *(Output(f"flag_{name}", "1", of) for name, of in _FLAGS.items()),
    ),
    source="ISO/TS 15143-3 (cumulative hours, idle hours and fuel); statements are chained by SHA-256 and signed with Ed25519 "
    f"(RFC 8032); offline beyond {OFFLINE_HOURS:.0f} h and an hour without load or movement are customary limits",
    validity=label(
        "结算以按自然日生成并签名的声明为准；约定区域须填铭牌 site_latitude、site_longitude、site_radius",
        "Fees go by signed statements of calendar days; the region is the nameplate's site_latitude, site_longitude, site_radius",
    ),
)


def evaluate(window: Window, _parameters: NoParameters) -> Result:
    """Give the figures of the window's last day; the days before it tell since when the machine is silent.

    Raises
    ------
    NotEvaluated
        If the hour meter showed nothing in the whole window.
    """
    day = window.between(window.end_us - _DAY_US, window.end_us)
    earlier = window.between(window.start_us, window.end_us - _DAY_US)
    if np.isnan(window["engine_hours"]).all():
        raise NotEvaluated(Why.MISSING_INPUT, "engine_hours")
    before = last_seen(earlier)
    marks = marks_of(day, before=before, fence=drawn_fence(window, ()))
    hours, idle = (grown(day, name, before=before, most_per_hour=1.0) for name in ("engine_hours", "idle_hours"))
    fuel = grown(day, "fuel_total", before=before)
    figures = [
        *(
            Figure.declined(name, Why.MISSING_INPUT, signal)
            if np.isnan(of.amount)
            else Figure(name=name, value=of.amount, uncertainty=uncertainty, validity="doubtful" if of.is_doubtful else "valid")
            for name, of, signal, uncertainty in (
                ("hours_of_the_day", hours, "engine_hours", RESOLUTION_HOURS),
                ("idle_hours_of_the_day", idle, "idle_hours", RESOLUTION_HOURS),
                ("fuel_of_the_day", fuel, "fuel_total", None),
            )
        ),
        Figure(name="counters_completeness", value=100 * completeness(day)),
        _number("offline_hours", marks.offline_hours, "any signal"),
        _number("hours_on_for_nothing", marks.for_nothing_hours, _NEEDS["engine_on_for_nothing"]),
        *_flags(marks),
    ]
    return Result(figures, (), [_picture(window)])


def _number(name: str, value: float, needs: str) -> Figure:
    return Figure.declined(name, Why.MISSING_INPUT, needs) if np.isnan(value) else Figure(name=name, value=value)


def _flags(marks: Marks) -> list[Figure]:
    said = marks._asdict()
    return [
        Figure.declined(f"flag_{name}", Why.NO_NAMEPLATE if name == "left_region" else Why.MISSING_INPUT, _NEEDS[name])
        if said[name] is None
        else Figure(name=f"flag_{name}", value=float(said[name]))
        for name in _FLAGS
    ]


def _picture(window: Window) -> dict[str, object]:
    counted = {
        "运转 / operating": np.nancumsum(growth(window["engine_hours"], step_seconds=window.step_seconds).amount),
        "怠速 / idle": np.nancumsum(growth(window["idle_hours"], step_seconds=window.step_seconds).amount),
    }
    return evidence.series(label("四天累计小时", "Hours counted over four days"), "h", window.times_us, counted)
