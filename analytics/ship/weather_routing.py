"""The cheapest way over a grid of the sea: Dijkstra's algorithm on costs of each mile, which hold throughout the voyage.

Costs are fuel per mile in the weather that is forecast there, dearer where a zone asks for clean fuel, and none where there is
land. Weather that changes on the way is not followed: route again when the forecast has changed.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from analytics.ship.great_circle import great_circle
from analytics.window import FloatArray

_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (2, -1), (1, -2), (1, 3), (3, 1), (3, -1), (1, -3))
"""Half of the neighbours, the others lie opposite; with knights' moves the course is at most 2 % longer than a straight one."""


class Route(NamedTuple):
    """Points of a way, shape (points,)."""

    latitude_deg: FloatArray
    longitude_deg: FloatArray
    cost: float
    nmi: float


def cheapest_route(
    *,
    latitude_deg: npt.ArrayLike,
    longitude_deg: npt.ArrayLike,
    cost_per_nmi: npt.ArrayLike,
    start: tuple[int, int],
    goal: tuple[int, int],
) -> Route:
    """Find the way of least cost.

    Parameters
    ----------
    latitude_deg, longitude_deg : array_like, shapes (rows,) and (columns,)
        Of the grid's lines, at even distances; longitudes go on beyond 180° rather than jump.
    cost_per_nmi : array_like, shape (rows, columns)
        At each point, positive; NaN where a ship cannot sail. A step costs the mean of the points that it touches, and those
        beside it must be open.
    start, goal : tuple of int
        Row and column.

    Raises
    ------
    ValueError
        If one of them is closed, or there is no way.
    """
    north, east, cost = (np.asarray(one, float) for one in (latitude_deg, longitude_deg, cost_per_nmi))
    if cost.shape != (len(north), len(east)) or bool((cost <= 0).any()):
        raise ValueError(f"costs of shape {cost.shape} for {len(north)} x {len(east)} points, all positive")
    if np.isnan(cost[start]) or np.isnan(cost[goal]):
        raise ValueError("start or goal is closed")
    number = np.arange(cost.size).reshape(cost.shape)
    begins, ends, weights = [], [], []
    for step in _STEPS:
        here, there = _ends(cost.shape, step)
        along = [_shifted(cost, here, offset) for offset in _touched(step)]
        nmi = great_circle(
            north[here[0]][:, None], east[here[1]], to_latitude_deg=north[there[0]][:, None], to_longitude_deg=east[there[1]]
        ).nmi
        weight = np.mean(along, axis=0) * nmi
        open_ = ~np.isnan(weight)
        begins.append(number[here][open_])
        ends.append(number[there][open_])
        weights.append(weight[open_])
    graph = coo_array((np.concatenate(weights), (np.concatenate(begins), np.concatenate(ends))), shape=(cost.size, cost.size))
    costs, before = dijkstra(graph.tocsr(), directed=False, indices=number[start], return_predecessors=True)
    if not np.isfinite(costs[number[goal]]):
        raise ValueError("there is no way")
    points = [int(number[goal])]
    while points[-1] != number[start]:
        points.append(int(before[points[-1]]))
    rows, columns = np.divmod(np.array(points[::-1]), len(east))
    latitudes, longitudes = north[rows], east[columns]
    legs = great_circle(latitudes[:-1], longitudes[:-1], to_latitude_deg=latitudes[1:], to_longitude_deg=longitudes[1:])
    return Route(latitudes, longitudes, float(costs[number[goal]]), float(legs.nmi.sum()))


def _ends(shape: tuple[int, ...], step: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Cut out where steps begin and where they end."""
    (rows, columns), (down, right) = shape, step
    left = max(0, -right)
    height, width = max(rows - down, 0), max(columns - abs(right), 0)
    return (
        (slice(0, height), slice(left, left + width)),
        (slice(down, down + height), slice(left + right, left + right + width)),
    )


def _touched(step: tuple[int, int]) -> list[tuple[int, int]]:
    """Points that a step passes over or close by, its ends included."""
    down, right = step
    count = 2 * max(abs(down), abs(right))
    passed = [(down * k / count, right * k / count) for k in range(count + 1)]
    near = {(int(f(y)), int(g(x))) for y, x in passed for f in (np.floor, np.ceil) for g in (np.floor, np.ceil)}
    return sorted(near)


def _shifted(cost: FloatArray, here: tuple[slice, slice], offset: tuple[int, int]) -> FloatArray:
    rows, columns = (slice(of.start + by, of.stop + by) for of, by in zip(here, offset, strict=True))
    return cost[rows, columns]
