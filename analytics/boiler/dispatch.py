"""How several boilers share a demand for steam at the least fuel: which of them work, and how much each gives.

Fuel over steam is ``F(D) = a + b D + c D²`` while a boiler works, and nothing while it does not. On and off are chosen by a
mixed integer programme over tangents of the parabolas, which lie below them; tangents are added where the plan lies until the
two agree. What each of the chosen then gives is exact: all within their limits have the same incremental fuel ``b + 2 c D``.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, lsq_linear, milp

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

_LEAST_ROWS = 24
_LEAST_RANGE_SHARE = 0.2
_ROUNDS = 12
_AGREES = 1e-6


class FuelCurve(NamedTuple):
    """Fuel of a boiler at work over the steam that it gives. [m³/h over t/h, or any two units]"""

    constant: float
    linear: float
    square: float
    least: float
    most: float
    """Steam between which it can work."""
    covariance: FloatArray
    """Of the three coefficients, shape (3, 3)."""

    def fuel(self, steam: float) -> float:
        """Give the fuel at a steam flow; none where it is off."""
        return self.constant + self.linear * steam + self.square * steam**2 if steam > 0 else 0.0


class Plan(NamedTuple):
    """What each boiler gives, 0 where it is off, and the fuel of all."""

    steam: tuple[float, ...]
    fuel: float


class Sharing(NamedTuple):
    """The better of the optimum and equal loading, and what that saves."""

    best: Plan
    equal: Plan
    saving: float
    uncertainty: float
    """Half width of its 95 % interval, from how well the curves are known."""


def fit_fuel_curve(steam: FloatArray, fuel: FloatArray) -> FuelCurve:
    """Fit a boiler's own history, means of steady stretches; limits are the range that it has worked in.

    No coefficient is negative: a boiler that needs less fuel the more it gives is a meter that errs.

    Parameters
    ----------
    steam, fuel : ndarray, shape (n,)
        NaN where it did not work steadily.

    Raises
    ------
    NotEvaluated
        If there are too few rows, or they all stand at one load.
    """
    known = ~(np.isnan(steam) | np.isnan(fuel)) & (steam > 0) & (fuel > 0)
    if np.count_nonzero(known) < _LEAST_ROWS:
        raise NotEvaluated(Why.NOT_STEADY, f"{np.count_nonzero(known)} steady stretches")
    given, burned = steam[known], fuel[known]
    least, most = np.quantile(given, [0.02, 0.98])
    if most - least < _LEAST_RANGE_SHARE * most:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"steam flow only {least:.1f} … {most:.1f}")
    design = np.column_stack([np.ones(len(given)), given, given**2])
    coefficients = np.asarray(lsq_linear(design, burned, bounds=(0.0, np.inf)).x, np.float64)
    coefficients[coefficients < 1e-12] = 0.0
    # A coefficient at its bound is known to be 0; the others have the covariance of a plain fit.
    free = coefficients > 0
    residual = burned - design @ coefficients
    variance = residual @ residual / (len(given) - np.count_nonzero(free))
    covariance = np.zeros((3, 3))
    covariance[np.ix_(free, free)] = variance * np.linalg.pinv(design[:, free].T @ design[:, free])
    constant, linear, square = coefficients.tolist()
    return FuelCurve(constant, linear, square, float(least), float(most), covariance)


def share_demand(curves: Sequence[FuelCurve], demand: float, *, at_work: Sequence[bool] | None = None) -> Sharing:
    """Share a demand at the least fuel.

    Parameters
    ----------
    at_work : sequence of bool, optional
        Those that equal loading shares among; all where it is left out.

    Returns
    -------
    Sharing
        Never worse than equal loading: where that is better it is the plan.

    Raises
    ------
    NotEvaluated
        If the boilers cannot meet the demand within their limits.
    """
    equal = equal_loading(curves, demand, at_work=at_work)
    best = split(curves, demand, _chosen(curves, demand))
    if best is None or best.fuel > equal.fuel:
        best = equal
    change = [_terms(one) - _terms(other) for one, other in zip(equal.steam, best.steam, strict=True)]
    variance = sum(float(row @ curve.covariance @ row) for row, curve in zip(change, curves, strict=True))
    return Sharing(best, equal, equal.fuel - best.fuel, 1.96 * float(np.sqrt(max(variance, 0.0))))


def equal_loading(curves: Sequence[FuelCurve], demand: float, *, at_work: Sequence[bool] | None = None) -> Plan:
    """Give every boiler the same share of its largest flow; the smallest are off where the others would fall below their least.

    Raises
    ------
    NotEvaluated
        If the boilers cannot meet the demand within their limits.
    """
    taken = sorted(
        (index for index in range(len(curves)) if at_work is None or at_work[index]), key=lambda index: -curves[index].most
    )
    while taken:
        share = demand / sum(curves[index].most for index in taken)
        if share > 1 + 1e-9:
            break
        if all(share * curves[index].most >= curves[index].least - 1e-9 for index in taken):
            steam = tuple(min(share, 1.0) * curve.most if index in taken else 0.0 for index, curve in enumerate(curves))
            return _plan(curves, steam)
        taken.pop()
    # Equal shares meet no limits: the exact split of all that fit is the fairest comparison left.
    fallback = split(curves, demand, _chosen(curves, demand))
    if fallback is None:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"{len(curves)} boilers cannot give {demand:.1f} t/h within their limits")
    return fallback


def split(curves: Sequence[FuelCurve], demand: float, is_on: Sequence[bool]) -> Plan | None:
    """Share among those that are on, exactly; None where their limits do not allow it."""
    on = [curve for curve, chosen in zip(curves, is_on, strict=True) if chosen]
    least, most = np.array([curve.least for curve in on]), np.array([curve.most for curve in on])
    if not on or not least.sum() - 1e-9 <= demand <= most.sum() + 1e-9:
        return None
    linear = np.array([curve.linear for curve in on])
    # A straight line would take all or nothing at one price; a trace of curvature settles how equals share.
    square = np.maximum([curve.square for curve in on], 1e-7 * (1 + linear.max()))
    low, high = float((linear + 2 * square * least).min()), float((linear + 2 * square * most).max())
    for _ in range(200):
        price = (low + high) / 2
        given = np.clip((price - linear) / (2 * square), least, most)
        if given.sum() < demand:
            low = price
        else:
            high = price
    at_low, at_high = (np.clip((price - linear) / (2 * square), least, most) for price in (low, high))
    gap = at_high.sum() - at_low.sum()
    part = (demand - at_low.sum()) / gap if gap > 0 else 0.0
    shared = iter((at_low + np.clip(part, 0, 1) * (at_high - at_low)).tolist())
    return _plan(curves, tuple(next(shared) if chosen else 0.0 for chosen in is_on))


def _chosen(curves: Sequence[FuelCurve], demand: float) -> list[bool]:
    """Choose who works; nobody where the demand cannot be met."""
    count = len(curves)
    tangents = [np.linspace(curve.least, curve.most, 5).tolist() for curve in curves]
    is_on = [False] * count
    for _ in range(_ROUNDS):
        found = _programme(curves, demand, tangents)
        if found is None:
            break
        steam, bound = found
        is_on = [value > 0 for value in steam]
        plan = split(curves, demand, is_on)
        if plan is None or plan.fuel - bound <= _AGREES * plan.fuel:
            break
        for points, value in zip(tangents, plan.steam, strict=True):
            if value > 0:
                points.append(value)
    return is_on


def _programme(
    curves: Sequence[FuelCurve], demand: float, tangents: Sequence[Sequence[float]]
) -> tuple[FloatArray, float] | None:
    """Solve over steam, fuel and on or off of each; gives the steam, and the fuel, which no plan can undercut."""
    count = len(curves)
    rows, least_of_rows = [], []

    def row(entries: Sequence[tuple[int, float]], at_least: float) -> None:
        line = np.zeros(3 * count)
        for column, value in entries:
            line[column] = value
        rows.append(line)
        least_of_rows.append(at_least)

    for index, curve in enumerate(curves):
        steam, fuel, on = index, count + index, 2 * count + index
        row([(steam, 1.0), (on, -curve.least)], 0.0)
        row([(steam, -1.0), (on, curve.most)], 0.0)
        for point in tangents[index]:
            slope = curve.linear + 2 * curve.square * point
            row([(fuel, 1.0), (steam, -slope), (on, -(curve.constant - curve.square * point**2))], 0.0)
    total = np.concatenate([np.ones(count), np.zeros(2 * count)])
    found = milp(
        c=np.concatenate([np.zeros(count), np.ones(count), np.zeros(count)]),
        constraints=[
            LinearConstraint(np.array(rows), lb=np.array(least_of_rows)),
            LinearConstraint(total[None, :], lb=demand, ub=demand),
        ],
        integrality=np.concatenate([np.zeros(2 * count), np.ones(count)]),
        bounds=Bounds(np.zeros(3 * count), np.concatenate([np.full(2 * count, np.inf), np.ones(count)])),
        options={"mip_rel_gap": _AGREES / 10},  # HiGHS is content with 1e-4 otherwise
    )
    if found.x is None:
        return None
    is_on = np.asarray(found.x[2 * count :]) > 0.5
    return np.where(is_on, np.maximum(found.x[:count], 1e-9), 0.0), float(found.fun)


def _plan(curves: Sequence[FuelCurve], steam: tuple[float, ...]) -> Plan:
    return Plan(steam, sum(curve.fuel(value) for curve, value in zip(curves, steam, strict=True)))


def _terms(steam: float) -> FloatArray:
    return np.array([1.0, steam, steam**2]) if steam > 0 else np.zeros(3)
