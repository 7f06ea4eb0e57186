"""Diagnosis of a blast furnace: twelve conditions by water, walls, stock line, gas and top, against its healthy levels."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from analytics.blast_furnace.rules import Case, DiagnosisParameters, descent_per_blast, diagnose
from analytics.blast_furnace.signs import INPUTS, JUDGED_SECONDS, learn, signs_of
from analytics.result import NotEvaluated, Result, Why
from analytics.spec import Fault, Spec, Training, label
from analytics.window import Window

_LEAST_SHARE = 0.5
"""Of the last hours the furnace must have blown fully for so much, to be called healthy."""

SPEC = Spec(
    name="blast_furnace_diagnosis",
    label=label("高炉炉况诊断", "Diagnosis of the blast furnace"),
    kinds=("blast_furnace",),
    inputs=INPUTS,
    window=timedelta(hours=12),
    cadence=timedelta(minutes=30),
    faults=(
        Fault(
            "tuyere_leak",
            label("风口漏水", "Tuyere leaks"),
            label(
                "关小该组进水并查漏，尽快休风更换风口",
                "Throttle the group's water, find the leak, replace the tuyere at the next stop",
            ),
            "critical",
            "100 (1 − V_out / V_in) − usual ≥ 0.8 %",
            part="tuyere",
        ),
        Fault(
            "water_leak",
            label("冷却壁漏水", "A stave leaks"),
            label(
                "逐根打压查漏，关闭漏水管，防止炉凉", "Test the pipes one by one, shut the leaking one before the furnace cools"
            ),
            "critical",
            "V_makeup − usual ≥ 0.75 m³/h; (H_in − H2_top) / H_in ↓",
        ),
        Fault(
            "hearth_erosion",
            label("炉缸侵蚀", "Hearth erosion"),
            label("加钛护炉，降低冶炼强度，加强该处冷却与监测", "Charge titanium, drive slower, cool and watch this place more"),
            "critical",
            "s = x_i + (1150 − T_i) Δx / (T_i − T_o) ≤ 94 % of usual",
            part="hearth",
        ),
        Fault(
            "hanging",
            label("悬料", "Hanging"),
            label("减风降压，停氧停煤，必要时坐料", "Cut blast, oxygen and coal; let the burden drop if it does not move"),
            "high",
            "v < 0.6 v_usual for ≥ 14 min, ΔP ↑",
        ),
        Fault(
            "slip",
            label("崩料", "Slipping"),
            label("适当减风，疏松料柱，补足焦炭", "Drive a little slower, open the burden, add coke"),
            "high",
            "Δh ≥ 0.5 m in 2 min, ≥ 2 in 6 h",
        ),
        Fault(
            "channelling",
            label("管道行程", "Channelling"),
            label("调整布料抑制该方位气流，减风减氧", "Change the distribution against this side, cut blast and oxygen"),
            "high",
            "T_k − median(T_others) − usual ≥ 40 K, CO2/(CO+CO2) − usual ≤ −1.5 points",
            part="top_sector",
        ),
        Fault(
            "low_line",
            label("低料线", "Low stock line"),
            label("减风，加快上料赶料线，控制顶温", "Slow down, charge faster, keep the top cool"),
            "high",
            "h − usual ≥ 0.5 m",
        ),
        Fault(
            "stave_loss",
            label("冷却壁渣皮脱落", "Lining lost at a stave"),
            label(
                "加大该层水量，抑制边缘气流，观察能否重新结皮",
                "More water to this level, less gas at the wall, watch it grow again",
            ),
            "medium",
            "c V (T_out − T_in) ≥ 150 % of usual",
            part="stave",
        ),
        Fault(
            "gas_analyser_drift",
            label("煤气分析仪漂移", "Gas analyser drifts"),
            label("用标准气校准分析仪，检查取样管路", "Calibrate the analyser with test gas, check the sample line"),
            "low",
            "|CO + CO2 + H2 + N2 − usual| ≥ 0.6 %",
        ),
        Fault(
            "coal_lance_loss",
            label("煤枪堵塞", "Coal lances blocked"),
            label("检查煤枪与分配器；若是主动减煤则忽略", "Check lances and distributor; ignore it if coal was cut on purpose"),
            "medium",
            "m_coal / V_blast ≤ 92 % of usual; flame temperature ↑",
        ),
        Fault(
            "cooling",
            label("炉凉", "Furnace cooling"),
            label("减湿减煤、提高风温，必要时加焦、减风", "Less moisture, hotter blast; add coke and drive slower if need be"),
            "high",
            "r_d − usual ≥ 1.1, CO2/(CO+CO2) − usual ≤ −1.5 points",
        ),
        Fault(
            "heating",
            label("炉热", "Furnace overheating"),
            label("减焦或减煤，加湿，防止悬料", "Less coke or coal, more moisture, mind that it may hang"),
            "medium",
            "r_d − usual ≤ −1.1, CO2/(CO+CO2) − usual ≥ 1.5 points",
        ),
    ),
    parameters=DiagnosisParameters,
    training=Training(days=7),
    source="Balances of carbon, oxygen and hydrogen after Rist; signs of furnace conditions by common practice of ironmaking "
    "(hanging 10–20 min, slip 0.5 m, sector 80–120 K, water 1–2 %); Fourier's law with the isotherm of 1150 °C",
    validity=label(
        "全风 2 小时以后；煤气、料线与热负荷以本炉正常水平为基准，配料或喷煤制度改变后须重新学习",
        "Two hours of full blast; the levels are the furnace's own and must be learned anew after a change of burden or coal",
    ),
)


def train(history: Window, parameters: DiagnosisParameters) -> dict[str, Any]:
    """Learn the healthy levels of all signs, and how fast the burden comes down."""
    signs = signs_of(history, coal_hydrogen_percent=parameters.coal_hydrogen_percent)
    levels = learn(signs, stretch_steps=history.steps(JUDGED_SECONDS))
    if not levels:
        raise NotEvaluated(Why.NOT_TRAINED, "no sign over eight stretches of six hours")
    descent = descent_per_blast(history)
    known = descent[~np.isnan(descent)]
    usual = float(np.median(known)) if len(known) > 0.2 * len(descent) else None
    return {"levels": levels, "descent_m_per_h_per_blast": usual}


def evaluate(window: Window, parameters: DiagnosisParameters, model: Mapping[str, Any]) -> Result:
    """Name what is wrong.

    Raises
    ------
    NotEvaluated
        If nothing was found and the furnace has not blown fully for long enough to tell.
    """
    case = Case(window, parameters, model)
    found = diagnose(case)
    recent = window["state"][-window.steps(JUDGED_SECONDS) :]
    blows = window.state_is("blowing")[-len(recent) :][~np.isnan(recent)]
    share = float(blows.mean()) if len(blows) else 0.0
    if not found and (share < _LEAST_SHARE or (np.isnan(case.now("direct")) and np.isnan(case.now("line")))):
        raise NotEvaluated(Why.NOT_RUNNING, f"{100 * share:.0f} %")
    return Result(findings=found)
