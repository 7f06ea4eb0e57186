"""Coolant and oil of an engine: two thermal nodes (coolant with block, oil), a wax thermostat, a radiator and a block heater.

The coolant takes four fifths of the walls' heat and all that the oil gives it; the oil takes the rest and the friction. The
coolant's loop is stiff, for the thermostat opens within a few kelvin: it takes the exponential step of its linearisation.
(Heywood, Internal Combustion Engine Fundamentals, chapters 12 and 13.) Limits: no boiling, no pump curve; the radiator's air does
not warm.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulators.dice import Array
from simulators.machine import lag

COOLANT_KJ_PER_K, OIL_KJ_PER_K = 900.0, 260.0
_OPENING_K = 11.0
_RADIATED_KW_PER_K, _HEATER_KW = 0.11, 6.0


class Warming(NamedTuple):
    """What warms and cools an engine at present, and what hinders it."""

    ambient_c: Array
    wall_kw: Array
    friction_kw: Array
    turns: Array
    """Speed as a share of the rated one, for pump and fan."""
    may_heat: npt.NDArray[np.bool_]
    oil_cooler_share: Array
    radiator_share: Array
    least_open: Array
    most_open: Array
    """Between which the thermostat can move."""


class EngineCooling:
    """Coolant and oil of n engines."""

    def __init__(self, *, thermostat_c: Array, radiator_kw_per_k: Array, oil_cooler_kw_per_k: Array, heater_c: Array) -> None:
        self._thermostat_c, self._heater_c = thermostat_c, heater_c
        self._radiator_kw_per_k, self._oil_cooler_kw_per_k = radiator_kw_per_k, oil_cooler_kw_per_k
        self.radiator_kw, self.radiated_kw, self.heater_kw = (np.zeros_like(heater_c) for _ in range(3))
        self.begin(is_at_work=np.zeros(len(heater_c), dtype=bool))

    def begin(self, *, is_at_work: npt.NDArray[np.bool_]) -> None:
        """Bring engines at work to their temperature, and the others to that at which the heater keeps them."""
        self.coolant_c = np.where(is_at_work, self._thermostat_c + 4, self._heater_c)
        self.oil_c = self.coolant_c + np.where(is_at_work, 12, -3)

    @property
    def oil_thickness(self) -> Array:
        """Viscosity of good oil at its temperature, as a share of that at 95 °C."""
        return np.asarray(np.exp(-0.027 * (self.oil_c - 95)))

    def stored_heat_kj(self) -> Array:
        """Give what block, coolant and oil hold, from 0 °C up."""
        return np.asarray(COOLANT_KJ_PER_K * self.coolant_c + OIL_KJ_PER_K * self.oil_c)

    def warm(self, seconds: float, now: Warming) -> None:
        from_oil_kw = self._warm_oil(seconds, now)
        self.heater_kw = np.where(now.may_heat & (self.coolant_c < self._heater_c), _HEATER_KW, 0.0)
        above_k = self.coolant_c - now.ambient_c
        self.radiated_kw = _RADIATED_KW_PER_K * above_k
        coming_kw = 0.8 * now.wall_kw + from_oil_kw + self.heater_kw - self.radiated_kw

        opened = np.clip((self.coolant_c - self._thermostat_c) / _OPENING_K, 0.0, 1.0)
        opened = np.minimum(np.maximum(opened, now.least_open), now.most_open)
        is_moving = (opened > 0) & (opened < 1)
        radiator = self._radiator_kw_per_k * now.radiator_share * (0.03 + 0.97 * now.turns)
        slope = radiator * (opened + is_moving * np.maximum(above_k, 0) / _OPENING_K) + _RADIATED_KW_PER_K
        net_kw = coming_kw - radiator * opened * above_k
        rise_k = net_kw / slope * -np.expm1(-slope * seconds / COOLANT_KJ_PER_K)
        self.coolant_c = self.coolant_c + rise_k
        self.radiator_kw = coming_kw - COOLANT_KJ_PER_K * rise_k / seconds

    def _warm_oil(self, seconds: float, now: Warming) -> Array:
        """Move the oil, and give what it gave to the coolant in the mean of the step. [kW]"""
        cooler = self._oil_cooler_kw_per_k * now.oil_cooler_share
        oil_kw = now.friction_kw + 0.2 * now.wall_kw
        before_c = self.oil_c
        self.oil_c = lag(before_c, self.coolant_c + oil_kw / cooler, seconds, OIL_KJ_PER_K / cooler)
        return np.asarray(oil_kw - OIL_KJ_PER_K * (self.oil_c - before_c) / seconds)
