"""How fast to sail: the fuel of a speed, one leg, several ports with times, and arriving when the berth is free."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray


@dataclass(frozen=True, kw_only=True)
class Consumption:
    """Fuel per hour, ``a + b v³``: convex, so that one speed all the way is best.

    Raises
    ------
    ValueError
        If the fixed part is negative or the cubic one is not positive.
    """

    fixed_kg_per_h: float
    """Of generators and boiler, whatever the speed."""
    cubic_kg_per_h: float
    """For the third power of a knot."""

    def __post_init__(self) -> None:
        if not self.fixed_kg_per_h >= 0 or not self.cubic_kg_per_h > 0:
            raise ValueError(f"fuel of {self.fixed_kg_per_h:g} + {self.cubic_kg_per_h:g} v³ kg/h")

    def kg_per_h(self, speed_kn: npt.ArrayLike) -> FloatArray:
        found: FloatArray = self.fixed_kg_per_h + self.cubic_kg_per_h * np.asarray(speed_kn, float) ** 3
        return found

    def kg_per_nmi(self, speed_kn: npt.ArrayLike) -> FloatArray:
        speed = np.asarray(speed_kn, float)
        found: FloatArray = self.kg_per_h(speed) / speed
        return found

    def best_speed_kn(self, *, hour_worth_kg: float = 0.0) -> float:
        """Speed of least fuel per mile, ``(a / 2b)^(1/3)``; of least cost with what an hour is worth in fuel, hire over price."""
        return float(np.cbrt((self.fixed_kg_per_h + hour_worth_kg) / (2 * self.cubic_kg_per_h)))


class Range(NamedTuple):
    """Speeds at which a ship can sail for long."""

    slowest_kn: float
    fastest_kn: float


def one_leg_kn(consumption: Consumption, *, nmi: float, earliest_h: float, latest_h: float, speeds: Range) -> float:
    """Speed of least fuel that arrives within a window of hours from now; constant, since fuel per hour is convex.

    Raises
    ------
    ValueError
        If no speed of the range does.
    """
    low = max(speeds.slowest_kn, nmi / latest_h)
    high = min(speeds.fastest_kn, nmi / earliest_h if earliest_h > 0 else np.inf)
    if not low <= high:
        raise ValueError(
            f"{nmi:g} nmi within {earliest_h:g} to {latest_h:g} h at {speeds.slowest_kn:g} to {speeds.fastest_kn:g} kn"
        )
    return float(np.clip(consumption.best_speed_kn(), low, high))


class Leg(NamedTuple):
    """A way to the next port."""

    nmi: float
    earliest_h: float
    """Of arrival, in hours from the beginning of the voyage."""
    latest_h: float
    stay_h: float = 0.0
    """In the port at its end."""


class Plan(NamedTuple):
    """The cheapest way through all ports; arrays of shape (legs,)."""

    arrivals_h: FloatArray
    speeds_kn: FloatArray
    fuel_kg: float
    """With that of waiting before a port; without that of the stays."""


def plan_ports(consumption: Consumption, legs: Sequence[Leg], *, speeds: Range, step_h: float = 1.0) -> Plan:
    """Choose when to arrive at each port, by dynamic programming over arrival times.

    A ship that would be early even at her slowest waits outside with what burns at standstill.

    Parameters
    ----------
    step_h : float
        Arrivals are tried at whole multiples of it; the optimum of these is exact.

    Raises
    ------
    ValueError
        If no choice keeps all windows.
    """
    times, cost, choices = np.zeros(1), np.zeros(1), []
    stay_h = 0.0
    for leg in legs:
        first, last = (round(edge, 9) for edge in (leg.earliest_h / step_h, leg.latest_h / step_h))
        arrivals = step_h * np.arange(np.ceil(first), np.floor(last) + 1)
        under_way_h = arrivals[None, :] - times[:, None] - stay_h
        possible = under_way_h >= leg.nmi / speeds.fastest_kn - 1e-9
        sailed = np.maximum(leg.nmi / np.where(possible, under_way_h, np.inf), speeds.slowest_kn)
        # Waiting burns the fixed part as sailing does: only b v² d depends on the speed.
        burned = consumption.cubic_kg_per_h * sailed**2 * leg.nmi + consumption.fixed_kg_per_h * under_way_h
        total = np.where(possible, cost[:, None] + burned, np.inf)
        if not total.size or not np.isfinite(total).any():
            raise ValueError(f"no speed up to {speeds.fastest_kn:g} kn keeps the window {leg.earliest_h:g} to {leg.latest_h:g} h")
        before = total.argmin(axis=0)
        choices.append((arrivals, before, sailed[before, np.arange(len(arrivals))]))
        times, cost, stay_h = arrivals, total.min(axis=0), leg.stay_h
    at = int(cost.argmin())
    fuel, found = float(cost[at]), []
    for arrivals, before, sailed in reversed(choices):
        found.append((arrivals[at], sailed[at]))
        at = int(before[at])
    arrived, chosen = np.array(found[::-1]).reshape(-1, 2).T
    return Plan(arrived, chosen, fuel)


class JustInTime(NamedTuple):
    """Arriving when the berth is free instead of waiting for it."""

    speed_kn: float
    saved_kg: float
    """Against the present speed and waiting; negative where she has to hurry."""


def just_in_time(consumption: Consumption, *, nmi: float, hours: float, present_kn: float, speeds: Range) -> JustInTime:
    """Give the speed that arrives in so many hours, or as near to it as the ship can sail.

    What burns whatever the speed burns until then in either case: the difference is ``b d (v0² - v²)``.
    """
    speed = float(np.clip(nmi / hours, speeds.slowest_kn, speeds.fastest_kn))
    return JustInTime(speed, consumption.cubic_kg_per_h * nmi * (present_kn**2 - speed**2))
