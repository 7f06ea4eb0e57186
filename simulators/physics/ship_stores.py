"""What else a ship holds and collects: the lube oil in its sump, and the water in its bilge.

Lube oil is used slowly and topped up, unless it leaks; the bilge pump runs between two levels.

Limits: pump and seepage are even; nothing splashes with the sea.
"""

import numpy as np

from simulators.dice import Array

_SUMP_M3, _TOPPED_UP_BELOW = 18.0, 0.72
_PUMP_STARTS_M, _PUMP_STOPS_M, _PUMPED_M_PER_H = 0.30, 0.08, 0.5


class ShipStores:
    """The stores of n ships; each begins with a sump that is filled to a share, and its bilge at a level."""

    def __init__(self, *, lube_share: Array, bilge_m: Array) -> None:
        self.lube_m3, self.bilge_m = _SUMP_M3 * lube_share, bilge_m
        self._is_pumping = np.zeros(len(bilge_m), dtype=bool)

    def use_lube_oil(self, hours: float, leak: Array) -> None:
        topped_up_m3_per_h = 0.5 * (self.lube_m3 < _TOPPED_UP_BELOW * _SUMP_M3) * (leak <= 0)
        self.lube_m3 = np.maximum(self.lube_m3 + (topped_up_m3_per_h - 0.25 * leak - 0.002) * hours, 1.0)

    def drain_the_bilge(self, hours: float, flooding: Array) -> None:
        self._is_pumping = self.bilge_m > np.where(self._is_pumping, _PUMP_STOPS_M, _PUMP_STARTS_M)
        inflow_m_per_h = 0.012 + 0.9 * flooding
        self.bilge_m = np.clip(self.bilge_m + (inflow_m_per_h - _PUMPED_M_PER_H * self._is_pumping) * hours, 0.02, 2.0)
