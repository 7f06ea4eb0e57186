"""The heat balance of a gearbox's oil, learned from its own healthy days: how well its cooler still cools.

``C dT/dt = a n² + b P - (g + k s(T)) (T - T_nacelle)``: churning and gears warm it, its surface and, opened by a thermostat, its
cooler let the heat out. The balance is drawn over blocks of twenty minutes, all terms integrated, so that no derivative of a
noisy reading is taken. A fouled cooler shows in k alone, and only while the thermostat is open; what the oil's temperature is
says little, because the thermostat hides it.
"""

from typing import Any, NamedTuple

import numpy as np

from analytics.baselines.steady import rolling_mean
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray, Window

BLOCK_SECONDS = 1200.0
_OPENS_CELSIUS = tuple(float(celsius) for celsius in range(40, 53))
_SPANS_K = (8.0, 12.0, 16.0, 20.0)
"""Thermostats of gear oil begin to open at 40 to 52 °C and are open by 50 to 70 °C (typ.); the one that fits best is taken."""
_LEAST_BLOCKS = 60
_LEAST_COOLED_K2 = 100.0
"""Sum of the squares of what the cooler took while learning, below which it is not known; 10 h at 2 K a block."""
_OPEN_K = 0.1


class OilBalance(NamedTuple):
    """What was learned: kelvin an hour for each of speed squared, power, and kelvin over the nacelle."""

    opens_celsius: float
    span_k: float
    churning: float
    load: float
    surface: float
    cooler: float
    error_k: float
    """By what the balance of a block with an open cooler is off, root of the mean square."""


class _Terms(NamedTuple):
    """Arrays of shape (blocks,)."""

    rise_k: FloatArray
    churning: FloatArray
    load: FloatArray
    surface: FloatArray
    cooler: FloatArray


def learn(history: Window, *, rated_kw: float) -> OilBalance:
    """Fit the balance.

    Raises
    ------
    NotEvaluated
        If the oil's thermostat was hardly ever open, or too little is known.
    """
    best: tuple[float, OilBalance] | None = None
    for opens in _OPENS_CELSIUS:
        for span in _SPANS_K:
            terms = _terms(history, rated_kw=rated_kw, opens_celsius=opens, span_k=span)
            known = ~np.isnan(np.sum(terms, axis=0))
            if known.sum() < _LEAST_BLOCKS:
                raise NotEvaluated(Why.NOT_TRAINED, f"gearbox oil: {int(known.sum())} blocks")
            rise, *sides = (term[known] for term in terms)
            columns = np.column_stack(sides)
            fitted = np.linalg.lstsq(columns, rise, rcond=None)[0]
            left = rise - columns @ fitted
            error = float(np.mean(left**2))
            if best is None or error < best[0]:
                is_open = -columns[:, 3] > 0
                off_k = float(np.sqrt(np.mean(left[is_open] ** 2))) if is_open.any() else float("inf")
                churning, load, surface, cooler = (float(one) for one in fitted)
                best = error, OilBalance(opens, span, churning, load, surface, cooler, off_k)
    assert best is not None
    _, balance = best
    _, weight = cooling(history, balance, rated_kw=rated_kw)
    cooled = float(np.nansum(weight))
    if cooled < _LEAST_COOLED_K2 or balance.cooler <= 0:
        raise NotEvaluated(Why.NOT_TRAINED, f"gearbox oil cooler: {cooled:.0f} K²")
    return balance


def cooling(window: Window, balance: OilBalance, *, rated_kw: float) -> tuple[FloatArray, FloatArray]:
    """Give the cooler's conductance in each block as a share of the healthy one, and the weight that it deserves.

    Returns
    -------
    share, weight : ndarray, shape (blocks,)
        NaN while the thermostat is closed; the weight is the square of what a healthy cooler would take, in K².
    """
    terms = _terms(window, rated_kw=rated_kw, opens_celsius=balance.opens_celsius, span_k=balance.span_k)
    healthy = -balance.cooler * terms.cooler
    rest = balance.churning * terms.churning + balance.load * terms.load + balance.surface * terms.surface
    with np.errstate(invalid="ignore"):
        open_ = healthy > _OPEN_K
    share: FloatArray = np.divide(rest - terms.rise_k, healthy, out=np.full(len(healthy), np.nan), where=open_)
    return share, np.where(np.isnan(share), np.nan, healthy**2)


def block_times_us(window: Window) -> Any:
    """Give the begin of each block, shape (blocks,)."""
    steps = window.steps(BLOCK_SECONDS)
    return window.times_us[: _count(window) * steps : steps]


def _count(window: Window) -> int:
    return max((len(window) - 1) // window.steps(BLOCK_SECONDS), 0)


def _terms(window: Window, *, rated_kw: float, opens_celsius: float, span_k: float) -> _Terms:
    steps, count = window.steps(BLOCK_SECONDS), _count(window)
    oil, above = window["gearbox_oil_temperature"], window["gearbox_oil_temperature"] - window["nacelle_temperature"]
    # Its ends are means over five minutes, or their noise would be that of the whole block.
    span = window.steps(300.0)
    smooth = rolling_mean(oil, span)
    at = np.minimum(np.arange(count + 1) * steps + span // 2, len(window) - 1)
    ends = smooth[at] if count else np.full(1, np.nan)
    running = window.state_is("running")

    def total(values: FloatArray) -> FloatArray:
        hours = window.step_seconds / 3600
        summed: FloatArray = np.where(running, values, np.nan)[: count * steps].reshape(count, steps).sum(axis=1) * hours
        return summed

    opened = np.clip((oil - opens_celsius) / span_k, 0, 1)
    return _Terms(
        rise_k=np.diff(ends),
        churning=total((window["rotor_speed"] / 10) ** 2),
        load=total(np.maximum(window["active_power"], 0) / rated_kw),
        surface=-total(above),
        cooler=-total(opened * above),
    )
