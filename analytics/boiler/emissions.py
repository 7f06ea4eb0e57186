"""Emissions of boilers: at the reference oxygen, as hourly means, against a table of limits that people edit."""

from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from analytics.baselines.load_baseline import stretch_means
from analytics.boiler.losses import MOST_OXYGEN_PERCENT
from analytics.energy.amounts import ENOUGH
from analytics.window import FloatArray
from telemetry.bundle import MICROSECONDS
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("emission_limits.toml")
AIR_OXYGEN_PERCENT = 21.0
MILLIGRAMS_A_PPM = {"nox": 2.053, "carbon_monoxide": 1.250, "so2": 2.858}
"""In a cubic metre at 0 °C and 101.325 kPa: molar mass over 22.41 L/mol; nitrogen oxides count as NO2."""
_HOUR_US = 3600 * MICROSECONDS

Region = Literal["national", "special_area", "shandong_core"]
Fuel = Literal["gas", "coal"]


class Limits(Settings):
    """One row of the table."""

    region: Region
    fuel: Fuel
    reference_oxygen_percent: float = Field(gt=0, lt=AIR_OXYGEN_PERCENT)
    nox_mg_per_m3: float = Field(gt=0)
    so2_mg_per_m3: float = Field(gt=0)
    particulate_mg_per_m3: float = Field(gt=0)
    source: str
    clause: str
    verified: bool
    """Someone has compared the row with the standard's text."""

    def of(self, pollutant: str) -> float:
        """Give the limit of ``nox``, ``so2`` or ``particulate``. [mg/m³]"""
        return float(getattr(self, f"{pollutant}_mg_per_m3"))


class LimitTable(Settings):
    """The whole file."""

    limits: tuple[Limits, ...]


class Hours(NamedTuple):
    """Means of whole clock hours."""

    starts_us: npt.NDArray[np.int64]
    means: FloatArray
    """NaN where less than three quarters of the hour has good values."""


@cache
def read_limits(path: Path = TABLE) -> tuple[Limits, ...]:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), LimitTable).limits


def limits_of(region: Region, fuel: Fuel) -> Limits | None:
    """Find a row, or None where the table has none."""
    return next((row for row in read_limits() if (row.region, row.fuel) == (region, fuel)), None)


def at_reference_oxygen(
    concentration: npt.ArrayLike, *, oxygen_percent: npt.ArrayLike, reference_percent: npt.ArrayLike
) -> FloatArray:
    """Give a concentration as it would be at the reference oxygen: ``C (21 - O2 ref) / (21 - O2)``.

    NaN above 19 % of oxygen, where the gas is mostly air and an error of the meter is multiplied, and below 0.

    References
    ----------
    GB 13271-2014, clause 5.2 (as remembered); the same form in 40 CFR 60.284.
    """
    oxygen = np.asarray(oxygen_percent, float)
    left = np.where((oxygen >= 0) & (oxygen <= MOST_OXYGEN_PERCENT), AIR_OXYGEN_PERCENT - oxygen, np.nan)
    found: FloatArray = np.asarray(concentration, float) * (AIR_OXYGEN_PERCENT - np.asarray(reference_percent, float)) / left
    return found


def milligrams(ppm: npt.ArrayLike, *, pollutant: str) -> FloatArray:
    """Give a volume share as mass in a cubic metre at 0 °C and 101.325 kPa. [mg/m³]"""
    found: FloatArray = np.asarray(ppm, float) * MILLIGRAMS_A_PPM[pollutant]
    return found


def hourly_means(values: FloatArray, *, start_us: int, step_seconds: float) -> Hours:
    """Average over whole clock hours; an hour counts with at least 75 % of its samples (HJ 75-2017: 45 minutes).

    Parameters
    ----------
    values : ndarray, shape (n,)
        NaN where a sample is not valid.
    """
    step_us = round(step_seconds * MICROSECONDS)
    a_hour = _HOUR_US // step_us
    first_hour_us = -(-start_us // _HOUR_US) * _HOUR_US
    skipped = -(-(first_hour_us - start_us) // step_us)
    means = stretch_means(values[skipped:], a_hour, at_least_share=ENOUGH)
    return Hours(first_hour_us + np.arange(len(means), dtype=np.int64) * _HOUR_US, means)
