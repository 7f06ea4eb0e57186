"""Unbalanced supply voltages: how far, what they do to the motor, and how much load is left for it."""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field

from analytics.window import FloatArray
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("unbalance_derating.toml")
MOST_UNBALANCE_PERCENT = 5.0
"""Above it a motor must not run (NEMA MG 1, 14.36)."""


class Derating(Settings):
    """How much of the rated power a motor may still give at one unbalance."""

    unbalance_percent: float = Field(ge=0)
    factor: float = Field(gt=0, le=1)


class DeratingTable(Settings):
    """The whole file."""

    source: str
    clause: str
    verified: bool
    rows: tuple[Derating, ...]


@cache
def read_derating(path: Path = TABLE) -> DeratingTable:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), DeratingTable)


def voltage_unbalance_percent(ab_v: npt.ArrayLike, bc_v: npt.ArrayLike, ca_v: npt.ArrayLike) -> FloatArray:
    """Largest deviation of the three line voltages from their mean, in percent of it; NaN where one is unknown or all are 0.

    References
    ----------
    NEMA MG 1-2016, 14.36: ``100 · max|V - V̄| / V̄``.
    """
    three = np.array(np.broadcast_arrays(ab_v, bc_v, ca_v), float)
    mean = three.mean(axis=0)
    furthest = np.abs(three - mean).max(axis=0)
    found: FloatArray = np.divide(100 * furthest, mean, out=np.full(mean.shape, np.nan), where=mean > 0)
    return found


def negative_sequence_ratio(ab: npt.ArrayLike, bc: npt.ArrayLike, ca: npt.ArrayLike) -> FloatArray:
    """Negative over positive sequence, from magnitudes of three phasors that add up to zero.

    Line voltages add up to zero always, line currents where there is no neutral. NaN where a magnitude is unknown or the three
    do not close to a triangle.

    References
    ----------
    IEC 61000-4-30:2015, 5.7.1: ``√[(1 - √(3 - 6β)) / (1 + √(3 - 6β))]`` with ``β = Σ V⁴ / (Σ V²)²``.
    """
    squares = np.array(np.broadcast_arrays(ab, bc, ca), float) ** 2
    total = squares.sum(axis=0)
    beta = np.divide((squares**2).sum(axis=0), total**2, out=np.full(total.shape, np.nan), where=total > 0)
    # Three equal ones give 1/3, whose root may come out as a rounding error below nought; above 1/2 no triangle closes.
    root = np.sqrt(np.where(beta <= 0.5, np.clip(3 - 6 * beta, 0, 1), np.nan))
    ratio: FloatArray = np.sqrt(np.clip(1 - root, 0, None) / (1 + root))
    return ratio


def derating_factor(unbalance_percent: npt.ArrayLike) -> FloatArray:
    """Share of the rated power that may be drawn; NaN above 5 %, where a motor must not run.

    Linear between the rows of ``unbalance_derating.toml``.

    References
    ----------
    NEMA MG 1-2016, 14.36, figure 14-1.
    """
    rows = read_derating().rows
    unbalance = np.asarray(unbalance_percent, float)
    known = np.interp(unbalance, [row.unbalance_percent for row in rows], [row.factor for row in rows])
    with np.errstate(invalid="ignore"):
        factor: FloatArray = np.where(unbalance <= MOST_UNBALANCE_PERCENT, known, np.nan)
    return factor


def temperature_rise_increase_percent(unbalance_percent: npt.ArrayLike) -> FloatArray:
    """How much more the winding heats up, in percent of its rise over the cooling air; about, for unbalances up to 5 %.

    References
    ----------
    NEMA MG 1-2016, 14.36: about twice the square of the unbalance in percent.
    """
    more: FloatArray = 2 * np.asarray(unbalance_percent, float) ** 2
    return more
