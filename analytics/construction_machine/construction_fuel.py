"""What a machine burned over a day, by hour and by tonne, what of it while idling, and its carbon dioxide."""

from datetime import timedelta

import numpy as np

from analytics import evidence
from analytics.construction_machine.construction_utilisation import DUTIES
from analytics.construction_machine.counters import Growth, Mark, growth
from analytics.construction_machine.healthy import is_running
from analytics.construction_machine.utilisation import RESOLUTION_HOURS, fuel_per_hour, fuel_per_tonne
from analytics.energy.factors import factor_of
from analytics.result import Figure, NotEvaluated, Result, Validity, Why
from analytics.spec import Input, NoParameters, Output, Spec, label
from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind

_LEAST_SHARE = 0.5
_LEAST_HOURS = 0.5
_LEAST_TONNES = 10.0
_RESOLUTION_LITRES = 0.5
"""Of the total on the vehicle's bus (SAE J1939-71, SPN 250)."""
_STATES = {state.name: state.label for state in load_kind("construction_machine").signals["state"].states}

SPEC = Spec(
    name="construction_fuel",
    label=label("油耗与碳排放", "Fuel and carbon dioxide"),
    kinds=("construction_machine",),
    inputs=(
        Input("fuel_total", "L"),
        Input("engine_hours", "h", required=False),
        Input("payload_total", "t", required=False),
        Input("fuel_rate", "L/h", required=False),
        Input("state", "1", required=False),
        Input("load_percent", "%", required=False),
        Input("engine_speed", "rpm", required=False),
        Input("engine_running", "1", required=False),
    ),
    window=timedelta(days=1),
    cadence=timedelta(hours=1),
    outputs=(
        Output("fuel_burned", "L", label("油耗", "Fuel burned")),
        Output("fuel_by_hour", "L/h", label("每运转小时油耗", "Fuel by operating hour")),
        Output("fuel_by_tonne", "L/t", label("每吨油耗", "Fuel by tonne loaded")),
        Output("carbon_dioxide", "kg", label("二氧化碳排放", "Carbon dioxide")),
        Output("idle_fuel_share", "%", label("怠速油耗占比", "Fuel burned while idling")),
        Output("idle_fuel_rate", "L/h", label("怠速油耗率", "Fuel rate while idling")),
        Output(
            "fuel_rate_to_counter", "1", label("瞬时油耗积分与累计油耗之比", "Integral of the fuel rate by the counter's growth")
        ),
    ),
    source="ISO/TS 15143-3 (cumulative fuel, hours and payload); carbon dioxide by the table analytics/energy/factors.toml",
    validity=label(
        "运转半小时以上；每吨油耗要求装载 10 t 以上；计数器清零当天存疑",
        "From half an hour of running; by tonne from 10 t loaded; doubtful on a day with a reset",
    ),
)


def evaluate(window: Window, _parameters: NoParameters) -> Result:
    """Work out a day's fuel.

    Raises
    ------
    NotEvaluated
        If the fuel counter's growth is known for less than half of it.
    """
    fuel = _grown(window, "fuel_total")
    if fuel.known_share() < _LEAST_SHARE:
        raise NotEvaluated(Why.MISSING_INPUT, f"fuel_total ({100 * fuel.known_share():.0f} %)")
    hours, tonnes = _grown(window, "engine_hours", most_per_hour=1.0), _grown(window, "payload_total")
    validity: Validity = "doubtful" if any(of.has(Mark.RESET) or of.has(Mark.JUMP) for of in (fuel, hours, tonnes)) else "valid"
    litres = fuel.total()
    figures = [
        Figure(name="fuel_burned", value=litres, uncertainty=_RESOLUTION_LITRES, validity=validity),
        _by_hour(litres, hours, validity),
        _by_tonne(litres, tonnes, validity),
        _carbon_dioxide(litres, validity),
        *_idling(window),
        _against_the_counter(window, litres),
    ]
    return Result(figures, (), _pictures(window))


def _grown(window: Window, name: str, *, most_per_hour: float = np.inf) -> Growth:
    return growth(window[name], step_seconds=window.step_seconds, most_per_hour=most_per_hour)


def _by_hour(litres: float, hours: Growth, validity: Validity) -> Figure:
    ran = hours.total()
    if np.isnan(ran):
        return Figure.declined("fuel_by_hour", Why.MISSING_INPUT, "engine_hours")
    if ran < _LEAST_HOURS:
        return Figure.declined("fuel_by_hour", Why.NOT_RUNNING, f"{ran:.1f} h")
    value = fuel_per_hour(fuel_litres=litres, operating_hours=ran)
    spread = value * float(np.hypot(_RESOLUTION_LITRES / max(litres, _RESOLUTION_LITRES), RESOLUTION_HOURS / ran))
    return Figure(name="fuel_by_hour", value=value, uncertainty=spread, validity=validity)


def _by_tonne(litres: float, tonnes: Growth, validity: Validity) -> Figure:
    loaded = tonnes.total()
    if np.isnan(loaded):
        return Figure.declined("fuel_by_tonne", Why.MISSING_INPUT, "payload_total")
    if loaded < _LEAST_TONNES:
        return Figure.declined("fuel_by_tonne", Why.NOT_RUNNING, f"{loaded:.1f} t")
    return Figure(name="fuel_by_tonne", value=fuel_per_tonne(fuel_litres=litres, payload_tonnes=loaded), validity=validity)


def _carbon_dioxide(litres: float, validity: Validity) -> Figure:
    factor = factor_of("diesel", "L")
    if factor is None:
        return Figure.declined("carbon_dioxide", Why.MISSING_INPUT, "factors.toml: diesel")
    return Figure(name="carbon_dioxide", value=litres * factor.kg_co2_per_unit, validity=validity)


def _rates(window: Window) -> FloatArray:
    """Give the fuel rate while the engine turns. [L/h]"""
    return np.where(is_running(window), window["fuel_rate"], np.nan)


def _idling(window: Window) -> list[Figure]:
    rate, idle = _rates(window), window.state_is("idle")
    known = ~np.isnan(rate)
    if not known.any() or np.isnan(window["state"]).all():
        why = Why.NOT_RUNNING if not is_running(window).any() else Why.MISSING_INPUT
        return [Figure.declined(name, why, "fuel_rate, state") for name in ("idle_fuel_share", "idle_fuel_rate")]
    burned, idled = float(rate[known].sum()), rate[known & idle]
    return [
        Figure(name="idle_fuel_share", value=100 * float(idled.sum()) / burned)
        if burned > 0
        else Figure.declined("idle_fuel_share", Why.NOT_RUNNING),
        Figure(name="idle_fuel_rate", value=float(idled.mean()), uncertainty=_half_width(idled))
        if len(idled) > 1
        else Figure.declined("idle_fuel_rate", Why.NOT_RUNNING, "idle"),
    ]


def _against_the_counter(window: Window, litres: float) -> Figure:
    rate = np.where(is_running(window), window["fuel_rate"], 0.0)
    known = ~np.isnan(rate)
    if np.isnan(window["fuel_rate"]).all():
        return Figure.declined("fuel_rate_to_counter", Why.MISSING_INPUT, "fuel_rate")
    if litres < 20 * _RESOLUTION_LITRES:
        return Figure.declined("fuel_rate_to_counter", Why.NOT_RUNNING, f"{litres:.1f} L")
    integral = float(rate[known].sum()) * window.step_seconds / 3600 / float(known.mean())
    return Figure(name="fuel_rate_to_counter", value=integral / litres, uncertainty=_RESOLUTION_LITRES / litres)


def _half_width(values: FloatArray) -> float:
    return float(1.96 * values.std(ddof=1) / np.sqrt(len(values)))


def _pictures(window: Window) -> list[dict[str, object]]:
    rate = _rates(window)
    known = ~np.isnan(rate)
    if not known.any():
        return []
    litres = np.array([rate[known & window.state_is(duty)].sum() for duty in DUTIES]) * window.step_seconds / 3600
    pieces = [evidence.bars(label("各工况油耗", "Fuel by duty"), "L", [_STATES[duty] for duty in DUTIES], {"L": litres})]
    load = window["load_percent"]
    both = known & ~np.isnan(load)
    if both.any():
        middles, means = _curve(load[both], rate[both])
        pieces.append(
            evidence.curve(
                label("油耗随负荷", "Fuel rate over load"),
                x=(label("负荷率", "Load"), "%"),
                y=(label("油耗", "Fuel rate"), "L/h"),
                lines={"平均 / mean": (middles, means)},
                points=(load[both], rate[both]),
            )
        )
    return pieces


def _curve(load_percent: FloatArray, rate: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the mean fuel rate of each tenth of load that was seen, and the tenth's middle."""
    tenth = np.clip((load_percent / 10).astype(np.int64), 0, 9)
    counts, sums = np.bincount(tenth, minlength=10), np.bincount(tenth, weights=rate, minlength=10)
    seen = counts > 0
    return np.arange(5.0, 100.0, 10.0)[seen], np.asarray(sums[seen] / counts[seen], np.float64)
