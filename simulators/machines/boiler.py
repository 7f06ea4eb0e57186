"""A gas-fired steam boiler of 10 t/h at 1.0 MPa.

Energy and water balances are dynamic: the saturated water is one heat store, whose temperature gives the pressure; the furnace
radiates to it (Stefan-Boltzmann), the convection bank and the economiser follow the effectiveness law exp(-UA/mc), with UA
growing as the gas flow to the power 0.6. Three loops hold pressure, level and oxygen.
Limits of the model: saturated steam only, one gas (35.8 MJ/m³), no faults of the burner, no heat stored in the furnace wall; the
steam users follow a shift pattern with batches. The constants are sized for plausible figures, not fitted to a plant.
"""

import math
import random
from datetime import datetime, timedelta

HEATING_VALUE_KJ_PER_M3 = 35_800.0
AIR_PER_GAS = 9.52
LARGEST_FUEL_M3_PER_H = 810.0
STORED_HEAT_KJ_PER_K = 57_000.0  # 12 t of water and the steel around it
LONGEST_STEP_SECONDS = 1.0
PURGE_SECONDS, IGNITION_SECONDS, TRIP_SECONDS = 40.0, 10.0, 180.0
OFF, PURGING, IGNITING, RUNNING, TRIPPED = range(5)
TRIP_LOW_WATER = 1


class Boiler:
    """The machine; `step` moves it, `values` reads its sensors."""

    def __init__(self, *, seed: int, start: datetime) -> None:
        self._rng, self._sensor = random.Random(seed), random.Random(seed + 1)
        self.now = start
        self._state, self._in_state_seconds = OFF, 0.0
        self._trip_code = 0
        self._water_c = 165.0  # a hot standby of 0.6 MPa, so that a demonstration sees steam within minutes
        self._level_mm, self._swell_mm, self._level_sum = 0.0, 0.0, 0.0
        self._firing, self._firing_sum = 0.0, 0.5
        self._oxygen, self._oxygen_drift = 20.9, 0.0
        self._demand, self._batch, self._batch_left_seconds = 0.3, 0.0, 0.0
        self._steam_t_per_h, self._feedwater_t_per_h, self._blowdown_t_per_h = 0.0, 0.0, 0.02
        self._feedwater_c, self._conductivity = 104.0, self._rng.uniform(2200, 2900)
        self._gas_c = [170.0, 170.0, 90.0]  # behind the furnace, the convection bank and the economiser
        self._fuel_total_m3 = self._rng.uniform(2e5, 4e6)
        self._fouling = self._rng.uniform(0.88, 1.05)  # share of the clean heating surface
        self._valve_open = False

    @property
    def pressure_mpa(self) -> float:
        """Gauge pressure of saturated water (Irvine and Liley's fit of the steam tables)."""
        return max(math.exp(9.48654 - 3892.70 / (self._water_c + 273.15 - 42.6776)) - 0.1013, 0.0)

    def step(self, seconds: float) -> None:
        while seconds > 0:
            part = min(seconds, LONGEST_STEP_SECONDS)
            self._step(part)
            seconds -= part

    def _step(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        pressure_before = self.pressure_mpa
        self._users(seconds)
        self._burner(seconds)
        heat_kw = self._gas_side(seconds)
        steam, blowdown, feedwater = (x / 3.6 for x in (self._steam_t_per_h, self._blowdown_t_per_h, self._feedwater_t_per_h))
        water_heat = 4.19 * self._water_c * 1.03
        feed_heat = 4.19 * self._feedwater_c
        out_kw = steam * (2780 - feed_heat) + blowdown * (water_heat - feed_heat)
        # Feedwater beyond what leaves as steam and blowdown is heated up inside.
        out_kw += (feedwater - steam - blowdown) * (water_heat - feed_heat) + 0.4 * (self._water_c - 25)
        self._water_c += (heat_kw - out_kw) / STORED_HEAT_KJ_PER_K * seconds
        self._water_side(seconds, rate_mpa_per_s=(self.pressure_mpa - pressure_before) / seconds)

    def _users(self, seconds: float) -> None:
        hour = self.now.hour + self.now.minute / 60
        shift = 0.85 if 8 <= hour < 17 else 0.65 if 6 <= hour < 22 else 0.38
        self._batch_left_seconds -= seconds
        if self._batch_left_seconds <= 0:
            self._batch, self._batch_left_seconds = self._rng.uniform(-0.13, 0.13), self._rng.uniform(120, 900)
        self._demand += (shift + self._batch - self._demand) * seconds / 60
        pressure = self.pressure_mpa
        self._valve_open = pressure > (0.55 if self._valve_open else 0.85)
        wanted = 10 * self._demand * min(pressure, 1.1) if self._valve_open else 0.0
        self._steam_t_per_h += (wanted - self._steam_t_per_h) * min(seconds / 8, 1)

    def _burner(self, seconds: float) -> None:
        pressure, before = self.pressure_mpa, self._state
        self._in_state_seconds += seconds
        if self._state == OFF and pressure < 0.95 and self._in_state_seconds > 20:
            self._state = PURGING
        elif self._state == PURGING and self._in_state_seconds > PURGE_SECONDS:
            self._state = IGNITING
        elif self._state == IGNITING and self._in_state_seconds > IGNITION_SECONDS:
            self._state, self._firing_sum = RUNNING, 0.3
        elif self._state == RUNNING and pressure > 1.13:
            self._state = OFF  # the smallest flame is still too much: wait until the pressure has fallen
        elif self._state == TRIPPED and self._in_state_seconds > TRIP_SECONDS and self._level_mm > -30:
            self._state, self._trip_code = OFF, 0
        if self._level_mm < -90 and self._state != TRIPPED:
            self._state, self._trip_code = TRIPPED, TRIP_LOW_WATER
        if self._state != before:
            self._in_state_seconds = 0.0
        if self._state != RUNNING:
            self._firing = 0.25 if self._state == IGNITING else 0.0
            return
        error = 1.0 - pressure
        self._firing_sum = min(max(self._firing_sum + error * seconds / 40, 0.2), 1.0)
        wanted = min(max(self._firing_sum + 5 * error, 0.25), 1.0)
        self._firing += min(max(wanted - self._firing, -0.02 * seconds), 0.02 * seconds)

    def _gas_side(self, seconds: float) -> float:
        """Burn, move the gas through its three surfaces and return the heat that reaches the water."""
        fuel = LARGEST_FUEL_M3_PER_H * self._firing
        self._fuel_total_m3 += fuel * seconds / 3600
        self._oxygen_drift += self._rng.gauss(0, 0.01) * math.sqrt(seconds) - self._oxygen_drift * seconds / 600
        target = 20.9 if fuel == 0 else max(3.0 + 5 * max(0.7 - self._firing, 0) + self._oxygen_drift, 1.8)
        self._oxygen += (target - self._oxygen) * min(seconds / 8, 1)  # the probe's lag
        if fuel == 0:
            self._gas_c = [c + (0.6 * self._water_c - c) * seconds / 600 for c in self._gas_c]  # standstill cools them slowly
            return 0.0
        excess = 21 / (21 - min(target, 15))
        gas_kg_per_s = fuel * (10.5 + AIR_PER_GAS * (excess - 1)) * 1.24 / 3600
        capacity = 1.15 * gas_kg_per_s
        burned_kw = fuel * HEATING_VALUE_KJ_PER_M3 / 3600
        flame_c = self._air_c() + burned_kw / capacity
        furnace_c = _furnace_exit(flame_c, capacity, self._water_c, guess=min(max(self._gas_c[0], 300), flame_c - 100))
        flow = (gas_kg_per_s / 3.0) ** 0.6 * self._fouling / capacity
        bank_c = self._water_c + (furnace_c - self._water_c) * math.exp(-10.1 * flow)
        stack_c = self._feedwater_c + (bank_c - self._feedwater_c) * math.exp(-6.2 * flow)
        settled = (furnace_c, bank_c, stack_c)
        self._gas_c = [c + (to - c) * min(seconds / 25, 1) for c, to in zip(self._gas_c, settled, strict=True)]
        return capacity * (flame_c - stack_c)

    def _water_side(self, seconds: float, *, rate_mpa_per_s: float) -> None:
        self._swell_mm += (min(max(-2e4 * rate_mpa_per_s, -25), 25) - self._swell_mm) * min(seconds / 20, 1)
        balance = (self._feedwater_t_per_h - self._steam_t_per_h - self._blowdown_t_per_h) / 3.6
        self._level_mm += balance / 8.0 * seconds  # 8 kg of water make one millimetre of the drum
        level = self._level_mm + self._swell_mm
        self._level_sum = min(max(self._level_sum - level * seconds / 3000, -1), 1)
        wanted = min(max(self._steam_t_per_h + self._blowdown_t_per_h - 0.06 * level + self._level_sum, 0), 11.5)
        self._feedwater_t_per_h += (wanted - self._feedwater_t_per_h) * min(seconds / 3, 1)
        self._feedwater_c += self._rng.gauss(0, 0.02) * math.sqrt(seconds) + (104 - self._feedwater_c) * seconds / 900
        # Salt comes with the feedwater and leaves with the blowdown, whose valve opens and shuts between two limits.
        salt = self._feedwater_t_per_h * 100 - self._blowdown_t_per_h * self._conductivity
        self._conductivity += salt / 12 / 3600 * seconds
        if self._conductivity > 3000:
            self._blowdown_t_per_h = 0.45
        elif self._conductivity < 2700:
            self._blowdown_t_per_h = 0.02

    def _air_c(self) -> float:
        hour = self.now.hour + self.now.minute / 60
        return 22 + 5 * math.cos((hour - 15) / 12 * math.pi)

    def values(self) -> dict[str, float | str]:
        def near(value: float, sigma: float) -> float:
            return value + self._sensor.gauss(0, sigma)

        def at_least_0(value: float, relative: float) -> float:
            return max(value * (1 + self._sensor.gauss(0, relative)), 0.0)

        fuel = LARGEST_FUEL_M3_PER_H * self._firing
        excess = 21 / (21 - min(self._oxygen, 15))
        air = fuel * AIR_PER_GAS * excess if fuel else 8000.0 * (self._state == PURGING)
        burning = self._state in (IGNITING, RUNNING)
        return {
            "state": float(self._state),
            "steam_flow": at_least_0(self._steam_t_per_h, 0.004),
            "steam_pressure": max(near(self.pressure_mpa, 0.0008), 0.0),
            "steam_temperature": near(self._water_c + 1.5, 0.1),
            "drum_level": near(self._level_mm + self._swell_mm, 0.6),
            "feedwater_flow": at_least_0(self._feedwater_t_per_h, 0.005),
            "feedwater_temperature": near(self._feedwater_c, 0.05),
            "feedwater_pressure": near(1.7 - 0.25 * (self._feedwater_t_per_h / 11) ** 2, 0.002),
            "fuel_flow": at_least_0(fuel, 0.004),
            "fuel_total": self._fuel_total_m3,
            "fuel_pressure": near(12 - 1.6 * self._firing, 0.03),
            "combustion_air_flow": at_least_0(air, 0.006),
            "furnace_pressure": near(520 * (air / 8500) ** 2, 4),
            "flue_gas_oxygen": min(max(near(self._oxygen, 0.03), 0), 21),
            "flue_gas_carbon_monoxide": at_least_0(2 + math.exp(6.9 - 1.535 * self._oxygen), 0.08) if burning else 0.0,
            "flue_gas_temperature_economiser_in": near(self._gas_c[1], 0.3),
            "flue_gas_temperature_stack": near(self._gas_c[2], 0.2),
            "emission_nox": at_least_0((18 + 14 * self._firing) * math.sqrt(excess - 0.2), 0.02) if burning else 0.0,
            "boiler_water_conductivity": at_least_0(self._conductivity, 0.003),
            "blowdown_flow": at_least_0(self._blowdown_t_per_h, 0.02),
            "burner_load": 100 * self._firing,
            "flame_signal": min(max(near(82 + 10 * self._firing, 1.2), 0), 100) if burning else 0.0,
            "fan_speed_forced": at_least_0(10 + 36 * air / 8500, 0.003) if air else 0.0,
            "ambient_temperature": near(self._air_c(), 0.05),
            "low_water_interlock": float(self._trip_code == TRIP_LOW_WATER),
            "trip_code": float(self._trip_code),
        }


def _furnace_exit(flame_c: float, capacity: float, wall_c: float, *, guess: float) -> float:
    """Solve capacity·(flame - exit) = radiated(exit) by Newton's method; the left falls and the right rises with exit."""
    sigma_area = 5.67e-11 * 20  # kW/K⁴ of 20 m² of black surface
    exit_k = guess + 273.15
    for _ in range(6):
        gap = sigma_area * (exit_k**4 - (wall_c + 273.15) ** 4) - capacity * (flame_c + 273.15 - exit_k)
        exit_k -= gap / (4 * sigma_area * exit_k**3 + capacity)
    return exit_k - 273.15
