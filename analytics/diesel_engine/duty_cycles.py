"""Test cycles by which an engine's use is told: the nearest mode of every minute, and figures weighted by mode."""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray
from device_profiles.kind import Label
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("duty_cycles.toml")
LEAST_WEIGHT = 0.5
"""Nominal weights of the modes that were measured must come to more, or nothing is said (NOx technical code, 3.2)."""
_LOAD_FOR_SPEED = 2.0
"""A percent of speed tells more about the mode than a percent of load."""


class Mode(Settings):
    """One point of a cycle."""

    speed_percent: float = Field(gt=0, le=110)
    load_percent: float = Field(ge=0, le=110)
    weight: float = Field(gt=0, le=1)


class Cycle(Settings):
    """A cycle, and who says so."""

    name: str
    label: Label
    source: str
    clause: str
    verified: bool
    modes: tuple[Mode, ...]

    @property
    def weights(self) -> FloatArray:
        return np.array([mode.weight for mode in self.modes])


class Wear(Settings):
    """How much an hour counts."""

    source: str
    verified: bool
    low_load_percent: float
    low_load_weight: float = Field(gt=0)
    high_load_percent: float
    high_load_weight: float = Field(gt=0)
    hot_oil_celsius: float
    oil_doubles_each_kelvin: float = Field(gt=0)


class DutyTable(Settings):
    """The whole file."""

    cycles: tuple[Cycle, ...]
    wear: Wear


@cache
def read_duty_table(path: Path = TABLE) -> DutyTable:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), DutyTable)


def nearest_mode(cycle: Cycle, *, load_percent: npt.ArrayLike, speed_percent: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Give the number of the mode that is nearest to each point, -1 where the point is unknown."""
    load, speed = np.broadcast_arrays(np.asarray(load_percent, float), np.asarray(speed_percent, float))
    modes = np.array([(mode.speed_percent, mode.load_percent) for mode in cycle.modes])
    known = ~(np.isnan(load) | np.isnan(speed))
    away = (_LOAD_FOR_SPEED * (speed[known, None] - modes[:, 0])) ** 2 + (load[known, None] - modes[:, 1]) ** 2
    nearest = np.full(load.shape, -1, np.int64)
    nearest[known] = away.argmin(axis=-1)
    return nearest


def weighted(cycle: Cycle, amounts: npt.ArrayLike, *, over: npt.ArrayLike) -> float:
    """Give a specific figure of the cycle: weighted amounts over weighted amounts, as of fuel and power.

    Parameters
    ----------
    amounts, over : array_like, shape (modes,)
        Mean of each mode, NaN where it was not measured; the weights of the others are then renormalised.

    Raises
    ------
    NotEvaluated
        If the nominal weights of the measured modes do not come to more than half.

    References
    ----------
    ISO 8178-4, and the IMO's NOx technical code for fewer points.
    """
    above, below = np.asarray(amounts, float), np.asarray(over, float)
    weights = np.where(np.isnan(above) | np.isnan(below), 0.0, cycle.weights)
    if weights.sum() <= LEAST_WEIGHT:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"modes of {100 * weights.sum():.0f} % of {cycle.name}'s weight")
    weights = weights / weights.sum()
    return float(np.nansum(weights * above) / np.nansum(weights * below))
