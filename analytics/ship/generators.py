"""How many generating sets a ship needs: the fewest that carry a demand at a good load."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

LOW_LOAD, HIGH_LOAD = 0.60, 0.85
"""Below, diesels foul; above, the next set's start comes too late."""


class Choice(NamedTuple):
    """For each demand, shape (n,)."""

    sets: npt.NDArray[np.int64]
    """Bits of the sets that run, 1 for the first; all of them where even that is not enough, 0 without demand."""
    number: FloatArray
    """Of sets that run."""
    load: FloatArray
    """Of each, as a share; above 0.85 where the plant is too small, below 0.6 where the smallest choice is too large."""


def fewest_sets(demand_kw: npt.ArrayLike, *, rated_kw: Sequence[float]) -> Choice:
    """Choose, for each demand, the fewest sets that carry it at no more than 85 %, and of these the best loaded.

    Exact: all choices of sets are tried; the load is shared in proportion to the ratings. NaN where the demand is not known.

    Raises
    ------
    ValueError
        If there is no set, more than eight, or a rating is not positive.
    """
    if not 0 < len(rated_kw) <= 8 or not all(rating > 0 for rating in rated_kw):
        raise ValueError(f"generating sets of {list(rated_kw)} kW")
    demand = np.asarray(demand_kw, float)
    choices = [some for count in range(1, len(rated_kw) + 1) for some in combinations(range(len(rated_kw)), count)]
    # Fewest first, and of as many the smallest first: the first that carries the demand is the one.
    choices.sort(key=lambda some: (len(some), sum(rated_kw[one] for one in some)))
    capacity = np.array([sum(rated_kw[one] for one in some) for some in choices])
    with np.errstate(invalid="ignore"):
        carries = demand[..., None] <= HIGH_LOAD * capacity
    first = np.where(carries.any(axis=-1), carries.argmax(axis=-1), len(choices) - 1)
    bits = np.array([sum(1 << one for one in some) for some in choices])[first]
    count = np.array([float(len(some)) for some in choices])[first]
    idle = demand <= 0
    load = np.where(idle, 0.0, demand / capacity[first])
    unknown = np.isnan(demand)
    return Choice(
        np.where(idle | unknown, 0, bits),
        np.where(unknown, np.nan, np.where(idle, 0.0, count)),
        np.where(unknown, np.nan, load),
    )
