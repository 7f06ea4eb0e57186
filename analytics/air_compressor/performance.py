"""Specific power and efficiency of one machine, as measured and at standard conditions."""

import numpy as np
from pydantic import Field

from analytics.air_compressor import duty, work
from analytics.air_compressor.residuals import fully_loaded
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import Flags, FloatArray, Window
from telemetry.settings import Settings

_LEAST_SECONDS = 600
_LEAST_HOURS = 8
_LEAST_SPECIFIC_KW, _MOST_SPECIFIC_KW = 3.0, 30.0
"""Beyond the isothermal work at 0.4 MPa, or several times a poor machine's, a meter is wrong. [kW/(m³/min)]"""


class PerformanceParameters(Settings):
    """How good the meter is, and at which pressure machines are compared."""

    flow_meter_percent: float = Field(default=4, gt=0, le=20)
    """Half width of the flow meter's band, 95 %."""
    reference_gauge_mpa: float = Field(default=0.7, gt=0.2, le=1.4)
    """Discharge pressure to which the specific power is brought."""


SPEC = Spec(
    name="air_compressor_performance",
    label=label("比功率与效率", "Specific power and efficiency"),
    kinds=("air_compressor",),
    inputs=(
        Input("state", "1"),
        Input("active_power", "kW"),
        Input("free_air_delivery", "m³/min"),
        Input("discharge_pressure", "MPa"),
        Input("inlet_pressure", "kPa", required=False),
        Input("inlet_temperature", "°C", required=False),
        Input("inlet_humidity", "%", required=False),
        Input("inlet_valve_position", "%", required=False),
        Input("energy_total", "kWh", required=False),
        Input("free_air_total", "m³", required=False),
        Input("motor_power", "kW", required=False),
        Input("heat_recovered", "kW", required=False),
    ),
    step_seconds=10.0,
    outputs=(
        Output(
            "specific_power", "kW/(m³/min)", label("加载比功率（吸气状态）", "Specific power while loaded (inlet conditions)")
        ),
        Output(
            "standard_specific_power",
            "kW/(m³/min)",
            label("折算比功率（100 kPa 吸气、参比排气压力）", "Specific power at 100 kPa inlet and the reference pressure"),
        ),
        Output("isentropic_efficiency", "%", label("机组等熵效率", "Isentropic efficiency of the package")),
        Output("standard_flow", "m³/min", label("加载标准流量（100 kPa、20 °C、干）", "Flow while loaded (100 kPa, 20 °C, dry)")),
        Output("specific_energy", "kWh/m³", label("单位气耗电（含卸载）", "Energy for air, idling included")),
        Output("base_power", "kW", label("不随产气量变化的功率", "Power that does not follow the air")),
        Output("marginal_energy", "kWh/m³", label("边际单位气耗电", "Energy for another cubic metre")),
        Output("heat_recovery_share", "%", label("热回收率", "Share of the power recovered as heat")),
    ),
    parameters=PerformanceParameters,
    source="ISO 1217:2009 annexes C, F, H; GB 19153-2019 annex A; energy baseline kWh = a + b·m³ after ISO 50006:2023",
    validity=label("加载、阀全开时；流量计误差按参数给出", "Loaded with the valve open; the flow meter's error by parameter"),
)


def evaluate(window: Window, parameters: PerformanceParameters) -> Result:
    """Judge the steps at full opening, and the energy of the whole window.

    Raises
    ------
    NotEvaluated
        If the machine was loaded for less than ten minutes, or the figures cannot be.
    """
    power, flow = window["active_power"], window["free_air_delivery"]
    with np.errstate(invalid="ignore"):
        rows = fully_loaded(window) & (power > 0) & (flow > 0) & ~np.isnan(window["discharge_pressure"])
    if np.count_nonzero(rows) * window.step_seconds < _LEAST_SECONDS:
        raise NotEvaluated(Why.NOT_RUNNING, "loaded for less than ten minutes")
    specific = float(power[rows].sum() / flow[rows].sum())
    if not _LEAST_SPECIFIC_KW < specific < _MOST_SPECIFIC_KW:
        raise NotEvaluated(Why.BAD_INPUT, f"specific power of {specific:.1f} kW/(m³/min)")
    band = specific * parameters.flow_meter_percent / 100
    return Result(
        [
            Figure(name="specific_power", value=specific, uncertainty=band),
            *_normalised(window, rows, specific, parameters),
            *_energy(window),
            _heat(window),
        ]
    )


def _normalised(window: Window, rows: Flags, specific: float, parameters: PerformanceParameters) -> list[Figure]:
    inlet = window["inlet_pressure"]
    both = rows & ~np.isnan(inlet)
    if not both.any():
        names = ("standard_specific_power", "isentropic_efficiency", "standard_flow")
        return [Figure.declined(name, Why.MISSING_INPUT, "inlet_pressure") for name in names]
    share = parameters.flow_meter_percent / 100
    inlet_kpa = float(inlet[both].mean())
    discharge_kpa = 1000 * float(window["discharge_pressure"][both].mean()) + inlet_kpa
    reference = {"to_inlet_kpa": work.STANDARD_KPA, "to_discharge_kpa": 1000 * parameters.reference_gauge_mpa + work.STANDARD_KPA}
    standard = float(work.at_other_pressures(specific, inlet_kpa=inlet_kpa, discharge_kpa=discharge_kpa, **reference))
    efficiency = 100 * float(
        work.isentropic_efficiency(specific_power=specific, inlet_kpa=inlet_kpa, discharge_kpa=discharge_kpa)
    )
    normal = work.normal_flow(
        window["free_air_delivery"][both],
        inlet_kpa=inlet[both],
        inlet_celsius=window["inlet_temperature"][both],
        humidity_percent=window["inlet_humidity"][both],
    )
    normal = normal[~np.isnan(normal)]
    flow = (
        Figure(name="standard_flow", value=float(normal.mean()), uncertainty=share * float(normal.mean()))
        if len(normal)
        else Figure.declined("standard_flow", Why.MISSING_INPUT, "inlet_temperature, inlet_humidity")
    )
    return [
        Figure(name="standard_specific_power", value=standard, uncertainty=share * standard),
        Figure(name="isentropic_efficiency", value=efficiency, uncertainty=share * efficiency),
        flow,
    ]


def _energy(window: Window) -> list[Figure]:
    energy, air = window["energy_total"], window["free_air_total"]
    used, made = duty.counted(energy), duty.counted(air)
    total = (
        Figure(name="specific_energy", value=used / made)
        if used > 0 and made > 0
        else Figure.declined("specific_energy", Why.MISSING_INPUT, "energy_total, free_air_total")
    )
    return [total, *_baseline(energy, air, window.steps(3600), window.step_seconds)]


def _baseline(energy: FloatArray, air: FloatArray, steps: int, step_seconds: float) -> list[Figure]:
    """Fit ``kWh = a + b·m³`` over the hours of the window."""
    names = ("base_power", "marginal_energy")
    used, made = (np.diff(column[::steps]) for column in (energy, air))
    with np.errstate(invalid="ignore"):
        known = (used >= 0) & (made >= 0)
    used, made = used[known], made[known]
    if len(used) < _LEAST_HOURS or np.ptp(made) < 0.2 * made.mean():
        return [Figure.declined(name, Why.NOT_STEADY, "too few hours, or all alike") for name in names]
    design = np.column_stack([np.ones(len(made)), made])
    solution = np.linalg.lstsq(design, used, rcond=None)[0]
    variance = float(((used - design @ solution) ** 2).sum()) / (len(used) - 2)
    errors = 1.96 * np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    hours = steps * step_seconds / 3600
    return [
        Figure(name="base_power", value=float(solution[0]) / hours, uncertainty=float(errors[0]) / hours),
        Figure(name="marginal_energy", value=float(solution[1]), uncertainty=float(errors[1])),
    ]


def _heat(window: Window) -> Figure:
    heat, power = window["heat_recovered"], window["motor_power"]
    both = ~np.isnan(heat) & ~np.isnan(power)
    if not both.any() or power[both].sum() <= 0:
        return Figure.declined("heat_recovery_share", Why.MISSING_INPUT, "heat_recovered, motor_power")
    return Figure(name="heat_recovery_share", value=100 * float(heat[both].sum() / power[both].sum()))
