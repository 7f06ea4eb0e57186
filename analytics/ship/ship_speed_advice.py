"""What speed costs: fuel per mile by speed, the cheapest one, and arriving when the berth is free."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from pydantic import AwareDatetime, Field

from analytics import evidence
from analytics.baselines.load_baseline import stretch_means
from analytics.result import Figure, NotEvaluated, Result, Validity, Why
from analytics.ship.fuel import burned_kg_per_h
from analytics.ship.hull_performance import daily_means, independent_count
from analytics.ship.speed import Consumption, Range, just_in_time
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_FUEL = "generator_fuel_flow_{generator}"
_HOUR_SECONDS = 3600.0
_LEAST_HOURS, _LEAST_SPEED_KN = 12.0, 4.0
_LEAST_SAVING_T = 0.1
_LOADING_SHARE = 0.05
_EXPONENTS = (2.6, 3.4)
"""Between which the power of a displacement ship goes with her speed, near her service speed: 95 % (typical)."""
_VALID_SHARE = 0.25
"""So far from the speed that was sailed the third power is no guess."""


class Parameters(Settings):
    """Prices and the voyage ahead; what is left out is not advised on."""

    slowest_kn: float = Field(default=8.0, gt=0, le=30)
    """For long: minimum load of the engine, steering."""
    fastest_kn: float = Field(default=14.5, gt=0, le=40)
    fuel_price_per_t: float | None = Field(default=None, gt=0)
    hire_per_day: float | None = Field(default=None, gt=0)
    """What a day of the ship is worth, in the same money."""
    distance_to_go_nmi: float | None = Field(default=None, gt=0)
    """From where she is at the end of the window."""
    berth_free_at: AwareDatetime | None = None


SPEC = Spec(
    name="ship_speed_advice",
    label=label("航速优化建议", "Advice on speed"),
    kinds=("ship",),
    inputs=(
        Input("state", "1"),
        Input("speed_through_water", "kn"),
        Input("fuel_mass_flow_in", "kg/h"),
        Input("fuel_mass_flow_out", "kg/h"),
        Input(_FUEL, "kg/h"),
        Input("boiler_fuel_flow", "kg/h", required=False),
        Input("draught_mid", "m", required=False),
    ),
    step_seconds=600,
    window=timedelta(days=7),
    cadence=timedelta(hours=6),
    outputs=(
        Output("present_speed", "kn", label("近期对水航速", "Speed through the water, newest day")),
        Output("speed_of_least_fuel", "kn", label("每海里油耗最低航速", "Speed of least fuel per mile")),
        Output("speed_of_least_cost", "kn", label("综合成本最低航速", "Speed of least cost, fuel and hire")),
        Output("saving_one_knot_slower", "%", label("减速 1 节每海里省油", "Fuel per mile saved by one knot less")),
        Output("arrival_speed", "kn", label("准时抵港航速", "Speed that arrives when the berth is free")),
        Output("arrival_saving", "t", label("准时抵港省油", "Fuel saved by arriving just in time")),
    ),
    parameters=Parameters,
    source="Fuel per hour a + b v³, best speed (a/2b)^(1/3); Ronen 1982 (J. Operational Research Society 33); arriving just in "
    "time: IMO GloMEEP 2020",
    validity=label(
        "同吃水近期天气下；a 为发电机与锅炉油耗，b 由主机油耗与航速立方得出；离实际航速 25 % 以外为存疑",
        "At the newest draught in the weather of these days; a is what generators and boiler burn, b the main engine's fuel over "
        "the cube of the speed; doubtful beyond 25 % of what was sailed",
    ),
)


class _Sailed(NamedTuple):
    """What the newest days at this draught burned."""

    consumption: Consumption
    cubic_share: float
    """Half width of the 95 % interval of its cubic part, as a share."""
    present_kn: float
    speeds_kn: FloatArray
    fuel_kg_per_h: FloatArray
    """Of hours at sea."""


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Fit the fuel, and advise.

    Raises
    ------
    NotEvaluated
        If the ship was not at sea for twelve hours, or meters are missing.
    """
    if parameters.slowest_kn >= parameters.fastest_kn:
        raise NotEvaluated(Why.BAD_INPUT, f"slowest_kn {parameters.slowest_kn:g} to fastest_kn {parameters.fastest_kn:g}")
    sailed = _fit(window)
    consumption = sailed.consumption
    return Result(
        [
            Figure(name="present_speed", value=sailed.present_kn),
            _best("speed_of_least_fuel", sailed, parameters, 0.0),
            _least_cost(sailed, parameters),
            _one_knot_slower(sailed),
            *_arrival(window, sailed, parameters),
        ],
        pictures=[
            evidence.curve(
                label("每海里油耗随航速", "Fuel per mile over speed"),
                x=(label("对水航速", "Speed through water"), "kn"),
                y=(label("油耗", "Fuel"), "kg/nmi"),
                lines={"a/v + b v²": _curve(consumption, parameters)},
                points=(sailed.speeds_kn, sailed.fuel_kg_per_h / sailed.speeds_kn),
            )
        ],
    )


def _fit(window: Window) -> _Sailed:
    """Take a from the meters of the auxiliaries, and b from the main engine's over the cube of the speed."""
    size = window.steps(_HOUR_SECONDS)
    sailing = window.state_is("at_sea")
    auxiliary = window.family(_FUEL).sum(axis=0) + np.nan_to_num(window["boiler_fuel_flow"])
    columns = (window["speed_through_water"], burned_kg_per_h(window), auxiliary, window["draught_mid"])
    speed, main, beside, draught = (stretch_means(np.where(sailing, of, np.nan), size, at_least_share=0.8) for of in columns)
    with np.errstate(invalid="ignore"):
        known = (speed >= _LEAST_SPEED_KN) & (main > 0) & ~np.isnan(beside)
    depths = draught[known & ~np.isnan(draught)]
    if len(depths):
        with np.errstate(invalid="ignore"):
            known &= ~(np.abs(draught / depths[-1] - 1) > _LOADING_SHARE)
    hours = size * window.step_seconds / _HOUR_SECONDS
    if known.sum() * hours < _LEAST_HOURS:
        raise NotEvaluated(Why.NOT_RUNNING, f"{known.sum() * hours:.0f} h at sea with all meters")
    speed, main, beside = speed[known], main[known], beside[known]
    cubic = main / speed**3
    _, means = daily_means(np.flatnonzero(known) * hours / 24, cubic)
    mean = float(cubic.mean())
    spread = means if len(means) >= 3 else cubic
    half = 1.96 * float(spread.std(ddof=1)) / np.sqrt(independent_count(spread)) / mean
    return _Sailed(
        Consumption(fixed_kg_per_h=float(np.maximum(beside.mean(), 0)), cubic_kg_per_h=mean),
        float(half),
        float(np.median(speed[-max(1, round(24 / hours)) :])),
        speed,
        main + beside,
    )


def _curve(consumption: Consumption, parameters: Parameters) -> tuple[FloatArray, FloatArray]:
    speeds: FloatArray = np.linspace(parameters.slowest_kn, parameters.fastest_kn, 40)
    return speeds, consumption.kg_per_nmi(speeds)


def _best(name: str, sailed: _Sailed, parameters: Parameters, hour_worth_kg: float) -> Figure:
    """Keep the speed within what the ship can sail; a third of b's error is the speed's."""
    free = sailed.consumption.best_speed_kn(hour_worth_kg=hour_worth_kg)
    value = float(np.clip(free, parameters.slowest_kn, parameters.fastest_kn))
    near: Validity = "valid" if abs(value / sailed.present_kn - 1) <= _VALID_SHARE else "doubtful"
    return Figure(name=name, value=value, uncertainty=value * sailed.cubic_share / 3 if free == value else None, validity=near)


def _least_cost(sailed: _Sailed, parameters: Parameters) -> Figure:
    if parameters.fuel_price_per_t is None or parameters.hire_per_day is None:
        return Figure.declined("speed_of_least_cost", Why.MISSING_INPUT, "fuel_price_per_t, hire_per_day")
    hour_worth_kg = parameters.hire_per_day / 24 / parameters.fuel_price_per_t * 1000
    return _best("speed_of_least_cost", sailed, parameters, hour_worth_kg)


def _saved_per_mile(sailed: _Sailed, speed_kn: float) -> tuple[float, float]:
    """Main engine's fuel per mile saved at another speed, and half the width of its 95 % interval. [kg/nmi]"""
    main = sailed.consumption.cubic_kg_per_h * sailed.present_kn**2
    value, *others = (main * (1 - (speed_kn / sailed.present_kn) ** (power - 1)) for power in (3.0, *_EXPONENTS))
    return value, float(np.hypot(value * sailed.cubic_share, np.ptp(others) / 2))


def _one_knot_slower(sailed: _Sailed) -> Figure:
    slower, fixed = sailed.present_kn - 1, sailed.consumption.fixed_kg_per_h
    saved, half = _saved_per_mile(sailed, slower)
    saved += fixed / sailed.present_kn - fixed / slower
    now = float(sailed.consumption.kg_per_nmi(sailed.present_kn))
    if abs(saved) <= half:
        within = f"{100 * saved / now:.1f} ± {100 * half / now:.1f} %"
        return Figure.declined("saving_one_knot_slower", Why.OUTSIDE_VALIDITY, within)
    return Figure(name="saving_one_knot_slower", value=100 * saved / now, uncertainty=100 * half / now)


def _arrival(window: Window, sailed: _Sailed, parameters: Parameters) -> list[Figure]:
    names = "arrival_speed", "arrival_saving"
    nmi, at = parameters.distance_to_go_nmi, parameters.berth_free_at
    if nmi is None or at is None:
        return [Figure.declined(name, Why.MISSING_INPUT, "distance_to_go_nmi, berth_free_at") for name in names]
    end = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=window.end_us)
    hours = (at - end).total_seconds() / 3600
    if not hours > 0:
        return [Figure.declined(name, Why.OUTSIDE_VALIDITY, f"berth_free_at {at.isoformat()} is past") for name in names]
    found = just_in_time(
        sailed.consumption,
        nmi=nmi,
        hours=hours,
        present_kn=sailed.present_kn,
        speeds=Range(parameters.slowest_kn, parameters.fastest_kn),
    )
    near: Validity = "valid" if abs(found.speed_kn / sailed.present_kn - 1) <= _VALID_SHARE else "doubtful"
    half_t = _saved_per_mile(sailed, found.speed_kn)[1] * nmi / 1000
    saved_t = found.saved_kg / 1000
    return [
        Figure(name=names[0], value=found.speed_kn, validity=near),
        Figure(name=names[1], value=saved_t, uncertainty=half_t, validity=near)
        if abs(saved_t) > max(half_t, _LEAST_SAVING_T)
        else Figure.declined(names[1], Why.OUTSIDE_VALIDITY, f"{saved_t:.1f} ± {half_t:.1f} t"),
    ]
