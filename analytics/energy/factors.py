"""Standard coal and carbon dioxide of what machines consume, by a table that people edit: ``factors.toml``."""

from functools import cache
from pathlib import Path

from pydantic import Field

from device_profiles.kind import Label
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile
from telemetry.units import conversion

TABLE = Path(__file__).with_name("factors.toml")


class Factor(Settings):
    """What a unit of one carrier counts for, and who says so."""

    carrier: str
    unit: str
    kgce_per_unit: float = Field(gt=0)
    kgce_source: Label
    kg_co2_per_unit: float = Field(ge=0)
    co2_source: Label

    def scaled(self, unit: str) -> "Factor":
        """Give the same factor for another unit of the amount."""
        times = conversion(unit, self.unit).factor
        return self.model_copy(
            update={
                "unit": unit,
                "kgce_per_unit": self.kgce_per_unit * times,
                "kg_co2_per_unit": self.kg_co2_per_unit * times,
            }
        )


class FactorTable(Settings):
    """The whole file."""

    factors: tuple[Factor, ...]


@cache
def read_factors(path: Path = TABLE) -> tuple[Factor, ...]:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), FactorTable).factors


def factor_of(carrier: str, unit: str) -> Factor | None:
    """Find the factor of a carrier in a unit, or None where the table has none: wind and sun, and what is not burned.

    A factor for exactly this unit comes before one that is converted: a litre of diesel has its own, for its density.
    """
    known = [factor for factor in read_factors() if factor.carrier == carrier]
    for factor in known:
        if factor.unit == unit:
            return factor
    for factor in known:
        try:
            return factor.scaled(unit)
        except ValueError:  # another dimension
            continue
    return None
