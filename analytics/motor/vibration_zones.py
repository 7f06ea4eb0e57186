"""In which zone of ISO 20816-3 a machine's vibration lies."""

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from analytics.window import FloatArray
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("vibration_zones.toml")
Support = Literal["rigid", "flexible"]


class ZoneLimits(Settings):
    """Boundaries of the zones of one group of machines, as velocity between 10 and 1000 Hz, rms. [mm/s]"""

    above_kw: float = Field(ge=0)
    up_to_kw: float
    support: Support
    a_b: float
    b_c: float
    c_d: float
    source: str
    clause: str
    verified: bool


class ZoneTable(Settings):
    """The whole file."""

    groups: tuple[ZoneLimits, ...]


@cache
def read_zones(path: Path = TABLE) -> tuple[ZoneLimits, ...]:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), ZoneTable).groups


def limits_of(*, rated_kw: float, support: Support) -> ZoneLimits:
    """Give the boundaries for a machine.

    Raises
    ------
    ValueError
        If the standard does not cover such a power.
    """
    for row in read_zones():
        if row.above_kw < rated_kw <= row.up_to_kw and row.support == support:
            return row
    raise ValueError(f"no zones for {rated_kw:g} kW on a {support} support")


def zone_of(velocity_mm_per_s: npt.ArrayLike, limits: ZoneLimits) -> FloatArray:
    """Number of the zone, 1 (A) to 4 (D); NaN where the velocity is unknown.

    References
    ----------
    ISO 20816-3:2022, 6.2: A newly commissioned, B unrestricted long-term operation, C limited time only, D may do damage.
    """
    velocity = np.asarray(velocity_mm_per_s, float)
    number = 1.0 + np.searchsorted([limits.a_b, limits.b_c, limits.c_d], velocity, side="left")
    zone: FloatArray = np.where(np.isnan(velocity), np.nan, number)
    return zone
