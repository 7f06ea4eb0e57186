"""The current and voltage of solar modules: the single-diode model, solved for whole arrays of strings at once.

``I = I_L - I_0 (exp(V_d / a) - 1) - V_d / R_sh`` with the junction's voltage ``V_d = V + I R_s``. Written in ``V_d`` every point
of the curve is explicit, and the maximum of ``P(V_d)`` is found by Newton's method from the ideal diode's (Lambert's W). How
light and temperature move the five parameters follows W. De Soto, S. A. Klein and W. A. Beckman, Solar Energy 80(1), 2006, with
the adjusted current coefficient of the California Energy Commission's model (A. P. Dobos, J. Solar Energy Eng. 134, 2012).
Module temperature follows D. Faiman, Progress in Photovoltaics 16(4), 2008.
Limits: no avalanche in reverse, no spectral response, no capacitance; all cells of a string are alike (partly shaded strings:
`simulators.physics.trackers`).
"""

from typing import NamedTuple, Self

import numpy as np

from simulators.dice import Array

_BOLTZMANN_EV_PER_K = 8.617333e-5
_GAP_EV = 1.121  # silicon at 25 °C
_GAP_PER_K = -0.0002677
_LEAST_LIGHT_A = 1e-4
"""Below it nothing can be told of the curve, and logarithms would fail."""


class Module(NamedTuple):
    """A module at 1000 W/m² and 25 °C."""

    light_a: float
    saturation_a: float
    series_ohm: float
    shunt_ohm: float
    ideality_v: float
    """Ideality factor x cells x thermal voltage."""
    light_a_per_k: float
    substrings: int
    """How many bypass diodes it has."""


CS6K_275M = Module(
    light_a=9.312997,
    saturation_a=2.028466e-10,
    series_ohm=0.267742,
    shunt_ohm=831.965881,
    ideality_v=1.560398,
    light_a_per_k=0.00391 * (1 + 0.03173301),
    substrings=3,
)
"""Canadian Solar CS6K-275M, 60 cells: NREL SAM's library of the CEC's modules of 3 January 2019 (BSD-3-Clause; facts only)."""


def module_temperature_c(irradiance_w_m2: Array, ambient_c: Array, wind_m_s: Array) -> Array:
    """Faiman: what a module in the open comes to."""
    return ambient_c + irradiance_w_m2 / cooling_w_m2_k(wind_m_s)


def cooling_w_m2_k(wind_m_s: Array) -> Array:
    """Give the heat that a module loses to the air."""
    return 25.0 + 6.84 * wind_m_s


class Diode(NamedTuple):
    """The five parameters of many strings in their light and at their temperature; arrays of one shape."""

    light_a: Array
    saturation_a: Array
    series_ohm: Array
    shunt_ohm: Array
    ideality_v: Array

    @classmethod
    def at(cls, module: Module, *, light_w_m2: Array, cell_c: Array, modules: float, series: Array, leak_s: Array) -> Self:
        """Give a string of so many modules.

        Its series resistance is ``series`` times that of good modules; each module has an ohmic leak more, which light does not
        change (that of the cell model grows with the light).
        """
        share = np.maximum(light_w_m2 / 1000, _LEAST_LIGHT_A / module.light_a)
        warmth = (cell_c + 273.15) / 298.15
        gap = _GAP_EV * (1 + _GAP_PER_K * (cell_c - 25))
        exponent = (_GAP_EV - gap / warmth) / (_BOLTZMANN_EV_PER_K * 298.15)
        return cls(
            light_a=share * (module.light_a + module.light_a_per_k * (cell_c - 25)),
            saturation_a=module.saturation_a * warmth**3 * np.exp(exponent),
            series_ohm=modules * module.series_ohm * series,
            shunt_ohm=modules / (share / module.shunt_ohm + leak_s),
            ideality_v=modules * module.ideality_v * warmth,
        )

    def in_series(self, share: Array) -> Self:
        """Leave only this share of the cells in the string; the current of the others goes through their bypass diodes."""
        kept = np.maximum(share, 0.3)  # less would not start the inverter, and its exponentials would overflow
        return self._replace(
            series_ohm=self.series_ohm * kept, shunt_ohm=self.shunt_ohm * kept, ideality_v=self.ideality_v * kept
        )

    def dimmed(self, share: Array) -> Self:
        """Let all cells have this share of the light, as one weak cell does to a string whose bypass diodes stay shut."""
        return self._replace(light_a=np.maximum(self.light_a * share, _LEAST_LIGHT_A), shunt_ohm=self.shunt_ohm / share)

    def current_a(self, junction_v: Array) -> tuple[Array, Array]:
        """Give the current at a junction voltage, and its slope."""
        diode = self.saturation_a * np.exp(junction_v / self.ideality_v)
        leak = 1 / self.shunt_ohm
        return self.light_a + self.saturation_a - diode - junction_v * leak, -diode / self.ideality_v - leak

    def open_circuit_v(self) -> Array:
        voltage: Array = np.minimum(self.ideality_v * np.log1p(self.light_a / self.saturation_a), self.light_a * self.shunt_ohm)
        for _ in range(2):
            current, slope = self.current_a(voltage)
            voltage = voltage - current / slope
        return voltage

    def best_junction_v(self) -> Array:
        """Give the junction's voltage at the maximum power point: two steps of Newton from the ideal diode's."""
        y = 1 + np.log(self.light_a / self.saturation_a)
        w = y - np.log(y)
        w = w * (1 + y - np.log(w)) / (1 + w)
        junction: Array = np.minimum(self.ideality_v * (w - 1), 0.7 * self.light_a * self.shunt_ohm)
        for _ in range(2):
            current, slope = self.current_a(junction)
            curvature = (slope + 1 / self.shunt_ohm) / self.ideality_v
            reach = junction - 2 * self.series_ohm * current
            gradient = current + slope * reach
            bend = 2 * slope + curvature * reach - 2 * self.series_ohm * slope * slope
            junction = junction - gradient / bend
        return junction

    def terminals_v(self, junction_v: Array) -> Array:
        current, _ = self.current_a(junction_v)
        return junction_v - self.series_ohm * current

    def current_at(self, voltage_v: Array, guess_v: Array, *, steps: int = 2) -> Array:
        """Give the current at the string's terminals, from a guess of its junction's voltage."""
        junction = guess_v
        for _ in range(steps):
            current, slope = self.current_a(junction)
            junction = junction - (junction - self.series_ohm * current - voltage_v) / (1 - self.series_ohm * slope)
        current, _ = self.current_a(junction)
        return current


def throttled_v(share: Array, best_v: Array, open_v: Array) -> Array:
    """Give the voltage, above the maximum power point, at which a string gives only a share of its greatest power."""
    way: Array = (1 - share) ** 0.38  # fitted to exact curves from 20 to 1200 W/m², -5 to 70 °C: within 0.07
    return best_v + (open_v - best_v) * way
