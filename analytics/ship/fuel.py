"""Fuels of ships: carbon dioxide and heat by a table that people edit, specific consumption, and what meters say of it."""

from functools import cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from pydantic import Field

from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("fuels.toml")
REFERENCE_MJ_PER_KG = 42.7
"""To which engine makers tell consumptions."""
_REFERENCE_CELSIUS, _BY_AIR, _BY_COOLANT = 25.0, 0.0002, 0.0006

FuelName = Literal[
    "marine_diesel_oil",
    "light_fuel_oil",
    "heavy_fuel_oil",
    "propane",
    "butane",
    "ethane",
    "liquefied_natural_gas",
    "methanol",
    "ethanol",
]


class Fuel(Settings):
    """One row of the table."""

    fuel: FuelName
    co2_t_per_t: float = Field(gt=0, lt=4)
    heating_value_mj_per_kg: float = Field(gt=10, lt=130)
    source: str
    clause: str
    verified: bool
    """Someone has compared the row with the resolution's text."""


class FuelTable(Settings):
    """The whole file."""

    fuels: tuple[Fuel, ...]


@cache
def read_fuels(path: Path = TABLE) -> dict[str, Fuel]:
    """Read the table, by name.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return {row.fuel: row for row in fit(TomlFile(path), FuelTable).fuels}


def in_use(window: Window) -> tuple[FloatArray, FloatArray]:
    """Carbon dioxide [t/t] and heating value [MJ/kg] of the fuel that is in use, step by step.

    Where the fuel is not known, for it changed within the step or its signal failed, the last known one counts; NaN before.
    """
    codes = window["fuel_type"]
    known = np.where(np.isnan(codes), -1, np.arange(len(codes)))
    codes = np.append(codes, np.nan)[np.maximum.accumulate(known)] if len(codes) else codes
    rows = [
        (state.code, read_fuels()[state.name])
        for state in load_kind("ship").signals["fuel_type"].states
        if state.name in get_args(FuelName)
    ]
    of_code = [codes == code for code, _ in rows]
    return (
        np.select(of_code, [row.co2_t_per_t for _, row in rows], np.nan),
        np.select(of_code, [row.heating_value_mj_per_kg for _, row in rows], np.nan),
    )


def burned_kg_per_h(window: Window) -> FloatArray:
    """Fuel of the main engine: what goes in less what comes back. NaN where a meter is not known, or more comes than went."""
    burned = window["fuel_mass_flow_in"] - window["fuel_mass_flow_out"]
    with np.errstate(invalid="ignore"):
        found: FloatArray = np.where(burned >= -0.02 * window["fuel_mass_flow_in"], np.maximum(burned, 0.0), np.nan)
    return found


def specific_consumption_g_per_kwh(*, fuel_kg: float, energy_kwh: float) -> float:
    """SFOC over a time.

    Raises
    ------
    ValueError
        If there was no energy.
    """
    if not energy_kwh > 0:
        raise ValueError(f"an energy of {energy_kwh:g} kWh")
    return 1000 * fuel_kg / energy_kwh


def at_reference_conditions(
    consumption_g_per_kwh: npt.ArrayLike,
    *,
    heating_value_mj_per_kg: npt.ArrayLike,
    air_celsius: npt.ArrayLike,
    coolant_celsius: npt.ArrayLike,
) -> FloatArray:
    """SFOC as it would be with fuel of 42.7 MJ/kg, air of 25 °C and charge-air coolant of 25 °C. [g/kWh]

    References
    ----------
    ISO 3046-1 with the makers' usual slopes for two-stroke engines, 0.02 %/K of the air and 0.06 %/K of the coolant (unverified:
    the engine's own shop trial goes first).
    """
    by_air = _BY_AIR * (np.asarray(air_celsius, float) - _REFERENCE_CELSIUS)
    by_coolant = _BY_COOLANT * (np.asarray(coolant_celsius, float) - _REFERENCE_CELSIUS)
    by_heat = np.asarray(heating_value_mj_per_kg, float) / REFERENCE_MJ_PER_KG
    found: FloatArray = np.asarray(consumption_g_per_kwh, float) * by_heat * (1 - by_air - by_coolant)
    return found
