"""What shows an engine's health, freed from load and weather by physics as far as it goes; the rest is learned.

Percentages are hundredths of a natural logarithm: they add, and a ratio of two readings is their difference.
"""

import math
from typing import NamedTuple

import numpy as np

from analytics.baselines.steady import is_steady, runs_since
from analytics.diesel_engine.charge_air import at_reference_intake_celsius
from analytics.diesel_engine.cylinders import middle_of_known
from analytics.spec import label
from analytics.window import Flags, FloatArray, Window
from device_profiles.kind import Label

EXHAUST = "exhaust_temperature_cylinder_{cylinder}"
MAXIMUM = "maximum_pressure_cylinder_{cylinder}"
COMPRESSION = "compression_pressure_cylinder_{cylinder}"

STEADY_SECONDS = 300.0
"""Longer than the exhaust's sensors and the turbocharger need after a step of the load."""
STEADY_PERCENT = 4.0
WARM_SECONDS = 1200.0
"""So long after the start coolant and oil are taken for warm."""
REST_SECONDS = 900.0
"""So long after the stop the battery has lost what the alternator left on its plates."""
HIGH_LOAD_PERCENT = 75.0


class Indicator(NamedTuple):
    """One of them."""

    label: Label
    unit: str
    floor: float
    """A third of the smallest change that an engineer would act on; less is no sign however still the healthy engine is."""
    ceiling: float = math.inf
    """The healthy engine's straying counts for no more: a filter that was changed while learning is no noise."""
    over: tuple[str, ...] = ("load", "intake")
    """Conditions that its baseline is learned over."""


INDICATORS = {
    "exhaust": Indicator(label("排气温度（折算到进气 25 °C）", "Exhaust temperature (at an intake of 25 °C)"), "K", 4.0),
    "boost": Indicator(label("增压比", "Boost over ambient pressure"), "%", 1.0),
    "turbine_speed": Indicator(label("增压器折合转速", "Turbocharger speed, corrected"), "%", 1.0),
    "charge_air": Indicator(label("中冷后温度高出进气", "Charge air above intake air"), "K", 1.5),
    "air_filter": Indicator(label("空滤压差", "Air filter pressure drop"), "%", 25.0, 25.0),
    "fuel_filter": Indicator(label("燃油滤压差", "Fuel filter pressure drop"), "%", 25.0, 25.0),
    "fuel_pressure": Indicator(label("燃油压力", "Fuel pressure"), "%", 1.0),
    "coolant": Indicator(label("冷却液温度", "Coolant temperature"), "K", 0.7),
    "coolant_at_high_load": Indicator(label("高负荷时冷却液温度", "Coolant temperature at high load"), "K", 0.2),
    "coolant_level": Indicator(label("冷却液液位", "Coolant level"), "%", 2.0),
    "coolant_pressure": Indicator(label("冷却液压力", "Coolant pressure"), "bar", 0.04),
    "oil_temperature": Indicator(label("机油温度", "Oil temperature"), "K", 0.7),
    "oil_above_coolant": Indicator(label("机油温度高出冷却液", "Oil above coolant temperature"), "K", 0.7),
    "oil_pressure": Indicator(
        label("机油压力（同油温下）", "Oil pressure (at equal oil temperature)"), "%", 2.0, over=("load", "oil")
    ),
    "crankcase": Indicator(label("曲轴箱压力", "Crankcase pressure"), "Pa", 15.0),
    "ripple": Indicator(label("半阶转速波动", "Speed ripple of order one half"), "rpm", 0.012),
    "battery_at_rest": Indicator(label("停机时蓄电池电压", "Battery voltage at rest"), "V", 0.2, over=("ambient",)),
    "battery_at_work": Indicator(label("运行时蓄电池电压", "Battery voltage at work"), "V", 0.1),
}


class Observed(NamedTuple):
    """A window's conditions and indicators, NaN where they are not assessable. Each of shape (n,)."""

    conditions: dict[str, FloatArray]
    indicators: dict[str, FloatArray]
    steady: Flags
    """At work and at one load for a while."""
    warm: Flags
    """The same, and long enough after the start."""


def observe(window: Window) -> Observed:
    """Work out all indicators of a window."""
    running = window.state_is("running")
    load = np.where(running, window["load_percent"], np.nan)
    steady = is_steady(load, span_steps=window.steps(STEADY_SECONDS) + 1, tolerance=STEADY_PERCENT)
    warm = steady & (runs_since(running) > window.steps(WARM_SECONDS))
    resting = runs_since(window.state_is("stopped")) > window.steps(REST_SECONDS)
    intake, coolant, oil = window["intake_temperature"], window["coolant_temperature"], window["lube_oil_temperature"]
    exhaust = middle_of_known(window.family(EXHAUST), axis=0)
    ambient_kpa = window["ambient_pressure"]
    with np.errstate(invalid="ignore", divide="ignore"):  # of a broken sensor; what comes of it is unknown below
        corrected = np.sqrt(298.15 / (intake + 273.15))
        boost = window["boost_pressure"] / np.where(ambient_kpa > 0, ambient_kpa, np.nan)
    at_high_load = warm & (np.nan_to_num(load) >= HIGH_LOAD_PERCENT)
    found = {
        "exhaust": (at_reference_intake_celsius(exhaust, intake_celsius=intake), steady),
        "boost": (_percent(boost), steady),
        "turbine_speed": (_percent(window["turbine_speed"] * corrected), steady),
        "charge_air": (window["scavenge_air_temperature"] - intake, steady),
        "air_filter": (_percent(window["intake_filter_pressure_drop"]), steady),
        "fuel_filter": (_percent(window["fuel_filter_pressure_drop"]), steady),
        "fuel_pressure": (_percent(window["fuel_pressure"]), steady),
        "coolant": (coolant, warm),
        "coolant_at_high_load": (coolant, at_high_load),
        "coolant_level": (window["coolant_level"], warm),
        "coolant_pressure": (window["coolant_pressure"], warm),
        "oil_temperature": (oil, warm),
        "oil_above_coolant": (oil - coolant, warm),
        "oil_pressure": (_percent(window["lube_oil_pressure"]), warm),
        "crankcase": (window["crankcase_pressure"], steady),
        "ripple": (window["half_order_speed_ripple"], steady),
        "battery_at_rest": (window["battery_voltage"], resting),
        "battery_at_work": (window["battery_voltage"], steady),
    }
    assert found.keys() == INDICATORS.keys()
    return Observed(
        conditions={"load": load, "intake": intake, "oil": oil, "ambient": window["ambient_temperature"]},
        indicators={name: np.where(where, values, np.nan) for name, (values, where) in found.items()},
        steady=steady,
        warm=warm,
    )


def _percent(values: FloatArray) -> FloatArray:
    """Hundredths of the natural logarithm; NaN of what is not positive."""
    with np.errstate(invalid="ignore"):
        return np.asarray(100 * np.log(np.where(values > 0, values, np.nan)), np.float64)
