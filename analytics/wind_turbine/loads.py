"""How hard a turbine is shaken and twisted: proxies of fatigue for comparing turbines and years."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from analytics import evidence
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.wind_turbine.fatigue import Cycles, damage_equivalent_range, narrow_band_equivalent_range, rainflow
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_LEAST_SHARE = 0.5
_BARS = 10


class Parameters(Settings):
    """Slopes of S-N lines."""

    tower_exponent: float = Field(default=4.0, ge=2, le=15)
    """4 for welded steel."""
    drive_train_exponent: float = Field(default=6.0, ge=2, le=15)
    """6 to 10 for gears and shafts."""


SPEC = Spec(
    name="wind_fatigue",
    label=label("疲劳载荷（替代指标）", "Fatigue loads (proxies)"),
    kinds=("wind_turbine",),
    inputs=(
        Input("tower_acceleration_{axis}", "m/s²"),
        Input("active_power", "kW", required=False),
        Input("rotor_speed", "rpm", required=False),
        Input("state", "1", required=False),
    ),
    step_seconds=10.0,
    window=timedelta(days=1),
    cadence=timedelta(days=1),
    outputs=(
        Output("tower_range_x", "m/s²", label("塔架等效加速度幅（x）", "Equivalent range of tower acceleration, x")),
        Output("tower_range_y", "m/s²", label("塔架等效加速度幅（y）", "Equivalent range of tower acceleration, y")),
        Output("torque_range", "kN·m", label("传动链等效扭矩幅（每小时 60 次）", "Equivalent range of torque, 60 an hour")),
        Output("torque_cycles", "1/h", label("大扭矩循环次数", "Large torque cycles an hour")),
        Output("stops", "1", label("停机次数", "Stops")),
    ),
    parameters=Parameters,
    source="ASTM E1049-85 (rainflow); Bendat 1964 (narrow band); damage-equivalent ranges as in IEC TS 61400-13",
    validity=label(
        "由振动有效值和功率推算，不是实测载荷；只用于机组之间、年度之间比较",
        "From rms values and power, not from measured loads: compare turbines and years only",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Reduce a window to equivalent ranges.

    Raises
    ------
    NotEvaluated
        If the tower's acceleration is known for less than half of the window.
    """
    shaken = window.family("tower_acceleration_{axis}")
    known = float((~np.isnan(shaken)).all(axis=0).mean()) if len(window) else 0.0
    if known < _LEAST_SHARE:
        raise NotEvaluated(Why.MISSING_INPUT, f"tower_acceleration ({100 * known:.0f} %)")
    if np.nanmin(shaken) < 0:
        raise NotEvaluated(Why.BAD_INPUT, f"tower_acceleration {np.nanmin(shaken):.3g} m/s²")
    towers = [
        Figure(
            name=f"tower_range_{axis}",
            value=narrow_band_equivalent_range(rms, exponent=parameters.tower_exponent),
            validity="doubtful",
        )
        for axis, rms in zip("xy", shaken, strict=True)
    ]
    picture = evidence.series(
        label("塔架加速度有效值", "Tower acceleration (rms)"), "m/s²", window.times_us, {"x": shaken[0], "y": shaken[1]}
    )
    torque, pictures = _torque(window, parameters)
    return Result([*towers, *torque, _stops(window)], pictures=[picture, *pictures])


def _torque(window: Window, parameters: Parameters) -> tuple[list[Figure], list[dict[str, Any]]]:
    """Torque of the rotor's shaft as the generator holds it, 0 while nothing is fed in; swings within a step are not seen."""
    names = "torque_range", "torque_cycles"
    power, speed = window["active_power"], window["rotor_speed"] * np.pi / 30
    known = ~(np.isnan(power) | np.isnan(speed))
    if known.mean() < _LEAST_SHARE:
        return [Figure.declined(name, Why.MISSING_INPUT, "active_power, rotor_speed") for name in names], []
    with np.errstate(invalid="ignore"):
        feeds = (power > 0) & (speed > 0.1)
    torque = np.divide(power, speed, out=np.where(known, 0.0, np.nan), where=feeds)
    cycles = rainflow(torque)
    hours = float(known.sum()) * window.step_seconds / 3600
    largest = float(cycles.ranges.max(initial=0.0))
    if largest <= 0:
        return [Figure.declined(name, Why.NOT_RUNNING, "no torque") for name in names], []
    equivalent = damage_equivalent_range(cycles, exponent=parameters.drive_train_exponent, equivalent_cycles=60 * hours)
    large = float(cycles.counts[cycles.ranges >= largest / 2].sum()) / hours
    figures = [
        Figure(name="torque_range", value=equivalent, validity="doubtful"),
        Figure(name="torque_cycles", value=large, validity="doubtful"),
    ]
    return figures, [_spectrum(cycles, largest, hours)]


def _spectrum(cycles: Cycles, largest: float, hours: float) -> dict[str, Any]:
    edges: FloatArray = np.linspace(0, largest, _BARS + 1)
    counts: npt.NDArray[np.float64] = np.histogram(cycles.ranges, edges, weights=cycles.counts)[0]
    return evidence.bars(
        label("扭矩循环（按幅值，雨流计数）", "Torque cycles by range (rainflow)"),
        "1/h",
        [f"{low:.0f}-{high:.0f} kN·m" for low, high in pairwise(edges)],
        {"循环 cycles": counts / hours},
    )


def _stops(window: Window) -> Figure:
    if np.isnan(window["state"]).all():
        return Figure.declined("stops", Why.MISSING_INPUT, "state")
    runs = window.state_is("running")[~np.isnan(window["state"])]
    return Figure(name="stops", value=float(np.count_nonzero(runs[:-1] & ~runs[1:])))
