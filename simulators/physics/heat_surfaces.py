"""The heat surfaces of a fire-fed steam boiler: a furnace that radiates, a bank of tubes, and an economiser.

The furnace is well stirred and radiates as Stefan and Boltzmann say, from its exit's temperature to its walls; bank and
economiser follow the effectiveness law ``exp(-UA/mc)`` for a side of constant temperature, with UA growing as the gas flow to the
power 0.6 and falling with soot and scale (Baehr and Stephan, Heat and Mass Transfer; VDI Heat Atlas).

Limits: gas temperatures follow with one time constant and the furnace wall stores no heat; no condensing in the economiser, whose
water side is the feedwater at its inlet.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulators.dice import Array
from simulators.machine import lag
from simulators.physics.gas_combustion import FlueGas, flue_c, flue_kj_per_m3, flue_kj_per_m3_k

FURNACE_M2 = 20.0
_STEFAN_BOLTZMANN_KW = 5.670e-11
_FULL_FLUE_M3_PER_S = 2.4
_FLUE_KJ_PER_M3_K = 1.40  # of the bank and the economiser, for their UA/mc
_BANK_KW_PER_K, _ECONOMISER_KW_PER_K = 10.8, 6.1
_EVAPORATING_KJ_PER_KG = 1950.0


class Deposits(NamedTuple):
    """What lies on the surfaces, as added resistances: soot on the gas side, scale on the water side."""

    soot: Array
    scale: Array


class HeatSurfaces:
    """Furnace, bank and economiser of n boilers."""

    def __init__(self, *, radiating_m2: Array, transfer_share: Array, flux_shares: Array) -> None:
        self._radiating_m2, self._transfer_share, self._flux_shares = radiating_m2, transfer_share, flux_shares
        n = len(radiating_m2)
        self.gas_c = np.repeat([[1000.0], [220.0], [120.0]], n, axis=1)
        """Behind furnace, bank and economiser, shape ``(3, n)``."""
        self.flame_c = np.full(n, 1750.0)
        self.tube_rise_k = np.full_like(flux_shares, 20.0)
        """How much hotter than the water each measured tube of the furnace is."""
        self._exit_k, self._radiated_kw = np.full(n, 1270.0), np.full(n, 2500.0)

    def cool(
        self,
        seconds: float,
        gas: FlueGas,
        deposits: Deposits,
        *,
        is_burning: npt.NDArray[np.bool_],
        air_c: Array,
        water_c: Array,
        feedwater_c: Array,
        leak_t_per_h: Array,
    ) -> tuple[Array, Array]:
        """Pass the gas through; give the heat that goes up the stack and that which evaporates a leak, in kW."""
        flow = gas.least_m3_per_s
        air_kj_per_m3 = flue_kj_per_m3(air_c)
        flame_kj_per_m3 = (gas.fuel_kw - gas.unburnt_kw) / flow + air_kj_per_m3
        self.flame_c = flue_c(flame_kj_per_m3)
        furnace_c = self._radiate(flame_kj_per_m3, flow, water_c)

        capacity = _FLUE_KJ_PER_M3_K * flow
        transfer = (flow / _FULL_FLUE_M3_PER_S) ** 0.6 * self._transfer_share / capacity
        soot, scale = deposits
        bank_units = _BANK_KW_PER_K * transfer / (1 + soot + 0.35 * scale)
        economiser_units = _ECONOMISER_KW_PER_K * transfer / (1 + soot + 0.1 * scale)
        bank_c = water_c + (furnace_c - water_c) * np.exp(-bank_units)
        dries_kw = 0.4 * capacity * np.maximum(bank_c - 110, 0.0)
        evaporated_kw = np.minimum(_EVAPORATING_KJ_PER_KG * leak_t_per_h / 3.6, dries_kw) * is_burning
        bank_c = bank_c - evaporated_kw / capacity
        stack_c = feedwater_c + (bank_c - feedwater_c) * np.exp(-economiser_units)

        settled = np.where(is_burning, np.stack([furnace_c, bank_c, stack_c]), 0.6 * water_c)
        self.gas_c = lag(self.gas_c, settled, seconds, np.where(is_burning, 25.0, 600.0))
        flux_kw_per_m2 = (self._radiated_kw * is_burning / self._radiating_m2)[:, None] * self._flux_shares
        self.tube_rise_k = lag(self.tube_rise_k, flux_kw_per_m2 * (0.14 + 0.6 * scale)[:, None], seconds, 40)
        return gas.m3_per_s * (flue_kj_per_m3(self.gas_c[2]) - air_kj_per_m3), evaporated_kw

    def _radiate(self, flame_kj_per_m3: Array, flow: Array, water_c: Array) -> Array:
        """Solve radiated(exit) = flow·(h(flame) - h(exit)) for the furnace's exit by Newton's method, from where it was. [°C]"""
        strength = _STEFAN_BOLTZMANN_KW * self._radiating_m2
        wall_k = water_c + 273.15 + self.tube_rise_k.mean(axis=1)
        exit_k = self._exit_k
        for _ in range(2):
            radiated_kw = strength * (exit_k**4 - wall_k**4)
            gap_kw = radiated_kw - flow * (flame_kj_per_m3 - flue_kj_per_m3(exit_k - 273.15))
            slope = 4 * strength * exit_k**3 + flow * flue_kj_per_m3_k(exit_k - 273.15)
            exit_k = np.maximum(exit_k - gap_kw / slope, 400.0)
        self._exit_k = exit_k
        self._radiated_kw = strength * (exit_k**4 - wall_k**4)
        return np.asarray(exit_k - 273.15)
