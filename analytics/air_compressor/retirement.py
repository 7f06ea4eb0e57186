"""Whether a machine falls short of what may still be run, and when a new one pays."""

from datetime import timedelta
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.air_compressor import duty, work
from analytics.air_compressor.efficiency_limits import (
    CFM_A_M3_PER_MIN,
    Control,
    Cooling,
    grades_of,
    least_efficiency,
    read_grades,
)
from analytics.air_compressor.replacement import Judgement, judge, saving
from analytics.air_compressor.residuals import fully_loaded
from analytics.result import Figure, Found, NotEvaluated, Result, Validity, Why
from analytics.spec import Fault, Input, Output, Spec, label
from analytics.window import Flags, Window
from telemetry.settings import Settings

_LEAST_SECONDS = 3600
_FULL_SHARE = 0.9
"""Specific power is judged near full flow."""
_DRIVE_VOLTS = 100.0


class RetirementParameters(Settings):
    """How good the meter is, and what a new machine would cost and take."""

    flow_meter_percent: float = Field(default=4, ge=1, le=15)
    """Half width of the flow meter's band, 95 %: 3 to 5 for good ones."""
    control: Control | None = None
    """Where it is left out: variable if the machine has a drive's voltage."""
    cooling: Cooling = "air"
    new_specific_power_kw_min_per_m3: float | None = Field(default=None, gt=0)
    """Of the machine that would take its place, 100 kPa inlet and the same discharge pressure."""
    investment_cny: float | None = Field(default=None, gt=0)
    """Its price with installation."""
    life_years: float = Field(default=10, gt=0, le=40)
    discount_percent: float = Field(default=6, ge=0, le=30)


class _Limit(NamedTuple):
    """Largest specific power that is allowed. [kW/(m³/min)]"""

    value: float
    source: Literal["GB 19153", "10 CFR 431.345"]
    is_verified: bool


SPEC = Spec(
    name="air_compressor_retirement",
    label=label("淘汰与更新判断", "Retirement and replacement"),
    kinds=("air_compressor",),
    inputs=(
        Input("state", "1"),
        Input("active_power", "kW"),
        Input("free_air_delivery", "m³/min"),
        Input("discharge_pressure", "MPa"),
        Input("inlet_pressure", "kPa"),
        Input("volume_flow_percent", "%", required=False),
        Input("dc_link_voltage", "V", required=False),
        Input("free_air_total", "m³", required=False),
        Input("inlet_valve_position", "%", required=False),
        Input("electricity_price", "1/kWh", required=False),
    ),
    rated=(("rated_power", "kW"), ("rated_pressure", "MPa")),
    window=timedelta(days=7),
    cadence=timedelta(days=1),
    outputs=(
        Output(
            "full_load_specific_power",
            "kW/(m³/min)",
            label("满载比功率（100 kPa 吸气）", "Specific power at full load (100 kPa inlet)"),
        ),
        Output("specific_power_limit", "kW/(m³/min)", label("能效限定值", "Limit of the specific power")),
        Output("margin_to_limit", "%", label("距限定值（负为超限）", "Margin to the limit (negative: above)")),
        Output("replacement_saving", "kWh", label("更新后年节电", "Saved in a year by a new machine")),
        Output("replacement_payback", "a", label("更新回收期", "Payback of a new machine")),
        Output("replacement_present_value", "CNY", label("更新净现值", "Present value of a new machine")),
    ),
    faults=(
        Fault(
            "retirement_advised",
            label("能效低于限定值，建议淘汰", "Below the efficiency limit, retire it"),
            label("核对流量计后列入淘汰计划", "Check the flow meter, then plan its replacement"),
            "low",
            "e (1 - band) > e_limit (GB 19153, grade 3)",
        ),
    ),
    parameters=RetirementParameters,
    source="GB 19153-2019 (rows entered in grades.toml); without them 10 CFR 431.345, no rule in China, which finds nothing",
    validity=label(
        "近满负荷、喷油回转式；10 CFR 曲线仅作参考，不据此给出淘汰结论",
        "Near full load, oil-injected rotary; the curve of 10 CFR is for comparison and retires nothing",
    ),
)


def evaluate(window: Window, parameters: RetirementParameters) -> Result:
    """Bring the specific power near full load to 100 kPa, hold it against the limit, and reckon a new machine.

    Raises
    ------
    NotEvaluated
        If the machine ran near full load for less than an hour.
    """
    rows, full_flow = _near_full_load(window)
    inlet = float(window["inlet_pressure"][rows].mean())
    gauge = float(window["discharge_pressure"][rows].mean())
    power, flow = window["active_power"][rows], window["free_air_delivery"][rows]
    pressures = {"to_inlet_kpa": work.STANDARD_KPA, "to_discharge_kpa": 1000 * gauge + work.STANDARD_KPA}
    specific = float(
        work.at_other_pressures(float(power.sum() / flow.sum()), inlet_kpa=inlet, discharge_kpa=1000 * gauge + inlet, **pressures)
    )
    band = specific * parameters.flow_meter_percent / 100
    figures = [Figure(name="full_load_specific_power", value=specific, uncertainty=band)]
    figures += _replacement(window, specific, parameters)
    limit = _limit(window, parameters, gauge, full_flow)
    if isinstance(limit, NotEvaluated):
        declined = [Figure.declined(name, limit.why, limit.detail) for name in ("specific_power_limit", "margin_to_limit")]
        return Result([*figures, *declined])
    judged = judge(specific, limit=limit.value, band_percent=parameters.flow_meter_percent)
    validity: Validity = "valid" if limit.is_verified else "doubtful"
    margin, error = 100 * (1 - specific / limit.value), 100 * band / limit.value
    figures += [
        Figure(name="specific_power_limit", value=limit.value, validity=validity),
        Figure(name="margin_to_limit", value=margin, uncertainty=error, validity=validity),
    ]
    retires = judged.verdict == "retire" and limit.source == "GB 19153" and limit.is_verified
    return Result(figures, [_found(window, specific, judged, limit)] if retires else [])


def _near_full_load(window: Window) -> tuple[Flags, float]:
    flow, percent = window["free_air_delivery"], window["volume_flow_percent"]
    loaded = fully_loaded(window)
    for signal in ("active_power", "free_air_delivery", "discharge_pressure", "inlet_pressure"):
        loaded &= ~np.isnan(window[signal])
    with np.errstate(invalid="ignore"):
        rated = loaded & (percent > 20) & (flow > 0)
    if rated.any():
        full = float(np.median(100 * flow[rated] / percent[rated]))
    elif loaded.any():
        full = float(np.quantile(flow[loaded], 0.98))
    else:
        full = float("inf")
    with np.errstate(invalid="ignore"):
        rows = loaded & (flow >= _FULL_SHARE * full)
    if np.count_nonzero(rows) * window.step_seconds < _LEAST_SECONDS:
        raise NotEvaluated(Why.NOT_STEADY, "less than an hour near full load")
    return rows, full


def _limit(window: Window, parameters: RetirementParameters, gauge: float, full_flow: float) -> _Limit | NotEvaluated:
    volts = window["dc_link_voltage"]
    volts = volts[~np.isnan(volts)]
    control = parameters.control
    if control is None:
        if not len(volts):
            return NotEvaluated(Why.MISSING_INPUT, "dc_link_voltage, and control is not set")
        control = "variable" if float(np.median(volts)) > _DRIVE_VOLTS else "fixed"
    if {"rated_power", "rated_pressure"} <= set(window.rated):
        row = grades_of(
            read_grades(),
            control=control,
            cooling=parameters.cooling,
            motor_kw=window.rating("rated_power"),
            gauge_mpa=window.rating("rated_pressure"),
        )
        if row is not None:
            standard = work.at_other_pressures(
                row.grade_3,
                inlet_kpa=work.STANDARD_KPA,
                discharge_kpa=1000 * row.gauge_mpa + work.STANDARD_KPA,
                to_inlet_kpa=work.STANDARD_KPA,
                to_discharge_kpa=1000 * gauge + work.STANDARD_KPA,
            )
            return _Limit(float(standard), "GB 19153", row.verified)
    try:
        efficiency = least_efficiency(flow_cfm=full_flow * CFM_A_M3_PER_MIN, control=control, cooling=parameters.cooling)
    except ValueError as error:
        return NotEvaluated(Why.OUTSIDE_VALIDITY, str(error))
    ideal = work.isentropic_work(inlet_kpa=work.STANDARD_KPA, discharge_kpa=1000 * gauge + work.STANDARD_KPA)
    return _Limit(float(ideal) / efficiency, "10 CFR 431.345", is_verified=False)


def _replacement(window: Window, specific: float, parameters: RetirementParameters) -> list[Figure]:
    names = ("replacement_saving", "replacement_payback", "replacement_present_value")
    new, price = parameters.new_specific_power_kw_min_per_m3, window["electricity_price"]
    price = price[~np.isnan(price)]
    air = duty.counted(window["free_air_total"])
    if new is None or parameters.investment_cny is None:
        return [
            Figure.declined(name, Why.MISSING_INPUT, "the new machine's specific power and price are not set") for name in names
        ]
    if np.isnan(air) or not len(price):
        return [Figure.declined(name, Why.MISSING_INPUT, "free_air_total, electricity_price") for name in names]
    known = np.flatnonzero(~np.isnan(window["free_air_total"]))
    per_year = air / ((known[-1] - known[0]) * window.step_seconds) * 365 * 86_400
    found = saving(
        specific_power=specific,
        new_specific_power=new,
        air_m3_per_year=per_year,
        price_per_kwh=float(price.mean()),
        investment=parameters.investment_cny,
        life_years=parameters.life_years,
        discount_percent=parameters.discount_percent,
    )
    error = specific * parameters.flow_meter_percent / 100 * per_year / 60
    payback = (
        Figure(name=names[1], value=found.payback_years)
        if np.isfinite(found.payback_years)
        else Figure.declined(names[1], Why.OUTSIDE_VALIDITY, "nothing is saved")
    )
    return [
        Figure(name=names[0], value=found.kwh_per_year, uncertainty=error),
        payback,
        Figure(name=names[2], value=found.present_value),
    ]


def _found(window: Window, specific: float, judged: Judgement, limit: _Limit) -> Found:
    return Found(
        code="retirement_advised",
        since_us=window.start_us,
        confidence=0.9,
        evidence=[
            evidence.inputs(
                [
                    ("e", specific, "kW/(m³/min)"),
                    ("e, lower end of the band", judged.lowest, "kW/(m³/min)"),
                    ("e, upper end of the band", judged.highest, "kW/(m³/min)"),
                    (f"limit ({limit.source})", limit.value, "kW/(m³/min)"),
                ]
            )
        ],
    )
