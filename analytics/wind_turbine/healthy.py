"""How one turbine behaves while healthy, learned from its first days, and how far it is from that now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from analytics.baselines.load_baseline import LoadBaseline
from analytics.result import NotEvaluated, Why
from analytics.spec import label
from analytics.wind_turbine import residuals_oil
from analytics.wind_turbine.healthy_power import PowerState, learned_power, power_state
from analytics.wind_turbine.residuals import (
    LEAST_SECONDS,
    MEMORY_SECONDS,
    Reading,
    forgetting_mean,
    groups,
    shares,
    winding_kelvin,
)
from analytics.wind_turbine.residuals_oil import OilBalance
from analytics.wind_turbine.residuals_power import Curve, Fit
from analytics.window import FloatArray, Window
from device_profiles.kind import Label

_SPREADS = 5.0
"""So many spreads of the healthy course are a limit, or the floor where it is more."""
_OIL_MEMORY_BLOCKS = 24.0
_LEAST_OIL_K2 = 20.0
_OIL_ERRORS = 2.0
_LEVEL_MEMORY_SECONDS = 6 * 3600.0
_LEAST_LEVEL_SECONDS = 3600.0
_PUMP_RISE_MPA = 1.5


class Indicator(NamedTuple):
    """What is known of an indicator before any training."""

    label: Label
    unit: str
    floor: float
    """Smaller changes are no fault, however still the healthy turbine is."""


INDICATORS: dict[str, Indicator] = {
    "gearbox_bearing": Indicator(
        label("齿轮箱驱动端轴承温升（高出油温）", "Rise of the gearbox bearing over the oil, drive end"), "1", 0.4
    ),
    "generator_bearing": Indicator(label("发电机驱动端轴承温升", "Rise of the generator bearing, drive end"), "1", 0.2),
    "windings": Indicator(label("发电机绕组平均温升", "Mean rise of the generator windings"), "1", 0.12),
    **{
        f"winding_{one}": Indicator(label(f"绕组 {one} 温升与另两相之差", f"Rise of winding {one} against the others"), "K", 8.0)
        for one in "uvw"
    },
    "gearbox_vibration": Indicator(label("齿轮箱振动", "Vibration of the gearbox"), "1", 0.4),
    "generator_vibration": Indicator(label("发电机振动", "Vibration of the generator"), "1", 0.4),
    "tower": Indicator(label("塔架振动", "Shaking of the tower"), "1", 0.5),
    "oil_cooler": Indicator(label("油冷却器导热能力变化", "Change of the oil cooler's conductance"), "1", 0.22),
    **{
        f"pitch_{blade}": Indicator(
            label(f"{blade} 号桨距角与另两叶之差", f"Pitch angle of blade {blade} against the others"), "deg", 0.75
        )
        for blade in "123"
    },
    **{
        f"battery_{blade}": Indicator(
            label(f"{blade} 号变桨电池电压与另两叶之差", f"Pitch battery of blade {blade} against the others"), "%", 5.0
        )
        for blade in "123"
    },
    **{
        f"current_{phase}": Indicator(
            label(f"{phase} 相电流与三相均值之差", f"Current of phase {phase} against the mean"), "%", 1.0
        )
        for phase in "abc"
    },
    "hydraulic_level": Indicator(label("液压油位变化", "Change of the hydraulic oil level"), "%", 8.0),
    "hydraulic_pressure": Indicator(label("液压平均压力变化", "Change of the mean hydraulic pressure"), "MPa", 1.5),
    "pump_starts": Indicator(label("液压泵每小时启动次数增加", "More starts of the hydraulic pump an hour"), "1/h", 3.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    """What was learned; what the turbine does not measure is not there."""

    rated_kw: float
    """Highest power that was learned, a scale."""
    usual_setpoint_kw: float
    """NaN without a set-point."""
    export_kwh: float
    """Of the counter at the end; NaN without one."""
    baselines: Mapping[str, LoadBaseline]
    spreads: Mapping[str, float]
    levels: Mapping[str, float]
    oil: OilBalance | None
    curve: Curve | None
    power_ratio: Fit | None
    """Of the healthy days to their own curve, with its error."""

    @classmethod
    def learn(cls, history: Window) -> Self:
        """Learn from healthy days.

        Raises
        ------
        NotEvaluated
            If the turbine was hardly ever running.
        """
        running = history.state_is("running")
        power = history["active_power"][running]
        power = power[~np.isnan(power)]
        if len(power) < history.steps(86_400 / 2):
            raise NotEvaluated(Why.NOT_TRAINED, f"{len(power) * history.step_seconds / 3600:.1f} h running")
        rated_kw = max(float(np.quantile(power, 0.998)), 1.0)
        baselines: dict[str, LoadBaseline] = {}
        for name, group in groups(history).items():
            targets = {of: column for of, column in group.targets.items() if not np.isnan(column).all()}
            try:
                if targets:
                    steps = history.steps(MEMORY_SECONDS)
                    baselines[name] = LoadBaseline.fit(group.features, targets, stretch_steps=steps, degree=1)
            except NotEvaluated:
                continue
        heat = _heat(history, baselines)
        spreads = {name: _spread(course, history.steps(MEMORY_SECONDS)) for name, course in heat.items()}
        levels = {name: _middle(course) for name, course in _levels(history).items() if not np.isnan(course).all()}
        try:
            oil = residuals_oil.learn(history, rated_kw=rated_kw)
        except NotEvaluated:
            oil = None
        setpoint = history["power_setpoint"]
        usual = float(np.nanquantile(setpoint, 0.9)) if not np.isnan(setpoint).all() else float("nan")
        curve, ratio = learned_power(history, usual_setpoint_kw=usual, tower=baselines.get("tower"))
        export = history["energy_export"]
        return cls(
            rated_kw=rated_kw,
            usual_setpoint_kw=usual,
            export_kwh=float(export[~np.isnan(export)][-1]) if not np.isnan(export).all() else float("nan"),
            baselines=baselines,
            spreads=spreads,
            levels=levels,
            oil=oil,
            curve=curve,
            power_ratio=ratio,
        )

    def readings(self, window: Window) -> dict[str, Reading]:
        """Compare each indicator that was learned, by the names of `INDICATORS`."""
        found = {
            name: _reading(name, course, self.spreads.get(name, 0.0), window.steps(LEAST_SECONDS))
            for name, course in _heat(window, self.baselines).items()
        }
        if self.oil is not None:
            found["oil_cooler"] = _oil_cooler(window, self.oil, self.rated_kw)
        for name, course in _levels(window).items():
            if name in self.levels:
                changed = course - self.levels[name]
                found[name] = _reading(name, changed, 0.0, window.steps(_LEAST_LEVEL_SECONDS))
        return found

    def power_state(self, window: Window) -> PowerState | None:
        """Compare power and rotor speed with the curve; None where none was learned."""
        if self.curve is None or self.power_ratio is None:
            return None
        return power_state(
            window,
            self.curve,
            learned=self.power_ratio,
            usual_setpoint_kw=self.usual_setpoint_kw,
            tower=self.baselines.get("tower"),
        )

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {
            "rated_kw": self.rated_kw,
            "usual_setpoint_kw": _plain(self.usual_setpoint_kw),
            "export_kwh": _plain(self.export_kwh),
            "baselines": {name: one.to_model() for name, one in self.baselines.items()},
            "spreads": dict(self.spreads),
            "levels": dict(self.levels),
            "oil": None if self.oil is None else self.oil._asdict(),
            "curve": None if self.curve is None else self.curve.to_model(),
            "power_ratio": None if self.power_ratio is None else self.power_ratio._asdict(),
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        unknown = float("nan")
        return cls(
            rated_kw=model["rated_kw"],
            usual_setpoint_kw=unknown if model["usual_setpoint_kw"] is None else model["usual_setpoint_kw"],
            export_kwh=unknown if model["export_kwh"] is None else model["export_kwh"],
            baselines={name: LoadBaseline.from_model(one) for name, one in model["baselines"].items()},
            spreads=model["spreads"],
            levels=model["levels"],
            oil=None if model["oil"] is None else OilBalance(**model["oil"]),
            curve=None if model["curve"] is None else Curve.from_model(model["curve"]),
            power_ratio=None if model["power_ratio"] is None else Fit(**model["power_ratio"]),
        )


def _heat(window: Window, baselines: Mapping[str, LoadBaseline]) -> dict[str, FloatArray]:
    """Give the courses of all shares; of the windings their mean, and each against the others."""
    found: dict[str, FloatArray] = {}
    for name, group in groups(window).items():
        if name in baselines:
            of_targets = {target: group.targets[target] for target in baselines[name].targets}
            memory = window.steps(MEMORY_SECONDS)
            known = group._replace(targets=of_targets)
            found |= shares(baselines[name], known, memory_steps=memory)
            if all(f"winding_{one}" in of_targets for one in "uvw"):
                found["windings"] = np.mean([found[f"winding_{one}"] for one in "uvw"], axis=0)
                found |= winding_kelvin(baselines[name], known, memory_steps=memory)
            else:  # one winding that is measured alone has nothing beside it
                found = {of: course for of, course in found.items() if of not in of_targets or not of.startswith("winding_")}
    return found


def _oil_cooler(window: Window, oil: OilBalance, rated_kw: float) -> Reading:
    share, weight = residuals_oil.cooling(window, oil, rated_kw=rated_kw)
    course = forgetting_mean(share - 1, weights=weight, memory_steps=_OIL_MEMORY_BLOCKS)
    known = np.flatnonzero(~np.isnan(course))
    if not len(known) or float(np.nansum(weight)) < _LEAST_OIL_K2:
        return Reading(float("nan"), INDICATORS["oil_cooler"].floor, course)
    # The balance's own error counts for more, the less a healthy cooler would have to do.
    cooled_k = forgetting_mean(np.sqrt(weight), weights=np.sqrt(weight), memory_steps=_OIL_MEMORY_BLOCKS)[known[-1]]
    limit = max(INDICATORS["oil_cooler"].floor, _OIL_ERRORS * oil.error_k / float(cooled_k))
    return Reading(float(course[known[-1]]), limit, course)


def _levels(window: Window) -> dict[str, FloatArray]:
    """Give the means of the last hours of what does not depend on the load."""
    running = window.state_is("running")
    pitch, battery = window.family("pitch_angle_{blade}"), window.family("pitch_battery_voltage_{blade}")
    current = np.where(running, window.family("current_{phase}"), np.nan)
    pitch = np.where(running, pitch, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        battery = 100 * (3 * battery / np.where(battery.sum(axis=0) > 0, battery.sum(axis=0), np.nan) - 1) * 1.5
        strong = current.mean(axis=0)
        current = 100 * (current / np.where(strong > 0.1 * np.nanmax(strong, initial=1.0), strong, np.nan) - 1)
    pressure = window["hydraulic_pressure"]
    rises = np.diff(pressure, prepend=np.nan)
    starts = np.where(np.isnan(rises), np.nan, np.where(np.nan_to_num(rises) > _PUMP_RISE_MPA, 3600 / window.step_seconds, 0.0))
    columns = {
        **{f"pitch_{number}": 1.5 * (row - pitch.mean(axis=0)) for number, row in enumerate(pitch, start=1)},
        **{f"battery_{number}": row for number, row in enumerate(battery, start=1)},
        **{f"current_{phase}": row for phase, row in zip("abc", current, strict=True)},
        "hydraulic_level": window["hydraulic_oil_level"],
        "hydraulic_pressure": pressure,
        "pump_starts": starts,
    }
    memory = window.steps(_LEVEL_MEMORY_SECONDS)
    even = np.ones(len(window))
    return {name: forgetting_mean(column, weights=even, memory_steps=memory) for name, column in columns.items()}


def _reading(name: str, course: FloatArray, spread: float, least_steps: int) -> Reading:
    known = np.flatnonzero(~np.isnan(course))
    value = float(course[known[-1]]) if len(known) >= least_steps else float("nan")
    return Reading(value, max(_SPREADS * spread, INDICATORS[name].floor), course)


def _spread(course: FloatArray, settling_steps: int) -> float:
    known = course[~np.isnan(course)][settling_steps:]
    return float(known.std()) if len(known) else 0.0


def _middle(course: FloatArray) -> float:
    return float(np.median(course[~np.isnan(course)]))


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else value
