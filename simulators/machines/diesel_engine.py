"""Diesel generator sets: 500 kW electrical, six cylinders, 23.15 litres, 1500 rpm, 50 Hz, turbocharged and charge air cooled.

A mean-value engine: `simulators.physics.diesel_gas_path` gives air, fuel and exhaust, `turbocharger` the air's inertia,
`cylinders` pressures and the crank's ripple, `engine_cooling` coolant and oil; `alternator`, `generator_duty` and `fuel_tank` are
the plant around it. Displacement and fuel curve are near those of the Cummins QSK23-G3 (sheet FR-50011).

Limits of the model, besides those of its parts: the governor and the alternator settle at once (a load step is a dip of speed,
not a loop); the weather acts through air density alone; one operator services every 250 hours when the set stands, and resets a
shut-down after two hours.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

import numpy as np

from simulators.machine import Array, Flags, Machines, Values, lag
from simulators.machine_faults import MachineFault
from simulators.physics import cylinders, diesel_gas_path
from simulators.physics.alternator import Alternator
from simulators.physics.diesel_gas_path import CYLINDERS, RATED_RPM, Breathing, ExhaustProbes, GasPath
from simulators.physics.engine_cooling import EngineCooling, Warming
from simulators.physics.fuel_tank import TANK_LITRES, FuelTank
from simulators.physics.generator_duty import GeneratorDuty
from simulators.physics.turbocharger import Turbocharger
from simulators.physics.weather import Weather
from simulators.sensors import Sensor

STOPPED, CRANKING, WARMING_UP, RUNNING, COOLING_DOWN = range(5)
RATED_KW, RATED_SHAFT_KW, RATED_INDICATED_KW = 500.0, 537.0, 569.0
COOLANT_TRIP_C, OIL_PRESSURE_TRIP_BAR = 103.0, 1.5
CRANKING_SECONDS, WARMING_SECONDS, COOLING_SECONDS, RESET_SECONDS = 8.0, 150.0, 180.0, 7200.0
SERVICE_HOURS = 250.0
HOT_COOLANT, WARM_COOLANT, NO_OIL_PRESSURE, LOW_FUEL, LOW_BATTERY = (
    spn * 32 + fmi for spn, fmi in ((110, 0), (110, 16), (100, 1), (96, 18), (168, 18))
)
"""Diagnostic codes as J1939-73 numbers them: what is wrong (SPN) and how (FMI)."""


class DieselEngine(Machines):
    """n generator sets, each with its own duty, tank and radiator."""

    KIND = "diesel_engine"
    LONGEST_STEP_SECONDS = 30.0
    FAULTS: ClassVar[Mapping[str, MachineFault]] = {
        "injector_dead": MachineFault("喷油器不喷油", "Injector dead", "fuel of the cylinder -95 %", "cylinder"),
        "injector_dribble": MachineFault(
            "喷油器滴漏、喷油过迟", "Injector dribbles, injection late", "efficiency -14 %, pressure rise -35 %", "cylinder"
        ),
        "ring_or_valve_leak": MachineFault(
            "活塞环或气门漏气", "Rings or valve leak", "compression -25 %, efficiency -12 %, crankcase +450 Pa", "cylinder"
        ),
        "air_filter_clogged": MachineFault("空滤堵塞", "Air filter clogged", "pressure drop x 5"),
        "fuel_filter_clogged": MachineFault("燃油滤堵塞", "Fuel filter clogged", "pressure drop x 5"),
        "turbocharger_fouling": MachineFault(
            "增压器积垢", "Turbocharger fouled", "compressor -9 %, turbine -7 % of their efficiency"
        ),
        "charge_cooler_fouling": MachineFault("中冷器积垢", "Charge air cooler fouled", "effectiveness -35 %, pressure drop x 8"),
        "thermostat_stuck_open": MachineFault("节温器卡在开位", "Thermostat stuck open", "at least 80 % open"),
        "thermostat_stuck_closed": MachineFault("节温器卡在关位", "Thermostat stuck closed", "at most 3 % open"),
        "coolant_leak": MachineFault("冷却液泄漏", "Coolant leak", "level -60 %, radiator -45 %"),
        "lube_degradation": MachineFault("机油劣化", "Lube oil degraded", "viscosity -55 %, oil cooler -35 %"),
        "battery_weak": MachineFault(
            "蓄电池亏电", "Battery weak", "4.4 V less at rest, 7 V less while cranking, which takes 3 times as long"
        ),
    }
    SENSORS: ClassVar[Mapping[str, Sensor]] = {
        "active_power": Sensor(relative_noise=0.002, gain=0.003, lowest=0.0),
        "engine_speed": Sensor(relative_noise=0.0003, lowest=0.0),
        "fuel_rate": Sensor(relative_noise=0.006, gain=0.008, lowest=0.0),
        "fuel_pressure": Sensor(noise=0.02, offset=0.04, lowest=0.0),
        "fuel_level": Sensor(noise=0.15, offset=0.8, lowest=0.0, highest=100.0),
        "intake_temperature": Sensor(noise=0.1, offset=0.3),
        "intake_filter_pressure_drop": Sensor(relative_noise=0.02, gain=0.03, lowest=0.0),
        "oil_filter_pressure_drop": Sensor(relative_noise=0.015, gain=0.03, lowest=0.0),
        "fuel_filter_pressure_drop": Sensor(relative_noise=0.015, gain=0.03, lowest=0.0),
        "boost_pressure": Sensor(noise=0.6, offset=1.0, lowest=0.0),
        "scavenge_air_temperature": Sensor(noise=0.2, offset=0.5),
        "turbine_speed": Sensor(relative_noise=0.003, lowest=0.0),
        **{f"exhaust_temperature_cylinder_{i + 1}": Sensor(noise=0.8, offset=2.0) for i in range(CYLINDERS)},
        "exhaust_temperature_before_turbine": Sensor(noise=0.8, offset=2.0),
        "exhaust_temperature_after_turbine": Sensor(noise=0.8, offset=2.0),
        "coolant_temperature": Sensor(noise=0.15, offset=0.5),
        "coolant_pressure": Sensor(noise=0.01, offset=0.03, lowest=0.0),
        "coolant_level": Sensor(noise=0.3, offset=1.0, lowest=0.0),
        "lube_oil_pressure": Sensor(noise=0.02, offset=0.05, lowest=0.0),
        "lube_oil_temperature": Sensor(noise=0.2, offset=0.5),
        "crankcase_pressure": Sensor(relative_noise=0.04, gain=0.03, lowest=0.0),
        **{f"vibration_velocity_{axis}": Sensor(relative_noise=0.04, gain=0.04, lowest=0.0) for axis in "xyz"},
        "half_order_speed_ripple": Sensor(relative_noise=0.06, lowest=0.0),
        **{f"maximum_pressure_cylinder_{i + 1}": Sensor(relative_noise=0.006, gain=0.008, lowest=0.0) for i in range(CYLINDERS)},
        **{
            f"compression_pressure_cylinder_{i + 1}": Sensor(relative_noise=0.004, gain=0.006, lowest=0.0)
            for i in range(CYLINDERS)
        },
        "nox": Sensor(relative_noise=0.02, gain=0.03, lowest=0.0),
        "battery_voltage": Sensor(noise=0.03, offset=0.05, lowest=0.0),
        "charge_alternator_voltage": Sensor(relative_noise=0.002, lowest=0.0),
        "generator_frequency": Sensor(relative_noise=0.0002, lowest=0.0),
        **{f"voltage_{phase}": Sensor(relative_noise=0.001, gain=0.001, lowest=0.0) for phase in "abc"},
        **{f"current_{phase}": Sensor(relative_noise=0.002, gain=0.002, lowest=0.0) for phase in "abc"},
        "ambient_temperature": Sensor(noise=0.1, offset=0.3),
        "ambient_pressure": Sensor(noise=0.02, offset=0.05),
        "ambient_humidity": Sensor(noise=0.5, offset=1.5, lowest=0.0, highest=100.0),
    }

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        super().__init__(seeds=seeds, start=start)
        self._weather = Weather(self.dice, start)
        self._draw_the_set()
        self._draw_its_age()
        self._begin()

    def _draw_the_set(self) -> None:
        """Draw what differs from one healthy set to the next, and how it is used."""
        self._efficiency = self.hidden(0.471, 0.007)
        self._friction_kw = self.hidden(32.0, 0.06)
        volumetric = self.hidden(0.92, 0.012)
        compressor, turbine = self.hidden(0.75, 0.01), self.hidden(0.72, 0.01)
        clean = self.full(1.0)
        self._breathing = Breathing(volumetric, compressor, turbine, np.minimum(self.hidden(0.88, 0.015), 0.94), clean, clean)
        self._split = 1 + 0.012 * np.clip(self.dice.normals(CYLINDERS), -2.5, 2.5)
        self._probe_gain = 1 + 0.01 * np.clip(self.dice.normals(CYLINDERS), -2.5, 2.5)
        self.cooling = EngineCooling(
            thermostat_c=79.0 + 1.2 * np.clip(self.dice.normal(), -2, 2),
            radiator_kw_per_k=self.hidden(14.0, 0.06),
            oil_cooler_kw_per_k=self.hidden(5.0, 0.06),
            heater_c=self.dice.uniform(44, 54),
        )
        self._oil_pressure_bar = self.hidden(4.6, 0.04)
        self._blow_by_pa = self.hidden(150.0, 0.12)
        self._roughness = self.hidden(1.0, 0.12)[:, None] * np.array([2.2, 2.9, 1.7])
        phase_share = 1 / 3 + 0.008 * np.clip(self.dice.normals(3), -2, 2)
        phase_share /= phase_share.sum(axis=1, keepdims=True)
        phase_voltage = 1 + 0.002 * np.clip(self.dice.normals(3), -2, 2)
        self._duty = GeneratorDuty(self.dice, load_level=self.hidden(1.0, 0.06))
        self._alternator = Alternator(phase_share, phase_voltage, np.clip(self.hidden(0.88, 0.03), 0.81, 0.96))

    def _draw_its_age(self) -> None:
        self._run_hours = self.dice.uniform(400, 18_000)
        self._start_count = np.floor(self._run_hours / self.dice.uniform(4, 9))
        self._energy_kwh = self._run_hours * self.dice.uniform(200, 260)
        self._fuel_kg = self._energy_kwh * self.dice.uniform(0.215, 0.235)
        self._hours_since_service = self.dice.uniform(0, SERVICE_HOURS)
        litres = self.dice.uniform(0.45, 0.98) * TANK_LITRES
        self._tank = FuelTank(litres=litres, quality=self.dice.normal())

    def _begin(self) -> None:
        """Begin as the plant would be found at this hour: on shift the set has been at work for a while."""
        self._trip_code = self.full(0)
        runs = self._duty.begin(self.now)
        self._state = np.where(runs, RUNNING, STOPPED).astype(float)
        self._in_state_seconds = self.full(1800)
        self._speed_rpm, self._dip_rpm = np.where(runs, RATED_RPM, 0.0), self.full(0)
        self._load_kw = np.where(runs, RATED_KW * self._duty.load_share, 0.0)
        self.cooling.begin(is_at_work=runs)
        self._look_at_oil()
        self._hunting_rpm = self.full(0)
        self._equivalence = np.full((self.n, CYLINDERS), 0.3)
        self._turbocharger = Turbocharger(ratio=self.full(1.3), asked=self.full(0.1))
        self._probes = ExhaustProbes(gain=self._probe_gain, ambient_c=self._weather.temperature_c)
        for _ in range(12):  # until the turbocharger and the probes have settled
            self._breathe(20.0)

    def _step(self, seconds: float) -> None:
        self._weather.step(self.now, seconds)
        self._move_on(seconds, self._duty.is_wanted(self.now, seconds))
        self._take_load(seconds)
        self._breathe(seconds)
        self._heat(seconds)
        self._protect()
        self._count(seconds)
        self._keep(seconds)

    def _move_on(self, seconds: float, wanted: Flags) -> None:
        state, age = self._state, self._in_state_seconds + seconds
        cranking = CRANKING_SECONDS * (1 + 2 * self.faults["battery_weak"])
        after = state
        for leaves, to in (
            ((state == STOPPED) & wanted & (self._trip_code == 0), CRANKING),
            ((state == CRANKING) & (age > cranking), WARMING_UP),
            ((state == WARMING_UP) & (age > WARMING_SECONDS), RUNNING),
            ((state == RUNNING) & ~wanted, COOLING_DOWN),
            ((state == COOLING_DOWN) & wanted, RUNNING),
            ((state == COOLING_DOWN) & ~wanted & (age > COOLING_SECONDS), STOPPED),
        ):
            after = np.where(leaves, to, after)
        self._start_count = self._start_count + ((after == CRANKING) & (state != CRANKING))
        self._in_state_seconds = np.where(after == state, age, 0.0)
        self._state = after
        self._trip_code = np.where((after == STOPPED) & (age > RESET_SECONDS), 0.0, self._trip_code)
        target_rpm = np.where(after >= WARMING_UP, RATED_RPM, np.where(after == CRANKING, 180.0, 0.0))
        self._speed_rpm = lag(self._speed_rpm, target_rpm, seconds, np.where(target_rpm > 0, 1.5, 4.0))

    def _take_load(self, seconds: float) -> None:
        """Each step of load is a dip of speed that the governor makes good."""
        self._duty.change_load(seconds)
        wanted_kw = RATED_KW * self._duty.load_share * (1 + 0.006 * self.dice.normal()) * (self._state == RUNNING)
        before = self._load_kw
        self._load_kw = np.minimum(lag(before, wanted_kw, seconds, np.where(self._state == RUNNING, 6.0, 0.5)), RATED_KW * 1.015)
        fades = np.exp(-seconds / 2.5)
        self._dip_rpm = (self._dip_rpm + 0.25 * (self._load_kw - before)) * fades
        self._hunting_rpm = 0.8 * self.dice.normal()

    @property
    def _turns(self) -> Array:
        """Speed as a share of the rated one."""
        return self._speed_rpm / RATED_RPM

    @property
    def _shaft_rpm(self) -> Array:
        """Speed with what loads and the governor's hunting take from it."""
        return np.maximum(self._speed_rpm - self._fires * (self._dip_rpm + self._hunting_rpm), 0.0)

    @property
    def _fires(self) -> Flags:
        return np.asarray(self._state >= WARMING_UP)

    def _breathe(self, seconds: float) -> None:
        self._turbocharger.lead(seconds, (self.shaft_kw + self.friction_kw) / RATED_INDICATED_KW)
        self.gas = self._gas_path()
        self._turbocharger.follow(seconds, self.gas.settled_ratio)
        self._equivalence = self.gas.equivalence
        self._probes.follow(seconds, self.gas, turns=self._turns > 0.05, ambient_c=self._weather.temperature_c)

    def _gas_path(self) -> GasPath:
        """Give the flows that belong to the present load and turbocharger speed; they settle within a few revolutions."""
        faults, clean = self.faults, self._breathing
        fouling, cooler_fouling = faults["turbocharger_fouling"], faults["charge_cooler_fouling"]
        breathing = clean._replace(
            compressor=clean.compressor * (1 - 0.09 * fouling),
            turbine=clean.turbine * (1 - 0.07 * fouling),
            cooler=clean.cooler * (1 - 0.35 * cooler_fouling),
            filter_drop=(1 + 0.5 * self._service_share) * (1 + 4 * faults["air_filter_clogged"]),
            cooler_drop=1 + 7 * cooler_fouling,
        )
        share = self._split * (1 - 0.95 * faults["injector_dead"])
        efficiency = diesel_gas_path.indicated_efficiency(self._efficiency, self._equivalence)
        efficiency = efficiency * (1 - 0.14 * faults["injector_dribble"]) * (1 - 0.12 * faults["ring_or_valve_leak"])
        fire = diesel_gas_path.burn(
            np.where(self._fires, self.shaft_kw + self.friction_kw, 0.0),
            share=share,
            efficiency=efficiency,
            heating_value=self._tank.heating_kj_per_kg,
            load_share=self._load_kw / RATED_KW,
        )
        self._rack = fire.asked
        return diesel_gas_path.gas_path(
            breathing,
            fire,
            ratio=self._turbocharger.ratio,
            turns=self._turns,
            ambient_c=self._weather.temperature_c,
            ambient_kpa=self._weather.pressure_kpa,
        )

    @property
    def shaft_kw(self) -> Array:
        """Power at the flywheel: the generator's output and losses, and the fan."""
        losses = 8.0 * self._turns + 0.033 * self._load_kw
        return np.asarray(self._load_kw + losses + 12.5 * self._turns**3)

    @property
    def friction_kw(self) -> Array:
        return np.asarray(self._friction_kw * self._turns**1.5 * self._warmth**0.2)

    @property
    def _service_share(self) -> Array:
        """How much of the filters' life is used up."""
        return np.asarray(self._hours_since_service / SERVICE_HOURS)

    def _look_at_oil(self) -> None:
        """Find the oil's viscosity, as a share of that of good oil at 95 °C."""
        # Friction knows the temperature alone: what thinned oil saves in the film it costs at the walls.
        self._warmth = self.cooling.oil_thickness
        self._viscosity = self._warmth * (1 - 0.08 * self._service_share) * (1 - 0.55 * self.faults["lube_degradation"])

    def _heat(self, seconds: float) -> None:
        faults = self.faults
        now = Warming(
            ambient_c=self._weather.temperature_c,
            wall_kw=self.gas.wall_kw,
            friction_kw=self.friction_kw,
            turns=self._turns,
            may_heat=self._state == STOPPED,
            oil_cooler_share=1 - 0.35 * faults["lube_degradation"],
            radiator_share=1 - 0.45 * faults["coolant_leak"],
            least_open=0.8 * faults["thermostat_stuck_open"],
            most_open=1 - 0.97 * faults["thermostat_stuck_closed"] ** 0.2,
        )
        self.cooling.warm(seconds, now)
        self._look_at_oil()

    def heat_flows(self) -> dict[str, Array]:
        """Tell where the fuel's heat goes in this moment, kW; what is stored in iron, coolant and oil makes the rest."""
        return {
            "fuel": self.gas.fuel.sum(axis=1) * self._tank.heating_kj_per_kg,
            "heater": self.cooling.heater_kw,
            "shaft": np.where(self._fires, self.shaft_kw, 0.0),
            "exhaust": self.gas.exhaust_kw,
            "charge_air": self.gas.charge_cooler_kw,
            "coolant": self.cooling.radiator_kw,
            "radiation": self.cooling.radiated_kw,
        }

    @property
    def _lube_oil_pressure_bar(self) -> Array:
        """A gear pump against the bearings' gaps, and a relief valve."""
        return np.minimum(self._oil_pressure_bar * self._turns**0.7 * self._viscosity**0.3, 6.1)

    def _protect(self) -> None:
        is_up = self._fires & (self._in_state_seconds > 20)
        code = np.where(self._lube_oil_pressure_bar < OIL_PRESSURE_TRIP_BAR, NO_OIL_PRESSURE, 0.0) * is_up
        code = np.where((self.cooling.coolant_c > COOLANT_TRIP_C) & self._fires, HOT_COOLANT, code)
        trips = code > 0
        self._trip_code = np.where(trips, code, self._trip_code)
        self._state = np.where(trips, STOPPED, self._state)
        self._in_state_seconds = np.where(trips, 0.0, self._in_state_seconds)
        self._load_kw = np.where(trips, 0.0, self._load_kw)

    def _count(self, seconds: float) -> None:
        hours = seconds / 3600
        burned_kg = self.gas.fuel.sum(axis=1) * seconds
        self._run_hours = self._run_hours + self._fires * hours
        self._hours_since_service = self._hours_since_service + self._fires * hours
        self._energy_kwh = self._energy_kwh + self._load_kw * hours
        self._fuel_kg = self._fuel_kg + burned_kg
        self._tank.take(burned_kg)

    def _keep(self, seconds: float) -> None:
        """Refill the tank when it is low, and service the set when it is due and stands."""
        quality, is_seen = self.dice.normal(), self.dice.happens(seconds, mean_seconds=1800)
        self._tank.refill(seconds, is_seen=is_seen, quality=quality)
        is_due = (self._hours_since_service > SERVICE_HOURS) & (self._state == STOPPED)
        self._hours_since_service = np.where(is_due, 0.0, self._hours_since_service)

    def true_values(self) -> Values:
        return {
            "state": self._state,
            "active_power": self._load_kw,
            "load_percent": 100 * self._load_kw / RATED_KW,
            "torque_percent": 100 * np.where(self._fires, self.shaft_kw, 0.0) / RATED_SHAFT_KW / np.maximum(self._turns, 0.1),
            "rack_position": np.minimum(12 + 11_500 * self._rack, 100.0) * self._fires,
            **self._engine_values(),
            **self._cylinder_values(),
            **self._care_values(),
            **self._generator_values(),
            "energy_total": self._energy_kwh,
            "ambient_temperature": self._weather.temperature_c,
            "ambient_pressure": self._weather.pressure_kpa,
            "ambient_humidity": self._weather.humidity_percent,
        }

    def _engine_values(self) -> Values:
        gas, turns, viscosity = self.gas, self._turns, self._viscosity
        air_c = self._weather.temperature_c
        fuel_filter_kpa = (12 + 14 * self._service_share) * turns * (1 + 4 * self.faults["fuel_filter_clogged"])
        return {
            "engine_speed": self._shaft_rpm,
            "fuel_rate": 3600 * gas.fuel.sum(axis=1),
            "fuel_total": self._fuel_kg,
            "fuel_pressure": 6.8 * turns - 0.01 * fuel_filter_kpa,
            "fuel_level": self._tank.percent,
            "intake_temperature": air_c + 2 + 4 * turns,
            "intake_filter_pressure_drop": gas.filter_drop_kpa,
            "oil_filter_pressure_drop": 42 * turns * viscosity**0.4 * (1 + 0.5 * self._service_share),
            "fuel_filter_pressure_drop": fuel_filter_kpa,
            "boost_pressure": gas.boost_kpa,
            "scavenge_air_temperature": np.where(turns > 0.05, gas.charge_c, air_c),
            "turbine_speed": self._turbocharger.krpm(air_c) * (turns > 0.05),
            "exhaust_temperature_before_turbine": self._probes.before_turbine_c,
            "exhaust_temperature_after_turbine": self._probes.after_turbine_c,
        }

    def _cylinder_values(self) -> Values:
        gas, turns = self.gas, self._turns
        late, leak = self.faults["injector_dribble"], self.faults["ring_or_valve_leak"]
        drawn_kpa = gas.boost_kpa * np.minimum(turns * 5, 1)
        squeezed = cylinders.compression_bar(drawn_kpa, tightness=1 - 0.25 * leak)
        peak = squeezed + cylinders.fire_bar(gas.fuel, sharpness=(1 - 0.35 * late) * (1 - 0.1 * leak))
        ripple = cylinders.half_order_ripple_rpm(gas.indicated_kw)
        load = self._load_kw / RATED_KW
        shaking = self._roughness * (turns * (1 + 0.7 * load))[:, None] + 2.4 * ripple[:, None] * np.array([1.0, 1.3, 0.6])
        rich = self._equivalence.mean(axis=1)
        values: Values = {
            "crankcase_pressure": turns * self._blow_by_pa * (0.55 + 0.45 * load) + turns * 450 * leak.max(axis=1),
            "half_order_speed_ripple": ripple,
            "nox": 2600 * rich * (1 - 0.25 * late.mean(axis=1)) * np.exp(0.004 * (gas.charge_c - 45)) * self._fires,
        }
        for i in range(CYLINDERS):
            values[f"exhaust_temperature_cylinder_{i + 1}"] = self._probes.cylinder_c[:, i]
            values[f"maximum_pressure_cylinder_{i + 1}"] = peak[:, i]
            values[f"compression_pressure_cylinder_{i + 1}"] = squeezed[:, i]
        return values | {f"vibration_velocity_{axis}": shaking[:, i] for i, axis in enumerate("xyz")}

    def _care_values(self) -> Values:
        fires, weak = self._fires, self.faults["battery_weak"]
        leak, coolant_c = self.faults["coolant_leak"], self.cooling.coolant_c
        resting = 27.2 - 4.4 * weak
        battery = np.select([self._state == CRANKING, fires], [22.6 - 7 * weak, 27.9 - 1.0 * weak], resting)
        code = np.select(
            [self._trip_code > 0, (coolant_c > 98) & fires, (battery < 23) & (self._state != CRANKING), self._tank.percent < 15],
            [self._trip_code, WARM_COOLANT, LOW_BATTERY, LOW_FUEL],
            0.0,
        )
        return {
            "coolant_temperature": coolant_c,
            "coolant_pressure": (0.4 + 0.9 * self._turns + 0.009 * np.maximum(coolant_c - 40, 0)) * (1 - 0.5 * leak),
            "coolant_level": 92 + 0.04 * (coolant_c - 40) - 60 * leak,
            "lube_oil_pressure": self._lube_oil_pressure_bar,
            "lube_oil_temperature": self.cooling.oil_c,
            "battery_voltage": battery,
            "charge_alternator_voltage": 28.2 * fires,
            "run_hours": self._run_hours,
            "start_count": self._start_count,
            "diagnostic_codes": code,
        }

    def _generator_values(self) -> Values:
        excitation = np.where(self._fires, np.clip(self._turns / 0.95, 0, 1), 0.0)
        return {
            **self._alternator.values(self._load_kw, load_share=self._load_kw / RATED_KW, excitation=excitation),
            "generator_frequency": self._shaft_rpm / 30,
            "power_factor": self._alternator.power_factor * self._fires,
        }
