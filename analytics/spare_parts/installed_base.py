"""Demand for a part from the machines in the field: by the hours on each, the hours to come and how long it lives."""

from typing import NamedTuple

import numpy as np

from analytics.remaining_life.weibull import Weibull
from analytics.window import FloatArray


class BaseDemand(NamedTuple):
    """What the machines of a fleet will ask for over a time."""

    failures: float
    """Expected number of parts that fail."""
    variance: float
    kits: float
    """Parts that planned services take, as many as there are services."""
    chances: FloatArray
    """Of a failure, each part by itself, shape (parts,)."""

    @property
    def mean(self) -> float:
        return self.failures + self.kits

    def stock(self, target: float) -> float:
        """Give the least whole stock that meets the demand with at least this chance.

        Raises
        ------
        ValueError
            If the target does not lie between 0 and 1.
        """
        if not 0 < target < 1:
            raise ValueError(f"a target lies between 0 and 1, not at {target}")
        reached = np.cumsum(failures_distribution(self.chances))
        return float(np.searchsorted(reached, target - 1e-12)) + float(np.ceil(self.kits - 1e-9))


def base_demand(
    lives: Weibull,
    *,
    part_ages: FloatArray,
    hours_to_come: FloatArray,
    parts_each: int = 1,
    meter_hours: FloatArray | None = None,
    service_hours: float | None = None,
    parts_a_service: float = 1.0,
) -> BaseDemand:
    """Add up what every machine may need.

    Parameters
    ----------
    lives : Weibull
        Of the part, in hours.
    part_ages : ndarray, shape (machines,)
        Hours on the part as it sits in each machine. [h]
    hours_to_come : ndarray, shape (machines,)
        That each machine will run in the time asked about. [h]
    parts_each : int
        Like parts in one machine, of the same age, failing independently.
    meter_hours : ndarray, shape (machines,), optional
        Hour meters, from which services are counted. [h]
    service_hours : float, optional
        Interval of the service that takes the part; without it none does. [h]
    parts_a_service : float
        That one service takes from the store.

    Raises
    ------
    ValueError
        If ages or hours are negative or unknown, or a service's hours are given without hour meters.

    Notes
    -----
    One failure of a part within the time is counted, not a second one of its successor: right while the time is short against the
    part's life.
    """
    ages, hours = np.asarray(part_ages, np.float64), np.asarray(hours_to_come, np.float64)
    if ages.shape != hours.shape or not (np.isfinite(ages) & np.isfinite(hours)).all() or min(ages.min(), hours.min()) < 0:
        raise ValueError("each machine has hours on the part and hours to come, both 0 or more")
    used, later = (ages / lives.scale) ** lives.shape, ((ages + hours) / lives.scale) ** lives.shape
    chances = np.repeat(-np.expm1(used - later), parts_each)
    kits = 0.0
    if service_hours is not None:
        if meter_hours is None or not service_hours > 0:
            raise ValueError("services are counted by hour meters and an interval above 0")
        due = np.floor((meter_hours + hours) / service_hours) - np.floor(meter_hours / service_hours)
        kits = parts_a_service * float(due.sum())
    return BaseDemand(float(chances.sum()), float(np.sum(chances * (1 - chances))), kits, chances)


def failures_distribution(chances: FloatArray) -> FloatArray:
    """Give the chance of 0, 1, ... n failures among parts of unlike chances (Poisson binomial), shape (n + 1,).

    References
    ----------
    Hong (2013), "On computing the distribution function for the Poisson binomial distribution", Computational Statistics and Data
    Analysis 59: discrete Fourier transform of its characteristic function.
    """
    count = len(chances)
    turned = np.exp(2j * np.pi * np.arange(count + 1) / (count + 1))
    characteristic = np.ones(count + 1, complex)
    for chance in chances:
        characteristic *= 1 + chance * (turned - 1)
    found: FloatArray = np.clip(np.fft.fft(characteristic).real / (count + 1), 0.0, 1.0)
    return found
