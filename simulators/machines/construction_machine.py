"""Hydraulic excavators of 22 t, each on a building site of its own with its operator, its fuel truck and at times its thief.

An operator (`excavator_work`) works through the day of its site (`site_days`); power (`excavator_power`), heat
(`excavator_heat`), bucket (`bucket_cycles`) and battery (`vehicle_battery`) follow from the work, the place from the ways between
(`building_site`). Here are the counters of ISO/TS 15143-3 - engine, idle and non-operating idle hours, fuel, loads, payload -,
the tanks (345 L of fuel, Cat 320) with the truck that fills them, and the diagnostic codes that follow from what the machine's
own controllers measure.

Limits of the model: those of its parts, and: faults come when they are ordered and not from a life distribution; fuel and urea
have a tank each, and the truck always comes.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from simulators.machine import Array, Flags, Machines, Values
from simulators.machine_faults import MachineFault
from simulators.physics.bucket_cycles import BucketCycles
from simulators.physics.building_site import HAUL_KMH, BuildingSites
from simulators.physics.diagnostic_codes import DiagnosticCodes
from simulators.physics.excavator_heat import ExcavatorHeat, HeatFaults
from simulators.physics.excavator_power import MOST_PRESSURE_MPA, ExcavatorPower
from simulators.physics.excavator_work import TRAVEL, Operators
from simulators.physics.site_days import SiteDays
from simulators.physics.vehicle_battery import NEEDED_KW, VehicleBattery
from simulators.physics.wander import wander
from simulators.physics.weather import Weather
from simulators.sensors import Sensor

UNLOCKED, LOCKED, TAMPERED = 0.0, 1.0, 2.0
TANK_L, DEF_TANK_L = 345.0, 39.0
_STOLEN_L_PER_MIN, _FILLED_L_PER_MIN = 12, 50
_REFERENCE_NM = 750.0
_CODES = ((100, 1), (110, 0), (1638, 0), (110, 3), (110, 16), (111, 1), (1638, 16), (168, 18), (1761, 17), (96, 17))
"""Diagnostic codes, SPN and FMI, the gravest first."""


class ConstructionMachine(Machines):
    """n excavators, each on its site."""

    KIND = "construction_machine"
    LONGEST_STEP_SECONDS = 60.0
    FAULTS = {
        "coolant_leak": MachineFault("冷却液泄漏", "Coolant leak", "coolant level -60 %, thermostat +6 K, heat transfer -25 %"),
        "radiator_clog": MachineFault("散热器堵塞", "Radiator clogged", "thermal resistance of the radiator +60 %"),
        "oil_pressure_drop": MachineFault("机油压力下降", "Engine oil pressure drops", "oil pressure -65 %"),
        "injector_wear": MachineFault("喷油器磨损", "Injectors worn", "fuel +6 % at equal power, exhaust +35 K"),
        "hyd_pump_wear": MachineFault(
            "液压主泵磨损", "Main pumps worn", "delivered flow -15 %, 12 kW more leakage heat, cycle time +18 %"
        ),
        "alternator_fail": MachineFault("发电机失效", "Alternator fails", "no charge: the battery feeds all 1.2 kW"),
        "fuel_theft": MachineFault("偷油", "Fuel theft", "35 % of the tank siphoned off at night, 12 L/min, engine off"),
        "gps_jam": MachineFault("卫星定位干扰", "Positioning jammed", "position frozen, jumps by up to 800 m every 20 min"),
        "antenna_tamper": MachineFault("天线被拆", "Antenna tampered with", "position frozen, antenna not in order"),
        "counter_reset": MachineFault("计数器清零", "Counters reset", "hour, fuel and load counters start again from 0"),
        "hour_meter_tamper": MachineFault("小时计被篡改", "Hour meter tampered with", "hours counted -100 %"),
        "excess_idle": MachineFault("怠速过多", "Excessive idling", "idle periods x 4, and the engine idles through the break"),
        "geofence_violation": MachineFault(
            "驶出电子围栏", "Geofence violated", "machine carried 9 km away, tracker cut from main power"
        ),
        "sensor_wiring": MachineFault("水温传感器断线", "Coolant sensor's wire open", "coolant reads -40 °C, SPN 110 FMI 3"),
    }
    SENSORS = {
        "latitude": Sensor(noise=1.2e-5),
        "longitude": Sensor(noise=1.4e-5),
        "altitude": Sensor(noise=1.5, offset=2.0),
        "gps_speed": Sensor(noise=0.12, lowest=0.0),
        "fuel_rate": Sensor(relative_noise=0.01, gain=0.015, lowest=0.0),
        "fuel_level": Sensor(noise=0.25, offset=0.5, lowest=0.0, highest=100.0),
        "def_level": Sensor(noise=0.3, offset=0.5, lowest=0.0, highest=100.0),
        "engine_speed": Sensor(relative_noise=0.0015, lowest=0.0),
        "coolant_temperature": Sensor(noise=0.2, offset=0.6, lowest=-40.0),
        "coolant_level": Sensor(noise=0.4, offset=1.0, lowest=0.0, highest=100.0),
        "lube_oil_temperature": Sensor(noise=0.2, offset=0.6),
        "lube_oil_pressure": Sensor(relative_noise=0.01, gain=0.02, lowest=0.0),
        "hydraulic_oil_temperature": Sensor(noise=0.2, offset=0.6, lowest=-40.0),
        "hydraulic_pressure_1": Sensor(noise=0.05, offset=0.05, lowest=0.0),
        "hydraulic_pressure_2": Sensor(noise=0.05, offset=0.05, lowest=0.0),
        "hydraulic_flow": Sensor(relative_noise=0.01, gain=0.015, lowest=0.0),
        "cycle_time": Sensor(relative_noise=0.02),
        "boost_pressure": Sensor(noise=0.5, gain=0.01, lowest=0.0),
        "intake_temperature": Sensor(noise=0.3, offset=0.6, lowest=-40.0),
        "exhaust_temperature": Sensor(noise=2.0, offset=3.0),
        "battery_voltage": Sensor(noise=0.03, offset=0.06, lowest=0.0),
        "transmission_temperature": Sensor(noise=0.2, offset=0.6),
        "travel_speed": Sensor(relative_noise=0.01, lowest=0.0),
        "payload": Sensor(relative_noise=0.005, gain=0.015, lowest=0.0),
        "pilot_pressure_swing": Sensor(noise=0.02, lowest=0.0),
        "pilot_pressure_boom": Sensor(noise=0.02, lowest=0.0),
        "pilot_pressure_arm": Sensor(noise=0.02, lowest=0.0),
        "tilt_roll": Sensor(noise=0.1, offset=0.2),
        "tilt_pitch": Sensor(noise=0.1, offset=0.2),
        "crane_moment": Sensor(relative_noise=0.01, gain=0.015, lowest=0.0),
        "wind_speed": Sensor(relative_noise=0.05, lowest=0.0),
        "ambient_temperature": Sensor(noise=0.1, offset=0.4),
    }

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        super().__init__(seeds=seeds, start=start)
        self._weather = Weather(self.dice, start)
        self._draw_the_machine()
        self.site = BuildingSites(self.dice)
        self._days = SiteDays(self.dice, start)
        self._begin_work()
        self._begin_counting()
        self._settle()

    def _draw_the_machine(self) -> None:
        friction, l_per_kwh = self.hidden(1.0, 0.04), self.hidden(0.215, 0.012)
        self._intensity, self._idleness = self.hidden(1.0, 0.06), self.hidden(1.0, 0.18)
        speed_share, self._usual_cycle_seconds = self.hidden(1.0, 0.012), self.hidden(18.0, 0.06)
        self._power = ExcavatorPower(
            friction=friction,
            l_per_kwh=l_per_kwh,
            intensity=self._intensity,
            speed_share=speed_share,
            pump_slip=self.hidden(0.06, 0.1),
        )
        self._heat = ExcavatorHeat(
            radiator_kw_per_k=self.hidden(1.38, 0.04),
            thermostat_c=self.hidden(81.5, 0.006),
            cooler_kw_per_k=self.hidden(1.05, 0.05),
            oil_kpa=self.hidden(400.0, 0.05),
            air_c=self._weather.temperature_c,
        )
        self._battery = VehicleBattery(self.hidden(28.0, 0.006))
        self._bucket_kg = self.hidden(1900.0, 0.04)
        self._exhaust_share = self.hidden(1.0, 0.03)

    def _begin_work(self) -> None:
        """Begin at this time of the day: at work and warm, or standing."""
        self._is_shift = self._scheduled()
        self._work = Operators(self.dice, idleness=self._idleness, is_on=self._is_shift)
        self._heat.begin_warm(self._is_shift)
        self._effort, self._wind = self.dice.normal(), self.dice.normal()
        self._fuel_l = TANK_L * self.dice.uniform(0.6, 0.95)
        self._def_l = DEF_TANK_L * self.dice.uniform(0.5, 0.95)
        self._stolen_l = self.full(0.0)
        self._is_refuelling = np.zeros(self.n, dtype=bool)
        self._bucket = BucketCycles(
            self.dice, usual_seconds=self._usual_cycle_seconds, usual_kg=self._bucket_kg, phase=self.dice.uniform()
        )

    def _begin_counting(self) -> None:
        hours = self.dice.uniform(600, 6000)
        idle_hours = hours * self.dice.uniform(0.25, 0.42)
        loads = np.floor(hours * self.dice.uniform(45, 60))
        self._counters: dict[str, Array] = {
            "engine_hours": hours,
            "idle_hours": idle_hours,
            "non_operating_idle_hours": idle_hours * self.dice.uniform(0.35, 0.5),
            "fuel_total": hours * self.dice.uniform(11, 14),
            "load_count": loads,
            "payload_total": loads * self._bucket_kg / 1000,
        }
        self._zeros = {name: self.full(0.0) for name in self._counters}
        """Where each counter began to count anew, after a reset."""
        self._was_reset = np.zeros(self.n, dtype=bool)
        self._codes = DiagnosticCodes(_CODES, self.n)

    def _step(self, seconds: float) -> None:
        self._weather.step(self.now, seconds)
        self._days.look(self.now)
        self._effort = wander(self._effort, self.dice.normal(), seconds, 40)
        self._wind = wander(self._wind, self.dice.normal(), seconds, 1800)
        self._choose_work(seconds)
        self._move(seconds)
        self._settle()
        self._warm(seconds)
        self._count(seconds)
        self._fill_and_drain(seconds)
        self._battery.step(seconds, is_on=self._work.is_on, alternator=self._alternator)
        self._diagnose()

    # --- work, place and power -------------------------------------------------------------------------------------------

    @property
    def _is_stolen(self) -> Flags:
        return np.asarray(self.faults["geofence_violation"] >= 0.5)

    @property
    def _has_fix(self) -> Flags:
        return np.asarray((self.faults["gps_jam"] < 0.5) & (self.faults["antenna_tamper"] < 0.5))

    @property
    def _is_wired(self) -> Flags:
        """Whose coolant sensor is."""
        return np.asarray(self.faults["sensor_wiring"] < 0.5)

    @property
    def _alternator(self) -> Array:
        """How much of it is in order."""
        return 1 - self.faults["alternator_fail"]

    def _scheduled(self) -> Flags:
        return self._days.is_shift(self.hour, works_through=self.faults["excess_idle"] >= 0.3)

    def _choose_work(self, seconds: float) -> None:
        self._is_shift = self._scheduled()
        self._work.choose(
            seconds,
            is_wanted=self._is_shift & ~self._is_refuelling & ~self.site.is_carried(self._is_stolen),
            is_pause=self._days.is_pause(self.hour),
            is_there=self.site.is_there,
            coolant_c=self._heat.coolant_c,
            hydraulic_c=self._heat.hydraulic_c,
            idling_factor=1 + 3 * self.faults["excess_idle"],
        )

    def _move(self, seconds: float) -> None:
        travels = self._work.state == TRAVEL
        self.site.travel(seconds, travels=travels, sets_out=self._work.sets_out, speed_share=self._intensity)
        self.site.carry(seconds, self._is_stolen)
        self.site.show(seconds, has_fix=self._has_fix, is_jammed=self.faults["gps_jam"] >= 0.5)

    def _settle(self) -> None:
        self._power.settle(
            self._work,
            effort=self._effort,
            ground=self._days.ground,
            fan_share=self._heat.fan_share,
            alternator_kw=np.where(self._work.is_on, NEEDED_KW * self._alternator, 0.0),
            wear=self.faults["hyd_pump_wear"],
            thirst=0.06 * self.faults["injector_wear"],
        )

    def _warm(self, seconds: float) -> None:
        faults = HeatFaults(self.faults["coolant_leak"], self.faults["radiator_clog"], self.faults["hyd_pump_wear"])
        self._heat.warm(seconds, air_c=self._weather.temperature_c, work=self._work, power=self._power, faults=faults)

    # --- counters, tanks, codes ------------------------------------------------------------------------------------------

    def _count(self, seconds: float) -> None:
        pace = self._intensity * self._power.delivered_share
        done = self._bucket.step(seconds, self._work, pace=pace, effort=self._effort)
        hours = seconds / 3600
        metered = hours * (1 - self.faults["hour_meter_tamper"])
        grown = {
            "engine_hours": self._work.is_on * metered,
            "idle_hours": self._work.is_idle * metered,
            "non_operating_idle_hours": (self._work.is_idle & self._work.are_controls_locked) * metered,
            "fuel_total": self._power.fuel_l_per_h * hours,
            "load_count": done,
            "payload_total": done * self._bucket.payload_kg / 1000,
        }
        self._counters = {name: counted + grown[name] for name, counted in self._counters.items()}
        self._reset_counters()

    def _reset_counters(self) -> None:
        """Show counters from 0 since a reset; repaired, they show what they had counted all the time."""
        is_reset = self.faults["counter_reset"] >= 0.5
        comes, goes = is_reset & ~self._was_reset, self._was_reset & ~is_reset
        if np.any(comes | goes):
            for name, zero in self._zeros.items():
                self._zeros[name] = np.where(comes, self._counters[name], np.where(goes, 0.0, zero))
        self._was_reset = is_reset

    def _fill_and_drain(self, seconds: float) -> None:
        """Burn fuel, lose it to a thief, and have the fuel truck come by day to a machine that stands, or has run low."""
        burnt_l = self._power.fuel_l_per_h * seconds / 3600
        taken_l = self._taken_l(seconds)
        is_standing = ~self._work.is_on
        may_be_filled = is_standing & (self._fuel_l < 0.55 * TANK_L) & (6.5 <= self.hour < 20)
        must_be_filled = self._is_shift & (self._fuel_l < 0.18 * TANK_L)
        self._is_refuelling = (self._is_refuelling | may_be_filled | must_be_filled) & (self._fuel_l < 0.95 * TANK_L)
        filled_l = np.where(self._is_refuelling & is_standing, _FILLED_L_PER_MIN * seconds / 60, 0.0)
        self._fuel_l = np.clip(self._fuel_l - burnt_l - taken_l + filled_l, 0.0, TANK_L)
        self._def_l = np.clip(self._def_l - 0.03 * burnt_l, 0.0, DEF_TANK_L)
        self._def_l = np.where((filled_l > 0) & (self._def_l < 0.5 * DEF_TANK_L), 0.95 * DEF_TANK_L, self._def_l)

    def _taken_l(self, seconds: float) -> Array:
        """Thieves come at night while the engine is off, and take so much and no more until it has run again."""
        may_come = ~self._work.is_on & (self.hour >= 23 or self.hour < 5)
        self._stolen_l = np.where(self._work.is_on, 0.0, self._stolen_l)
        wanted_l = 0.35 * TANK_L * self.faults["fuel_theft"] - self._stolen_l
        taken_l = np.where(may_come, np.clip(wanted_l, 0.0, _STOLEN_L_PER_MIN * seconds / 60), 0.0)
        self._stolen_l = self._stolen_l + taken_l
        return taken_l

    def _battery_v(self) -> Array:
        return self._battery.volts(is_on=self._work.is_on, alternator=self._alternator)

    def _coolant_level_percent(self) -> Array:
        return self._heat.coolant_level_percent(self.faults["coolant_leak"])

    def _oil_kpa(self) -> Array:
        return self._heat.oil_kpa(self._power.rpm) * (1 - 0.65 * self.faults["oil_pressure_drop"])

    def _diagnose(self) -> None:
        """See which codes are active, as the controllers do."""
        is_on, coolant_c, hydraulic_c = self._work.is_on, self._heat.coolant_c, self._heat.hydraulic_c
        self._codes.see(
            {
                (100, 1): is_on & (self._oil_kpa() < 150) & (self._power.rpm > 1000),
                (110, 0): is_on & self._is_wired & (coolant_c > 105),
                (1638, 0): is_on & (hydraulic_c > 98),
                (110, 3): ~self._is_wired,
                (110, 16): is_on & self._is_wired & (coolant_c > 100),
                (111, 1): self._coolant_level_percent() < 50,
                (1638, 16): is_on & (hydraulic_c > 90),
                (168, 18): is_on & (self._battery_v() < 23.5),
                (1761, 17): self._def_l < 0.1 * DEF_TANK_L,
                (96, 17): self._fuel_l < 0.1 * TANK_L,
            }
        )

    # --- what it tells ---------------------------------------------------------------------------------------------------

    def true_values(self) -> Values:
        return {
            "state": self._work.state.astype(float),
            **self._positions(),
            **{name: counted - self._zeros[name] for name, counted in self._counters.items()},
            **self._engine(),
            **self._temperatures(),
            **self._implements(),
            **self._telematics(),
            "pin": [f"SYX22{seed:012d}"[:17] for seed in self.seeds],
        }

    def _positions(self) -> Values:
        latitude, longitude = self.site.shown_deg
        speed_kmh = np.where(self.site.is_carried(self._is_stolen), HAUL_KMH, self.site.moved_kmh)
        pitch_deg, roll_deg = self.site.tilts_deg
        return {
            "latitude": latitude,
            "longitude": longitude,
            "altitude": self.site.altitude_m,
            "gps_speed": np.where(self._has_fix, speed_kmh, 0.0),
            "heading": self.site.heading_deg,
            "travel_speed": self.site.moved_kmh,
            "gear": np.where(self._work.state == TRAVEL, self.site.gear, 0.0),
            "tilt_roll": roll_deg,
            "tilt_pitch": pitch_deg,
        }

    def _engine(self) -> Values:
        power, is_on = self._power, self._work.is_on
        return {
            "engine_speed": power.rpm,
            "load_percent": 100 * power.load_share,
            "torque_percent": np.minimum(100 * power.torque_nm / _REFERENCE_NM, 100.0),
            "fuel_rate": power.fuel_l_per_h,
            "fuel_level": 100 * self._fuel_l / TANK_L,
            "def_level": 100 * self._def_l / DEF_TANK_L,
            "lube_oil_pressure": self._oil_kpa(),
            "boost_pressure": np.where(is_on, 4 + 160 * power.share * np.minimum(power.rpm / 1650, 1.1), 0.0),
            "battery_voltage": self._battery_v(),
            "engine_running": is_on.astype(float),
        }

    def _temperatures(self) -> Values:
        air_c, heat, load, is_on = self._weather.temperature_c, self._heat, self._power.share, self._work.is_on
        exhaust_c = (150 + 330 * load + 0.6 * air_c) * self._exhaust_share + 35 * self.faults["injector_wear"]
        return {
            "coolant_temperature": np.where(self._is_wired, heat.coolant_c, -40.0),
            "coolant_level": self._coolant_level_percent(),
            "lube_oil_temperature": heat.lube_c,
            "hydraulic_oil_temperature": heat.hydraulic_c,
            "intake_temperature": air_c + np.where(is_on, 8 + 20 * load, 2.0),
            "exhaust_temperature": np.where(is_on, exhaust_c, np.maximum(air_c, 0.7 * heat.coolant_c + 0.3 * air_c)),
            "transmission_temperature": heat.drive_c,
            "ambient_temperature": air_c,
        }

    def _implements(self) -> Values:
        pressure_mpa, split = self._power.pressure_mpa, self._bucket.pump_split(self._work)
        swing_mpa, boom_mpa, arm_mpa = self._bucket.pilot_mpa(self._work)
        return {
            "hydraulic_pressure_1": np.minimum(pressure_mpa * (1 + split), MOST_PRESSURE_MPA),
            "hydraulic_pressure_2": np.minimum(pressure_mpa * (1 - split), MOST_PRESSURE_MPA),
            "hydraulic_flow": self._power.flow_l_per_min,
            "cycle_time": self._bucket.seconds,
            "payload": self._bucket.payload_kg,
            "pilot_pressure_swing": swing_mpa,
            "pilot_pressure_boom": boom_mpa,
            "pilot_pressure_arm": arm_mpa,
            "crane_moment": self._bucket.moment_percent(self._work),
        }

    def _telematics(self) -> Values:
        locked = np.where(self._work.is_on | self._is_shift, UNLOCKED, LOCKED)
        spn, fmi, occurrences = self._codes.shown
        return {
            "wind_speed": 2.6 * np.exp(0.45 * np.clip(self._wind, -3, 3)),
            "lock_state": np.where(self._is_stolen, TAMPERED, locked),
            "antenna_ok": (self.faults["antenna_tamper"] < 0.5).astype(float),
            "main_power_ok": (~self._is_stolen).astype(float),
            "diagnostic_spn": spn,
            "diagnostic_fmi": fmi,
            "diagnostic_count": occurrences,
        }
