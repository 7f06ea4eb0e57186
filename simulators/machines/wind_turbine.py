"""n wind turbines of 5 MW with a rotor of 126 m, after NREL's offshore reference turbine, each on a site of its own.

Ratings and control regions: Jonkman and others, "Definition of a 5-MW Reference Wind Turbine for Offshore System Development",
NREL/TP-500-38060 (2009), tables 1-1 and 7-1. Air, rotor, heat, drives and grid come from `simulators.physics`. The rotor's speed
follows the wind with a lag; what accelerates it is not fed in, and the pitch sheds what generator and rotor cannot take; the
air's power goes with the cube of the cosine of the yaw error.

Limits, besides those of the parts: no dynamics of blades and tower, no grid transients; accelerations and vibrations are rms
values that follow load and turbulence; the nacelle's anemometer sees the free wind; no turbine knows its neighbours. The
efficiency from shaft to terminals is constant, as in the report; what a turbine draws is metered only while it does not feed in.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from simulators.machine import Array, Flags, Machines, Values, lag
from simulators.machine_faults import MachineFault
from simulators.physics.gear_oil import HIGHEST_C, GearOil
from simulators.physics.grid import Grid, three_phase_readings
from simulators.physics.hydraulic_unit import HydraulicUnit
from simulators.physics.pitch_drives import FEATHER_DEG, PitchDrives
from simulators.physics.rotor_aerodynamics import Rotor, power_coefficient
from simulators.physics.thermal_nodes import Node, ThermalNodes
from simulators.physics.weather import Weather
from simulators.physics.wind import STANDARD_DENSITY, Wind, air_density
from simulators.physics.yaw_drive import YawDrive
from simulators.sensors import Sensor

RATED_KW, RADIUS_M, GEAR_RATIO = 5000.0, 63.0, 97.0
SLOWEST_RAD_S, RATED_RAD_S = 6.9 * np.pi / 30, 12.1 * np.pi / 30
INERTIA_KG_M2 = 38.76e6 + 534.116 * GEAR_RATIO**2
"""Rotor and, seen from its side, generator."""
EFFICIENCY = 0.944
CUT_IN_MPS, CALM_MPS, CUT_OUT_MPS, AFTER_STORM_MPS = 3.3, 2.7, 25.0, 22.0
STANDBY, STARTING, RUNNING, STORM, ICED, UNTWISTING, FAULT, MAINTENANCE = range(8)
CONVERTER, PITCH, OVERSPEED, VIBRATION, OVERTEMPERATURE, GRID = 101, 201, 202, 301, 401, 501
"""Fault codes."""
MAINTENANCE_DAYS = 182
_ENERGY_PER_SPEED_SQUARED = INERTIA_KG_M2 / 2000
"""Turns (rad/s)² into kJ."""

_ROTOR = Rotor(radius_m=RADIUS_M, slowest_rad_s=SLOWEST_RAD_S, rated_rad_s=RATED_RAD_S)
_CURVE_MPS = np.arange(2.5, 26.0, 0.25)
_CURVE_KW = np.minimum(EFFICIENCY * _ROTOR.most_kw(STANDARD_DENSITY, _CURVE_MPS), RATED_KW)
"""What the controller believes it could feed in at its anemometer's wind, at the standard density."""
_NODES = {
    "nacelle_temperature": Node("air", 3600, 1.5, 3.5),
    "coolant_temperature": Node("air", 500, 3, 5, 3),
    "transformer_temperature": Node("air", 7200, 8, 5, 50, trip_c=150),
    "generator_bearing_temperature_drive": Node("nacelle_temperature", 1200, 13, 10, 5, trip_c=95),
    "generator_bearing_temperature_non_drive": Node("nacelle_temperature", 1200, 12, 8, 4, trip_c=95),
    **{f"generator_winding_temperature_{w}": Node("nacelle_temperature", 900, 6, 10, 48, trip_c=150) for w in "uvw"},
    "slip_ring_temperature": Node("nacelle_temperature", 900, 10, 22),
    "main_bearing_temperature": Node("nacelle_temperature", 3600, 4, 4, trip_c=70),
    "converter_temperature": Node("coolant_temperature", 600, 2, 4, 3),
    "igbt_temperature": Node("coolant_temperature", 60, 2, 6, 10, trip_c=85),
    "gearbox_bearing_temperature_drive": Node("oil", 1200, 3, 6, trip_c=90),
    "gearbox_bearing_temperature_non_drive": Node("oil", 1200, 2, 5, trip_c=90),
}
_PLACES = ("air", "oil")
"""What surrounds nodes and is none."""
_TEMPERATURES = (
    *(f"pitch_motor_temperature_{blade}" for blade in "123"),
    *(f"{part}_temperature" for part in ("gearbox_oil", "nacelle", "coolant", "transformer", "slip_ring")),
    *(f"{part}_temperature" for part in ("main_bearing", "converter", "igbt")),
    *(f"{part}_bearing_temperature_{end}" for part in ("generator", "gearbox") for end in ("drive", "non_drive")),
    *(f"generator_winding_temperature_{winding}" for winding in "uvw"),
)


class WindTurbine(Machines):
    """n turbines: wind, rotor, yaw, nacelle, states and the grid's wishes."""

    KIND = "wind_turbine"
    LONGEST_STEP_SECONDS = 30.0
    FAULTS = {
        "yaw_offset": MachineFault(
            "偏航对风偏差", "Yaw offset", "wind vane turned by 10°, the nacelle aligns itself beside the wind"
        ),
        "pitch_stuck": MachineFault("变桨卡涩", "Blade stuck", "the blade stays at its angle (from severity 0.5)", part="blade"),
        "pitch_asymmetry": MachineFault("桨距角不一致", "Pitch asymmetry", "blade stands 3° beside the others", part="blade"),
        "pitch_battery_weak": MachineFault("变桨电池衰退", "Pitch battery weak", "battery voltage -20 %", part="blade"),
        "anemometer_bias": MachineFault("风速计偏差", "Anemometer bias", "anemometer reads 10 % too high"),
        "anemometer_icing": MachineFault(
            "风速计结冰", "Anemometer icing", "anemometer reads 40 % too low; for frost, but acts in any weather"
        ),
        "blade_icing": MachineFault(
            "叶片结冰", "Blade icing", "power coefficient -30 % and imbalance; for frost, but acts in any weather"
        ),
        "power_curve_degradation": MachineFault("叶片侵蚀污染", "Blade erosion or soiling", "power coefficient -6 %"),
        "gearbox_bearing_wear": MachineFault(
            "齿轮箱轴承磨损", "Gearbox bearing wear", "drive-end bearing +18 K at load, gearbox vibration x 2.8"
        ),
        "oil_cooler_fouling": MachineFault("油冷却器堵塞", "Oil cooler fouled", "thermal resistance of the gear oil cooler x 2"),
        "generator_bearing": MachineFault(
            "发电机轴承磨损", "Generator bearing wear", "drive-end bearing +25 K at load, vibration x 2.8"
        ),
        "winding_overheat": MachineFault(
            "绕组过热", "Winding overheats", "one winding +40 K at rated power, its current -4 %", part="winding"
        ),
        "generator_cooling": MachineFault("发电机冷却不良", "Generator cooling poor", "rise of all windings +45 %"),
        "hydraulic_leak": MachineFault("液压泄漏", "Hydraulic leak", "pressure falls 40 times as fast, oil level -30 %"),
        "converter_trip": MachineFault("变流器跳闸", "Converter trips", "no power while it lasts (from severity 0.5)"),
        "curtailment": MachineFault("限功率", "Curtailment", "power set-point -70 %"),
        "counter_reset": MachineFault(
            "电量计数器清零", "Energy counter reset", "the export counter starts again from 0 when it comes"
        ),
    }
    SENSORS = {
        "wind_speed": Sensor(noise=0.05, gain=0.012, lowest=0.0),
        "wind_direction": Sensor(noise=0.3, lowest=0.0, highest=360.0),
        "yaw_error": Sensor(noise=0.3, offset=0.5),
        "nacelle_position": Sensor(noise=0.05, lowest=0.0, highest=360.0),
        "ambient_temperature": Sensor(noise=0.05, offset=0.3),
        "ambient_pressure": Sensor(noise=0.01, offset=0.04),
        "ambient_humidity": Sensor(noise=0.3, offset=1.5, lowest=0.0, highest=100.0),
        "frequency": Sensor(noise=0.002),
        "rotor_speed": Sensor(noise=0.005, lowest=0.0),
        "generator_speed": Sensor(noise=0.4, lowest=0.0),
        "gearbox_oil_pressure": Sensor(noise=2.0, gain=0.01, lowest=0.0),
        "gearbox_filter_pressure_drop": Sensor(noise=1.0, gain=0.01, lowest=0.0),
        "dc_link_voltage": Sensor(noise=2.0, gain=0.002, lowest=0.0),
        "hydraulic_pressure": Sensor(noise=0.02, offset=0.05, lowest=0.0),
        "hydraulic_oil_level": Sensor(noise=0.1, offset=0.5, lowest=0.0, highest=100.0),
        **dict.fromkeys(("active_power", "reactive_power"), Sensor(noise=0.5, relative_noise=0.002, gain=0.003)),
        **dict.fromkeys([f"voltage_{phase}" for phase in "abc"], Sensor(relative_noise=0.0005, gain=0.001)),
        **dict.fromkeys([f"current_{phase}" for phase in "abc"], Sensor(relative_noise=0.001, gain=0.003, lowest=0.0)),
        **dict.fromkeys([f"pitch_angle_{blade}" for blade in "123"], Sensor(noise=0.01, offset=0.03)),
        **dict.fromkeys([f"pitch_motor_current_{blade}" for blade in "123"], Sensor(noise=0.15, gain=0.01, lowest=0.0)),
        **dict.fromkeys([f"pitch_battery_voltage_{blade}" for blade in "123"], Sensor(noise=0.2, gain=0.003)),
        **dict.fromkeys([f"tower_acceleration_{axis}" for axis in "xy"], Sensor(relative_noise=0.08, lowest=0.0)),
        **dict.fromkeys(
            ("vibration_velocity_gearbox", "vibration_velocity_generator"), Sensor(relative_noise=0.04, gain=0.03, lowest=0.0)
        ),
        **dict.fromkeys(_TEMPERATURES, Sensor(noise=0.1, offset=0.5)),
    }

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        super().__init__(seeds=seeds, start=start)
        self.weather = Weather(self.dice, start, mean_c=13.5, day_c=4.0)
        self.wind = Wind(self.dice, start)
        self._draw_hidden()
        self._state = self.full(RUNNING)
        self._rad_s = _ROTOR.best_rad_s(self.wind.mean_mps)
        self._kw, self._limit_kw = self.full(0), self.full(RATED_KW)
        self._yaw = YawDrive(self.wind.direction_deg, self.dice.uniform(-250, 250))
        self._mean_mps, self._ten_minutes_mps = self.wind.mean_mps.copy(), self.wind.mean_mps.copy()
        self._ice, self._acceleration, self._code, self._out_seconds = (self.full(0) for _ in range(4))
        leak_mpa_per_s = 4.0 / self.hidden(7200, 0.15)
        self._hydraulics = HydraulicUnit(pressure_mpa=self.dice.uniform(16.5, 19.5), leak_mpa_per_s=leak_mpa_per_s)
        self._grid = Grid(self.dice)
        self._was_reset = np.zeros(self.n, dtype=bool)
        age_hours = self.dice.uniform(8_000, 90_000)
        self._export_kwh, self._import_kwh = age_hours * 1700, age_hours * 4
        for _ in range(20):  # it has been at work for ten minutes, and long enough to be warm
            self._step(30.0)
            self._nodes.settle(*self._heat())

    def _draw_hidden(self) -> None:
        ambient_c = self.weather.temperature_c
        self._efficiency = self.hidden(EFFICIENCY, 0.002)
        self._cleanness = 1 - self.dice.uniform(0.0, 0.015)
        zero_deg = 0.06 * np.clip(self.dice.normals(3), -3, 3)
        scatter = 1 + 0.05 * np.clip(self.dice.normals(len(_NODES)), -2.5, 2.5)
        self._nodes = ThermalNodes(_NODES, _PLACES, scatter=scatter, start_c=ambient_c)
        heat_share = self.hidden(1.0, 0.05)
        self._shake, self._gear_shake, self._generator_shake = self.hidden(1, 0.1), self.hidden(1, 0.12), self.hidden(1, 0.12)
        self._phase_share = 1 + 0.004 * np.clip(self.dice.normals(3), -3, 3)
        battery_share = 1 + 0.006 * np.clip(self.dice.normals(3), -3, 3)
        self._blades = PitchDrives(zero_deg=zero_deg, battery_share=battery_share, ambient_c=ambient_c)
        self._oil = GearOil(heat_share=heat_share, clean_filter_kpa=self.dice.uniform(60, 140))
        self._level_percent = self.dice.uniform(68, 85)
        self._service_day = np.floor(self.dice.uniform(0, MAINTENANCE_DAYS))

    def _step(self, seconds: float) -> None:
        self.weather.step(self.now, seconds)
        self.wind.step(self.now, seconds)
        self._read_wind(seconds)
        self._ice_up(seconds)
        self._ask_grid(seconds)
        self._guard(seconds)
        self._change_state()
        self._turn_to_wind(seconds)
        self._turn(seconds)
        self._warm(seconds)
        self._hydraulics.step(seconds, leak=self.faults["hydraulic_leak"])
        self._count(seconds)

    def _read_wind(self, seconds: float) -> None:
        """Let the controller look at its anemometer, which may be wrong."""
        wrong = (1 + 0.10 * self.faults["anemometer_bias"]) * (1 - 0.40 * self.faults["anemometer_icing"])
        self._seen_mps = self.wind.anemometer_mps * wrong
        self._mean_mps = lag(self._mean_mps, self._seen_mps, seconds, 60)
        self._ten_minutes_mps = lag(self._ten_minutes_mps, self._seen_mps, seconds, 400)

    def _ice_up(self, seconds: float) -> None:
        """Let ice grow in cold fog, and melt."""
        is_growing = (self.weather.temperature_c < 0.5) & (self.weather.humidity_percent > 92)
        melted = np.where(self.weather.temperature_c > 1, lag(self._ice, 0.0, seconds, 3600), self._ice)
        self._ice = np.where(is_growing, lag(self._ice, 1.0, seconds, 20_000), melted)

    def _ask_grid(self, seconds: float) -> None:
        self._grid.step(seconds)
        self._setpoint_kw = RATED_KW * (self._grid.granted_share * (1 - 0.7 * self.faults["curtailment"]))
        self._limit_kw = lag(self._limit_kw, self._setpoint_kw, seconds, 15)

    def _guard(self, seconds: float) -> None:
        """Trip on what a turbine trips on; it comes back by itself after a while, if the cause is gone."""
        loses_grid, patience = self.dice.uniforms(2).T
        code = np.where(loses_grid < seconds / (25 * 86_400), GRID, 0)
        code = np.where(self._nodes.are_too_hot | (self._oil.temperature_c > HIGHEST_C), OVERTEMPERATURE, code)
        code = np.where(self._acceleration > 1.2, VIBRATION, code)
        code = np.where(self._rad_s > 1.15 * RATED_RAD_S, OVERSPEED, code)
        code = np.where(self._blades.deviation_deg > 4, PITCH, code)
        code = np.where(self.faults["converter_trip"] >= 0.5, CONVERTER, code)
        pause = np.where(code == CONVERTER, 60.0, 600 + 2400 * patience)
        # A new cause starts the pause; one that lasts holds it.
        holds = code > 0
        self._out_seconds = np.where(holds, np.maximum(self._out_seconds, pause), np.maximum(self._out_seconds - seconds, 0))
        self._code = np.where(holds, code, np.where(self._out_seconds > 0, self._code, 0))

    def _change_state(self) -> None:
        state = self._state
        is_serviced = (self.now.toordinal() % MAINTENANCE_DAYS == self._service_day) & (9 <= self.hour < 16)
        untwists = self._yaw.needs_untwisting(is_untwisting=state == UNTWISTING, is_calm=state == STANDBY)
        storms = self._ten_minutes_mps > np.where(state == STORM, AFTER_STORM_MPS, CUT_OUT_MPS)
        is_iced = self._ice > np.where(state == ICED, 0.1, 0.8)
        starts = np.where(self._mean_mps > np.where(state == STARTING, CALM_MPS, CUT_IN_MPS), STARTING, STANDBY)
        turns_fast_enough = (state == STARTING) & (self._rad_s > 0.98 * SLOWEST_RAD_S)
        keeps_on = (state == RUNNING) & (self._ten_minutes_mps > CALM_MPS)
        wanted = np.where(turns_fast_enough | keeps_on, RUNNING, starts)
        wanted = np.where(is_iced, ICED, wanted)
        wanted = np.where(storms, STORM, wanted)
        wanted = np.where(untwists, UNTWISTING, wanted)
        wanted = np.where(self._out_seconds > 0, FAULT, wanted)
        self._state = np.where(is_serviced, MAINTENANCE, wanted).astype(float)

    def _turn_to_wind(self, seconds: float) -> None:
        self._yaw.step(
            seconds,
            seen_deg=self.wind.vane_deg - 10 * self.faults["yaw_offset"],
            may_follow=(self._state != FAULT) & (self._state != MAINTENANCE),
            untwists=self._state == UNTWISTING,
        )

    def _turn(self, seconds: float) -> None:
        """Balance the rotor over the step: power of the air, pitch, generator, and what its speed takes up."""
        runs = self._state == RUNNING
        self._density = air_density(self.weather.temperature_c, self._hub_pressure_kpa, self.weather.humidity_percent)
        beside_deg = (self.wind.direction_deg - self._yaw.nacelle_deg + 180) % 360 - 180
        across = np.cos(np.radians(np.clip(beside_deg, -90, 90)))
        mps = np.maximum(self.wind.rotor_mps * across, 0.2)
        air_kw = _ROTOR.air_kw(self._density, mps) * self._health()
        wanted_rad_s = lag(self._rad_s, _ROTOR.best_rad_s(mps), seconds, 10)
        gain_kw = _ENERGY_PER_SPEED_SQUARED * (wanted_rad_s**2 - self._rad_s**2) / seconds
        ratio = _ROTOR.tip_speed_ratio(self._rad_s, mps)
        limit_kw = self._limit_kw / self._efficiency
        wanted_deg = _ROTOR.pitch_deg(ratio, (limit_kw + gain_kw) / air_kw)
        self._pitch(np.where(runs, wanted_deg, np.where(self._state == STARTING, 15.0, FEATHER_DEG)), seconds)
        blades = np.minimum(np.maximum(self._blades.angle_deg, 0.0), 60.0)
        taken_kw = air_kw * power_coefficient(ratio[:, None], blades).mean(axis=1)
        gain_kw = np.minimum(gain_kw, 0.7 * taken_kw)  # a rotor that runs up still feeds in
        shaft_kw = np.where(runs, np.clip(taken_kw - gain_kw, 0, limit_kw), 0.0)
        squared = self._rad_s**2 + (taken_kw - shaft_kw) * seconds / _ENERGY_PER_SPEED_SQUARED
        self._rad_s = np.where(runs, np.sqrt(np.maximum(squared, 0.1)), self._coast(mps, seconds))
        draws_kw = 9 + 16 * self._yaw.is_following + 12 * self._oil.is_heated
        self._kw = np.where(runs, self._efficiency * shaft_kw, -draws_kw)
        self._look_at_vibration(runs, mps)

    def _coast(self, mps: Array, seconds: float) -> Array:
        """Give the speed of a rotor that feeds nothing in: it starts, turns slowly, or is braked."""
        is_starting = self._state == STARTING
        idle_rad_s = np.where(is_starting, 1.1 * SLOWEST_RAD_S, np.where(self._state >= FAULT, 0.0, 0.005 * mps))
        return lag(self._rad_s, idle_rad_s, seconds, np.where(is_starting, 35.0, 25.0))

    def _health(self) -> Array:
        """Give what is left of the power coefficient."""
        ice = 0.30 * self.faults["blade_icing"] + 0.15 * self._ice
        left: Array = self._cleanness * (1 - 0.06 * self.faults["power_curve_degradation"]) * (1 - ice)
        return left

    def _pitch(self, wanted_deg: Array, seconds: float) -> None:
        self._blades.step(
            seconds,
            wanted_deg=wanted_deg,
            beside_deg=3.0 * self.faults["pitch_asymmetry"],
            is_stuck=self.faults["pitch_stuck"] >= 0.5,
            ambient_c=self.weather.temperature_c,
        )

    def _look_at_vibration(self, runs: Flags, mps: Array) -> None:
        speed = self._rad_s / RATED_RAD_S
        uneven = 0.16 * self._blades.deviation_deg + 0.5 * self.faults["blade_icing"] + 0.2 * self._ice
        shaken = 0.01 + np.where(runs, 0.03 + 0.03 * self.wind.deviation_mps, 0.0006 * mps)
        self._acceleration = self._shake * (shaken + uneven * speed**2)

    def _heat(self) -> tuple[Array, list[Array]]:
        """Give how much warmer than its surroundings each node would get, and the surroundings that are no nodes."""
        load = np.clip(self._kw / RATED_KW, 0, 1.1)
        rises = self._nodes.rises_k(self._rad_s / RATED_RAD_S, load)
        heavy = np.clip(load * 2, 0, 1)
        place = self._nodes.place
        first = place["generator_winding_temperature_u"]
        windings = slice(first, first + 3)
        rises[:, place["generator_bearing_temperature_drive"]] += 25 * self.faults["generator_bearing"] * heavy
        rises[:, place["gearbox_bearing_temperature_drive"]] += 18 * self.faults["gearbox_bearing_wear"] * heavy
        rises[:, windings] *= 1 + 0.45 * self.faults["generator_cooling"][:, None]
        rises[:, windings] += 40 * self.faults["winding_overheat"] * load[:, None] ** 2
        return rises, [self.weather.temperature_c, self._oil.temperature_c]

    def _warm(self, seconds: float) -> None:
        self._nodes.warm(seconds, *self._heat())
        self._oil.step(
            seconds,
            around_c=self._nodes["nacelle_temperature"],
            speed=self._rad_s / RATED_RAD_S,
            load=np.maximum(self._kw, 0) / RATED_KW,
            fouling=self.faults["oil_cooler_fouling"],
        )

    def _count(self, seconds: float) -> None:
        self._export_kwh = self._export_kwh + np.maximum(self._kw, 0) * seconds / 3600
        self._import_kwh = self._import_kwh + np.maximum(-self._kw, 0) * seconds / 3600
        is_reset = self.faults["counter_reset"] >= 0.5
        self._export_kwh = np.where(is_reset & ~self._was_reset, 0.0, self._export_kwh)
        self._was_reset = is_reset

    @property
    def _hub_pressure_kpa(self) -> Array:
        """The air 90 m above the ground."""
        return self.weather.pressure_kpa - 1.1

    def true_values(self) -> Values:
        runs = self._state == RUNNING
        speed, load = self._rad_s / RATED_RAD_S, np.maximum(self._kw, 0) / RATED_KW
        is_ready = runs | (self._state == STARTING) | (self._state == STANDBY)
        worn_gear = 1 + 1.8 * self.faults["gearbox_bearing_wear"]
        worn_generator = 1 + 1.8 * self.faults["generator_bearing"]
        free_mps = self._seen_mps * (self._density / STANDARD_DENSITY) ** (1 / 3)
        return {
            "state": self._state,
            "active_power": self._kw,
            "wind_speed": self._seen_mps,
            "wind_direction": (self._yaw.nacelle_deg + self._yaw.vane_deg) % 360,
            "nacelle_position": self._yaw.nacelle_deg % 360,
            "yaw_error": (self._yaw.vane_deg + 180) % 360 - 180,
            "cable_twist": self._yaw.twist_deg,
            "ambient_temperature": self.weather.temperature_c,
            "ambient_pressure": self._hub_pressure_kpa,
            "ambient_humidity": self.weather.humidity_percent,
            "available_power": np.where(is_ready, np.interp(free_mps, _CURVE_MPS, _CURVE_KW, left=0.0), 0.0),
            "power_setpoint": self._setpoint_kw,
            "energy_export": self._export_kwh,
            "energy_import": self._import_kwh,
            "rotor_speed": self._rad_s * 30 / np.pi,
            "generator_speed": self._rad_s * 30 / np.pi * GEAR_RATIO,
            **self._electrical(runs),
            **self._blades.readings(
                load=load,
                ambient_c=self.weather.temperature_c,
                battery_health=1 - 0.20 * self.faults["pitch_battery_weak"],
            ),
            "gearbox_oil_temperature": self._oil.temperature_c,
            **{signal: self._nodes[signal] for signal in _NODES},
            "gearbox_oil_pressure": self._oil.pressure_kpa(speed),
            "gearbox_filter_pressure_drop": self._oil.filter_drop_kpa(speed),
            "hydraulic_pressure": self._hydraulics.pressure_mpa,
            "hydraulic_oil_level": self._level_percent - 30 * self.faults["hydraulic_leak"],
            "tower_acceleration_x": self._acceleration,
            "tower_acceleration_y": 0.6 * self._acceleration,
            "vibration_velocity_gearbox": self._gear_shake * (0.1 + 0.6 * speed + 1.2 * load) * worn_gear,
            "vibration_velocity_generator": self._generator_shake * (0.1 + 0.8 * speed + 0.9 * load) * worn_generator,
            "availability_category": self._availability(runs),
            "fault_code": self._code,
            "curtailment_active": (self._setpoint_kw < 0.999 * RATED_KW).astype(float),
            "ice_detected": (np.maximum(self.faults["blade_icing"], self._ice) > 0.3).astype(float),
        }

    def _electrical(self, runs: Flags) -> Values:
        volts = self._grid.phases_v(690.0, unbalance=0.25 * (self._phase_share - 1))
        amperes_share = self._phase_share * (1 - 0.04 * self.faults["winding_overheat"])
        kvar = np.where(runs, self._grid.reactive_share * self._kw, 0.0)
        return {
            "reactive_power": kvar,
            **three_phase_readings(kw=self._kw, kvar=kvar, volts=volts, amperes_share=amperes_share),
            "frequency": self._grid.frequency_hz,
            "dc_link_voltage": np.where(runs, 1100.0, 1.35 * volts.mean(axis=1)),
        }

    def _availability(self, runs: Flags) -> Array:
        """Give the category of IEC 61400-26-1 by the codes of the kind."""
        state = self._state
        conditions = {
            9: state == MAINTENANCE,
            11: state == FAULT,
            6: (state == STORM) | (state == ICED) | (state == STANDBY),
            5: (state == UNTWISTING) | (state == STARTING),
            4: runs & (self._setpoint_kw < 0.999 * RATED_KW),
            3: runs & (np.maximum(self.faults["blade_icing"], self._ice) > 0.3),
        }
        return np.select(list(conditions.values()), list(conditions), 2).astype(float)
