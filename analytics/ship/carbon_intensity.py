"""Carbon intensity of ships: attained and required CII, its rating, EEOI and EEXI, by a table that people edit."""

from functools import cache
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from analytics.window import FloatArray
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("carbon_intensity.toml")
RATINGS = "ABCDE"

ShipType = Literal[
    "bulk_carrier",
    "gas_carrier",
    "tanker",
    "container_ship",
    "general_cargo_ship",
    "refrigerated_cargo_carrier",
    "combination_carrier",
    "lng_carrier",
    "ro_ro_vehicle_carrier",
    "ro_ro_cargo_ship",
    "ro_ro_passenger_ship",
    "ro_ro_passenger_high_speed",
    "cruise_passenger_ship",
]
Capacity = Literal["deadweight", "gross_tonnage"]


class ReferenceLine(Settings):
    """One row of the table: ships of one type and size."""

    ship_type: ShipType
    capacity: Capacity
    """What counts as the capacity: tonnes or gross tons."""
    capacity_from: float = Field(ge=0)
    capacity_below: float | None = Field(default=None, gt=0)
    capacity_fixed: float | None = Field(default=None, gt=0)
    """Counts instead of the ship's own."""
    a: float = Field(gt=0)
    c: float = Field(ge=0)
    d: tuple[float, float, float, float]
    """Ratios at which ratings B, C, D and E begin."""
    source: str
    clause: str
    verified: bool

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if list(self.d) != sorted(set(self.d)):
            raise ValueError("the bounds d do not rise")
        return self

    def counted(self, capacity: float) -> float:
        """Give the capacity that counts."""
        return capacity if self.capacity_fixed is None else self.capacity_fixed

    def reference(self, capacity: float) -> float:
        """Carbon intensity of the type in 2019, ``a C^-c``. [g/(t·nmi)]"""
        return float(self.a * self.counted(capacity) ** -self.c)

    def rating(self, ratio: float) -> str:
        """Rate attained over required: A to E."""
        return RATINGS[int(np.searchsorted(self.d, ratio, side="right"))]


class Reduction(Settings):
    """What a year asks below the reference."""

    year: int
    percent: float = Field(ge=0, lt=100)
    source: str
    clause: str
    verified: bool


class IntensityTable(Settings):
    """The whole file."""

    lines: tuple[ReferenceLine, ...]
    reductions: tuple[Reduction, ...]


@cache
def read_table(path: Path = TABLE) -> IntensityTable:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), IntensityTable)


def capacity_of(ship_type: ShipType) -> Capacity:
    """Tell what counts as the capacity of a type."""
    return next(row.capacity for row in read_table().lines if row.ship_type == ship_type)


def line_of(ship_type: ShipType, capacity: float) -> ReferenceLine:
    """Find the row of a ship.

    Raises
    ------
    ValueError
        If the capacity is not positive.
    """
    for row in read_table().lines:
        if row.ship_type == ship_type and capacity > 0 and row.capacity_from <= capacity < (row.capacity_below or np.inf):
            return row
    raise ValueError(f"a {ship_type} of {capacity:g}")


def reduction_percent(year: int) -> float | None:
    """Give Z of a year, or None where nobody has decided on it."""
    return next((row.percent for row in read_table().reductions if row.year == year), None)


def attained(*, co2_t: float, capacity: float, nmi: float) -> float:
    """Carbon intensity of a year, without the corrections of G5. [g/(t·nmi)]

    References
    ----------
    IMO MEPC.352(78) (G1): carbon dioxide of all fuel over capacity times distance.
    """
    return 1e6 * co2_t / (capacity * nmi)


def required(line: ReferenceLine, *, capacity: float, reduction: float) -> float:
    """Carbon intensity that a year asks for, ``(1 - Z/100) a C^-c``. [g/(t·nmi)]"""
    return (1 - reduction / 100) * line.reference(capacity)


def bounds(line: ReferenceLine, required_intensity: float) -> FloatArray:
    """Give where ratings B, C, D and E begin. [g/(t·nmi)]"""
    return required_intensity * np.array(line.d)


def operational_indicator(*, co2_t: float, cargo_t: float, nmi: float) -> float:
    """EEOI of a voyage, by the cargo on board. [g/(t·nmi)]

    References
    ----------
    IMO MEPC.1/Circ.684: over several voyages both are summed, those in ballast with their fuel and no cargo.
    """
    return 1e6 * co2_t / (cargo_t * nmi)


def existing_ship_index(
    *,
    rated_kw: float,
    main_g_per_kwh: float,
    main_co2_t_per_t: float,
    auxiliary_g_per_kwh: float,
    auxiliary_co2_t_per_t: float,
    capacity: float,
    reference_speed_kn: float,
    limited_kw: float | None = None,
) -> float:
    """EEXI of a ship without shaft motors, savings or correction factors. [g/(t·nmi)]

    Parameters
    ----------
    rated_kw : float
        Of the main engine (MCR), which sets the auxiliary power as well.
    limited_kw : float, optional
        Of an overridable limitation; then 83 % of it counts where that is less than 75 % of the rating.
    reference_speed_kn : float
        At that power in still water, laden.

    References
    ----------
    IMO MEPC.364(79) with MEPC.350(78): ``P_ME = 0.75 MCR``, ``P_AE = 0.025 MCR + 250`` from 10 MW on, below ``0.05 MCR``.
    """
    main_kw = 0.75 * rated_kw if limited_kw is None else min(0.75 * rated_kw, 0.83 * limited_kw)
    auxiliary_kw = 0.025 * rated_kw + 250 if rated_kw >= 10_000 else 0.05 * rated_kw
    main = main_kw * main_g_per_kwh * main_co2_t_per_t
    return (main + auxiliary_kw * auxiliary_g_per_kwh * auxiliary_co2_t_per_t) / (capacity * reference_speed_kn)
