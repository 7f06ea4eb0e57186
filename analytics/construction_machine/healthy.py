"""How one construction machine behaves at work while healthy, learned from its first days, and how far it is from that now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.signal import lfilter

from analytics.baselines.load_baseline import LoadBaseline
from analytics.baselines.steady import runs_since
from analytics.construction_machine.fault_codes import codes_of, signals_without_a_wire
from analytics.diagnosis.verdicts import Reading, recent_reading
from analytics.result import NotEvaluated, Why
from analytics.spec import label
from analytics.window import Flags, FloatArray, Window
from device_profiles.kind import Label

RECENT_SECONDS = 4 * 3600.0
"""So much time at work is judged together, and so long are the stretches by which the healthy straying is measured."""
LEAST_RECENT_SECONDS = 3600.0
LEAST_LEARNED_HOURS = 16.0
WORKING = ("travel", "dig", "load", "swing")
DIGGING = ("dig", "load", "swing")
_RUNNING_RPM = 400.0
_WARM_SECONDS = 2700.0
"""After the start; by then coolant and engine oil follow the load, and the hydraulic oil nearly does."""
_COOLANT_LAG_SECONDS, _OIL_LAG_SECONDS = 700.0, 1200.0
"""How slowly coolant and hydraulic oil follow their heat: heat capacity over a cooler's conductance, for some 20 t."""
_EXTRAPOLATED_KELVIN = 20.0
"""Ambient may be so far beyond what was seen: what depends on it does so in a straight line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A quantity that the healthy machine's load and surroundings explain."""

    label: Label
    unit: str
    over: tuple[str, ...]
    """Names of `Observed.conditions`."""
    floor: float
    """Smallest healthy spread that counts, in the unit: what sensors and weather do."""
    degree: int = 2


INDICATORS: Mapping[str, Indicator] = {
    "oil_pressure": Indicator(
        label=label("机油压力（按转速与油温修正）", "Engine oil pressure at equal speed and oil temperature"),
        unit="%",
        over=("speed", "oil_temperature"),
        floor=3.0,
    ),
    "fuel": Indicator(
        label=label("同功率油耗", "Fuel rate at equal speed and power"), unit="%", over=("speed", "power"), floor=0.5
    ),
    "exhaust": Indicator(
        label=label("排气温度（按功率与气温修正）", "Exhaust temperature at equal power and ambient"),
        unit="K",
        over=("power", "power_squared", "ambient"),
        floor=2.5,
        degree=1,
    ),
    "coolant": Indicator(
        label=label("冷却液温度（按发热与气温修正）", "Coolant temperature at equal heat and ambient"),
        unit="K",
        over=("fuel_heat", "mean_speed", "ambient", "hydraulic_temperature"),
        floor=0.25,
    ),
    "coolant_level": Indicator(label=label("冷却液液位", "Coolant level"), unit="%", over=(), floor=3.0),
    "hydraulic_oil": Indicator(
        label=label("液压油温度（按液压功率与气温修正）", "Hydraulic oil temperature at equal hydraulic power and ambient"),
        unit="K",
        over=("hydraulic_heat", "hydraulic_heat_squared", "ambient"),
        floor=1.0,
        degree=1,
    ),
    "pump_efficiency": Indicator(
        label=label("液压功率与发动机功率之比", "Hydraulic power from engine power"),
        unit="%",
        over=("power", "pressure", "coolant_temperature", "hydraulic_temperature"),
        floor=1.0,
    ),
    "cycle_time": Indicator(
        label=label("循环时间（按作业类型修正）", "Bucket cycle at equal kind of work"),
        unit="%",
        over=("is_digging", "is_loading"),
        floor=1.5,
        degree=1,
    ),
    "voltage": Indicator(label=label("运转时电池电压", "Battery voltage with the engine on"), unit="V", over=(), floor=0.25),
}


class Observed(NamedTuple):
    """What a window shows; arrays of shape (n,)."""

    running: Flags
    conditions: Mapping[str, FloatArray]
    indicators: Mapping[str, FloatArray]
    """NaN where the machine is not in the regime in which the quantity tells something."""


def is_running(window: Window) -> Flags:
    """Tell where the engine turns: by its speed, or by the flag where no speed is known."""
    speed = window["engine_speed"]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(np.isnan(speed), window["engine_running"] > 0, speed > _RUNNING_RPM))


def observe(window: Window) -> Observed:
    """Bring a window's signals into the form in which they are compared; signals of a broken wire count as unknown."""
    masked = signals_without_a_wire(codes_of(window))

    def signal(name: str) -> FloatArray:
        return np.full(len(window), np.nan) if name in masked else window[name]

    running = is_running(window)
    warm = runs_since(running) > window.steps(_WARM_SECONDS)
    works, digs = warm & window.state_is(*WORKING), warm & window.state_is(*DIGGING)
    ambient = signal("ambient_temperature")
    pressure = (signal("hydraulic_pressure_1") + signal("hydraulic_pressure_2")) / 2
    hydraulic_kw = pressure * signal("hydraulic_flow") / 60
    # Torque is told as a share of a reference that the machine does not tell: power is in units of its own.
    power = signal("engine_speed") * signal("torque_percent") / 1e4

    def lagged(of: FloatArray, seconds: float) -> FloatArray:
        return _lagged(np.where(running, of, 0.0), keeps=float(np.exp(-window.step_seconds / seconds)))

    hydraulic_heat = lagged(hydraulic_kw, _OIL_LAG_SECONDS)
    conditions = {
        "speed": signal("engine_speed") / 1000,
        "power": power,
        "power_squared": power**2,
        "ambient": ambient,
        "oil_temperature": signal("lube_oil_temperature"),
        "coolant_temperature": signal("coolant_temperature"),
        "hydraulic_temperature": signal("hydraulic_oil_temperature"),
        "pressure": pressure,
        "fuel_heat": lagged(signal("fuel_rate"), _COOLANT_LAG_SECONDS),
        "mean_speed": lagged(signal("engine_speed"), _COOLANT_LAG_SECONDS) / 1000,
        "hydraulic_heat": hydraulic_heat,
        "hydraulic_heat_squared": hydraulic_heat**2,
        "is_digging": window.state_is("dig").astype(float),
        "is_loading": window.state_is("load").astype(float),
    }
    ratio = np.divide(hydraulic_kw, power, out=np.full(len(window), np.nan), where=power > 0)
    values = {
        "oil_pressure": (warm, _percent(signal("lube_oil_pressure"))),
        "fuel": (works, _percent(signal("fuel_rate"))),
        "exhaust": (works, signal("exhaust_temperature")),
        "coolant": (works, signal("coolant_temperature")),
        "coolant_level": (warm, signal("coolant_level")),
        "hydraulic_oil": (works, signal("hydraulic_oil_temperature")),
        "pump_efficiency": (works, _percent(ratio)),
        "cycle_time": (digs, _percent(signal("cycle_time"))),
        "voltage": (warm, signal("battery_voltage")),
    }
    return Observed(running, conditions, {name: np.where(where, of, np.nan) for name, (where, of) in values.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    """What was learned; what the machine does not measure is not there."""

    baselines: Mapping[str, LoadBaseline]

    @classmethod
    def learn(cls, window: Window, observed: Observed) -> Self:
        """Learn from healthy days.

        Raises
        ------
        NotEvaluated
            If the machine was hardly at work.
        """
        hours = float(observed.running.sum()) * window.step_seconds / 3600
        if hours < LEAST_LEARNED_HOURS:
            raise NotEvaluated(Why.NOT_TRAINED, f"{hours:.1f} h")
        baselines = {}
        for name, indicator in INDICATORS.items():
            target = observed.indicators[name]
            features = _features(indicator, observed)
            try:
                baselines[name] = LoadBaseline.fit(
                    features, {name: target}, stretch_steps=window.steps(RECENT_SECONDS / 4), degree=indicator.degree
                )
            except NotEvaluated:  # this machine does not measure it
                continue
        return cls(baselines=baselines)

    def compare(self, window: Window, observed: Observed) -> dict[str, Reading]:
        """Compare each indicator that has a baseline."""
        found = {}
        for name, baseline in self.baselines.items():
            indicator = INDICATORS[name]
            widened, features = _within(baseline, _features(indicator, observed), is_linear=indicator.degree == 1)
            residuals = widened.residuals(features, observed.indicators)[name]
            found[name] = _reading(residuals, max(baseline.spreads[0].stretch, indicator.floor), window)
        return found

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {name: one.to_model() for name, one in self.baselines.items()}

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        return cls(baselines={name: LoadBaseline.from_model(one) for name, one in model.items() if name in INDICATORS})


def _features(indicator: Indicator, observed: Observed) -> dict[str, FloatArray]:
    if indicator.over:
        return {over: observed.conditions[over] for over in indicator.over}
    return {"constant": np.zeros(len(observed.running))}


def _within(
    baseline: LoadBaseline, features: Mapping[str, FloatArray], *, is_linear: bool
) -> tuple[LoadBaseline, dict[str, FloatArray]]:
    """Let ambient go on along its straight line, and keep all else at the edge of what was seen."""
    lowest, highest = baseline.lowest.copy(), baseline.highest.copy()
    if is_linear and "ambient" in baseline.features:
        at = baseline.features.index("ambient")
        lowest[at], highest[at] = lowest[at] - _EXTRAPOLATED_KELVIN, highest[at] + _EXTRAPOLATED_KELVIN
    clipped = {
        name: np.clip(features[name], lowest[at], highest[at]) for at, name in enumerate(baseline.features) if name in features
    }
    return replace(baseline, lowest=lowest, highest=highest), clipped


def _reading(residuals: FloatArray, size: float, window: Window) -> Reading:
    recent, least = window.steps(RECENT_SECONDS), window.steps(LEAST_RECENT_SECONDS)
    return recent_reading(residuals, size, recent_steps=recent, least_steps=least)


def _lagged(values: FloatArray, *, keeps: float) -> FloatArray:
    """Mean of what is known up to each step, each step back counting ``keeps`` times as much; NaN before the first known one."""
    known = ~np.isnan(values)
    total, weight = (lfilter([1.0], [1.0, -keeps], of) for of in (np.where(known, values, 0.0), known.astype(float)))
    mean: FloatArray = np.divide(total, weight, out=np.full(len(values), np.nan), where=weight > 1e-6)
    return mean


def _percent(values: FloatArray) -> FloatArray:
    """Give hundredths of a natural logarithm, in which differences are ratios in percent; NaN of what is not positive."""
    positive = np.where(np.nan_to_num(values) > 0, values, 1.0)
    return np.where(np.nan_to_num(values) > 0, 100 * np.log(positive), np.nan)
