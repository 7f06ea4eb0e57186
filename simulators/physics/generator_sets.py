"""Diesel generators that share one bus, and the power management that starts and stops them.

As many sets run as the demand asks for: the next starts above 85 % of each and one stops when the rest would be below 70 %. They
share the load alike but for small differences of their governors, and slow down with it by a droop of 3 %.

Limits: sets start at once; no reactive power, no preferential trips, no inrush.
"""

import numpy as np

from simulators.dice import Array, Flags

RATED_KW = 600.0
_START_ABOVE, _STOP_BELOW, _OVERLOADED = 0.85, 0.70, 0.98
_IDLE_RPM_PER_LOAD, _SYNCHRONOUS_RPM, _SYNCHRONOUS_AT = 27.0, 900.0, 0.72
_RPM_PER_HZ = 15.0


class GeneratorSets:
    """The sets of n ships, shape ``(n, sets)``; ``lead`` is the set that runs first."""

    def __init__(self, *, g_per_kwh: Array, sharing: Array, lead: Array) -> None:
        self._g_per_kwh, self._sharing, self._lead = g_per_kwh, sharing, lead
        self._wanted_sets = np.full(len(lead), 2.0)
        self.kw = np.zeros_like(sharing)
        self.runs = np.zeros(sharing.shape, dtype=bool)

    def share(self, wanted_kw: Array, *, overload: Array, is_dark: Flags) -> None:
        """Carry a demand; while ``overload`` is there the running sets are loaded to the limit and no other is started."""
        count = self._sharing.shape[1]
        needs_more = (wanted_kw > _START_ABOVE * RATED_KW * self._wanted_sets) & (overload < 0.05)
        needs_less = wanted_kw < _STOP_BELOW * RATED_KW * (self._wanted_sets - 1)
        self._wanted_sets = np.clip(self._wanted_sets + needs_more - needs_less, 1, count)
        carried_kw = wanted_kw + overload * np.maximum(_OVERLOADED * RATED_KW * self._wanted_sets - wanted_kw, 0)
        is_wanted = (np.arange(count) - self._lead[:, None]) % count < self._wanted_sets[:, None]
        self.runs = is_wanted & ~is_dark[:, None]
        weights = self._sharing * self.runs
        self.kw = carried_kw[:, None] * weights / np.maximum(weights.sum(axis=1, keepdims=True), 0.1)

    def hand_on_the_lead(self, ships: Flags) -> None:
        """Let the next set run first, so that all age alike."""
        self._lead = np.where(ships, (self._lead + 1) % self._sharing.shape[1], self._lead)

    @property
    def rpm(self) -> Array:
        return np.asarray((_SYNCHRONOUS_RPM + _IDLE_RPM_PER_LOAD * (_SYNCHRONOUS_AT - self.kw / RATED_KW)) * self.runs)

    @property
    def frequency_hz(self) -> Array:
        return np.asarray(self.rpm.sum(axis=1) / np.maximum(self.runs.sum(axis=1), 1) / _RPM_PER_HZ)

    @property
    def bus_v(self) -> Array:
        return np.where(self.runs.any(axis=1), 450 - 6 * self.kw.max(axis=1) / RATED_KW, 0.0)

    @property
    def fuel_kg_per_h(self) -> Array:
        """What each set burns, of fuel with the heating value of the reference."""
        curve = 1.0 + 0.22 * (1 - np.minimum(self.kw / RATED_KW, 1)) ** 2
        return np.asarray(self.kw * self._g_per_kwh[:, None] / 1000 * curve)
