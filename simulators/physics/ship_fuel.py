"""A ship's fuels: heavy fuel at sea, distillate in port and before it; their tanks, their heat, and the meters on the way.

Heavy fuel has a lower heating value (40.2 against 42.7 MJ/kg, MEPC.364(79)) and is heated until it is thin enough to inject; it
circulates, and what is not burned comes back through a second meter. Bunkers are taken in port below 88 % of a tank.

Limits: one tank of each kind, densities are constant, the change-over takes no time.
"""

import numpy as np

from simulators.dice import Array, Flags

_HEAVY_TANK_M3, _DISTILLATE_TANK_M3 = 1900.0, 250.0
_HEAVY_T_PER_M3, _DISTILLATE_T_PER_M3 = 0.985, 0.850
_HEAVY_MJ_PER_KG, _DISTILLATE_MJ_PER_KG = 40.2, 42.7
_HEAVY_M3_PER_H, _DISTILLATE_M3_PER_H, _FULL = 120.0, 20.0, 0.88
_CIRCULATED_KG_PER_H = 3500.0


class ShipFuel:
    """The fuels of n ships; their tanks begin filled to a share, and their heaters keep heavy fuel at a viscosity."""

    def __init__(self, *, heavy_share: Array, distillate_share: Array, heavy_cst: Array, is_heavy: Flags) -> None:
        self.heavy_m3, self.distillate_m3 = _HEAVY_TANK_M3 * heavy_share, _DISTILLATE_TANK_M3 * distillate_share
        self._heavy_cst = heavy_cst
        self.is_heavy = is_heavy
        """Which ships burn heavy fuel now."""

    @property
    def bunkers_t(self) -> Array:
        return self.heavy_m3 * _HEAVY_T_PER_M3 + self.distillate_m3 * _DISTILLATE_T_PER_M3

    @property
    def mj_per_kg(self) -> Array:
        return np.where(self.is_heavy, _HEAVY_MJ_PER_KG, _DISTILLATE_MJ_PER_KG)

    @property
    def mass_share(self) -> Array:
        """How much of this fuel has the heat of one kilogram of distillate, for which consumptions are told."""
        return np.where(self.is_heavy, _DISTILLATE_MJ_PER_KG / _HEAVY_MJ_PER_KG, 1.0)

    @property
    def kg_per_m3(self) -> Array:
        return np.where(self.is_heavy, 1000 * _HEAVY_T_PER_M3, 1000 * _DISTILLATE_T_PER_M3)

    @property
    def viscosity_cst(self) -> Array:
        return np.where(self.is_heavy, self._heavy_cst, 3.0)

    @property
    def temperature_c(self) -> Array:
        return np.where(self.is_heavy, 131.0 + 1.2 * (self._heavy_cst - 12.5), 42.0)

    def metered_kg_per_h(self, burned_kg_per_h: Array, *, circulates: Flags, bypass: Array) -> tuple[Array, Array]:
        """Give what the meters before and behind the engine see; an open bypass takes the first one's share with it."""
        into = np.where(circulates, np.maximum(_CIRCULATED_KG_PER_H, burned_kg_per_h), 0.0)
        out = np.maximum(into - burned_kg_per_h, 0.0)
        return into - bypass * (into - out), out

    def burn(self, tonnes: Array) -> None:
        self.heavy_m3 = np.maximum(self.heavy_m3 - tonnes * self.is_heavy / _HEAVY_T_PER_M3, 0.0)
        self.distillate_m3 = np.maximum(self.distillate_m3 - tonnes * ~self.is_heavy / _DISTILLATE_T_PER_M3, 0.0)

    def bunker(self, hours: float, in_port: Flags) -> None:
        self.heavy_m3 = _filled(self.heavy_m3, _HEAVY_TANK_M3, np.where(in_port, _HEAVY_M3_PER_H * hours, 0.0))
        delivered_m3 = np.where(in_port, _DISTILLATE_M3_PER_H * hours, 0.0)
        self.distillate_m3 = _filled(self.distillate_m3, _DISTILLATE_TANK_M3, delivered_m3)


def _filled(held_m3: Array, capacity_m3: float, delivered_m3: Array) -> Array:
    most_m3 = _FULL * capacity_m3
    return np.where(held_m3 < most_m3, np.minimum(held_m3 + delivered_m3, most_m3), held_m3)
