"""A modulating gas burner: fuel and air on one cam, and an oxygen sensor behind the boiler that trims the air within 10 %.

The cam asks for more air at small fire. The controller never lets in more fuel than the air can burn, so that a lack of air is a
lack of heat and a little carbon monoxide, not an explosion. The sensor answers with a lag, and the trim believes it.

Limits: fuel and air move together without a lag; the flame either burns or does not.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.machine import Flags, lag
from simulators.physics import gas_combustion
from simulators.physics.gas_combustion import AIR_PER_GAS, OXYGEN_OF_AIR, FlueGas
from simulators.physics.wander import wander

_LARGEST_FUEL_M3_PER_H, _PURGE_AIR_M3_PER_H, _DAMPER_LEAST_M3_PER_H = 810.0, 8000.0, 2500.0
_DRIFT_SECONDS, _LAG_SECONDS = 600.0, 8.0
_FUEL_RESERVE = 1.03  # the fuel is held to 97 % of what the air can burn of the gas that the burner was tuned for


class BurnerTroubles(NamedTuple):
    """What is wrong with a burner."""

    excess_oxygen: Array
    """Added to the set point. [%]"""
    lost_air_share: Array
    damper_stuck: Array
    """Severity; it sticks from one half."""
    sensor_bias: Array
    """Added to the reading. [%]"""
    sensor_stuck: Array
    """Severity; it sticks from one half."""
    uneven_oxygen: Array
    """How much less oxygen the worst place of the flame has than the mean. [%]"""


class GasBurner:
    """The burners of n boilers."""

    def __init__(self, *, cam: Array, carbon_monoxide_knee: Array) -> None:
        self._cam, self._knee = cam, carbon_monoxide_knee
        self._air_drift, self._trim = np.zeros_like(cam), np.zeros_like(cam)
        self._stuck_air, self._stuck_reading = np.full_like(cam, np.nan), np.full_like(cam, np.nan)
        self._probe = np.full_like(cam, 3.5)
        self.air_m3_per_h, self.fuel_m3_per_h = np.zeros_like(cam), np.zeros_like(cam)
        self.oxygen_percent, self.oxygen_reading_percent = self._probe, self._probe
        self.carbon_monoxide_ppm = np.full_like(cam, 5.0)

    def burn(
        self,
        seconds: float,
        firing: Array,
        troubles: BurnerTroubles,
        *,
        heating_kj_per_m3: Array,
        is_purging: Flags,
        is_trimming: Flags,
        normal: Array,
    ) -> FlueGas:
        """Burn with a share of the largest fire; ``normal`` moves the drift of the air from what the cam wants."""
        is_burning = firing > 0
        wanted_oxygen = 3.2 + 3.4 * np.maximum(0.7 - firing, 0.0) + troubles.excess_oxygen
        wanted_fuel = _LARGEST_FUEL_M3_PER_H * firing
        self._air_drift = wander(self._air_drift, 0.006 * normal, seconds, _DRIFT_SECONDS)
        excess = gas_combustion.excess_air(wanted_oxygen) * (1 + self._trim) * self._cam * (1 + self._air_drift)
        air = np.where(is_burning, wanted_fuel * AIR_PER_GAS * excess, _PURGE_AIR_M3_PER_H * is_purging)
        self.air_m3_per_h = self._pass_damper(air, troubles.damper_stuck) * (1 - troubles.lost_air_share)
        self.fuel_m3_per_h = np.minimum(wanted_fuel, self.air_m3_per_h / (_FUEL_RESERVE * AIR_PER_GAS))
        alpha = gas_combustion.air_ratio(
            fuel_m3_per_h=self.fuel_m3_per_h, air_m3_per_h=self.air_m3_per_h, heating_kj_per_m3=heating_kj_per_m3
        )
        self.oxygen_percent = np.where(is_burning, gas_combustion.flue_gas_oxygen(alpha), OXYGEN_OF_AIR)
        self._read_oxygen(seconds, troubles)
        moved = self._trim + (wanted_oxygen - self.oxygen_reading_percent) / 16 * seconds / 60  # 16 % per whole excess air
        self._trim = np.clip(np.where(is_trimming, moved, self._trim), -0.1, 0.1)

        worst_oxygen = self.oxygen_percent - troubles.uneven_oxygen
        made_ppm = gas_combustion.carbon_monoxide_ppm(oxygen=worst_oxygen, alpha=alpha, knee=self._knee)
        self.carbon_monoxide_ppm = np.where(is_burning, lag(self.carbon_monoxide_ppm, made_ppm, seconds, _LAG_SECONDS), 0.0)
        return gas_combustion.flue_gas(
            fuel_m3_per_h=self.fuel_m3_per_h,
            air_m3_per_h=self.air_m3_per_h * is_burning,
            heating_kj_per_m3=heating_kj_per_m3,
            carbon_monoxide_ppm=self.carbon_monoxide_ppm,
        )

    def _pass_damper(self, air: Array, stuck: Array) -> Array:
        self._stuck_air = _held(stuck, np.maximum(air, _DAMPER_LEAST_M3_PER_H), self._stuck_air)
        return np.where(np.isnan(self._stuck_air) | (air == 0), air, self._stuck_air)

    def _read_oxygen(self, seconds: float, troubles: BurnerTroubles) -> None:
        self._probe = lag(self._probe, self.oxygen_percent, seconds, _LAG_SECONDS)
        reading = np.clip(self._probe + troubles.sensor_bias, 0.0, 21.0)
        self._stuck_reading = _held(troubles.sensor_stuck, reading, self._stuck_reading)
        self.oxygen_reading_percent = np.where(np.isnan(self._stuck_reading), reading, self._stuck_reading)


def _held(severity: Array, value: Array, held: Array) -> Array:
    """Give the value that something had when a fault struck it, and NaN where none has."""
    return np.where(severity >= 0.5, np.where(np.isnan(held), value, held), np.nan)
