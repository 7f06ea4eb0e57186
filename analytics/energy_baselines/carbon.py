"""Carbon dioxide of what a machine took in: the grid's by region and year (``grid_factors.toml``), fuels' by ``factors.toml``."""

from functools import cache
from pathlib import Path

from pydantic import Field

from analytics.energy.factors import factor_of
from device_profiles.kind import EnergyFlow
from telemetry.errors import ConfigError
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile
from telemetry.units import conversion

TABLE = Path(__file__).with_name("grid_factors.toml")


class GridFactor(Settings):
    """Of one region and year."""

    region: str
    year: int
    kg_co2_per_kwh: float = Field(ge=0)
    source: str
    clause: str
    verified: bool


class GridTable(Settings):
    """The whole file."""

    factors: tuple[GridFactor, ...]


@cache
def read_grid_factors(path: Path = TABLE) -> tuple[GridFactor, ...]:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), GridTable).factors


def grid_factor(region: str, year: int) -> GridFactor:
    """Give the newest factor of a region that is not of a later year; it is published with a delay of years.

    Raises
    ------
    ConfigError
        If the table has none.
    """
    of_region = [factor for factor in read_grid_factors() if factor.region == region]
    if not of_region:
        known = sorted({factor.region for factor in read_grid_factors()})
        raise ConfigError(f"{region!r} is not a region of grid_factors.toml; known: {', '.join(known)}")
    until = [factor for factor in of_region if factor.year <= year]
    if not until:
        raise ConfigError(f"grid_factors.toml has nothing of {region} up to {year}")
    return max(until, key=lambda factor: factor.year)


def kg_co2_per_unit(flow: EnergyFlow, grid: GridFactor) -> float:
    """Give the carbon dioxide of a unit of a flow; nothing for sun, wind and what is not burned.

    Electricity goes by the grid (indirect emission), fuels by what burning them sets free.
    """
    if flow.carrier == "electricity":
        return grid.kg_co2_per_kwh * conversion(flow.unit, "kWh").factor
    factor = factor_of(flow.carrier, flow.unit)
    return 0.0 if factor is None else factor.kg_co2_per_unit
