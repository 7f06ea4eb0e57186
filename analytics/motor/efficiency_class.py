"""Efficiency classes of motors fed from the mains (IE code), and the grades of GB 18613 that go by them."""

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("efficiency_classes.toml")
LEAST_KW, SATURATED_KW, MOST_KW = 0.12, 200.0, 1000.0
"""Range of the standard; from 200 kW on the limits stay as they are there."""
IeClass = Literal["IE1", "IE2", "IE3", "IE4"]


class Coefficients(Settings):
    """Of ``A x³ + B x² + C x + D`` in percent, with ``x = log10(P_N / kW)``, for 50 Hz."""

    ie: IeClass
    poles: int
    a: float
    b: float
    c: float
    d: float
    source: str
    clause: str
    verified: bool


class Grade(Settings):
    """A grade of GB 18613 and the class that it asks for."""

    grade: int = Field(ge=1, le=3)
    ie: Literal["IE3", "IE4", "IE5"]
    source: str
    clause: str
    verified: bool


class ClassTable(Settings):
    """The whole file."""

    limits: tuple[Coefficients, ...]
    grades: tuple[Grade, ...]


@cache
def read_classes(path: Path = TABLE) -> ClassTable:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), ClassTable)


def limit_percent(*, rated_kw: float, poles: int, ie: IeClass) -> float:
    """Least rated efficiency of a class at 50 Hz. [%]

    Raises
    ------
    ValueError
        If the power is outside 0.12 to 1000 kW, or the table has no such class and number of poles.

    References
    ----------
    IEC 60034-30-1:2014, 5.4.4, interpolation; its rounded values are met within 0.05.
    """
    if not LEAST_KW <= rated_kw <= MOST_KW:
        raise ValueError(f"{rated_kw:g} kW is outside {LEAST_KW:g} to {MOST_KW:g} kW")
    row = next((row for row in read_classes().limits if (row.ie, row.poles) == (ie, poles)), None)
    if row is None:
        raise ValueError(f"no limits of {ie} for {poles} poles")
    return float(np.polyval([row.a, row.b, row.c, row.d], np.log10(min(rated_kw, SATURATED_KW))))


def class_of(*, rated_kw: float, poles: int, rated_efficiency_percent: float) -> int:
    """Number of the best IE class that a rated efficiency reaches, 1 to 4; 0 below IE1.

    4 stands for IE4 or better: the limits of IE5 are not in the table. Compared with limits rounded to one decimal, as printed
    on nameplates.
    """
    classes: tuple[IeClass, ...] = ("IE1", "IE2", "IE3", "IE4")
    limits = [round(limit_percent(rated_kw=rated_kw, poles=poles, ie=ie), 1) for ie in classes]
    return sum(round(rated_efficiency_percent, 1) >= limit for limit in limits)


def grade_of(ie_class: int) -> int | None:
    """Give the grade of GB 18613-2020 of a class, or None where it is below the legal limit; grade 1 (IE5) is not told apart."""
    reached = [row.grade for row in read_classes().grades if int(row.ie[2:]) <= ie_class]
    return min(reached, default=None)
