"""Fourteen faults of a machine tool: of its tools, spindle and axes, of its parts, and of how it is used."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.cnc_machine.habits import (
    Habits,
    alarm_flood,
    coolant_low,
    counter_reset,
    long_loading,
    override_down,
    standing,
)
from analytics.cnc_machine.process import (
    BREAK_LOG,
    DRIFT_MM_PER_K,
    VIBRATION_MM_PER_S,
    WEAR_LOG,
    Process,
    ProcessReference,
    axis_signs,
    observe,
    part_sign,
    power_by_tool,
    spindle_sign,
    tool_signs,
)
from analytics.cnc_machine.signs import Sign
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, Output, Spec, Training, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_LEAST_EXECUTING_SECONDS = 1800.0


class Parameters(Settings):
    """What the plant sets."""

    least_coolant_percent: float = Field(default=20.0, ge=0, le=100)
    """Level of the coolant below which the pump may draw air."""


SPEC = Spec(
    name="cnc_machine_diagnosis",
    label=label("数控机床故障诊断", "Diagnosis of the machine tool"),
    kinds=("cnc_machine",),
    inputs=(
        Input("execution", "1"),
        Input("availability", "1", required=False),
        Input("emergency_stop", "1", required=False),
        Input("controller_condition", "1", required=False),
        Input("is_warm_up", "1", required=False),
        Input("tool_number", "1", required=False),
        Input("part_count_total", "1", required=False),
        Input("part_count_bad", "1", required=False),
        Input("part_count_job", "1", required=False),
        Input("spindle_speed", "rpm", required=False),
        Input("spindle_power", "kW", required=False),
        Input("spindle_override", "%", required=False),
        Input("spindle_temperature", "°C", required=False),
        Input("vibration_velocity_spindle", "mm/s", required=False),
        Input("path_feedrate_commanded", "mm/min", required=False),
        Input("feed_override", "%", required=False),
        Input("axis_load_{axis}", "%", required=False),
        Input("axis_temperature_{axis}", "°C", required=False),
        Input("machine_power", "kW", required=False),
        Input("operating_time", "s", required=False),
        Input("coolant_level", "%", required=False),
        Input("coolant_temperature", "°C", required=False),
        Input("probe_result", "mm", required=False),
    ),
    step_seconds=10.0,
    window=timedelta(days=2),
    outputs=(
        Output(
            "cut_power_ratio", "%", label("切削功率与基准之比（各刀平均）", "Power of cuts over the reference, mean of tools")
        ),
        Output("lowest_cut_power_ratio", "%", label("切削功率与基准之比（最低一刀）", "The same of the tool that takes least")),
        Output("vibration_rise", "mm/s", label("切削时主轴振动增量", "Rise of the spindle's vibration in cuts")),
        Output("spindle_warmer", "K", label("主轴温度高出同转速时", "Spindle warmer than at equal speed")),
        Output("axis_load_rise", "%", label("轴负载最大增量", "Greatest rise of an axis' load")),
        Output("thermal_growth", "µm/K", label("测量偏差随主轴温度", "Probe result over spindle temperature")),
        Output("bad_parts", "%", label("近 12 小时不合格率", "Bad parts of the last 12 hours")),
    ),
    faults=(
        Fault(
            "tool_wear",
            label("刀具磨损", "Tool wear"),
            label(
                "按刀具逐一检查后刀面，超过 0.3 mm 的更换并缩短换刀周期",
                "Look at the flanks, change above 0.3 mm, shorten tool life",
            ),
            "medium",
            f"mean ln(P / P0) over tool and feed > {WEAR_LOG:g} and > 4 s/√n; P = P0 (1 + k VB)",
        ),
        Fault(
            "tool_break",
            label("刀具折断", "Tool breakage"),
            label("立即停机，更换刀具，检查其后各刀和在制件", "Stop, change the tool, check those after it and the parts"),
            "high",
            f"ln(P / P0) of a tool < {BREAK_LOG:g} while the others stay; or all parts bad",
        ),
        Fault(
            "chatter",
            label("颤振", "Chatter"),
            label(
                "改变主轴转速 ±10 %，减小切深，检查装夹和刀具伸出长度",
                "Change the speed by 10 %, cut less deep, check clamping and overhang",
            ),
            "medium",
            f"v_rms in cuts − v0 > {VIBRATION_MM_PER_S:g} mm/s; in the air and in temperature ≈ 0",
        ),
        Fault(
            "spindle_bearing",
            label("主轴轴承损伤", "Spindle bearing damage"),
            label(
                "降低转速，安排更换主轴轴承，检查润滑和密封",
                "Lower the speed, plan new spindle bearings, check lubrication and seals",
            ),
            "high",
            f"v_rms − v0 > {VIBRATION_MM_PER_S:g} mm/s in cuts and in the air; ΔT > 2.5 K at equal speed; P / P0 > 1.08",
        ),
        Fault(
            "axis_overload",
            label("导轨润滑不良", "Axis overload"),
            label("检查该轴导轨润滑、防护罩和丝杠", "Check lubrication, covers and ball screw of this axis"),
            "medium",
            "L − L0 of an axis > 8 % and > 3 · that of the others; motor warmer than the others",
            part="axis",
        ),
        Fault(
            "coolant_low",
            label("冷却液泄漏或液位低", "Coolant lost or low"),
            label("查找泄漏，补充冷却液", "Find the leak, refill the coolant"),
            "medium",
            "level < 20 %, or falls in 2 h by more than 3 · the steepest + 8 %",
        ),
        Fault(
            "program_stop",
            label("程序停止", "Program stop"),
            label("到机床旁确认 M0/M1 停止的原因并继续", "Go to the machine, see why M0 or M1 stopped it, go on"),
            "medium",
            "execution interrupted for > max(30 min, 3 · longest), no fault, no emergency stop",
        ),
        Fault(
            "feed_override_80",
            label("进给倍率偏低", "Feed override turned down"),
            label("询问操作工原因，恢复 100 % 或修改程序", "Ask why; back to 100 %, or change the program"),
            "low",
            "median override of 6 h ≤ usual − 10 % in 90 % of the time",
        ),
        Fault(
            "long_load",
            label("上下料时间过长", "Long loading"),
            label("检查备料、夹具和人员安排", "Look at material, fixtures and crew"),
            "low",
            "mean gap between parts of 12 h > 1.3 · longest of half days",
        ),
        Fault(
            "alarm_flood",
            label("报警泛滥", "Alarm flood"),
            label("按先后顺序查首个报警的原因，检查限位和信号线", "Find the first alarm's cause, check switches and wires"),
            "medium",
            "condition ≠ normal in ≥ 50 % of 4 h, changes ≥ 10 / h (ISA-18.2: a flood is > 10 alarms in 10 min)",
        ),
        Fault(
            "counter_reset",
            label("计数器清零", "Counter reset"),
            label("确认是否人为清零，统计时接上原值", "Find out who reset it, carry the old value on"),
            "low",
            "N falls, N < highest before",
        ),
        Fault(
            "offline",
            label("机床断电", "Machine switched off"),
            label("检查供电和总开关，确认是否计划停机", "Check supply and main switch; was it planned?"),
            "medium",
            "availability unavailable or P < 5 % of idle for > max(1 h, 2 · longest)",
        ),
        Fault(
            "thermal_drift",
            label("热变形", "Thermal drift"),
            label(
                "检查主轴冷却和温度补偿，首件前充分热机", "Check spindle cooling and compensation, warm up before the first part"
            ),
            "medium",
            f"|slope of probe over T_spindle| − |usual| > {1000 * DRIFT_MM_PER_K:g} µm/K and > 3 s; within batches > 2.5 s",
        ),
        Fault(
            "bad_parts_run",
            label("批量不良", "Run of bad parts"),
            label("停止放行，检查毛坯、装夹和刀补", "Hold the parts, check blanks, clamping and offsets"),
            "high",
            "lower end of bad / made of 12 h > max(15 %, 5 · usual)",
        ),
    ),
    parameters=Parameters,
    training=Training(days=7, at_least_share=0.3),
    source="OPC 40501-1 v1.02 and ISO 22400-2:2014 (states, times); Kienzle 1952 (power of the cut); ISO 3685:1993 (flank wear); "
    "ISO 230-3:2020 (thermal growth); ANSI/ISA-18.2-2016 (floods); ISO 13379-1:2012 (diagnosis)",
    validity=label(
        "只与本机健康时同一刀具、同一编程进给比较；换了程序须重新学习。颤振频率要高频振动才能确认。",
        "Only beside the same tool at the same programmed feed of this machine's healthy days; learn anew with new programs. The "
        "frequency of chatter takes fast vibration records.",
    ),
)


def train(history: Window, parameters: Parameters) -> dict[str, Any]:  # noqa: ARG001 - the contract
    """Learn how the machine is used, and what each of its cuts takes.

    A machine without the signals of its cuts learns its use alone.
    """
    try:
        process = ProcessReference.learn(history).to_model()
    except NotEvaluated:
        process = None
    return {"habits": Habits.learn(history).to_model(), "process": process}


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    """Name what is wrong with the machine; what explains more comes before what follows from it.

    Raises
    ------
    NotEvaluated
        If it executed programs for less than half an hour, and does not stand for longer than it ever did.
    """
    habits = Habits.from_model(dict(model["habits"]))
    stands = standing(window, habits)
    if stands is not None:
        return Result((), [_found(window, stands)])
    executing = float(window.state_is("active").sum() * window.step_seconds)
    if executing < _LEAST_EXECUTING_SECONDS:
        raise NotEvaluated(Why.NOT_RUNNING, f"{executing / 60:.0f} min")
    signs = [
        alarm_flood(window, habits),
        override_down(window, habits),
        long_loading(window, habits),
        counter_reset(window, habits),
        coolant := coolant_low(window, habits, least_percent=parameters.least_coolant_percent),
    ]
    if model["process"] is None:
        reason = ("no cut came often enough while learning",)
        figures = [Figure.declined(output.name, Why.NOT_TRAINED, *reason) for output in SPEC.outputs]
        return Result(figures, [_found(window, sign) for sign in signs if sign is not None])
    reference = ProcessReference.from_model(model["process"])
    process = observe(window, reference)
    spindle = spindle_sign(window, process)
    tools = tool_signs(process)
    parts = part_sign(window, process, reference)
    # One cause, one name: worn and broken tools make bad parts, a bad bearing takes power in every cut, and dry tools wear.
    if parts is not None and tools and (parts.code != "thermal_drift" or tools[0].code == "tool_break"):
        parts = None
    if spindle is not None or coolant is not None:
        tools = [sign for sign in tools if sign.code != "tool_wear"]
    signs += [spindle, *axis_signs(window, process), *tools, parts]
    pictures = [power_by_tool(process.day)] if len(process.day.of("log_power")) else []
    return Result(_figures(process), [_found(window, sign) for sign in signs if sign is not None], pictures)


def _figures(process: Process) -> list[Figure]:
    power = process.day.of("log_power")
    half = 1.96 * float(power.std(ddof=1)) / float(np.sqrt(len(power))) if len(power) > 1 else float("nan")
    mean = 100 * float(np.exp(power.mean())) if len(power) else float("nan")
    drift = process.drift
    rises = process.axis_rises_percent[~np.isnan(process.axis_rises_percent)]
    return [
        _figure("cut_power_ratio", mean, "spindle_power", half * mean),
        _figure("lowest_cut_power_ratio", 100 * float(np.exp(_least(power))), "spindle_power"),
        _figure("vibration_rise", _mean(process.recent.of("vibration")), "vibration_velocity_spindle"),
        _figure("spindle_warmer", process.warmer_kelvin, "spindle_temperature"),
        _figure("axis_load_rise", float(rises.max(initial=-np.inf)) if len(rises) else float("nan"), "axis_load"),
        _figure("thermal_growth", float("nan"), "probe_result")
        if drift is None
        else _figure("thermal_growth", 1000 * drift.slope_mm_per_k, "probe_result", 1960 * drift.standard_error),
        _figure("bad_parts", 100 * process.bad_share, "part_count_bad", 100 * (process.bad_share - process.bad_share_lowest)),
    ]


def _figure(name: str, value: float, signal: str, half_width: float = float("nan")) -> Figure:
    if not np.isfinite(value):
        return Figure.declined(name, Why.MISSING_INPUT, signal)
    return Figure(name=name, value=value, uncertainty=None if np.isnan(half_width) else half_width)


def _found(window: Window, sign: Sign) -> Found:
    pieces = [] if sign.piece is None else [sign.piece]
    return Found(
        code=sign.code,
        part=sign.part,
        since_us=int(window.times_us[min(sign.since_row, len(window) - 1)]),
        confidence=sign.confidence,
        evidence=[evidence.inputs(sign.numbers), *pieces],
        severity=sign.severity,
    )


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _least(values: FloatArray) -> float:
    return float(values.min()) if len(values) else float("nan")
