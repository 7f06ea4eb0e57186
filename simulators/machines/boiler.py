"""Gas-fired steam boilers of 10 t/h at 1.0 MPa, with economiser, deaerator and oxygen trim.

Its parts and their equations are modules of `simulators.physics`: a burner (`gas_burner`) burns gas (`gas_combustion`), whose
heat passes through furnace, bank and economiser (`heat_surfaces`, `soot`) into the drum (`steam_drum`); condensate and softened
water come back to it (`boiler_water`). The controller holds pressure (burner), level (three elements) and oxygen (trim of the
air). The sizes are chosen for plausible figures, not fitted to a plant.

Limits of the model, besides those of its parts: one fan presses (there is no induced draught), so air leaks in behind the
economiser only, where the chimney draws; start-up from cold and the steam of soot-blowing are not modelled.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import numpy as np

from simulators.machine import Array, Flags, Machines, Values, lag
from simulators.machine_faults import MachineFault
from simulators.physics import gas_combustion
from simulators.physics.boiler_water import BoilerWater
from simulators.physics.demand import Demand
from simulators.physics.forced_draught_fan import RATED_AIR_M3_PER_H, forced_draught_fan
from simulators.physics.gas_burner import BurnerTroubles, GasBurner
from simulators.physics.gas_combustion import METHANE_KJ_PER_M3, OXYGEN_OF_AIR
from simulators.physics.heat_surfaces import FURNACE_M2, Deposits, HeatSurfaces
from simulators.physics.soot import Soot
from simulators.physics.steam_drum import SteamDrum, WaterFlows
from simulators.physics.wander import wander
from simulators.physics.weather import Weather
from simulators.sensors import Sensor

OFF, PURGING, IGNITING, RUNNING, TRIPPED = range(5)
TRIP_LOW_WATER, TRIP_FLAME_FAILURE = 1, 2
PURGE_SECONDS, IGNITION_SECONDS, TRIP_SECONDS = 40.0, 10.0, 180.0
SLOW_SECONDS = 60.0  # weather, gas quality, water chemistry and deposits move in steps of this


class Boiler(Machines):
    """n boilers, each with its users, its gas and its water."""

    KIND = "boiler"
    LONGEST_STEP_SECONDS = 15.0
    FAULTS: ClassVar = {
        "gas_side_fouling": MachineFault("烟气侧积灰", "Gas-side fouling", "UA -40 %, gas resistance +80 %"),
        "water_side_scale": MachineFault("水侧结垢", "Water-side scale", "0.6 m²K/kW, bank UA -26 %, hardness +0.05 mmol/L"),
        "excess_air_high": MachineFault("过量空气过大", "Excess air too high", "oxygen set point +3 %"),
        "air_in_leakage": MachineFault("尾部漏风", "Air in-leakage", "air of 15 % of the flue gas enters before the stack"),
        "air_shortage": MachineFault("助燃风不足", "Air shortage", "air -18 %, more than the trim can make up for"),
        "burner_wear": MachineFault("燃烧器磨损", "Burner wear", "oxygen in the worst place -2.2 %, flame noise x 4"),
        "tube_leak": MachineFault("炉管泄漏", "Tube leak", "0.35 t/h of boiler water into the gas before the economiser"),
        "oxygen_sensor_bias": MachineFault("氧量计偏差", "Oxygen sensor bias", "reads 1.2 % too high, and the trim follows it"),
        "oxygen_sensor_stuck": MachineFault("氧量计卡死", "Oxygen sensor stuck", "last value, and the trim follows it"),
        "damper_stuck": MachineFault("风门卡死", "Air damper stuck", "air flow stays as it is; the fuel is limited to it"),
        "flame_instability": MachineFault("火焰不稳", "Flame instability", "flame noise x 10, a flame failure every 6 h"),
        "fuel_heating_value_shift": MachineFault("燃气热值下降", "Heating value fell", "lower heating value -10 %"),
        "feedwater_valve_stiction": MachineFault(
            "给水阀粘滞", "Feedwater valve stiction", "dead band +-0.8 t/h: flow and level cycle"
        ),
        "feedwater_loss": MachineFault("给水中断", "Loss of feedwater", "largest feedwater flow -100 %"),
        "blowdown_valve_passing": MachineFault("排污阀内漏", "Blowdown valve passing", "0.4 t/h pass the bottom blowdown valve"),
    }
    SENSORS: ClassVar = {
        "steam_flow": Sensor(relative_noise=0.004, gain=0.004, lowest=0.0),
        "steam_pressure": Sensor(noise=0.0008, offset=0.002, lowest=0.0),
        "steam_pressure_header": Sensor(noise=0.0008, offset=0.002, lowest=0.0),
        "steam_temperature": Sensor(noise=0.1, offset=0.5),
        "drum_level": Sensor(noise=0.6, offset=1.5),
        "feedwater_flow": Sensor(relative_noise=0.005, gain=0.004, lowest=0.0),
        "feedwater_temperature": Sensor(noise=0.05, offset=0.4),
        "feedwater_pressure": Sensor(noise=0.002, offset=0.005),
        "makeup_water_flow": Sensor(relative_noise=0.006, gain=0.006, lowest=0.0),
        "condensate_return_flow": Sensor(relative_noise=0.006, gain=0.006, lowest=0.0),
        "blowdown_flow": Sensor(relative_noise=0.02, gain=0.01, lowest=0.0),
        "blowdown_drain_temperature": Sensor(noise=0.2, offset=0.8),
        "fuel_flow": Sensor(relative_noise=0.004, gain=0.004, lowest=0.0),
        "fuel_pressure": Sensor(noise=0.03, offset=0.05),
        "combustion_air_flow": Sensor(relative_noise=0.006, gain=0.012, lowest=0.0),
        "fan_speed_forced": Sensor(relative_noise=0.003, lowest=0.0),
        "fan_current_forced": Sensor(relative_noise=0.005, gain=0.008, lowest=0.0),
        "auxiliary_power": Sensor(relative_noise=0.004, gain=0.005, lowest=0.0),
        "furnace_pressure": Sensor(noise=2.0, offset=4.0),
        "flue_gas_oxygen": Sensor(noise=0.03, lowest=0.0, highest=21.0),
        "flue_gas_oxygen_stack": Sensor(noise=0.03, offset=0.08, lowest=0.0, highest=21.0),
        "flue_gas_carbon_monoxide": Sensor(relative_noise=0.08, gain=0.02, lowest=0.0, highest=5000.0),
        "flue_gas_temperature_furnace_exit": Sensor(noise=2.0, offset=6.0),
        "flue_gas_temperature_economiser_in": Sensor(noise=0.3, offset=1.0),
        "flue_gas_temperature_economiser_out": Sensor(noise=0.2, offset=0.8),
        "flue_gas_temperature_stack": Sensor(noise=0.2, offset=0.8),
        "flue_gas_pressure_drop_economiser": Sensor(noise=1.5, offset=2.0, lowest=0.0),
        "flue_gas_flow": Sensor(relative_noise=0.01, gain=0.02, lowest=0.0),
        "flue_gas_moisture": Sensor(noise=0.1, offset=0.2, lowest=0.0),
        "emission_nox": Sensor(relative_noise=0.02, gain=0.02, lowest=0.0),
        "emission_so2": Sensor(noise=0.15, lowest=0.0),
        "emission_particulate": Sensor(noise=0.08, lowest=0.0),
        "boiler_water_conductivity": Sensor(relative_noise=0.003, gain=0.01, lowest=0.0),
        "boiler_water_ph": Sensor(noise=0.01, offset=0.03),
        "feedwater_conductivity": Sensor(relative_noise=0.004, gain=0.01, lowest=0.0),
        "feedwater_hardness": Sensor(noise=0.0006, lowest=0.0),
        "feedwater_oxygen": Sensor(noise=0.001, lowest=0.0),
        "flame_signal": Sensor(noise=0.6, offset=1.0, lowest=0.0, highest=100.0),
        "ambient_temperature": Sensor(noise=0.05, offset=0.2),
        "ambient_humidity": Sensor(noise=0.3, offset=1.0, lowest=0.0, highest=100.0),
        "ambient_pressure": Sensor(noise=0.01, offset=0.03),
        **{f"tube_metal_temperature_{number}": Sensor(noise=0.4, offset=1.0) for number in range(1, 5)},
    }

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        super().__init__(seeds=seeds, start=start)
        self._draw_hidden_parameters()
        self._weather, self._demand = Weather(self.dice, start), Demand(self.dice, start)
        self._state, self._in_state_seconds, self._trip_code = self.full(RUNNING), self.full(3600), self.full(0)
        self._firing = np.clip(0.85 * self._demand.share, 0.25, 1.0)
        self._firing_sum, self._flicker = self._firing.copy(), self.full(0)
        self._steam_t_per_h = 9.6 * np.minimum(self._demand.share, 1.0)
        self._feedwater_t_per_h, self._valve_t_per_h = self._steam_t_per_h.copy(), self._steam_t_per_h.copy()
        self._level_sum, self._is_open = self.full(0), np.full(self.n, fill_value=True)
        self.drum = SteamDrum(water_c=self.full(184))
        conductivity = self.dice.uniform(2720, 2980)
        self._wander = self.dice.normals(5)  # slow drifts of gas quality, pH, oxygen in the feedwater, gas pressure, deaerator
        soot = self.dice.uniform(0.0, 0.03)
        self._soot = Soot(soot=soot, every_seconds=self._blow_every_seconds, since_share=self.dice.uniform(0, 1))
        self._water = BoilerWater(
            steam=self._steam_t_per_h,
            returned_share=self._returned_share,
            softened_us_per_cm=self._softened_us_per_cm,
            softener_seconds=self._softener_seconds,
            softener_share=self.dice.uniform(0, 1),
            conductivity_us_per_cm=conductivity,
        )
        self._fuel_total_m3 = self.dice.uniform(2e5, 4e6)
        self._analysed_month, self._slow_seconds = start.month, 0.0
        self._move_slow_things(0.0)
        self._analysed_kj_per_m3 = self._heating_kj_per_m3.copy()
        for _ in range(60):  # let loops and temperatures settle, so that it starts in the middle of its day
            self._step(10.0)

    def _draw_hidden_parameters(self) -> None:
        self._gas_quality = self.hidden(1.0, 0.012)
        transfer_share = self.hidden(1.0, 0.05)  # of bank and economiser, against their design
        radiating_m2 = self.hidden(FURNACE_M2, 0.04)
        self._loss_kw_per_k = self.hidden(0.62, 0.15)
        cam = self.hidden(1.0, 0.015)  # how well air was set to fuel when the burner was tuned
        self._burner = GasBurner(cam=cam, carbon_monoxide_knee=self.hidden(6.9, 0.02))
        self._nox_mg_per_m3, self._so2_mg_per_m3 = self.hidden(30.0, 0.1), self.hidden(3.0, 0.25)
        self._dust_mg_per_m3 = self.hidden(1.6, 0.2)
        self._resistance, self._fan_efficiency = self.hidden(1.0, 0.06), self.hidden(0.62, 0.04)
        self._returned_share = self.hidden(0.7, 0.08)
        self._softened_us_per_cm = self.hidden(300.0, 0.1)
        self._softener_seconds = self.hidden(22 * 3600.0, 0.12)
        self._blow_every_seconds = self.hidden(8 * 3600.0, 0.06)
        flux_shares = 1 + 0.1 * np.clip(self.dice.normals(len(self.kind.parts["tube"].all_names)), -2, 2)
        self._surfaces = HeatSurfaces(radiating_m2=radiating_m2, transfer_share=transfer_share, flux_shares=flux_shares)
        self._flame_percent = self.hidden(86.0, 0.02)

    @property
    def _leak_t_per_h(self) -> Array:
        return 0.35 * self.faults["tube_leak"] * self.drum.has_water

    @property
    def _passing_t_per_h(self) -> Array:
        return 0.4 * self.faults["blowdown_valve_passing"] * self.drum.has_water

    @property
    def _is_burning(self) -> Flags:
        return self._firing > 0

    def _step(self, seconds: float) -> None:
        self._slow_seconds += seconds
        if self._slow_seconds >= SLOW_SECONDS:
            self._move_slow_things(self._slow_seconds)
            self._slow_seconds = 0.0
        self._use_steam(seconds)
        self._switch_burner(seconds)
        self._modulate(seconds)
        self._burn(seconds)
        self._boil(seconds)
        self._hold_level(seconds)

    def _move_slow_things(self, seconds: float) -> None:
        """Let weather, gas, water and deposits change."""
        self._weather.step(self.now, seconds)
        self._air_c = 10 + 0.75 * self._weather.temperature_c  # the burner draws from the boiler house
        self._wander = wander(self._wander, self.dice.normals(5), seconds, 6 * 3600.0)
        shift = 1 - 0.1 * self.faults["fuel_heating_value_shift"]
        self._heating_kj_per_m3 = METHANE_KJ_PER_M3 * self._gas_quality * (1 + 0.006 * self._wander[:, 0]) * shift
        if self.now.month != self._analysed_month:  # the laboratory's figure is of the first of the month
            self._analysed_month, self._analysed_kj_per_m3 = self.now.month, self._heating_kj_per_m3.copy()
        self._feedwater_c = 104 + 0.7 * self._wander[:, 4]
        self._soot.collect(seconds, self._firing, may_blow=self._state == RUNNING)
        self._water.mix(
            seconds,
            steam=self._steam_t_per_h,
            feedwater=self._feedwater_t_per_h,
            lost=self._passing_t_per_h + self._leak_t_per_h,
            may_blow=self._trip_code != TRIP_LOW_WATER,
        )
        self._water.warm_drain(seconds, air_c=self._air_c, passing=self.faults["blowdown_valve_passing"])

    def _use_steam(self, seconds: float) -> None:
        share = np.minimum(self._demand.step(self.now, seconds), 1.0)
        pressure_mpa = self.drum.pressure_mpa
        self._is_open = pressure_mpa > np.where(self._is_open, 0.55, 0.85)
        wanted = 9.6 * share * np.minimum(pressure_mpa, 1.08) * self._is_open
        self._steam_t_per_h = lag(self._steam_t_per_h, wanted, seconds, 8)

    def _switch_burner(self, seconds: float) -> None:
        state, since = self._state, self._in_state_seconds + seconds
        pressure_mpa, level_mm = self.drum.pressure_mpa, self.drum.level_mm
        after = np.where((state == OFF) & (pressure_mpa < 0.95) & (since > 20), PURGING, state)
        after = np.where((state == PURGING) & (since > PURGE_SECONDS), IGNITING, after)
        after = np.where((state == IGNITING) & (since > IGNITION_SECONDS), RUNNING, after)
        # The smallest flame may still be too much: then wait until the pressure has fallen.
        after = np.where((state == RUNNING) & (pressure_mpa > 1.13), OFF, after)
        after = np.where((state == TRIPPED) & (since > TRIP_SECONDS) & (level_mm > -30), OFF, after)
        trips = np.where((level_mm < -90) & (state != TRIPPED), TRIP_LOW_WATER, 0)
        if self.faults.has("flame_instability"):
            trips = np.where(self._flames_that_fail(seconds) & (trips == 0), TRIP_FLAME_FAILURE, trips)
        after = np.where(trips > 0, TRIPPED, after)
        self._trip_code = np.where(after == TRIPPED, np.maximum(self._trip_code, trips), 0.0)
        self._firing_sum = np.where((after == RUNNING) & (state != RUNNING), 0.3, self._firing_sum)
        self._in_state_seconds = np.where(after == state, since, 0.0)
        self._state = after.astype(float)

    def _flames_that_fail(self, seconds: float) -> Flags:
        fails = np.zeros(self.n, dtype=bool)
        for index in np.flatnonzero(self.faults["flame_instability"]):
            chance = -math.expm1(-seconds * float(self.faults["flame_instability"][index]) / (6 * 3600))
            fails[index] = self.dice.events[index].random() < chance
        return np.asarray(fails & (self._state == RUNNING))

    def _modulate(self, seconds: float) -> None:
        """Hold the pressure with the burner."""
        error = 1.0 - self.drum.pressure_mpa
        is_running = self._state == RUNNING
        moved = np.clip(self._firing_sum + error * seconds / 40, 0.2, 1.0)
        self._firing_sum = np.where(is_running, moved, self._firing_sum)
        wanted = np.clip(self._firing_sum + 5 * error, 0.25, 1.0)
        ramped = self._firing + np.clip(wanted - self._firing, -0.02 * seconds, 0.02 * seconds)
        self._firing = np.where(is_running, np.maximum(ramped, 0.25), np.where(self._state == IGNITING, 0.25, 0.0))

    def _burn(self, seconds: float) -> None:
        faults, normal, self._flicker = self.faults, self.dice.normal(), self.dice.normal()
        troubles = BurnerTroubles(
            excess_oxygen=3 * faults["excess_air_high"],
            lost_air_share=0.18 * faults["air_shortage"],
            damper_stuck=faults["damper_stuck"],
            sensor_bias=1.2 * faults["oxygen_sensor_bias"],
            sensor_stuck=faults["oxygen_sensor_stuck"],
            uneven_oxygen=2.2 * faults["burner_wear"] + 0.8 * faults["flame_instability"] * np.abs(self._flicker),
        )
        self._gas = self._burner.burn(
            seconds,
            self._firing,
            troubles,
            heating_kj_per_m3=self._heating_kj_per_m3,
            is_purging=self._state == PURGING,
            is_trimming=(self._state == RUNNING) & (self._in_state_seconds > 30),
            normal=normal,
        )
        self._fuel_total_m3 = self._fuel_total_m3 + self._burner.fuel_m3_per_h * seconds / 3600

    @property
    def _deposits(self) -> Deposits:
        return Deposits(self._soot.resistance(0.667 * self.faults["gas_side_fouling"]), self.faults["water_side_scale"])

    def _boil(self, seconds: float) -> None:
        """Let the gas heat the water, and tell where all the heat went."""
        gas, leak = self._gas, self._leak_t_per_h
        stack_kw, evaporated_kw = self._surfaces.cool(
            seconds,
            gas,
            self._deposits,
            is_burning=self._is_burning,
            air_c=self._air_c,
            water_c=self.drum.water_c,
            feedwater_c=self._feedwater_c,
            leak_t_per_h=leak,
        )
        surface_kw = self._loss_kw_per_k * (self.drum.water_c - self._air_c)
        heat_kw = gas.fuel_kw - gas.unburnt_kw - stack_kw - surface_kw - evaporated_kw
        blowdown = self._water.blowdown + self._passing_t_per_h
        flows = WaterFlows(self._feedwater_t_per_h, self._steam_t_per_h, blowdown, leak)
        carried_kw = self.drum.boil(seconds, heat_kw, flows, feedwater_c=self._feedwater_c)
        self.heat_kw = {
            "fuel": gas.fuel_kw,
            "feedwater": carried_kw.feedwater,
            "steam": carried_kw.steam,
            "blowdown": carried_kw.blowdown,
            "leak": carried_kw.leak + evaporated_kw,
            "stack": stack_kw,
            "unburnt": gas.unburnt_kw,
            "surface": surface_kw,
        }
        """Where heat came from and went to in the last step; water and steam count from 0 °C, the gas from the air's."""

    def _hold_level(self, seconds: float) -> None:
        level_mm = self.drum.level_mm
        self._level_sum = np.clip(self._level_sum - level_mm * seconds / 3000, -1.0, 1.0)
        wanted = self._steam_t_per_h + self._water.blowdown - 0.06 * level_mm + self._level_sum
        wanted = np.clip(wanted, 0.0, 11.5)
        band = 0.02 + 0.8 * self.faults["feedwater_valve_stiction"]
        self._valve_t_per_h = np.where(np.abs(wanted - self._valve_t_per_h) > band, wanted, self._valve_t_per_h)
        passed = self._valve_t_per_h * (1 - self.faults["feedwater_loss"])
        self._feedwater_t_per_h = lag(self._feedwater_t_per_h, passed, seconds, 3)

    def true_values(self) -> Values:
        return {
            **self._burner_values(),
            **self._water_values(),
            **self._air_values(),
            **self._gas_values(),
            "ambient_temperature": self._air_c,
            "ambient_humidity": self._weather.humidity_percent,
            "ambient_pressure": self._weather.pressure_kpa,
        }

    def _burner_values(self) -> Values:
        faults, firing, is_burning = self.faults, self._firing, self._is_burning
        noise = 1.2 + 8 * faults["flame_instability"] + 3.5 * (faults["burner_wear"] + faults["air_shortage"])
        flame = self._flame_percent + 6 * firing - 10 * faults["flame_instability"] + noise * self._flicker
        return {
            "state": self._state,
            "burner_stage": is_burning * np.where(self._state == IGNITING, 1.0, 2.0 + (firing > 0.26) + (firing > 0.99)),
            "trip_code": self._trip_code,
            "low_water_interlock": (self._trip_code == TRIP_LOW_WATER).astype(float),
            "burner_load": 100 * firing,
            "flame_signal": np.clip(flame, 0.0, 100.0) * is_burning,
            "fuel_flow": self._burner.fuel_m3_per_h,
            "fuel_total": self._fuel_total_m3,
            "fuel_pressure": 12 - 1.6 * firing + 0.15 * self._wander[:, 3],
            "fuel_lower_heating_value": self._analysed_kj_per_m3,
            "fuel_higher_heating_value": gas_combustion.HIGHER_TO_LOWER * self._analysed_kj_per_m3,
            "soot_blow_active": self._soot.is_blowing.astype(float),
        }

    def _water_values(self) -> Values:
        drum, water, pressure_mpa = self.drum, self._water, self.drum.pressure_mpa
        tubes_c = drum.water_c[:, None] + self._surfaces.tube_rise_k
        return {
            "steam_flow": self._steam_t_per_h,
            "steam_pressure": pressure_mpa,
            "steam_pressure_header": np.maximum(pressure_mpa - 0.02 * (self._steam_t_per_h / 10) ** 2, 0.0),
            "steam_temperature": drum.water_c,
            "drum_level": drum.level_mm,
            "drum_wall_temperature_difference": drum.wall_difference_k,
            "feedwater_flow": self._feedwater_t_per_h,
            "feedwater_temperature": self._feedwater_c,
            "feedwater_pressure": 1.7 - 0.25 * (self._feedwater_t_per_h / 11) ** 2,
            "makeup_water_flow": water.makeup,
            "condensate_return_flow": water.condensate,
            "blowdown_flow": water.blowdown,
            "blowdown_drain_temperature": water.drain_c,
            "boiler_water_conductivity": water.conductivity_us_per_cm,
            "boiler_water_ph": 10.5 + 0.5 * water.conductivity_us_per_cm / 2800 + 0.08 * self._wander[:, 1],
            "feedwater_conductivity": water.feedwater_us_per_cm,
            "feedwater_hardness": water.hardness_mmol_per_l + 0.05 * self.faults["water_side_scale"],
            "feedwater_oxygen": 0.03 + 0.006 * np.clip(self._wander[:, 2], -3, 3),
            **{f"tube_metal_temperature_{index + 1}": tube_c for index, tube_c in enumerate(tubes_c.T)},
        }

    def _air_values(self) -> Values:
        """Tell what the fan does; the furnace stands under the pressure that drives the gas through bank and economiser."""
        faults, share = self.faults, self._burner.air_m3_per_h / RATED_AIR_M3_PER_H
        resistance = self._resistance * (1 + 1.2 * self._deposits.soot) * (1 + 0.1 * faults["tube_leak"] * self._is_burning)
        noise = 3 + 22 * faults["flame_instability"] + 9 * (faults["burner_wear"] + faults["air_shortage"])
        fan = forced_draught_fan(air_share=share, air_c=self._air_c, resistance=resistance, efficiency=self._fan_efficiency)
        is_on = share > 0
        return {
            "combustion_air_flow": self._burner.air_m3_per_h,
            "fan_speed_forced": fan.speed_hz * is_on,
            "fan_current_forced": fan.current_a * is_on,
            "auxiliary_power": fan.power_kw * is_on + 4 + 0.8 * self._feedwater_t_per_h,
            "furnace_pressure": (fan.furnace_pa + noise * self._flicker) * is_on + 30 * self._soot.is_blowing,
            "flue_gas_pressure_drop_economiser": 280 * share**2 * resistance,
        }

    def _gas_values(self) -> Values:
        gas, oxygen, is_burning = self._gas, self._burner.oxygen_percent, self._is_burning
        furnace_c, bank_c, economiser_c = self._surfaces.gas_c
        leaked = 0.15 * self.faults["air_in_leakage"]
        duct_c = economiser_c - 0.02 * (economiser_c - self._air_c)
        nox = gas_combustion.nitrogen_oxides_mg_per_m3(
            flame_c=self._surfaces.flame_c, oxygen=oxygen, at_tuning=self._nox_mg_per_m3
        )
        return {
            "flue_gas_oxygen": self._burner.oxygen_reading_percent,
            "flue_gas_oxygen_stack": (oxygen + leaked * OXYGEN_OF_AIR) / (1 + leaked),
            "flue_gas_carbon_monoxide": self._burner.carbon_monoxide_ppm,
            "flue_gas_temperature_furnace_exit": furnace_c,
            "flue_gas_temperature_economiser_in": bank_c,
            "flue_gas_temperature_economiser_out": economiser_c,
            "flue_gas_temperature_stack": (duct_c + leaked * self._air_c) / (1 + leaked),
            "flue_gas_flow": 3600 * gas.m3_per_s * (1 + leaked),
            "flue_gas_moisture": 100 * gas.vapour_m3_per_s / gas.least_m3_per_s / (1 + leaked),
            "emission_nox": nox * is_burning,
            "emission_so2": self._so2_mg_per_m3 * is_burning,
            "emission_particulate": self._dust_mg_per_m3 * (1 + 1.5 * self._soot.is_blowing) * is_burning,
        }
