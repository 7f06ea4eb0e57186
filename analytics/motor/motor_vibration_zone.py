"""In which zone of ISO 20816-3 a motor's vibration lies; what makes it vibrate is named by the diagnosis."""

from itertools import product

import numpy as np

from analytics.baselines.load_baseline import stretch_means
from analytics.motor.nameplate import nameplate
from analytics.motor.vibration_zones import Support, limits_of, zone_of
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import Window
from telemetry.settings import Settings

_STRETCH_SECONDS = 3600.0
"""Means over it are judged: the zones are for steady running, not for a passing truck."""


class Parameters(Settings):
    """How the motor stands."""

    support: Support = "rigid"


SPEC = Spec(
    name="motor_vibration_zone",
    label=label("振动烈度分区", "Vibration zone"),
    kinds=("motor",),
    inputs=(
        Input("state", "1"),
        Input("vibration_velocity_{bearing}_{direction}", "mm/s", required=False),
        Input("rated_power", "kW", required=False),
    ),
    rated=(("rated_power", "kW"),),
    outputs=(
        Output("vibration_severity", "mm/s", label("振动烈度（最高测点，小时均值的最大值）", "Severity, highest point and hour")),
        Output("vibration_zone", "1", label("分区（1 = A … 4 = D）", "Zone (1 = A … 4 = D)")),
        Output("vibration_reserve", "%", label("距 B/C 界限的余量", "Reserve to the boundary of B and C")),
    ),
    parameters=Parameters,
    source="ISO 20816-3:2022, 6.2 and annex A",
    validity=label(
        "15 kW 以上，轴承座上 10 至 1000 Hz 速度有效值，运行一小时以上。",
        "Above 15 kW, rms velocity of 10 to 1000 Hz on bearing housings, over an hour at work.",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Judge the highest hour of the highest measuring point.

    Raises
    ------
    NotEvaluated
        If the rated power is not known or outside the standard, if no point is measured, or the motor was not at work.
    """
    rated_kw = nameplate(window, "rated_power")
    try:
        limits = limits_of(rated_kw=rated_kw, support=parameters.support)
    except ValueError as error:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, str(error)) from error
    is_running = window.state_is("running")
    if not is_running.any():
        raise NotEvaluated(Why.NOT_RUNNING)
    hourly = [
        stretch_means(
            np.where(is_running, window[f"vibration_velocity_{end}_{way}"], np.nan),
            window.steps(_STRETCH_SECONDS),
            at_least_share=0.5,
        )
        for end, way in product(("drive", "non_drive"), "hva")
    ]
    known = np.concatenate([means[~np.isnan(means)] for means in hourly])
    if not len(known):
        raise NotEvaluated(Why.MISSING_INPUT, "vibration_velocity")
    severity = float(known.max())
    return Result([
        Figure(name="vibration_severity", value=severity),
        Figure(name="vibration_zone", value=float(zone_of(severity, limits))),
        Figure(name="vibration_reserve", value=100 * (1 - severity / limits.b_c)),
    ])  # fmt: skip
