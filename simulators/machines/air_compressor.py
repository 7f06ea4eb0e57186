"""Oil-injected screw compressors of 110 kW, fixed speed or variable, each with its receiver and a plant's network.

The block (`simulators.physics.screw_compressor`) fills the network (`air_network`) and heats its oil, which is cooled or gives
its heat to a water loop (`compressor_cooling`); `package_motor` tells what the motor draws for it. An unloaded machine takes a
third of its full power, more while its sump still blows down. Control: load and unload between two pressures, idling on before
the motor stops, and a drive that holds the pressure down to its lowest speed. The users follow shifts and batches.

Limits of the model, besides those of its parts: no sequencing of several machines. Rated figures are those of a good package of
the size (6.2 to 6.6 kW/(m³/min) at 0.7 MPa), not of a maker's model. Prices and the grid's factor are defaults: a tariff with
three rates, and the Chinese mean of 2022 (0.5366 kg/kWh, Ministry of Ecology and Environment, announcement 33 of 2024).
"""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import numpy as np

from simulators.machine import Array, Flags, Machines, Values, lag
from simulators.machine_faults import MachineFault
from simulators.physics.air_network import RATED_FLOW_M3_PER_MIN, AirNetwork
from simulators.physics.compressor_cooling import CompressorCooling, CoolingState
from simulators.physics.demand import Demand
from simulators.physics.package_motor import PackageMotor
from simulators.physics.screw_compressor import AirEnd, Running, ScrewBlock, Troubles
from simulators.physics.three_phase import phase_factors
from simulators.physics.weather import Weather
from simulators.sensors import Sensor

STOPPED, STARTING, IDLE, LOADED, TRIPPED = range(5)
NO_FAULT, HOT_DISCHARGE, SEPARATOR_BLOCKED, OIL_LOW = range(4)
RATED_SPEED_RPM = 3000.0
_STARTING_SECONDS, _TRIP_SECONDS = 8.0, 1800.0
_MOST_STARTS_PER_HOUR = 6
_SERVICE_HOURS = 4000.0
_WEATHER_SECONDS = 60.0


class AirCompressor(Machines):
    """n screw compressors, each with its receiver and network."""

    KIND = "air_compressor"
    LONGEST_STEP_SECONDS = 12.0
    FAULTS: ClassVar = {
        "inlet_filter_clogged": MachineFault("进气滤芯堵塞", "Inlet filter clogged", "filter pressure drop x 4, flow -6 %"),
        "separator_clogged": MachineFault("油气分离芯堵塞", "Oil separator clogged", "separator pressure drop x 3.2"),
        "oil_cooler_fouling": MachineFault(
            "油冷却器结垢", "Oil cooler fouled", "heat transfer of oil cooler and aftercooler -35 %"
        ),
        "oil_low": MachineFault("油位低", "Oil low", "level -55 %, injected oil and oil through the cooler -40 %"),
        "inlet_valve_leak": MachineFault(
            "进气阀关闭不严", "Inlet valve leaks", "idle inlet pressure x 2, idle sump pressure x 2"
        ),
        "minimum_pressure_valve_fault": MachineFault(
            "最小压力阀故障", "Minimum pressure valve faulty", "network air flows back (0.7 m³/min), sump blow-down x 3.5 slower"
        ),
        "air_end_wear": MachineFault(
            "主机磨损", "Air end worn", "slip x 2.3 (flow -8 %), friction +25 %, vibration envelope x 4"
        ),
        "network_leak": MachineFault("管网泄漏", "Leak in the network", "leaks of 20 % of the capacity more"),
        "dryer_fault": MachineFault("冷干机故障", "Dryer faulty", "dew point +12 K, dryer power -45 %"),
        "coupling_slip": MachineFault("联轴器打滑", "Coupling slips", "air end speed -6 %, motor vibration +60 %"),
    }
    SENSORS: ClassVar = {
        "discharge_pressure": Sensor(noise=0.0008, offset=0.002, lowest=0.0),
        "network_pressure": Sensor(noise=0.0008, offset=0.002, lowest=0.0),
        "sump_pressure": Sensor(noise=0.0008, offset=0.002, lowest=0.0),
        "separator_pressure_drop": Sensor(noise=0.4, offset=0.6, lowest=0.0),
        "discharge_temperature": Sensor(noise=0.15, offset=0.6),
        "oil_temperature": Sensor(noise=0.15, offset=0.6),
        "oil_pressure": Sensor(noise=0.01, offset=0.03, lowest=0.0),
        "oil_level": Sensor(noise=0.4, offset=1.0, lowest=0.0, highest=100.0),
        "aftercooler_temperature": Sensor(noise=0.15, offset=0.5),
        "pressure_dew_point": Sensor(noise=0.08, offset=0.4),
        "inlet_pressure": Sensor(noise=0.02, offset=0.1, lowest=0.0),
        "inlet_temperature": Sensor(noise=0.1, offset=0.4),
        "inlet_humidity": Sensor(noise=0.5, offset=1.5, lowest=0.0, highest=100.0),
        "inlet_filter_pressure_drop": Sensor(noise=0.02, offset=0.04, lowest=0.0),
        "free_air_delivery": Sensor(relative_noise=0.006, gain=0.012, lowest=0.0),
        "active_power": Sensor(relative_noise=0.002, gain=0.004, lowest=0.0),
        "motor_power": Sensor(relative_noise=0.002, gain=0.01, lowest=0.0),
        **{f"current_{phase}": Sensor(relative_noise=0.002, gain=0.003, lowest=0.0) for phase in "abc"},
        **{f"voltage_{phases}": Sensor(noise=0.3, gain=0.002) for phases in ("ab", "bc", "ca")},
        "frequency": Sensor(noise=0.005),
        "speed": Sensor(relative_noise=0.0004, lowest=0.0),
        "airend_speed": Sensor(relative_noise=0.0004, lowest=0.0),
        "inverter_temperature": Sensor(noise=0.2, offset=0.5),
        "cooling_water_in_temperature": Sensor(noise=0.1, offset=0.3),
        "cooling_water_out_temperature": Sensor(noise=0.1, offset=0.3),
        **{f"vibration_velocity_{point}": Sensor(relative_noise=0.03, gain=0.02, lowest=0.0) for point in (1, 2)},
        **{f"vibration_envelope_{point}": Sensor(relative_noise=0.06, gain=0.03, lowest=0.0) for point in (1, 2)},
        "dryer_power": Sensor(relative_noise=0.004, gain=0.005, lowest=0.0),
        "heat_recovered": Sensor(relative_noise=0.01, gain=0.01, lowest=0.0),
    }

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        super().__init__(seeds=seeds, start=start)
        self.variable_speed: Flags = self.dice.uniform() < 0.5
        """Which machines have a drive; the others load and unload at full speed."""
        self._draw_block()
        self._draw_network()
        self._draw_coolers()
        self._weather, self._demand = Weather(self.dice, start), Demand(self.dice, start)
        self._weather_seconds = 0.0
        self._start_air()
        self._start_counters()
        self._grid_volts = self.full(400.0)
        self._settle()
        self._warm(1.0, self.full(100.0), self.full(1.0))

    def _draw_block(self) -> None:
        displacement = RATED_FLOW_M3_PER_MIN * self.hidden(1.066, 0.02)
        slip_share, efficiency, friction_kw = self.hidden(0.06, 0.1), self.hidden(0.985, 0.012), self.hidden(12.0, 0.05)
        motor_efficiency = np.where(self.variable_speed, 0.93, 0.953) * self.hidden(1.0, 0.004)
        self._gear = self.hidden(1.25, 0.05)
        lowest_speed, motor_slip = self.hidden(0.3, 0.08), self.hidden(0.009, 0.1)
        self._air_end = AirEnd(displacement, slip_share, efficiency, friction_kw, lowest_speed, motor_slip, self.variable_speed)
        power_factor = np.where(self.variable_speed, 0.95, self.hidden(0.885, 0.01))
        self._motor = PackageMotor(motor_efficiency, power_factor, self.variable_speed)
        self._current_unbalance = phase_factors(0.006 * self.dice.normals(2))
        self._voltage_unbalance = phase_factors(0.002 * self.dice.normals(2))
        self._vibration = np.stack([self.hidden(1.5, 0.15), self.hidden(2.6, 0.12)], axis=1)

    def _draw_network(self) -> None:
        self.network = AirNetwork(
            volume_m3=self.hidden(12.0, 0.12),
            leak_share=self.dice.uniform(0.06, 0.14),
            plant_level=self.dice.uniform(0.6, 0.85),
            rests_on_sunday=self.dice.uniform() < 0.5,
        )
        middle_mpa = 0.7 + 0.012 * np.clip(self.dice.normal(), -2, 2)
        half_band_mpa = self.dice.uniform(0.03, 0.05)
        self._setpoint_mpa = middle_mpa
        self._load_mpa = np.where(self.variable_speed, middle_mpa - 0.02, middle_mpa - half_band_mpa)
        self._unload_mpa = np.where(self.variable_speed, middle_mpa + 0.045, middle_mpa + half_band_mpa)
        self._run_on_seconds = np.round(self.dice.uniform(240, 480))
        self._clean_filter_kpa = self.hidden(1.4, 0.1)
        self._clean_separator_kpa = self.hidden(20.0, 0.1)
        self._dryer_drop_kpa = self.hidden(16.0, 0.15)

    def _draw_coolers(self) -> None:
        self._coolers = {
            "cooler_kw_per_k": self.hidden(1.55, 0.06),
            "stored_kj_per_k": self.hidden(650.0, 0.08),
            "aftercooler_approach_k": self.hidden(8.5, 0.1),
            "heat_recovery_share": self.dice.uniform(0.25, 0.55),
        }
        self._dryer_kw = self.hidden(3.1, 0.06)
        self._coolers["dew_point_base_c"] = self.hidden(2.8, 0.12)
        self._return_water_c = self.hidden(40.0, 0.06)

    def _start_air(self) -> None:
        self._state = self.full(LOADED)
        self._state_seconds = self.full(0.0)
        self._fault_code = self.full(NO_FAULT)
        share = self.dice.uniform(0.2, 0.8)
        self.network.pressure_mpa = self._load_mpa + share * (self._unload_mpa - self._load_mpa)
        self.block = ScrewBlock(self._air_end, network_mpa=self.network.pressure_mpa)
        self._cooling = CompressorCooling(**self._coolers, oil_c=self.dice.uniform(76, 82), room_c=self._room_c)

    def _start_counters(self) -> None:
        self._run_hours = self.dice.uniform(3000, 38_000)
        self._load_hours = self._run_hours * self.dice.uniform(0.55, 0.9)
        self._energy_kwh = self._load_hours * 112 + (self._run_hours - self._load_hours) * 38
        self._free_air_m3 = self._load_hours * 60 * RATED_FLOW_M3_PER_MIN * np.where(self.variable_speed, 0.7, 1.0)
        self._starts = np.floor(self._run_hours * self.dice.uniform(0.05, 0.2))
        self._load_cycles = np.floor(self._run_hours * self.dice.uniform(4, 12))
        self._service_left_hours = self.dice.uniform(150, _SERVICE_HOURS)
        self._last_starts = np.full((self.n, 2 * _MOST_STARTS_PER_HOUR), -math.inf)

    @property
    def _room_c(self) -> Array:
        """Air of the compressor room, which is never quite as cold as outside."""
        return np.maximum(self._weather.temperature_c + 3.0, 5.0)

    @property
    def _is_loaded(self) -> Flags:
        return np.asarray(self._state == LOADED)

    @property
    def _running(self) -> Running:
        return Running(self._is_loaded, self._state == IDLE, self._state == STARTING)

    @property
    def _is_on(self) -> Flags:
        return self.block.turning > 0

    def _step(self, seconds: float) -> None:
        sump_before_mpa = self.block.sump_mpa
        loaded_seconds = self._fill_network(seconds)
        self.block.blow(seconds, self._running, network_mpa=self.network.pressure_mpa)
        idle_sump_mpa = np.where(self._state == IDLE, 0.5 * (sump_before_mpa + self.block.sump_mpa), sump_before_mpa)
        shaft_kw = self._count(seconds, loaded_seconds, idle_sump_mpa)
        self._warm(seconds, shaft_kw, loaded_seconds / seconds)
        self._trip()
        self._weather_seconds += seconds
        if self._weather_seconds >= _WEATHER_SECONDS:
            self._weather.step(self.now, self._weather_seconds)
            self._weather_seconds = 0.0
        self._grid_volts = lag(self._grid_volts, 400 + 3.5 * self.dice.normal(), seconds, 600.0)
        self._demand.step(self.now, seconds)
        self._settle()

    def _settle(self) -> None:
        """Find what follows from state and surroundings at once."""
        age = 1 - self._service_left_hours / _SERVICE_HOURS
        clogging = (1 + 0.6 * age * age) * (1 + 3 * self.faults["inlet_filter_clogged"])
        self._troubles = Troubles(
            filter_kpa=self._clean_filter_kpa * clogging,
            separator_kpa=self._clean_separator_kpa * (1 + 0.45 * age) * (1 + 2.2 * self.faults["separator_clogged"]),
            wear=self.faults["air_end_wear"],
            coupling_slip=self.faults["coupling_slip"],
            inlet_valve_leak=self.faults["inlet_valve_leak"],
            minimum_pressure_valve=self.faults["minimum_pressure_valve_fault"],
        )
        inlet_kpa = self._weather.pressure_kpa
        self.network.settle(
            demand_share=self._demand.share,
            added_leak_share=0.2 * self.faults["network_leak"],
            is_sunday=self.now.weekday() == 6,
            inlet_kpa=inlet_kpa,
            inlet_c=self._room_c,
        )
        self.block.settle(
            self._running,
            self._troubles,
            network_mpa=self.network.pressure_mpa,
            inlet_kpa=inlet_kpa,
            wanted_m3_per_min=self.network.holding_m3_per_min(self._setpoint_mpa, seconds=25),
        )
        self._fan_share = np.where(self._is_on, np.minimum(np.maximum((self._cooling.oil_c - 74) / 14, 0.0), 1.0), 0.0)

    def _fill_network(self, seconds: float) -> Array:
        """Move pressure and state; give how long each machine was loaded."""
        filling = self.network.fill(
            seconds,
            delivered=self.block.capacity_m3_per_min,
            flows_back=0.7 * self.faults["minimum_pressure_valve_fault"],
            load_mpa=self._load_mpa,
            unload_mpa=self._unload_mpa,
            is_loaded=self._is_loaded,
            is_idle=self._state == IDLE,
        )
        self._load_cycles = self._load_cycles + filling.loads
        self._change_state(seconds, filling.loads, filling.unloads)
        return filling.loaded_seconds

    def _change_state(self, seconds: float, loads: Flags, unloads: Flags) -> None:
        self._state_seconds = self._state_seconds + seconds
        state, since = self._state, self._state_seconds
        stops = (state == IDLE) & ~loads & (since > self._run_on_seconds) & (self._starts_per_hour() < _MOST_STARTS_PER_HOUR)
        starts = (state == STOPPED) & (self.network.pressure_mpa < self._load_mpa)
        started = (state == STARTING) & (since >= _STARTING_SECONDS)
        is_reset = (state == TRIPPED) & (since > _TRIP_SECONDS) & (self._cooling.oil_c < 92)
        self._state = np.where(loads | started, LOADED, np.where(unloads, IDLE, np.where(stops | is_reset, STOPPED, state)))
        self._state_seconds = np.where(self._state != state, 0.0, since)
        self._fault_code = np.where(is_reset, NO_FAULT, self._fault_code)
        self._load_cycles = self._load_cycles + started
        if starts.any():
            self._state, self._state_seconds = np.where(starts, STARTING, self._state), np.where(starts, 0.0, self._state_seconds)
            self._starts = self._starts + starts
            moved = np.roll(self._last_starts, 1, axis=1)
            moved[:, 0] = self.seconds
            self._last_starts = np.where(starts[:, np.newaxis], moved, self._last_starts)

    def _starts_per_hour(self) -> Array:
        return np.asarray(np.sum(self._last_starts > self.seconds - 3600, axis=1), dtype=float)

    def _motor_kw(self, sump_mpa: Array, *, is_loaded: Flags | bool) -> Array:
        return np.where(self._is_on, self._motor.drawn_kw(self.block.shaft_kw(sump_mpa, is_loaded=is_loaded)), 0.0)

    def _auxiliary_kw(self) -> Array:
        return 0.15 + np.where(self._is_on, 0.6 + 3.2 * self._fan_share * self._fan_share * self._fan_share, 0.0)

    def _count(self, seconds: float, loaded_seconds: Array, idle_sump_mpa: Array) -> Array:
        """Count the mean of the step, in which the machine may have loaded and idled; give the mean power of the shaft."""
        loaded_kw = self._motor_kw(self.block.loaded_sump_mpa(self.network.pressure_mpa), is_loaded=True)
        idle_kw = self._motor_kw(idle_sump_mpa, is_loaded=False)
        motor_kj = loaded_kw * loaded_seconds + idle_kw * (seconds - loaded_seconds)
        self._energy_kwh = self._energy_kwh + (motor_kj + self._auxiliary_kw() * seconds) / 3600
        self._free_air_m3 = self._free_air_m3 + self.block.capacity_m3_per_min * loaded_seconds / 60
        self._load_hours = self._load_hours + loaded_seconds / 3600
        run_hours = self._is_on * (seconds / 3600)
        self._run_hours = self._run_hours + run_hours
        left_hours = self._service_left_hours - run_hours
        # Service comes a day late, and brings new filters and oil.
        self._service_left_hours = np.where(left_hours < -24, _SERVICE_HOURS, left_hours)
        return np.where(self._is_on, motor_kj / seconds * self._motor.efficiency, 0.0)

    def _warm(self, seconds: float, shaft_kw: Array, loaded_share: Array) -> None:
        now = CoolingState(
            is_on=self._is_on,
            shaft_kw=shaft_kw,
            flow_share=loaded_share * self.block.flow_share,
            sump_mpa=self.block.sump_mpa,
            room_c=self._room_c,
            fan_share=self._fan_share,
            wanted_heat_share=1.0 if 6 <= self.hour < 22 else 0.35,
            clean_share=1 - 0.35 * self.faults["oil_cooler_fouling"],
            oil_share=1 - 0.4 * self.faults["oil_low"],
            dryer_lift_k=12 * self.faults["dryer_fault"],
        )
        self._cooling.warm(seconds, now)

    @property
    def _separator_kpa(self) -> Array:
        return np.where(self._is_loaded, self._troubles.separator_kpa * np.square(self.block.flow_share), 0.0)

    @property
    def _oil_level_percent(self) -> Array:
        return (72 - 6 * (1 - self._service_left_hours / _SERVICE_HOURS)) * (1 - 0.55 * self.faults["oil_low"])

    def _trip(self) -> None:
        causes = {
            HOT_DISCHARGE: self._cooling.discharge_c > 110,
            SEPARATOR_BLOCKED: self._separator_kpa > 100,
            OIL_LOW: self._oil_level_percent < 20,
        }
        for code, cause in causes.items():
            trips = self._is_on & cause & (self._state != TRIPPED)
            if trips.any():
                self._fault_code = np.where(trips, code, self._fault_code)
                self._state = np.where(trips, TRIPPED, self._state)
                self._state_seconds = np.where(trips, 0.0, self._state_seconds)

    def true_values(self) -> Values:
        return {
            **self._pressures(),
            **self._temperatures(),
            **self._electrics(),
            **self._drive(),
            **self._counters(),
            **self._warnings(),
            **self._surroundings(),
        }

    def _pressures(self) -> Values:
        is_loaded, block, pressure_mpa = self._is_loaded, self.block, self.network.pressure_mpa
        dryer_kpa = self._dryer_drop_kpa * np.square(self.network.drawn_m3_per_min / RATED_FLOW_M3_PER_MIN)
        share = np.where(is_loaded, block.flow_share, 0.0)
        return {
            "state": self._state,
            "fault_code": self._fault_code,
            "discharge_pressure": pressure_mpa,
            "network_pressure": np.maximum(pressure_mpa - dryer_kpa / 1000, 0.0),
            "sump_pressure": block.sump_mpa,
            "oil_pressure": np.maximum(10 * block.sump_mpa - 0.4, 0.0),
            "separator_pressure_drop": self._separator_kpa,
            "inlet_filter_pressure_drop": self._troubles.filter_kpa * share * share,
            "free_air_delivery": np.where(is_loaded, block.capacity_m3_per_min, 0.0),
            "volume_flow_percent": np.minimum(100 * share, 110.0),
            "inlet_valve_position": np.where(is_loaded, 100.0, 0.0),
            "oil_level": self._oil_level_percent,
        }

    def _temperatures(self) -> Values:
        cooling = self._cooling
        return {
            "discharge_temperature": cooling.discharge_c,
            "oil_temperature": cooling.injection_c,
            "aftercooler_temperature": cooling.aftercooler_c,
            "pressure_dew_point": cooling.dew_point_c,
            "cooling_water_in_temperature": self._return_water_c,
            "cooling_water_out_temperature": self._return_water_c + cooling.recovered_kw / 5.0,  # 1.2 kg/s of water
            "heat_recovered": cooling.recovered_kw,
            "fan_speed": 100 * self._fan_share,
        }

    def _electrics(self) -> Values:
        motor_kw = self._motor_kw(self.block.sump_mpa, is_loaded=self._is_loaded)
        package_kw = motor_kw + self._auxiliary_kw()
        apparent_kva = np.hypot(package_kw, self._motor.reactive_kvar(motor_kw, is_on=self._is_on))
        current_a = apparent_kva * 1000 / (math.sqrt(3) * self._grid_volts)
        currents, volts = self._current_unbalance.T * current_a, self._voltage_unbalance.T * self._grid_volts
        works = np.where(self._is_loaded, self.block.flow_share, 0.0)
        dryer_kw = self._dryer_kw * (0.62 + 0.38 * works) * (1 - 0.45 * self.faults["dryer_fault"])
        return {
            "active_power": package_kw,
            "motor_power": motor_kw,
            "power_factor": package_kw / apparent_kva,
            **{f"current_{phase}": current for phase, current in zip("abc", currents, strict=True)},
            **{f"voltage_{phases}": volt for phases, volt in zip(("ab", "bc", "ca"), volts, strict=True)},
            "frequency": self.full(50.0),
            "dryer_power": dryer_kw,
            "dc_link_voltage": np.where(self.variable_speed, 1.35 * self._grid_volts, 0.0),
            "inverter_temperature": self._room_c + np.where(self.variable_speed, 8 + 20 * motor_kw / 115, 2.0),
        }

    def _drive(self) -> Values:
        turning = self.block.turning
        speed_rpm = RATED_SPEED_RPM * turning
        beats = (0.35 + 0.65 * turning * turning) * self._is_on
        wear, slips = self.faults["air_end_wear"], self.faults["coupling_slip"]
        motor, air_end = self._vibration[:, 0] * beats, self._vibration[:, 1] * beats
        return {
            "speed": speed_rpm,
            "speed_setpoint": RATED_SPEED_RPM * self.block.wanted_speed,
            "speed_percent": 100 * turning,
            "airend_speed": speed_rpm * self._gear * (1 - 0.06 * slips),
            "vibration_velocity_1": motor * (1 + 0.6 * slips),
            "vibration_velocity_2": air_end * (1 + 0.5 * wear + 0.2 * slips),
            "vibration_envelope_1": 1.1 * motor * (1 + 0.3 * slips),
            "vibration_envelope_2": 1.5 * air_end * (1 + 3 * wear),
        }

    def _counters(self) -> Values:
        is_idle = self._state == IDLE
        return {
            "energy_total": self._energy_kwh,
            "free_air_total": self._free_air_m3,
            "run_hours": self._run_hours,
            "load_hours": self._load_hours,
            "start_count": self._starts,
            "load_cycle_count": self._load_cycles,
            "motor_starts_per_hour": self._starts_per_hour(),
            "service_hours_left": self._service_left_hours,
            "run_on_time_left": np.where(is_idle, np.maximum(self._run_on_seconds - self._state_seconds, 0.0), 0.0),
        }

    def _warnings(self) -> Values:
        warnings = {
            "warning_inlet_filter": self._troubles.filter_kpa > 5,
            "warning_separator": self._troubles.separator_kpa > 60,
            "warning_oil_level": self._oil_level_percent < 40,
            "warning_discharge_temperature": self._cooling.discharge_c > 105,
            "warning_dryer": self._cooling.dew_point_c > 8,
            "service_due": self._service_left_hours <= 0,
            "discharge_temperature_trip": self._fault_code == HOT_DISCHARGE,
        }
        return {name: is_on.astype(float) for name, is_on in warnings.items()}

    def _surroundings(self) -> Values:
        hour = self.now.hour
        price = 0.95 if 16 <= hour < 22 else 0.38 if 10 <= hour < 15 else 0.62
        return {
            "inlet_pressure": self._weather.pressure_kpa,
            "inlet_temperature": self._room_c,
            "inlet_humidity": self._weather.humidity_percent,
            "electricity_price": self.full(price),
            "grid_co2_factor": self.full(0.5366),
            "serial_number": [f"AC{seed:06d}" for seed in self.seeds],
            "software_version": ["3.10"] * self.n,
        }
