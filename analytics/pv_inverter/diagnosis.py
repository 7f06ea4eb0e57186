"""Names what is wrong with a photovoltaic inverter, its strings and trackers, beside its own healthy week."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from analytics import evidence
from analytics.pv_inverter.diagnosis_faults import FAULTS
from analytics.pv_inverter.healthy import Residuals, compare, learn
from analytics.pv_inverter.residuals import Blocks, block_means, blocks_of
from analytics.pv_inverter.signs_machine import (
    LEAST_BLOCKS,
    RECENT_BLOCKS,
    MachineVerdict,
    machine_verdicts,
    since_us,
    soiling_per_day,
)
from analytics.pv_inverter.signs_strings import StringVerdict, string_verdicts
from analytics.result import Figure, Found, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, Training, label
from analytics.window import FloatArray, Window
from device_profiles.kind import Label, load_kind

SPEC = Spec(
    name="pv_inverter_diagnosis",
    label=label("光伏逆变器故障诊断", "Diagnosis of the photovoltaic inverter"),
    kinds=("pv_inverter",),
    inputs=(
        Input("state", "1"),
        *(
            Input(signal, unit, required=False)
            for signal, unit in (
                ("string_current_{string}", "A"),
                ("combiner_current_{string}", "A"),
                ("mppt_voltage_{mppt}", "V"),
                ("dc_power", "kW"),
                ("active_power", "kW"),
                ("poa_irradiance", "W/m²"),
                ("module_temperature", "°C"),
                ("ambient_temperature", "°C"),
                ("heatsink_temperature", "°C"),
                ("combiner_temperature", "°C"),
                ("soiling_ratio", "1"),
                ("insulation_resistance", "kΩ"),
                ("power_setpoint", "%"),
                ("derate_mode", "1"),
                ("alarm_1", "1"),
                ("energy_day", "kWh"),
                ("energy_total", "kWh"),
            )
        ),
    ),
    rated=(("modules_per_string", "1"),),
    step_seconds=600.0,
    window=timedelta(days=7),
    outputs=(
        Output("weakest_string", "%", label("最弱组串电流与健康时之差", "Weakest string's current against healthy")),
        Output("weakest_tracker", "%", label("最低 MPPT 电压与健康时之差", "Lowest tracker voltage against healthy")),
        Output("current_at_light", "%", label("同辐照度电流与健康时之差", "Current at equal irradiance")),
        Output("voltage_at_current", "%", label("同温同电流电压与健康时之差", "Voltage at equal temperature and current")),
        Output("efficiency_at_power", "%", label("同功率效率与健康时之差", "Efficiency at equal power")),
        Output("heat_sink_at_loss", "K", label("同损耗散热器温升与健康时之差", "Heat sink's rise at equal losses")),
        Output("combiner_at_power", "K", label("同功率汇流箱温升与健康时之差", "Combiner box's rise at equal power")),
        Output("soiling_a_day", "%", label("近一日积灰速度（每日）", "Soiling a day, over the newest day")),
    ),
    faults=FAULTS,
    parameters=NoParameters,
    training=Training(days=7),
    source="IEC 61724-1:2021 (irradiance, temperature, power); Patel and Agarwal 2008, IEEE Trans. Energy Conversion 23(1) "
    "(strings with bypassed cells); De Soto, Klein and Beckman 2006, Solar Energy 80(1) (voltage over current and temperature); "
    "Kimber et al. 2006, WCPEC (soiling rates); SunSpec models 101 to 113 (states, event bits)",
    validity=label(
        "组串中值电流大于 1 A、未限功率时比较组串；并联组串共用 MPPT 电压；与本机健康一周比较，夜间不判组串；"
        "未填每串组件数时，不判旁路短路、隐裂和热斑",
        "Strings are compared at more than 1 A and at the maximum power point, with their own healthy week; those of one tracker "
        "share its voltage. Without the number of modules in a string, a shorted diode, a crack and a hot spot have no name",
    ),
)

_RATIOS = {
    "light": (label("同辐照度电流与健康时之差", "Current at equal irradiance against healthy"), "%", 100.0),
    "efficiency": (label("同功率效率与健康时之差", "Efficiency at equal power against healthy"), "%", 100.0),
    "heat_k": (label("散热器温升与健康时之差", "Heat sink's rise against healthy"), "K", 1.0),
    "combiner_k": (label("汇流箱温升与健康时之差", "Combiner box's rise against healthy"), "K", 1.0),
}


def train(history: Window, _parameters: NoParameters) -> dict[str, Any]:
    """Learn how this inverter and its strings behave while healthy.

    Raises
    ------
    NotEvaluated
        If there was hardly any light.
    """
    return learn(history, blocks_of(history))


def evaluate(window: Window, _parameters: NoParameters, model: Mapping[str, Any]) -> Result:
    """Hold the newest light of a window against the healthy week, and name what is wrong; at night the day's verdict stands."""
    blocks = blocks_of(window)
    away = compare(blocks, model)
    found = [_of_machine(window, blocks, away, one) for one in machine_verdicts(window, blocks, away, model)]
    if not any(one.code == "snow" for one in found):
        of_strings = string_verdicts(blocks, away, model, modules=window.rated.get("modules_per_string"))
        found += [_of_string(blocks, away, one) for one in of_strings]
    return Result(_figures(window, away), found, _pictures(blocks, away))


def _confidence(strength: float) -> float:
    """Give 0.6 at the threshold, and 0.95 at most."""
    return round(float(0.95 - 0.35 * np.exp(-max(strength - 1, 0.0))), 3)


def _of_machine(window: Window, blocks: Blocks, away: Residuals, verdict: MachineVerdict) -> Found:
    if verdict.shown in _RATIOS:
        text, unit, factor = _RATIOS[verdict.shown]
        curve = evidence.series(text, unit, blocks.times_us, {verdict.shown: factor * getattr(away, verdict.shown)})
    else:
        signal = load_kind(window.kind).signals[verdict.shown]
        curve = evidence.series(signal.label, signal.unit, window.times_us, {verdict.shown: window[verdict.shown]})
    return Found(
        code=verdict.code,
        since_us=verdict.since_us,
        confidence=_confidence(verdict.strength),
        evidence=[evidence.inputs(verdict.numbers), curve],
    )


def _of_string(blocks: Blocks, away: Residuals, verdict: StringVerdict) -> Found:
    known = np.flatnonzero(~np.isnan(away.strings[verdict.string]))
    per_tracker = max(1, len(away.strings) // len(away.trackers))
    tracker = verdict.string // per_tracker
    first = tracker * per_tracker
    columns = {f"I {n + 1}": 100 * away.strings[n] for n in range(first, first + per_tracker)}
    columns[f"U {tracker + 1}"] = 100 * away.trackers[tracker]
    text = label("该路电流、电压与健康时之比偏差", "Currents and voltage of this tracker against healthy")
    shaded = verdict.code == "string_shading"
    since = int(blocks.times_us[np.flatnonzero(verdict.beyond)[0]]) if shaded else since_us(blocks, known, verdict.beyond)
    return Found(
        code=verdict.code,
        part=verdict.part,
        since_us=since,
        confidence=_confidence(verdict.strength),
        evidence=[evidence.inputs(verdict.numbers), evidence.series(text, "%", blocks.times_us, columns)],
    )


def _figures(window: Window, away: Residuals) -> list[Figure]:
    hourly = block_means(window["soiling_ratio"], window.steps(3600.0))[-24:]
    rate = soiling_per_day(hourly)
    return [
        _least("weakest_string", away.strings),
        _least("weakest_tracker", away.trackers),
        _newest("current_at_light", 100 * away.light),
        _newest("voltage_at_current", 100 * away.voltage),
        _newest("efficiency_at_power", 100 * away.efficiency),
        _newest("heat_sink_at_loss", away.heat_k),
        _newest("combiner_at_power", away.combiner_k),
        Figure.declined("soiling_a_day", Why.MISSING_INPUT, "soiling_ratio")
        if rate is None
        else Figure(name="soiling_a_day", value=100 * rate),
    ]


def _newest(name: str, values: FloatArray) -> Figure:
    newest = values[~np.isnan(values)][-RECENT_BLOCKS:]
    if len(newest) < LEAST_BLOCKS:
        return Figure.declined(name, Why.NOT_RUNNING, f"{len(newest) / 6:.1f} h")
    half_width = 1.96 * float(newest.std(ddof=1)) / np.sqrt(len(newest))
    return Figure(name=name, value=float(np.median(newest)), uncertainty=float(half_width))


def _least(name: str, rows: FloatArray) -> Figure:
    figures = [_newest(name, 100 * row) for row in rows]
    known = [figure for figure in figures if figure.value is not None]
    return min(known, key=lambda figure: figure.value or 0.0) if known else figures[0]


def _pictures(blocks: Blocks, away: Residuals) -> Sequence[Mapping[str, Any]]:
    days = (blocks.times_us - blocks.times_us[0]) // 86_400_000_000
    columns = np.unique(days)
    means = np.full((len(away.strings), len(columns)), np.nan)
    for column, day in enumerate(columns.tolist()):
        rows = away.strings[:, days == day]
        number = (~np.isnan(rows)).sum(axis=1)
        total = np.where(np.isnan(rows), 0.0, rows).sum(axis=1)
        means[:, column] = np.divide(100 * total, number, out=np.full(len(rows), np.nan), where=number >= LEAST_BLOCKS)
    beginnings = blocks.times_us[0] + columns * 86_400_000_000
    text = Label(zh="各组串电流与健康时之比偏差", en="Currents of the strings against healthy")
    names = [str(number) for number in range(1, len(means) + 1)]
    light = {"light": 100 * away.light}
    return [
        evidence.heat_map(text, "%", names, [str(np.datetime64(int(us), "us"))[5:16] for us in beginnings], means),
        evidence.series(_RATIOS["light"][0], "%", blocks.times_us, light),
    ]
