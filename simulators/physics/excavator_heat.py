"""Heat of a hydraulic excavator: coolant behind a thermostat and a radiator, engine oil, hydraulic oil with a cooler, drives.

Radiator and cooler lie before one fan that follows the warmer of the two. A fifth of the fuel's heat goes to the coolant; of the
pumps' power less than half becomes work on the ground, the rest warms the oil. Each mass has a lag of first order whose time is
its heat capacity over the conductance of the moment.

Limits: lumped masses; the radiator's air is warmed by a rise that grows with load; no oil consumption.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.machine import Flags, lag
from simulators.physics.excavator_power import ExcavatorPower
from simulators.physics.excavator_work import TRAVEL, WARMING_UP, Operators

_COOLANT_KJ_PER_K, _HYDRAULIC_KJ_PER_K = 260, 500
_FUEL_KWH_PER_L, _TO_COOLANT, _TO_GROUND = 9.97, 0.215, 0.42
_RELIEF_KPA, _MOST_OIL_KPA = 450, 540


class HeatFaults(NamedTuple):
    """Severities, 0 to 1."""

    coolant_leak: Array
    radiator_clog: Array
    pump_wear: Array


class ExcavatorHeat:
    """n machines; conductances of radiator and oil cooler in kW/K, oil pressure at 1,650 rpm and 100 °C."""

    def __init__(
        self, *, radiator_kw_per_k: Array, thermostat_c: Array, cooler_kw_per_k: Array, oil_kpa: Array, air_c: Array
    ) -> None:
        self._radiator_kw_per_k, self._thermostat_c, self._cooler_kw_per_k = radiator_kw_per_k, thermostat_c, cooler_kw_per_k
        self._oil_kpa = oil_kpa
        self.coolant_c = self.lube_c = self.hydraulic_c = self.drive_c = air_c
        self.fan_share = np.full(len(air_c), 0.4)
        """Of the fan's full speed."""

    def begin_warm(self, is_on: Flags) -> None:
        """Begin as after hours of work, those that are at it."""
        self.coolant_c, self.lube_c, self.hydraulic_c, self.drive_c = (
            np.where(is_on, warm_c, cold_c)
            for warm_c, cold_c in (
                (86.0, self.coolant_c),
                (94.0, self.lube_c),
                (58.0, self.hydraulic_c),
                (self.drive_c + 15, self.drive_c),
            )
        )

    def warm(self, seconds: float, *, air_c: Array, work: Operators, power: ExcavatorPower, faults: HeatFaults) -> None:
        self._warm_coolant(seconds, air_c, work, power, faults)
        lube_target_c = np.where(work.is_on, self.coolant_c + 3 + 14 * power.share, air_c)
        self.lube_c = lag(self.lube_c, lube_target_c, seconds, np.where(work.is_on, 240.0, 9000.0))
        self._warm_hydraulic_oil(seconds, air_c, work, power, faults.pump_wear)
        travels = work.state == TRAVEL
        drive_target_c = air_c + np.where(travels, 70.0, np.where(work.is_on, 6.0, 0.0))
        self.drive_c = lag(self.drive_c, drive_target_c, seconds, np.where(travels, 1500.0, 3600.0))
        hottest = np.maximum((self.coolant_c - 84) / 10, (self.hydraulic_c - 50) / 28)
        self.fan_share = np.clip(hottest, 0.25, 1.0)

    def _warm_coolant(self, seconds: float, air_c: Array, work: Operators, power: ExcavatorPower, faults: HeatFaults) -> None:
        heated_kw = np.where(work.state == WARMING_UP, 6.0, 0.0)
        jacket_kw = np.where(work.is_on, 1.5 + _TO_COOLANT * _FUEL_KWH_PER_L * power.fuel_l_per_h + heated_kw, 0.0)
        opening = np.clip((self.coolant_c - self._thermostat_c - 6 * faults.coolant_leak) / 12, 0.0, 1.0)
        radiator = self._radiator_kw_per_k * (1 - 0.25 * faults.coolant_leak) / (1 + 0.6 * faults.radiator_clog)
        kw_per_k = np.where(work.is_on, 0.05 + radiator * opening * (0.35 + 0.65 * self.fan_share), 0.03)
        before_radiator_c = air_c + np.where(work.is_on, 3 + 6 * power.share, 0.0)
        target_c = before_radiator_c + jacket_kw / kw_per_k
        self.coolant_c = lag(self.coolant_c, target_c, seconds, _COOLANT_KJ_PER_K / kw_per_k)

    def _warm_hydraulic_oil(self, seconds: float, air_c: Array, work: Operators, power: ExcavatorPower, wear: Array) -> None:
        is_relieved = (work.state == WARMING_UP) & (self.hydraulic_c < 20)  # the operator holds a relief valve open
        leakage_kw = 12 * wear * np.where(work.is_working, 1.0, 0.1)
        lost_kw = power.pump_kw * (1 - _TO_GROUND * (1 - power.slip_share))
        heat_kw = lost_kw + leakage_kw + np.where(is_relieved, 6.0, 0.0)
        is_warm = np.clip((self.hydraulic_c - 45) / 30, 0.0, 1.0)
        kw_per_k = np.where(work.is_on, 0.3 + self._cooler_kw_per_k * is_warm, 0.06)
        self.hydraulic_c = lag(self.hydraulic_c, air_c + heat_kw / kw_per_k, seconds, _HYDRAULIC_KJ_PER_K / kw_per_k)

    def coolant_level_percent(self, leak: Array) -> Array:
        return 90 + 0.06 * (self.coolant_c - 60) - 60 * leak

    def oil_kpa(self, rpm: Array) -> Array:
        """The pump's flow against the oil's thinness, less what the relief valve lets go."""
        thin = np.exp(-0.012 * (self.lube_c - 100))
        free_kpa = self._oil_kpa * (rpm / 1650) ** 0.9 * thin
        relieved_kpa = np.where(free_kpa > _RELIEF_KPA, _RELIEF_KPA + 0.15 * (free_kpa - _RELIEF_KPA), free_kpa)
        return np.asarray(np.minimum(relieved_kpa, _MOST_OIL_KPA))
