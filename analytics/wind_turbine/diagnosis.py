"""Seventeen faults of a wind turbine, found by how far it is from its own healthy days."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from analytics import evidence
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Spec, Training, label
from analytics.wind_turbine import signs, signs_power, signs_states
from analytics.wind_turbine.diagnosis_faults import FAULTS, INPUTS, OUTPUTS, SHOWN
from analytics.wind_turbine.healthy import Healthy
from analytics.wind_turbine.healthy_power import PowerState
from analytics.wind_turbine.residuals import Reading
from analytics.wind_turbine.signs import Verdict
from analytics.window import Window
from telemetry.settings import Settings

_LEAST_SECONDS = 3 * 3600.0
_HEAT = ("gearbox_bearing", "generator_bearing", "windings", "gearbox_vibration", "generator_vibration")
_BLADES = ("pitch_1", "pitch_2", "pitch_3")


class Parameters(Settings):
    """What the controller's maker tells."""

    converter_fault_codes: tuple[int, ...] = ()
    """Values of `fault_code` that are the converter's; with them its trips are named at once, and no stop by another code is."""


SPEC = Spec(
    name="wind_turbine_diagnosis",
    label=label("风电机组故障诊断", "Diagnosis of the wind turbine"),
    kinds=("wind_turbine",),
    inputs=INPUTS,
    window=timedelta(days=5),
    cadence=timedelta(hours=1),
    outputs=OUTPUTS,
    faults=FAULTS,
    parameters=Parameters,
    training=Training(days=7),
    source="IEC 61400-12-1:2017 for density and bins; Zaher and others, Wind Energy 12 (2009) 574-593, for normal temperatures; "
    "Roberts, Technometrics 1 (1959) 239-250, for weighted means; ISO 13379-1:2012 for naming",
    validity=label(
        "只与本机健康时比较；功率和对风偏差看五天内并网且不限功率的数据，温度和振动看近期运行数据；学习时未见过的工况不判断",
        "Beside this turbine's own healthy days only; power and yaw by five days of running without limit, heat and vibration by "
        "the last hours at work; no verdict in conditions that were not seen while learning",
    ),
)


def train(history: Window, parameters: Parameters) -> dict[str, Any]:  # noqa: ARG001 - the contract
    """Learn how this turbine behaves while healthy.

    Raises
    ------
    NotEvaluated
        If it was hardly ever running.
    """
    return Healthy.learn(history).to_model()


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    """Compare the newest hours and the last five days with the healthy turbine, and name what is wrong.

    Raises
    ------
    NotEvaluated
        If its state is known for less than three hours.
    """
    known = np.count_nonzero(~np.isnan(window["state"])) * window.step_seconds
    if known < _LEAST_SECONDS:
        raise NotEvaluated(Why.MISSING_INPUT, f"state ({known / 3600:.1f} h)")
    healthy = Healthy.from_model(model)
    readings, power = healthy.readings(window), healthy.power_state(window)
    found = _verdicts(window, healthy, readings, power, parameters)
    return Result(
        [*_power_figures(power), _spread(readings), *(_figure(readings, name) for name in SHOWN)],
        [
            Found(
                code=one.code,
                part=one.part,
                since_us=one.since_us,
                confidence=one.confidence,
                evidence=[evidence.inputs(one.rows), one.piece],
            )
            for one in found
        ],
        _pictures(window, readings, power),
    )


def _verdicts(
    window: Window, healthy: Healthy, readings: Mapping[str, Reading], power: PowerState | None, parameters: Parameters
) -> list[Verdict]:
    stuck = signs_states.stuck_blade(window)
    of_parts = signs.of_indicators(window, readings)
    if stuck is not None:
        of_parts = [one for one in of_parts if one.code != "pitch_asymmetry"]
    found = [*of_parts, signs_states.curtailed(window, healthy), signs_states.counted_anew(window, healthy), stuck]
    # Blades that stand apart cost power and stop the turbine: what follows from them is not named again.
    if stuck is None:
        found.append(signs_states.tripped(window, converter_codes=parameters.converter_fault_codes))
        if power is not None and not any(one.code == "pitch_asymmetry" for one in of_parts):
            found.append(signs_power.of_power(window, power, readings))
    return [one for one in found if one is not None]


def _power_figures(power: PowerState | None) -> list[Figure]:
    names = ("healthy_power_loss", "recent_power_change", "wind_shift_by_rotor", "best_vane_angle")
    if power is None:
        return [Figure.declined(name, Why.NOT_TRAINED, "wind_speed, power_setpoint") for name in names]
    values = (power.loss_percent, power.recent_percent, power.shift_percent, power.offset_degrees)
    errors = (power.loss_error, float("nan"), power.shift_error, power.offset_error)
    return [
        Figure.declined(name, Why.NOT_RUNNING, f"{power.rows} comparable records")
        if np.isnan(value)
        else Figure(name=name, value=value, uncertainty=None if np.isnan(error) else 1.96 * error)
        for name, value, error in zip(names, values, errors, strict=True)
    ]


def _spread(readings: Mapping[str, Reading]) -> Figure:
    known = [abs(readings[name].value) for name in _BLADES if name in readings and not np.isnan(readings[name].value)]
    if not known:
        return Figure.declined("pitch_spread", Why.NOT_RUNNING)
    return Figure(name="pitch_spread", value=max(known))


def _figure(readings: Mapping[str, Reading], name: str) -> Figure:
    if name not in readings:
        return Figure.declined(SHOWN[name], Why.NOT_TRAINED, name)
    if np.isnan(readings[name].value):
        return Figure.declined(SHOWN[name], Why.NOT_RUNNING, name)
    scale = 1.0 if name == "hydraulic_level" else 100.0
    return Figure(name=SHOWN[name], value=scale * readings[name].value)


def _pictures(window: Window, readings: Mapping[str, Reading], power: PowerState | None) -> list[Mapping[str, Any]]:
    courses = {name: 100 * readings[name].course for name in _HEAT if name in readings}
    pictures: list[Mapping[str, Any]] = []
    if courses:
        text = label("温升和振动与健康时之差", "Temperature rises and vibration against healthy")
        pictures.append(evidence.series(text, "%", window.times_us, courses))
    if power is not None and (~np.isnan(power.ratios)).any():
        pictures += [signs_power.ratio_course(power), signs_power.by_angle(power)]
    return pictures
