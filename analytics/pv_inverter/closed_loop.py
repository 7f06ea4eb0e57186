"""What operation tells those who develop, make and build: ageing, performance and early faults by maker, batch and installer."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

LEAST_UNITS = 5
EARLY_DAYS = 90.0
Trait = Literal["module_maker", "module_batch", "installer"]
Quantity = Literal["degradation_percent_per_year", "performance_ratio", "early_faults"]
_MORE_IS_BETTER = {"degradation_percent_per_year": True, "performance_ratio": True, "early_faults": False}


class Unit(NamedTuple):
    """One inverter with its strings; NaN where something is not known."""

    name: str
    module_maker: str
    module_batch: str
    installer: str
    degradation_percent_per_year: float
    """Negative where it worsens."""
    performance_ratio: float
    """At 25 °C, so that climates can be compared."""
    fault_days: tuple[float, ...]
    """Days from commissioning to each fault."""
    days_in_service: float

    @property
    def early_faults(self) -> float:
        """Faults in the first 90 days; NaN of a plant that is younger."""
        if self.days_in_service < EARLY_DAYS:
            return float("nan")
        return float(sum(1 for day in self.fault_days if 0 <= day <= EARLY_DAYS))


class Group(NamedTuple):
    """Units that share a trait."""

    name: str
    units: int
    """Whose quantity is known."""
    median: float
    mean: float
    half_width: float
    """Of the mean's 95 % interval; NaN of a single unit."""
    rank: int | None
    """1 is best; None where fewer than five units are known."""


def grouped(units: Sequence[Unit], *, by: Trait, quantity: Quantity) -> list[Group]:
    """Give the groups of a trait, ranked ones first and best first; unknown traits ("") make no group.

    Notes
    -----
    Groups are ranked by the median, early faults by the mean (most units have none). Groups of fewer than five units are shown
    and not ranked: one bad roof would make a maker's name.
    """
    members: dict[str, list[float]] = {}
    for unit in units:
        value, name = float(getattr(unit, quantity)), str(getattr(unit, by))
        if name and not np.isnan(value):
            members.setdefault(name, []).append(value)
    groups = [_group(name, values) for name, values in members.items()]
    large = [one for one in groups if one.units >= LEAST_UNITS]
    small = sorted((one for one in groups if one.units < LEAST_UNITS), key=lambda one: one.name)
    sign = -1.0 if _MORE_IS_BETTER[quantity] else 1.0
    large.sort(key=lambda one: (sign * (one.mean if quantity == "early_faults" else one.median), one.name))
    return [one._replace(rank=rank) for rank, one in enumerate(large, start=1)] + small


def differ(first: Group, second: Group) -> bool:
    """Tell whether the means of two groups lie apart by more than chance at 95 %."""
    apart = abs(first.mean - second.mean)
    return bool(apart > np.hypot(first.half_width, second.half_width))


def _group(name: str, values: list[float]) -> Group:
    numbers = np.array(values)
    half = float(1.96 * numbers.std(ddof=1) / np.sqrt(len(numbers))) if len(numbers) > 1 else float("nan")
    return Group(name, len(numbers), float(np.median(numbers)), float(numbers.mean()), half, None)
