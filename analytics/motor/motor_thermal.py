"""How hot a motor's winding gets, what that takes of its life, how good its insulation is; the diagnosis names causes."""

import numpy as np
from pydantic import Field

from analytics.motor.nameplate import nameplate
from analytics.motor.thermal import CLASS_CELSIUS, InsulationClass, ageing_rate, insulation_at_40_celsius, thermal_state
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings


class Parameters(Settings):
    """What the winding is made for."""

    insulation_class: InsulationClass = "F"
    time_constant_minutes: float = Field(default=40.0, gt=0)
    """Of the winding's heating."""


_COPPER_MELTS_CELSIUS = 1085.0

SPEC = Spec(
    name="motor_thermal",
    label=label("绕组温度与绝缘寿命", "Winding temperature and insulation life"),
    kinds=("motor",),
    inputs=(
        Input("state", "1", required=False),
        Input("winding_temperature_{winding}", "°C", required=False),
        Input("motor_current", "A", required=False),
        Input("rated_current", "A", required=False),
        Input("insulation_resistance", "MΩ", required=False),
    ),
    rated=(("rated_current", "A"),),
    outputs=(
        Output("winding_highest", "°C", label("绕组最高温度", "Highest winding temperature")),
        Output("winding_reserve", "K", label("距绝缘等级温度的余量", "Reserve to the class's temperature")),
        Output("ageing", "1", label("绝缘老化速率（1 = 额定寿命）", "Ageing of the insulation (1 = rated life)")),
        Output("thermal_state", "%", label("热积累（I²t）最大值", "Highest thermal state (I²t)")),
        Output("insulation_at_40", "MΩ", label("折算到 40 °C 的绝缘电阻", "Insulation resistance at 40 °C")),
    ),
    parameters=Parameters,
    source="IEC 60085:2007, table 1; rule of Montsinger; IEC 60255-149:2013, 4.4; IEEE 43-2013, 6.3",
    validity=label(
        "老化按每 10 K 寿命减半，只供比较；热积累需要额定电流；绝缘电阻取停机时的值。",
        "Ageing, with half the life each 10 K, only compares; the thermal state needs the rated current; insulation at rest.",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Judge temperatures and current of the window.

    Raises
    ------
    NotEvaluated
        If neither winding temperatures nor current are known.
    """
    windings = window.family("winding_temperature_{winding}")
    known = ~np.isnan(windings)
    # Of the sensors that are known at each instant the hottest; one that is missing is left out.
    hottest = np.where(known.any(axis=0), np.where(known, windings, -np.inf).max(axis=0), np.nan)
    current = window["motor_current"]
    if np.isnan(hottest).all() and np.isnan(current).all():
        raise NotEvaluated(Why.MISSING_INPUT, "winding_temperature, motor_current")
    return Result([
        *_temperatures(hottest, parameters.insulation_class),
        _thermal_state(window, current, parameters.time_constant_minutes),
        _insulation(np.where(window.state_is("stopped"), window["insulation_resistance"], np.nan), hottest),
    ])  # fmt: skip


def _temperatures(hottest: FloatArray, insulation_class: InsulationClass) -> list[Figure]:
    known = hottest[~np.isnan(hottest)]
    names = ("winding_highest", "winding_reserve", "ageing")
    if not len(known):
        return [Figure.declined(name, Why.MISSING_INPUT, "winding_temperature") for name in names]
    highest = float(known.max())
    if highest > _COPPER_MELTS_CELSIUS:
        return [Figure.declined(name, Why.BAD_INPUT, f"winding_temperature {highest:g} °C") for name in names]
    return [
        Figure(name="winding_highest", value=highest),
        Figure(name="winding_reserve", value=CLASS_CELSIUS[insulation_class] - highest),
        Figure(name="ageing", value=float(ageing_rate(known, insulation_class).mean())),
    ]


def _thermal_state(window: Window, current: FloatArray, time_constant_minutes: float) -> Figure:
    try:
        rated = nameplate(window, "rated_current")
    except NotEvaluated as declined:
        return Figure.declined("thermal_state", declined.why, declined.detail)
    state = thermal_state(current / rated, time_constant_seconds=60 * time_constant_minutes, step_seconds=window.step_seconds)
    known = state[~np.isnan(state)]
    if not len(known):
        return Figure.declined("thermal_state", Why.MISSING_INPUT, "motor_current")
    return Figure(name="thermal_state", value=100 * float(known.max()))


def _insulation(megaohm: FloatArray, hottest: FloatArray) -> Figure:
    """Of a motor at rest: while it runs nothing can measure its winding alone."""
    both = ~np.isnan(megaohm) & ~np.isnan(hottest) & (megaohm > 0)
    if not both.any():
        return Figure.declined("insulation_at_40", Why.MISSING_INPUT, "insulation_resistance at rest")
    # The median, because a resistance of hundreds of MΩ scatters widely and in proportion.
    return Figure(name="insulation_at_40", value=float(np.median(insulation_at_40_celsius(megaohm[both], hottest[both]))))
