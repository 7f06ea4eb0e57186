"""Where the heat of a boiler's fuel went, hour by hour over a period, and in how many hours that cannot be said."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.boiler.losses import Balance, Problem, balance
from store.energy import HourGrid
from store.nameplates import Nameplate

SIGNALS = {
    "fuel_m3_per_h": "fuel_flow",
    "heating_kj_per_m3": "fuel_lower_heating_value",
    "gas_celsius": "flue_gas_temperature_stack",
    "air_celsius": "ambient_temperature",
    "oxygen_percent": "flue_gas_oxygen_stack",
    "monoxide_ppm": "flue_gas_carbon_monoxide",
    "blowdown_t_per_h": "blowdown_flow",
    "feedwater_celsius": "feedwater_temperature",
    "pressure_mpa": "steam_pressure",
}
"""Inputs of the balance by the signals that they come from."""
ASSUMED_KW = 7000.0
"""A boiler of 10 t/h, where no nameplate says otherwise."""
_KW_PER_UNIT = {"kW": 1.0, "MW": 1000.0, "t/h": 700.0}
"""A tonne of steam an hour is taken for 0.7 MW, as Chinese boiler standards do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoilerReport:
    """Heat over the hours that were evaluated. [kWh]"""

    rated_kw: float
    is_assumed: bool
    heat: dict[str, float]
    """By the fields of a `Balance`; empty where no hour was evaluated."""
    evaluated_hours: int
    problems: dict[str, int]
    """Hours that were not evaluated, by reason."""
    hours: Balance


def boiler_report(grid: HourGrid, plate: Nameplate | None, *, first_hour: int) -> BoilerReport:
    """Judge the first machine of a grid from an hour on."""
    rated_kw, is_assumed = _rated(plate)
    inputs: dict[str, Any] = {name: grid.signals[signal].mean[0, first_hour:] for name, signal in SIGNALS.items()}
    hours = balance(**inputs, rated_kw=rated_kw)
    good = hours.problem == Problem.NONE
    names = [name for name in Balance._fields if name != "problem"]
    return BoilerReport(
        rated_kw=rated_kw,
        is_assumed=is_assumed,
        heat={name: float(np.nansum(getattr(hours, name))) for name in names} if good.any() else {},
        evaluated_hours=int(good.sum()),
        problems=dict(Counter(str(problem) for problem in hours.problem[~good])),
        hours=hours,
    )


def _rated(plate: Nameplate | None) -> tuple[float, bool]:
    for value, unit in plate.rated.values() if plate else ():
        if unit in _KW_PER_UNIT and isinstance(value, int | float) and value > 0:
            return float(value) * _KW_PER_UNIT[str(unit)], False
    return ASSUMED_KW, True
