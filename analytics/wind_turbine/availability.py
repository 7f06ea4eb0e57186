"""How much of the time, and of the energy, a turbine was available: categories of IEC 61400-26, counted by two views.

What each category counts for is a table that people edit: ``availability.toml``.
"""

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray, Window
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("availability.toml")
View = Literal["operational", "technical"]
Counts = Literal["yes", "no", "left_out"]
Cause = Literal[
    "downtime",
    "maintenance",
    "request",
    "environment",
    "icing",
    "standby",
    "curtailment",
    "derating",
    "yaw",
    "performance",
    "other",
]
FULL, PARTIAL, SET_POINTS, ENVIRONMENT = 2, 3, 4, 6
"""Categories in which a turbine feeds in, and the one of weather."""
_OF_STATE = {
    "running": FULL,
    "standby": ENVIRONMENT,
    "storm": ENVIRONMENT,
    "iced": ENVIRONMENT,
    "starting": 5,
    "untwisting": 5,
    "maintenance": 9,
    "fault": 11,
}


class Category(Settings):
    """What one category counts for, and who says so."""

    code: int
    name: str
    operational: Counts
    technical: Counts
    cause: Cause
    source: str
    clause: str
    verified: bool


class CategoryTable(Settings):
    """The whole file."""

    categories: tuple[Category, ...]


@cache
def read_categories(path: Path = TABLE) -> tuple[Category, ...]:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), CategoryTable).categories


def categories(window: Window) -> FloatArray:
    """Give the category of each step: what the turbine reports, else what follows from its state; NaN where neither is known."""
    reported = window["availability_category"]
    derived = np.full(len(window), np.nan)
    for state, code in _OF_STATE.items():
        derived[window.state_is(state)] = code
    with np.errstate(invalid="ignore"):
        is_limited = window["curtailment_active"] > 0.5
        is_iced = window["ice_detected"] > 0.5
    derived[(derived == FULL) & is_limited] = SET_POINTS
    derived[(derived == FULL) & is_iced] = PARTIAL
    found: FloatArray = np.where(np.isnan(reported), derived, reported)
    return found


def counted(codes: npt.ArrayLike, view: View) -> FloatArray:
    """Give 1 where a category counts as available, 0 where it does not, NaN where it is left out or unknown."""
    worth = {"yes": 1.0, "no": 0.0, "left_out": np.nan}
    codes = np.asarray(codes, float)
    found = np.full(codes.shape, np.nan)
    for category in read_categories():
        found[codes == category.code] = worth[getattr(category, view)]
    return found


def time_availability_percent(codes: npt.ArrayLike, view: View) -> float:
    """Available time over available and unavailable; NaN where no time counts. [%]

    References
    ----------
    IEC TS 61400-26-1: ``A = T_avail / (T_avail + T_unavail)``.
    """
    counts = counted(codes, view)
    known = counts[~np.isnan(counts)]
    return 100 * float(known.mean()) if len(known) else float("nan")


def energy_availability_percent(*, delivered_kwh: float, lost_kwh: float) -> float:
    """Delivered energy over that and what was lost; NaN where there was nothing to deliver. [%]

    References
    ----------
    IEC TS 61400-26-2: ``A = E / (E + E_lost)``.
    """
    possible = delivered_kwh + lost_kwh
    return 100 * delivered_kwh / possible if possible > 0 else float("nan")
