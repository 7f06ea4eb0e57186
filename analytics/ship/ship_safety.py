"""Water under the keel, rolling, list and bilge of a day: how close to the limits, and for how long beyond them."""

from datetime import timedelta

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.baselines.load_baseline import stretch_means
from analytics.result import Figure, Result, Why
from analytics.ship.safety import (
    encounter_period_s,
    fully_developed_period_s,
    may_roll_parametrically,
    roll_period_s,
    squat_m,
    under_keel_m,
)
from analytics.ship.waves_and_wind import KNOT_M_PER_S, true_wind
from analytics.spec import Input, Output, Spec, label
from analytics.window import Flags, FloatArray, Window
from telemetry.settings import Settings

_MINUTE_SECONDS, _TEN_MINUTES = 60.0, 600.0
_MOST_DEPTH_DRAUGHTS = 20.0
"""Deeper water is of no interest, and makes a picture flat."""


class Parameters(Settings):
    """Limits of the company or the port, and how good the echo sounder is."""

    least_under_keel_percent: float = Field(default=10.0, ge=0, le=100)
    """Of the draught."""
    tide_m: float = Field(default=0.0, ge=-5, le=15)
    """Above the depth that is measured; 0 for an echo sounder, which measures it along."""
    depth_accuracy_percent: float = Field(default=1.0, ge=0, le=20)
    """Half width of the 95 % interval."""
    roll_limit_deg: float = Field(default=20.0, gt=0, le=60)
    list_limit_deg: float = Field(default=5.0, gt=0, le=30)
    bilge_limit_m: float = Field(default=0.5, gt=0)
    least_wave_m: float = Field(default=3.0, gt=0)
    """Lower seas do not make a ship of this size roll parametrically."""


SPEC = Spec(
    name="ship_safety",
    label=label("航行安全指标", "Safety figures of the voyage"),
    kinds=("ship",),
    inputs=(
        Input("state", "1"),
        Input("water_depth", "m", required=False),
        Input("draught_fore", "m", required=False),
        Input("draught_mid", "m", required=False),
        Input("draught_aft", "m", required=False),
        Input("speed_through_water", "kn", required=False),
        Input("speed_over_ground", "kn", required=False),
        Input("roll", "deg", required=False),
        Input("list", "deg", required=False),
        Input("bilge_level", "m", required=False),
        Input("wave_height", "m", required=False),
        Input("wind_speed_relative", "m/s", required=False),
        Input("wind_direction_relative", "deg", required=False),
    ),
    rated=(
        ("block_coefficient", "1"),
        ("breadth", "m"),
        ("length_between_perpendiculars", "m"),
        ("metacentric_height", "m"),
    ),
    step_seconds=10,
    cadence=timedelta(hours=6),
    outputs=(
        Output("least_under_keel", "m", label("最小富余水深（含下沉量）", "Least water under the keel, with squat")),
        Output("shallow_minutes", "min", label("富余水深不足时间", "Time with too little water under the keel")),
        Output("largest_roll", "deg", label("最大横摇角", "Largest roll")),
        Output("roll_minutes", "min", label("横摇超限时间", "Time in which the roll reached its limit")),
        Output("largest_list", "deg", label("最大横倾（10 分钟均值）", "Largest list, mean of 10 minutes")),
        Output("list_minutes", "min", label("横倾超限时间", "Time beyond the limit of the list")),
        Output("highest_bilge", "m", label("最高舱底水位", "Highest bilge level")),
        Output("bilge_minutes", "min", label("舱底水位超限时间", "Time beyond the limit of the bilge")),
        Output("parametric_roll_minutes", "min", label("参数横摇可能时间", "Time in which parametric rolling is possible")),
    ),
    parameters=Parameters,
    source="Barrass 2004 (squat in open water); IMO MSC.267(85), 2008 IS Code (period of roll); MSC.1/Circ.1228 (parametric "
    "rolling); Pierson and Moskowitz 1964 (period of waves)",
    validity=label(
        "富余水深不含靠泊时；横摇取 10 s 均值的最大值，采样慢时偏小；参数横摇的波浪周期由波高估计，仅作提示",
        "Under the keel: not at the berth; roll is the largest mean of 10 s, too small where it is sampled slowly; for "
        "parametric rolling the waves' period is estimated from their height: a hint only",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Reckon a day."""
    draught = _deepest(window)
    clearance = _clearance(window, draught, parameters)
    minutes = stretch_means(clearance, window.steps(_MINUTE_SECONDS), at_least_share=0.3)
    least = parameters.least_under_keel_percent / 100 * _middle(draught)
    tilt = np.abs(stretch_means(window["list"], window.steps(_TEN_MINUTES), at_least_share=0.3))
    tilt_minutes = window.steps(_TEN_MINUTES) * window.step_seconds / 60
    minute = window.steps(_MINUTE_SECONDS) * window.step_seconds / 60
    roll, bilge = np.abs(window["roll"]), stretch_means(window["bilge_level"], window.steps(_MINUTE_SECONDS), at_least_share=0.3)
    return Result(
        [
            *_keel(window, minutes, least, minute, parameters),
            _largest("largest_roll", roll, "roll"),
            _beyond("roll_minutes", _minutes_with(roll, window) >= parameters.roll_limit_deg, roll, minute, "roll"),
            _largest("largest_list", tilt, "list"),
            _beyond("list_minutes", tilt > parameters.list_limit_deg, tilt, tilt_minutes, "list"),
            _largest("highest_bilge", bilge, "bilge_level"),
            _beyond("bilge_minutes", bilge > parameters.bilge_limit_m, bilge, minute, "bilge_level"),
            _parametric(window, parameters),
        ],
        pictures=[
            evidence.series(
                label("富余水深", "Water under the keel"),
                "m",
                window.times_us,
                {
                    "富余水深 / under keel": np.minimum(clearance, _MOST_DEPTH_DRAUGHTS * _middle(draught)),
                    "最低 / least": np.full(len(window), least),
                },
            ),
            evidence.series(
                label("横摇幅度", "Roll, larger of either side"),
                "deg",
                window.start_us + np.arange(len(window) // window.steps(_MINUTE_SECONDS), dtype=np.int64) * round(minute * 60e6),
                {"|φ|": _minutes_with(roll, window)},
                band=(0, parameters.roll_limit_deg),
            ),
        ],
    )


def _deepest(window: Window) -> FloatArray:
    """Deepest of the draughts that are known."""
    marks = np.array([window[f"draught_{place}"] for place in ("fore", "mid", "aft")])
    known = ~np.isnan(marks)
    found: FloatArray = np.where(known.any(axis=0), np.where(known, marks, -np.inf).max(axis=0), np.nan)
    return found


def _middle(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _clearance(window: Window, draught: FloatArray, parameters: Parameters) -> FloatArray:
    """Water under the keel where she is not at a berth, which is dredged for her; without squat where the hull is not known."""
    block = window.rated.get("block_coefficient", 0.0)
    speed = window["speed_through_water"]
    speed = np.where(np.isnan(speed), window["speed_over_ground"], speed)
    squat = squat_m(block_coefficient=block, speed_kn=speed) if block > 0 else np.zeros(len(window))
    clearance = under_keel_m(depth_m=window["water_depth"], draught_m=draught, squat=squat, tide_m=parameters.tide_m)
    with np.errstate(invalid="ignore"):
        sounded = window["water_depth"] > 0
    return np.where(sounded & ~window.state_is("in_port") & ~np.isnan(window["state"]), clearance, np.nan)


def _keel(window: Window, clearance: FloatArray, least: float, minute: float, parameters: Parameters) -> list[Figure]:
    names = "least_under_keel", "shallow_minutes"
    known = clearance[~np.isnan(clearance)]
    if not len(known):
        at_berth = bool(window.state_is("in_port").any()) and not np.isnan(window["water_depth"]).all()
        why = (Why.NOT_RUNNING, "at the berth") if at_berth else (Why.MISSING_INPUT, "water_depth, draught, speed")
        return [Figure.declined(name, *why) for name in names]
    depth = float(known.min()) + _middle(_deepest(window))
    by_sounder = parameters.depth_accuracy_percent / 100 * abs(depth)
    is_known = window.rated.get("block_coefficient", 0.0) > 0
    return [
        Figure(name=names[0], value=float(known.min()), uncertainty=by_sounder, validity="valid" if is_known else "doubtful"),
        Figure(name=names[1], value=float((known < least).sum()) * minute),
    ]


def _minutes_with(values: FloatArray, window: Window) -> FloatArray:
    """Largest of each minute; NaN where nothing is known."""
    size = window.steps(_MINUTE_SECONDS)
    rows = values[: len(values) // size * size].reshape(-1, size)
    known = ~np.isnan(rows)
    found: FloatArray = np.where(known.any(axis=1), np.where(known, rows, -np.inf).max(axis=1, initial=-np.inf), np.nan)
    return found


def _largest(name: str, values: FloatArray, signal: str) -> Figure:
    known = values[~np.isnan(values)]
    if not len(known):
        return Figure.declined(name, Why.MISSING_INPUT, signal)
    return Figure(name=name, value=float(known.max()))


def _beyond(name: str, beyond: Flags, values: FloatArray, minutes_each: float, signal: str) -> Figure:
    if np.isnan(values).all():
        return Figure.declined(name, Why.MISSING_INPUT, signal)
    return Figure(name=name, value=float(beyond.sum()) * minutes_each)


def _parametric(window: Window, parameters: Parameters) -> Figure:
    name, plate = "parametric_roll_minutes", ("metacentric_height", "breadth", "length_between_perpendiculars")
    lacking = [one for one in plate if not window.rated.get(one, 0.0) > 0]
    if lacking:
        return Figure.declined(name, Why.NO_NAMEPLATE, ", ".join(lacking))
    height_m, breadth_m, length_m = (window.rated[one] for one in plate)
    roll_s = roll_period_s(breadth_m=breadth_m, draught_m=window["draught_mid"], length_m=length_m, metacentric_height_m=height_m)
    wind = true_wind(
        relative_m_per_s=window["wind_speed_relative"],
        from_bow_deg=window["wind_direction_relative"],
        speed_m_per_s=window["speed_over_ground"] * KNOT_M_PER_S,
    )
    met_s = encounter_period_s(
        wave_period_s=fully_developed_period_s(window["wave_height"]),
        speed_kn=window["speed_through_water"],
        from_bow_deg=wind.from_bow_deg,
    )
    at_sea = window.state_is("at_sea")
    known = at_sea & ~np.isnan(met_s) & ~np.isnan(roll_s)
    if not known.any():
        return Figure.declined(name, Why.MISSING_INPUT, "wave_height, wind, speed, draught at sea")
    with np.errstate(invalid="ignore"):
        possible = (
            known & may_roll_parametrically(encounter_s=met_s, roll_s=roll_s) & (window["wave_height"] >= parameters.least_wave_m)
        )
    return Figure(name=name, value=float(possible.sum()) * window.step_seconds / 60, validity="doubtful")
