"""A compressed-air network: the receiver between a compressor that loads and unloads, and what users and leaks take.

The receiver is isothermal: ``V dp/dt = p0 (delivered - drawn)``. Flows stand still during a step, so the moment at which the
pressure meets the band is solved, not stepped over: load cycles are right with any step. Users take a little more at higher
pressure, and leaks in proportion to absolute pressure. Flows are in m³/min at inlet conditions; the air of ISO 1217's standard
inlet is of 1 bar, 20 °C and dry.

Limits: one change of load a step; no pressure along the pipes; one compressor.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array, Flags

RATED_FLOW_M3_PER_MIN = 18.5
_STANDARD_KPA, _STANDARD_K = 100.0, 293.15
_MOST_USERS_SHARE = 0.78


class Filling(NamedTuple):
    """What a step did to the receivers."""

    loaded_seconds: Array
    loads: Flags
    unloads: Flags


class AirNetwork:
    """The networks of n plants."""

    def __init__(self, *, volume_m3: Array, leak_share: Array, plant_level: Array, rests_on_sunday: Flags) -> None:
        self.volume_m3 = volume_m3
        self.leak_share = leak_share
        """Leaks at 0.7 MPa, as a share of the rated flow."""
        self.plant_level = plant_level
        """Share of the rated flow that the users take in full production."""
        self._rests_on_sunday = rests_on_sunday
        self.pressure_mpa = np.full_like(volume_m3, 0.7)
        """Gauge pressure of the receiver."""
        self.drawn_m3_per_min = np.zeros_like(volume_m3)
        """What users and leaks take."""
        self.kpa_per_m3 = _STANDARD_KPA / volume_m3
        """How much a m³ of inlet air lifts the receiver."""

    def settle(self, *, demand_share: Array, added_leak_share: Array, is_sunday: bool, inlet_kpa: Array, inlet_c: Array) -> None:
        """Find what is drawn at the present pressure."""
        standard_per_inlet = inlet_kpa / _STANDARD_KPA * _STANDARD_K / (inlet_c + 273.15)
        absolute = (self.pressure_mpa + 0.1) / 0.8
        leaks = (self.leak_share + added_leak_share) * absolute
        is_open = np.where(self._rests_on_sunday & is_sunday, 0.0, 1.0)
        users = is_open * np.minimum(demand_share * self.plant_level, _MOST_USERS_SHARE) * (0.6 + 0.4 * absolute)
        self.drawn_m3_per_min = RATED_FLOW_M3_PER_MIN * (users + leaks) / standard_per_inlet
        self.kpa_per_m3 = _STANDARD_KPA / self.volume_m3 * standard_per_inlet

    def holding_m3_per_min(self, setpoint_mpa: Array, *, seconds: float) -> Array:
        """What must be delivered to bring the pressure to a setpoint in some seconds."""
        closing = (setpoint_mpa - self.pressure_mpa) * 1000 / self.kpa_per_m3 * 60 / seconds
        return self.drawn_m3_per_min + closing

    def fill(
        self,
        seconds: float,
        *,
        delivered: Array,
        flows_back: Array,
        load_mpa: Array,
        unload_mpa: Array,
        is_loaded: Flags,
        is_idle: Flags,
    ) -> Filling:
        """Move the pressure, with a machine that delivers while it is loaded, and through whose valve air may flow back."""
        per_second = self.kpa_per_m3 / 60_000
        falling = (self.drawn_m3_per_min + flows_back) * per_second
        rising = (delivered - self.drawn_m3_per_min) * per_second
        straight_mpa = self.pressure_mpa + np.where(is_loaded, rising, -falling) * seconds
        unloads, loads = is_loaded & (straight_mpa > unload_mpa), is_idle & (straight_mpa < load_mpa)
        to_unload = np.clip((unload_mpa - self.pressure_mpa) / np.maximum(rising, 1e-9), 0.0, seconds)
        to_load = np.clip((self.pressure_mpa - load_mpa) / np.maximum(falling, 1e-9), 0.0, seconds)
        loaded_seconds = np.where(is_loaded, np.where(unloads, to_unload, seconds), np.where(loads, seconds - to_load, 0.0))
        moved = rising * loaded_seconds - falling * (seconds - loaded_seconds)
        self.pressure_mpa = np.maximum(self.pressure_mpa + moved, 0.0)
        return Filling(loaded_seconds, loads, unloads)
