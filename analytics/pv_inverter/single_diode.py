"""The single-diode model of cells, modules and strings: ``I = I_L - I_0 (exp(V_d / a) - 1) - V_d / R_sh``, ``V = V_d - I R_s``.

Written in the junction's voltage V_d each point of the curve is explicit and concave, so that Newton's method from the right and
halving of intervals find every point to the last digits; pvlib serves as a witness in the tests, and need not be installed.
"""

from typing import NamedTuple

import numpy as np

from analytics.window import FloatArray

BOLTZMANN_J_PER_K, CHARGE_C = 1.380649e-23, 1.602176634e-19
"""Exact, SI 2019."""
_GAP_EV, _GAP_PER_K = 1.121, -0.0002677
"""Of silicon at 25 °C, and how it shrinks with warmth; share for each kelvin."""
_ROUNDS = 200
_HALVINGS = 60


class Diode(NamedTuple):
    """The five parameters; numbers, or arrays of one shape."""

    photocurrent_a: FloatArray
    saturation_a: FloatArray
    series_ohm: FloatArray
    shunt_ohm: FloatArray
    ideality_v: FloatArray
    """``n N_s k T / q``, see `ideality_v`."""


class Points(NamedTuple):
    """What a sheet says of a curve."""

    open_circuit_v: FloatArray
    short_circuit_a: FloatArray
    best_v: FloatArray
    best_a: FloatArray
    best_w: FloatArray

    @property
    def fill_factor(self) -> FloatArray:
        factor: FloatArray = self.best_w / (self.open_circuit_v * self.short_circuit_a)
        return factor


def ideality_v(*, ideality: float, cells_in_series: float, cell_celsius: float) -> float:
    """Give the modified ideality factor ``n N_s k T / q``. [V]"""
    return ideality * cells_in_series * BOLTZMANN_J_PER_K * (cell_celsius + 273.15) / CHARGE_C


def points(diode: Diode) -> Points:
    """Find open circuit, short circuit and the point of greatest power.

    Parameters
    ----------
    diode : Diode
        All parameters above zero. [A, A, ohm, ohm, V]

    Returns
    -------
    Points
        Arrays of the parameters' shape; NaN where a parameter is NaN. [V, A, V, A, W]

    Raises
    ------
    ValueError
        If a parameter is zero or less.

    References
    ----------
    W. De Soto, S. A. Klein, W. A. Beckman, Solar Energy 80(1), 2006.
    """
    own = _checked(diode)
    open_v = _open_circuit(own)
    short_v = _junction_at(own, np.zeros_like(open_v))
    low, high = short_v, open_v
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        current, slope = _current(own, middle)
        rises = current + slope * (middle - 2 * own.series_ohm * current) > 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    best_a, _ = _current(own, (low + high) / 2)
    best_v = (low + high) / 2 - own.series_ohm * best_a
    return Points(open_v, _current(own, short_v)[0], best_v, best_a, best_v * best_a)


def current_a(diode: Diode, voltage_v: FloatArray) -> FloatArray:
    """Give the current at terminal voltages, shape of parameters and voltages broadcast; negative beyond open circuit. [A]"""
    own = _checked(diode)
    current, _ = _current(own, _junction_at(own, np.asarray(voltage_v, float)))
    return current


def in_weather(sheet: Diode, *, light_w_m2: FloatArray, cell_celsius: FloatArray, light_per_k: float) -> Diode:
    """Move a module's parameters from 1000 W/m² and 25 °C to other light and warmth.

    Parameters
    ----------
    sheet : Diode
        At 1000 W/m² and 25 °C.
    light_w_m2, cell_celsius : ndarray, shape (n,)
        Light that the cells can use, above zero, and their temperature. [W/m², °C]
    light_per_k : float
        Temperature coefficient of the short-circuit current. [A/K]

    References
    ----------
    De Soto et al. 2006, equations 7 to 10, crystalline silicon.
    """
    light = np.where(np.asarray(light_w_m2, float) > 0, light_w_m2, np.nan) / 1000
    warmth = (np.asarray(cell_celsius, float) + 273.15) / 298.15
    gap = _GAP_EV * (1 + _GAP_PER_K * (np.asarray(cell_celsius, float) - 25))
    ev_at_25 = BOLTZMANN_J_PER_K * 298.15 / CHARGE_C
    return Diode(
        photocurrent_a=light * (sheet.photocurrent_a + light_per_k * (np.asarray(cell_celsius, float) - 25)),
        saturation_a=sheet.saturation_a * warmth**3 * np.exp((_GAP_EV - gap / warmth) / ev_at_25),
        series_ohm=np.broadcast_to(np.asarray(sheet.series_ohm, float), light.shape),
        shunt_ohm=sheet.shunt_ohm / light,
        ideality_v=sheet.ideality_v * warmth,
    )


def _checked(diode: Diode) -> Diode:
    own = Diode(*np.broadcast_arrays(*(np.asarray(one, float) for one in diode)))
    if any((one <= 0).any() for one in own):
        raise ValueError("every parameter of a diode is above zero")
    return own


def _current(diode: Diode, junction_v: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the current at a junction voltage, and its slope."""
    through = diode.saturation_a * np.exp(junction_v / diode.ideality_v)
    current = diode.photocurrent_a + diode.saturation_a - through - junction_v / diode.shunt_ohm
    return current, -through / diode.ideality_v - 1 / diode.shunt_ohm


def _ideal_open_v(diode: Diode) -> FloatArray:
    """Without a shunt; never below the true one."""
    voltage: FloatArray = diode.ideality_v * np.log1p(diode.photocurrent_a / diode.saturation_a)
    return voltage


def _open_circuit(diode: Diode) -> FloatArray:
    voltage = _ideal_open_v(diode)
    for _ in range(_ROUNDS):
        current, slope = _current(diode, voltage)
        change = current / slope
        voltage = voltage - change
        if not (np.abs(change) > 4e-16 * np.abs(voltage)).any():
            break
    return voltage


def _junction_at(diode: Diode, voltage_v: FloatArray) -> FloatArray:
    """Solve ``V_d - R_s I(V_d) = V``, which rises and is convex: Newton from the right comes down to it."""
    junction = np.maximum(voltage_v, np.minimum(voltage_v + diode.series_ohm * diode.photocurrent_a, _ideal_open_v(diode)))
    for _ in range(_ROUNDS):
        current, slope = _current(diode, junction)
        change = (junction - diode.series_ohm * current - voltage_v) / (1 - diode.series_ohm * slope)
        junction = junction - change
        if not (np.abs(change) > 4e-16 * np.abs(junction)).any():
            break
    return junction
