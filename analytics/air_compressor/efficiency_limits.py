"""What a compressor must reach by law: the curve of the United States, and China's grades as far as somebody has entered them."""

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("grades.toml")
_LITRES_PER_SECOND_A_CFM = 0.4719
CFM_A_M3_PER_MIN = 35.3147
_LEAST_CFM, _MOST_CFM = 35.0, 1250.0

Control = Literal["fixed", "variable"]
Cooling = Literal["air", "liquid"]
_CURVES: dict[Control, tuple[float, float, float]] = {
    "fixed": (-0.00928, 0.13911, 0.27110),
    "variable": (-0.01549, 0.21573, 0.00905),
}
_OFFSETS_PERCENT: dict[tuple[Control, Cooling], float] = {
    ("fixed", "air"): -15.0,
    ("variable", "air"): -10.0,
    ("fixed", "liquid"): -15.0,
    ("variable", "liquid"): -15.0,
}
_LIQUID_COOLED = 0.02349


def regression_efficiency(*, flow_cfm: float, control: Control, cooling: Cooling = "air") -> float:
    """Isentropic efficiency of the package on the regression curve of lubricated rotary compressors.

    Parameters
    ----------
    flow_cfm : float
        Full-load actual volume flow at the inlet, 35 to 1250. [ft³/min]

    Raises
    ------
    ValueError
        If the flow lies outside the rule's scope.

    References
    ----------
    10 CFR 431.345 (United States Department of Energy), table 1; the liquid-cooled variants have not been seen in the original.
    """
    if not _LEAST_CFM <= flow_cfm <= _MOST_CFM:
        raise ValueError(f"{flow_cfm:.0f} cfm is outside {_LEAST_CFM:.0f} to {_MOST_CFM:.0f}")
    square, slope, constant = _CURVES[control]
    logarithm = float(np.log(_LITRES_PER_SECOND_A_CFM * flow_cfm))
    return square * logarithm**2 + slope * logarithm + constant + (_LIQUID_COOLED if cooling == "liquid" else 0.0)


def least_efficiency(*, flow_cfm: float, control: Control, cooling: Cooling = "air") -> float:
    """Least isentropic efficiency that may be sold: ``η + (1 - η) d / 100``, with the d of 10 CFR 431.345."""
    efficiency = regression_efficiency(flow_cfm=flow_cfm, control=control, cooling=cooling)
    return efficiency + (1 - efficiency) * _OFFSETS_PERCENT[control, cooling] / 100


class GradeRow(Settings):
    """Limits of one size of machine, as somebody copied them from the standard."""

    control: Control
    cooling: Cooling
    motor_kw: float = Field(gt=0)
    gauge_mpa: float = Field(gt=0)
    grade_1: float = Field(gt=0)
    grade_2: float = Field(gt=0)
    grade_3: float = Field(gt=0)
    """Largest specific power of each grade; 3 is the limit. [kW/(m³/min)]"""
    source: str
    clause: str
    verified: bool = False


class LoadWeight(Settings):
    """What one part load counts for a machine of variable speed."""

    flow_percent: float = Field(gt=0, le=100)
    weight: float = Field(ge=0, le=1)
    source: str
    clause: str
    verified: bool = False


class GradeTable(Settings):
    """The whole file."""

    weights: tuple[LoadWeight, ...]
    grades: tuple[GradeRow, ...] = ()


@cache
def read_grades(path: Path = TABLE) -> GradeTable:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), GradeTable)


def grades_of(table: GradeTable, *, control: Control, cooling: Cooling, motor_kw: float, gauge_mpa: float) -> GradeRow | None:
    """Find the row of a machine, within 1 kW and 0.01 MPa; None while the table does not have it. Nothing is interpolated."""
    for row in table.grades:
        is_size = abs(row.motor_kw - motor_kw) <= 1 and abs(row.gauge_mpa - gauge_mpa) <= 0.01
        if is_size and (row.control, row.cooling) == (control, cooling):
            return row
    return None


def weighted_specific_power(table: GradeTable, by_flow_percent: dict[float, float]) -> float:
    """Specific power of a machine of variable speed, weighted over its part loads. [kW/(m³/min)]

    Parameters
    ----------
    by_flow_percent : dict
        Specific power at each flow that the table weighs.

    Raises
    ------
    ValueError
        If one of them is missing.
    """
    missing = [row.flow_percent for row in table.weights if row.flow_percent not in by_flow_percent]
    if missing:
        raise ValueError(f"no specific power at {missing} % of the flow")
    total = sum(row.weight for row in table.weights)
    return sum(row.weight * by_flow_percent[row.flow_percent] for row in table.weights) / total
