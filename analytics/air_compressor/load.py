"""Load and unload analysis of one machine."""

import numpy as np

from analytics.air_compressor import duty
from analytics.air_compressor.residuals import fully_loaded
from analytics.baselines.steady import runs_since
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_SETTLED_SECONDS = 60.0
_LEAST_KNOWN = 0.5


class LoadParameters(Settings):
    """What the network must have."""

    needed_network_mpa: float | None = None
    """Least pressure that the users need; without it no saving by a lower pressure is told."""


SPEC = Spec(
    name="air_compressor_load",
    label=label("加载卸载分析", "Load and unload analysis"),
    kinds=("air_compressor",),
    inputs=(
        Input("state", "1"),
        Input("motor_power", "kW", required=False),
        Input("load_cycle_count", "1", required=False),
        Input("start_count", "1", required=False),
        Input("discharge_pressure", "MPa", required=False),
        Input("network_pressure", "MPa", required=False),
        Input("inlet_valve_position", "%", required=False),
    ),
    step_seconds=10.0,
    outputs=(
        Output("load_factor", "%", label("负荷率（加载时间占比）", "Load factor (share of time loaded)")),
        Output("unloaded_share", "%", label("卸载时间占比", "Share of time unloaded")),
        Output("stopped_share", "%", label("停机时间占比", "Share of time stopped")),
        Output("load_cycles", "1/h", label("每小时加载次数", "Load cycles an hour")),
        Output("motor_starts", "1/h", label("每小时启动次数", "Motor starts an hour")),
        Output("unloaded_power_share", "%", label("卸载功率占满载比例", "Idle power, share of full load")),
        Output("unloaded_energy", "kWh", label("卸载耗电", "Energy of idling")),
        Output("pressure_band", "MPa", label("运行压力带（5 % 至 95 %）", "Pressure band (5 to 95 %)")),
        Output("treatment_pressure_drop", "MPa", label("后处理与管路压降", "Pressure drop of treatment and pipes")),
        Output("lower_pressure_saving", "%", label("降低供气压力可节电", "Saved by a lower pressure")),
    ),
    parameters=LoadParameters,
    source="US DOE, Improving Compressed Air System Performance: a Sourcebook (2003), sheets on controls; Tip Sheet 8",
    validity=label("各种控制方式；变频机的负荷率只表示加载时间", "Any control; of variable speed it tells loaded time only"),
)


def evaluate(window: Window, parameters: LoadParameters) -> Result:
    """Count states, cycles and pressures.

    Raises
    ------
    NotEvaluated
        If the state is known for less than half of the window.
    """
    known = float(np.mean(~np.isnan(window["state"])))
    if known < _LEAST_KNOWN:
        raise NotEvaluated(Why.MISSING_INPUT, f"state ({100 * known:.0f} %)")
    shares = duty.time_shares(window)
    idle, running = window.state_is("idle"), window.state_is("idle", "loaded")
    settled = idle & (runs_since(idle) * window.step_seconds > _SETTLED_SECONDS)
    power = window["motor_power"]
    share = duty.unloaded_power_share(power, loaded=fully_loaded(window), unloaded=settled if settled.any() else idle)
    idle_power = power[idle & ~np.isnan(power)]
    figures = [
        Figure(name="load_factor", value=100 * shares.load_factor),
        Figure(name="unloaded_share", value=100 * shares.unloaded),
        Figure(name="stopped_share", value=100 * shares.stopped),
        _figure("load_cycles", duty.per_hour(window["load_cycle_count"], window.step_seconds), "load_cycle_count"),
        _figure("motor_starts", duty.per_hour(window["start_count"], window.step_seconds), "start_count"),
        _figure("unloaded_power_share", 100 * share, "no idling beside full load"),
        _figure(
            "unloaded_energy",
            float(idle_power.sum()) * window.step_seconds / 3600 if len(power[~np.isnan(power)]) else np.nan,
            "motor_power",
        ),
        *_pressures(
            np.where(running, window["discharge_pressure"], np.nan),
            np.where(running, window["network_pressure"], np.nan),
            parameters,
        ),
    ]
    return Result(figures)


def _figure(name: str, value: float, missing: str) -> Figure:
    return Figure.declined(name, Why.MISSING_INPUT, missing) if np.isnan(value) else Figure(name=name, value=value)


def _pressures(discharge: FloatArray, network: FloatArray, parameters: LoadParameters) -> list[Figure]:
    known, both = discharge[~np.isnan(discharge)], discharge - network
    both, low = both[~np.isnan(both)], network[~np.isnan(network)]
    band = float(np.diff(np.quantile(known, [0.05, 0.95]))[0]) if len(known) else np.nan
    needed = parameters.needed_network_mpa
    spare = max(float(np.quantile(low, 0.05)) - needed, 0.0) if needed is not None and len(low) else np.nan
    missing = "needed_network_mpa is not set" if needed is None else "network_pressure"
    return [
        _figure("pressure_band", band, "discharge_pressure"),
        _figure("treatment_pressure_drop", float(both.mean()) if len(both) else np.nan, "network_pressure"),
        _figure("lower_pressure_saving", duty.pressure_saving_percent(spare), missing),
    ]
