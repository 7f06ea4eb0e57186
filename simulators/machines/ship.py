"""Bulk carriers of 57,000 t deadweight: two-stroke engine of 9480 kW at 127 rpm, fixed propeller, three sets of 600 kW.

They carry coal from Newcastle (Australia) to Qingdao and come back in ballast (`voyage`), in the weather of `sea`. Speed follows
from the propeller's thrust and the hull's resistance (`propeller`, `bulk_carrier`) over the ship's mass; the engine holds its
ordered speed within its torque limit (`two_stroke_engine`), three sets carry the rest (`generator_sets`). Consumption on heavy
fuel is higher by its heating value (MEPC.364(79)). Wake and thrust deduction lie in the ranges of MAN, Basic Principles of Ship
Propulsion, chapter 2.

Limits of the model: the resistance of deep water everywhere; no tides, squat, steering dynamics or astern running; roll, pitch
and yaw are single sines that grow with the sea; other ships (AIS) are not simulated. The figures are those of the class, of no
one ship.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

import numpy as np

from simulators.dice import Array
from simulators.machine import Flags, Machines, Values, lag
from simulators.machine_faults import MachineFault
from simulators.physics.bulk_carrier import BEAM_M, BulkCarriers
from simulators.physics.generator_sets import GeneratorSets
from simulators.physics.hotel_load import HotelLoad, boiler_kg_per_h
from simulators.physics.propeller import Propeller
from simulators.physics.sea import Sea
from simulators.physics.ship_fuel import ShipFuel
from simulators.physics.ship_motions import ShipMotions
from simulators.physics.ship_propulsion import Propulsion
from simulators.physics.ship_stores import ShipStores
from simulators.physics.two_stroke_engine import CYLINDERS, CylinderFaults, TwoStrokeEngine
from simulators.physics.voyage import AT_ANCHOR, AT_SEA, IN_PORT, MANOEUVRING, Voyages
from simulators.sensors import Sensor

HEAVY_FUEL, DISTILLATE = 0.0, 1.0
GENERATORS, BALLAST_TANKS, FIRE_ZONES = 3, 4, 4
MANOEUVRING_RPM = 54.0
HOTEL_KW = {IN_PORT: 690.0, MANOEUVRING: 860.0, AT_SEA: 560.0, AT_ANCHOR: 480.0}
KNOT = 1852 / 3600


class Ship(Machines):
    """n ships of one class, each with its own hull, engine and place in the voyage."""

    KIND = "ship"
    LONGEST_STEP_SECONDS = 60.0
    FAULTS: ClassVar[Mapping[str, MachineFault]] = {
        "hull_fouling": MachineFault("船体污底", "Hull fouling", "friction coefficient +0.65e-3, power at one speed about +20 %"),
        "propeller_damage": MachineFault("螺旋桨损伤", "Propeller damaged", "thrust -1.5 %, torque +1.5 %"),
        "torque_meter_drift": MachineFault("扭矩仪零点漂移", "Torque meter's zero drifts", "torque +25 kN·m, at standstill too"),
        "log_bias": MachineFault("计程仪偏差", "Speed log biased", "speed through water +0.3 kn"),
        "fuel_meter_bias": MachineFault("燃油流量计偏差", "Fuel meter biased", "flow at the inlet +3 %"),
        "flow_meter_bypass": MachineFault("流量计旁通开启", "Flow meter bypassed", "flow at the inlet equals that at the outlet"),
        "cylinder_misfire": MachineFault("单缸失火", "Cylinder misfires", "work of the cylinder -25 %", "cylinder"),
        "injector_wear": MachineFault(
            "喷油器磨损", "Injector worn", "exhaust heat of the cylinder +13 %, fuel +0.4 %", "cylinder"
        ),
        "tc_fouling": MachineFault("增压器积垢", "Turbocharger fouled", "scavenge pressure -8 %, fuel +0.7 %"),
        "jcw_cooler_foul": MachineFault("缸套水冷却器积垢", "Jacket water cooler fouled", "heat transfer -82 %"),
        "lo_leak": MachineFault("滑油泄漏", "Lube oil leaks", "pressure -30 %, 0.25 m³/h lost"),
        "dg_overload": MachineFault("发电机过载", "Generators overloaded", "running sets at 98 %, the next does not start"),
        "blackout": MachineFault("全船失电", "Blackout", "all sets trip and the main engine stops, from 0.5 on"),
        "anchor_drag": MachineFault("走锚", "Anchor drags", "0.8 kn before the wind, while at anchor"),
        "fire": MachineFault("火警", "Fire", "detector of the zone on, from 0.5 on", "zone"),
        "bilge_flooding": MachineFault("舱底进水", "Bilge floods", "inflow 0.9 m/h, more than the pump's 0.5 m/h"),
    }
    SENSORS: ClassVar[Mapping[str, Sensor]] = {
        **dict.fromkeys(("latitude", "longitude"), Sensor(noise=1e-5)),
        "speed_over_ground": Sensor(noise=0.04, lowest=0.0),
        "speed_through_water": Sensor(noise=0.06, gain=0.004, lowest=0.0),
        "course": Sensor(noise=0.3, lowest=0.0, highest=360.0),
        "heading": Sensor(noise=0.1, lowest=0.0, highest=360.0),
        "rate_of_turn": Sensor(noise=0.3),
        "water_depth": Sensor(relative_noise=0.004, lowest=0.0),
        **{f"draught_{place}": Sensor(noise=0.03, offset=0.02, lowest=0.0) for place in ("fore", "mid", "aft")},
        "list": Sensor(noise=0.03),
        "wind_speed_relative": Sensor(relative_noise=0.08, lowest=0.0),
        "wind_direction_relative": Sensor(noise=3.0, lowest=0.0, highest=360.0),
        "wave_height": Sensor(relative_noise=0.05, lowest=0.0),
        "sea_temperature": Sensor(noise=0.05, offset=0.2),
        "ambient_temperature": Sensor(noise=0.1, offset=0.3),
        "ambient_pressure": Sensor(noise=0.02, offset=0.05),
        "shaft_speed": Sensor(relative_noise=0.002, lowest=0.0),
        "shaft_torque": Sensor(relative_noise=0.004, gain=0.005, offset=1.0),
        "shaft_power": Sensor(relative_noise=0.004, gain=0.005),
        "load_percent": Sensor(relative_noise=0.006, gain=0.006, lowest=0.0),
        "rack_position": Sensor(noise=0.2, offset=0.4, lowest=0.0),
        **{f"fuel_mass_flow_{way}": Sensor(relative_noise=0.0008, gain=0.0006, lowest=0.0) for way in ("in", "out")},
        "fuel_temperature": Sensor(noise=0.2, offset=0.4),
        "fuel_viscosity": Sensor(noise=0.1, offset=0.15, lowest=0.0),
        **{f"exhaust_temperature_cylinder_{i + 1}": Sensor(noise=0.8, offset=2.0) for i in range(CYLINDERS)},
        **{f"maximum_pressure_cylinder_{i + 1}": Sensor(relative_noise=0.005, gain=0.005, lowest=0.0) for i in range(CYLINDERS)},
        **{f"compression_pressure_cylinder_{i}": Sensor(relative_noise=0.004, gain=0.005, lowest=0.0) for i in range(1, 7)},
        **{f"exhaust_temperature_{place}_turbine": Sensor(noise=0.8, offset=2.0) for place in ("before", "after")},
        "turbine_speed": Sensor(relative_noise=0.003, lowest=0.0),
        "scavenge_air_pressure": Sensor(noise=0.6, offset=1.0, lowest=0.0),
        "scavenge_air_temperature": Sensor(noise=0.2, offset=0.4),
        **{f"jacket_water_{way}_temperature": Sensor(noise=0.2, offset=0.4) for way in ("in", "out")},
        "lube_oil_pressure": Sensor(noise=1.0, offset=2.0, lowest=0.0),
        "lube_oil_temperature": Sensor(noise=0.2, offset=0.4),
        "thrust_bearing_temperature": Sensor(noise=0.2, offset=0.5),
        "stern_tube_temperature": Sensor(noise=0.2, offset=0.5),
        **{f"generator_power_{i + 1}": Sensor(relative_noise=0.005, gain=0.004, lowest=0.0) for i in range(GENERATORS)},
        **{f"generator_speed_{i + 1}": Sensor(relative_noise=0.0006, lowest=0.0) for i in range(GENERATORS)},
        **{f"generator_fuel_flow_{i + 1}": Sensor(relative_noise=0.008, gain=0.006, lowest=0.0) for i in range(GENERATORS)},
        "bus_voltage": Sensor(relative_noise=0.001, gain=0.001, lowest=0.0),
        "bus_frequency": Sensor(relative_noise=0.0004, lowest=0.0),
        "boiler_fuel_flow": Sensor(relative_noise=0.01, gain=0.008, lowest=0.0),
        "shaft_generator_power": Sensor(relative_noise=0.004, gain=0.004, lowest=0.0),
        "rudder_angle": Sensor(noise=0.15, offset=0.2),
        "roll": Sensor(noise=0.03),
        "pitch": Sensor(noise=0.02),
        "tank_level_1": Sensor(noise=2.0, gain=0.004, lowest=0.0),
        "tank_level_2": Sensor(noise=0.4, gain=0.004, lowest=0.0),
        "tank_level_3": Sensor(noise=0.05, gain=0.005, lowest=0.0),
        **{f"tank_temperature_{i + 1}": Sensor(noise=0.2, offset=0.4) for i in range(3)},
        "bilge_level": Sensor(noise=0.004, lowest=0.0),
        **{f"ballast_level_{i + 1}": Sensor(relative_noise=0.004, gain=0.004, lowest=0.0) for i in range(BALLAST_TANKS)},
        "reefer_power": Sensor(relative_noise=0.01, lowest=0.0),
    }

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        super().__init__(seeds=seeds, start=start)
        self.voyage = Voyages(self.dice.uniform())  # drawn first, so that a seed's ship is found where it has always been
        self._draw_the_ship()
        self._draw_the_engine()
        self._draw_its_age()
        self._draw_the_auxiliaries()
        self._sea = Sea(self.dice, start, self.voyage.latitude)
        self._begin()

    # --- what differs from ship to ship --------------------------------------------------------------------------------------

    def _draw_the_ship(self) -> None:
        self.carrier = BulkCarriers(
            laden_draught_m=np.minimum(self.hidden(12.0, 0.015), 12.6),
            resistance_share=self.hidden(1.0, 0.015),
            roughness=self.dice.uniform(0.0, 0.12e-3),
        )
        self._propeller = Propeller(
            diameter_m=5.8, wake=self.hidden(0.40, 0.012), thrust_deduction=0.22, rotative_efficiency=1.02
        )
        self._list_deg = 0.15 * self.dice.normal()
        self._ballast_m3 = np.array([3800.0, 4600.0, 4600.0, 4200.0]) * (1 + 0.01 * self.dice.normals(BALLAST_TANKS))
        phases, helm_deg = self.dice.uniforms(3, 0, 2 * np.pi), 0.6 * self.dice.normal()
        self._motions = ShipMotions(beam_m=BEAM_M, phases=phases, helm_deg=helm_deg)

    def _draw_the_engine(self) -> None:
        self._order_rpm = self.dice.uniform(103, 113)
        self._engine = TwoStrokeEngine(
            g_per_kwh=self.hidden(171.0, 0.012),
            scavenge_kpa=self.hidden(265.0, 0.015),
            shares=1 + 0.01 * np.clip(self.dice.normals(CYLINDERS), -2.5, 2.5),
            jacket_set_c=83.0 + 0.6 * np.clip(self.dice.normal(), -2, 2),
            jacket_kw_per_k=self.hidden(36.0, 0.05),
            is_warm=self._is_at_sea,
        )
        self._lube_kpa = self.hidden(245.0, 0.03)
        self._lube_set_c = 45.0 + 0.8 * np.clip(self.dice.normal(), -2, 2)
        self._thrust_rise_k, self._stern_rise_k = self.hidden(12.0, 0.08), self.hidden(13.0, 0.08)

    def _draw_its_age(self) -> None:
        self._engine_hours = self.dice.uniform(9_000, 80_000)
        self._distance_nmi = self._engine_hours * self.dice.uniform(11.6, 12.6)
        self._fuel_t = self._engine_hours * self.dice.uniform(1.15, 1.3)
        self._generator_hours = self._engine_hours[:, None] * self.dice.uniforms(GENERATORS, 0.45, 0.6)

    def _draw_the_auxiliaries(self) -> None:
        hotel_share, is_at_sea = self.hidden(1.0, 0.06), self._is_at_sea
        g_per_kwh, sharing = self.hidden(212.0, 0.015), 1 + 0.012 * np.clip(self.dice.normals(GENERATORS), -2.5, 2.5)
        self._shaft = Propulsion(
            self._propeller,
            turns_per_s=np.where(is_at_sea, self._order_rpm / 60, 0.0),
            speed_m_per_s=np.where(is_at_sea, 6.3, 0.0),
            generator_kw=self.hidden(180.0, 0.08),
        )
        self._fuel = ShipFuel(
            heavy_share=self.dice.uniform(0.55, 0.85),
            distillate_share=self.dice.uniform(0.5, 0.85),
            heavy_cst=self.hidden(12.5, 0.025),
            is_heavy=is_at_sea,
        )
        self._stores = ShipStores(lube_share=self.dice.uniform(0.7, 0.85), bilge_m=self.dice.uniform(0.06, 0.24))
        self._hotel = HotelLoad(HOTEL_KW, share=hotel_share, reefers=np.floor(self.dice.uniform(0, 5)))
        lead = np.floor(self.dice.uniform(0, GENERATORS))
        self._generators = GeneratorSets(g_per_kwh=g_per_kwh, sharing=sharing, lead=lead)

    def _begin(self) -> None:
        """Begin with the speed that belongs to this weather, and warm."""
        self._hotel.step(86_400, self.dice.normal())
        self.carrier.load(self.voyage.cargo)
        for _ in range(40):  # minutes, until it has settled
            self._propel(60.0)
        self._generate(1.0)
        self._thrust_c, self._stern_c = self._settled_bearings_c()

    # --- voyage --------------------------------------------------------------------------------------------------------------

    def _step(self, seconds: float) -> None:
        self._sea.step(self.now, seconds, self.voyage.latitude)
        self._sail(seconds)
        self._arrive(seconds)
        self._propel(seconds)
        self._generate(seconds)
        self._warm(seconds)
        self._consume(seconds)

    @property
    def _is_at_sea(self) -> Flags:
        return np.asarray(self.voyage.state == AT_SEA)

    @property
    def _is_dark(self) -> Flags:
        return np.asarray(self.faults["blackout"] >= 0.5)

    def _sail(self, seconds: float) -> None:
        self.voyage.steer(seconds)
        speed, track_deg = self._over_ground()
        self.voyage.move(track_deg=track_deg, nmi=speed * seconds / 1852)
        self._distance_nmi = self._distance_nmi + self._shaft.speed_m_per_s * seconds / 1852

    def _over_ground(self) -> tuple[Array, Array]:
        """Give speed in m/s and direction of the ship's track; one at anchor goes nowhere unless the anchor drags."""
        drags = 0.8 * KNOT * self.faults["anchor_drag"] * (self.voyage.state == AT_ANCHOR)
        before_the_wind = (self._sea.wind_from_deg + 180) % 360
        under_way = np.maximum(self._shaft.speed_m_per_s + self._sea.current_m_per_s, 0.0)
        goes = self.voyage.is_under_way
        return np.where(goes, under_way, drags), np.where(goes, self.voyage.course_deg, before_the_wind)

    def _arrive(self, seconds: float) -> None:
        """Before each passage the master orders a speed, another set leads, and other reefers are on board."""
        waits, stay_share, order_rpm = self.dice.uniform() < 0.5, self.dice.uniform(), self.dice.uniform(103, 113)
        leaves = self.voyage.arrive(seconds, waits=waits, stay_share=stay_share)
        self._fuel.is_heavy = self._is_at_sea
        if leaves.any():
            self._order_rpm = np.where(leaves, order_rpm, self._order_rpm)
            self._hotel.reefers = np.where(leaves, np.floor(5 * stay_share), self._hotel.reefers)
            self._generators.hand_on_the_lead(leaves)
            self.carrier.load(self.voyage.cargo)

    @property
    def _heading_deg(self) -> Array:
        """Under way it leans into the wind, a quarter of a degree for each m/s from the side; at anchor it lies to the wind."""
        across = self._sea.wind_m_per_s * np.sin(np.radians(self._sea.wind_from_deg - self.voyage.course_deg))
        leaning = (self.voyage.course_deg + 0.25 * across * self.voyage.is_under_way) % 360
        return np.asarray(np.where(self.voyage.state == AT_ANCHOR, self._sea.wind_from_deg, leaning))

    # --- propulsion ----------------------------------------------------------------------------------------------------------

    def _propel(self, seconds: float) -> None:
        """Sail against water, wind and waves, as fast as ordered; slower while the jacket water is too hot."""
        shaft = self._shaft
        resistance_kn = self.carrier.resistance_kn(
            shaft.speed_m_per_s,
            growth=0.65e-3 * self.faults["hull_fouling"],
            wind_m_per_s=self._sea.wind_m_per_s,
            wind_from_bow_deg=self._sea.wind_from_deg - self.voyage.course_deg,
            wave_m=self._sea.wave_m * self._is_at_sea,
        )
        shaft.move(
            seconds,
            resistance_kn=resistance_kn,
            mass_t=self.carrier.mass_t,
            damage=0.015 * self.faults["propeller_damage"],
            is_under_way=self.voyage.is_under_way,
        )
        order_rpm = np.where(self._is_at_sea, self._order_rpm, MANOEUVRING_RPM * (self.voyage.state == MANOEUVRING))
        slowed = 1 - np.minimum(np.maximum(self._engine.jacket_c - 92, 0) / 30, 0.5)
        order_per_s = order_rpm / 60 * slowed * ~self._is_dark
        shaft.drive(seconds, order_per_s=order_per_s, may_generate=self._is_at_sea & ~self._is_dark)

    # --- auxiliaries, heat and stores ----------------------------------------------------------------------------------------

    def _generate(self, seconds: float) -> None:
        self._hotel.step(seconds, self.dice.normal())
        wanted_kw = self._hotel.wanted_kw(self.voyage.state, self._sea.air_c) - self._shaft.generated_kw
        self._generators.share(wanted_kw, overload=self.faults["dg_overload"], is_dark=self._is_dark)

    def main_fuel_kg_per_h(self) -> Array:
        """Give what the main engine burns, of the fuel that is in use."""
        worn = 1 + 0.007 * self.faults["tc_fouling"] + 0.004 * self.faults["injector_wear"].sum(axis=1)
        return np.asarray(self._engine.fuel_kg_per_h(self._shaft.brake_kw) * worn * self._fuel.mass_share)

    def _set_fuel_kg_per_h(self) -> Array:
        return self._generators.fuel_kg_per_h * self._fuel.mass_share[:, None]

    def _boiler_kg_per_h(self) -> Array:
        return boiler_kg_per_h(self._shaft.load) * ~self._is_dark

    def burned_kg_per_h(self) -> Array:
        """Give what all consumers burn together."""
        return np.asarray(self.main_fuel_kg_per_h() + self._set_fuel_kg_per_h().sum(axis=1) + self._boiler_kg_per_h())

    def _warm(self, seconds: float) -> None:
        self._engine.warm(
            seconds,
            load=self._shaft.load,
            runs=self._shaft.runs,
            water_c=self._sea.water_c,
            cooler_share=1 - 0.82 * self.faults["jcw_cooler_foul"],
        )
        thrust_c, stern_c = self._settled_bearings_c()
        self._thrust_c = lag(self._thrust_c, thrust_c, seconds, 1500.0)
        self._stern_c = lag(self._stern_c, stern_c, seconds, 2400.0)

    def _settled_bearings_c(self) -> tuple[Array, Array]:
        share = self._shaft.speed_share
        return self._lube_set_c - 4 + self._thrust_rise_k * share**2, self._sea.water_c + 1 + self._stern_rise_k * share

    def _consume(self, seconds: float) -> None:
        hours = seconds / 3600
        burned_t = self.burned_kg_per_h() * hours / 1000
        self._fuel_t = self._fuel_t + burned_t
        self._fuel.burn(burned_t)
        self._fuel.bunker(hours, self.voyage.state == IN_PORT)
        self._stores.use_lube_oil(hours, self.faults["lo_leak"])
        self._stores.drain_the_bilge(hours, self.faults["bilge_flooding"])
        self._engine_hours = self._engine_hours + self._shaft.runs * hours
        self._generator_hours = self._generator_hours + self._generators.runs * hours

    # --- what is measured ----------------------------------------------------------------------------------------------------

    def true_values(self) -> Values:
        return {
            "state": self.voyage.state.astype(float),
            **self._navigation_values(),
            **self._motion_values(),
            **self._surroundings(),
            **self._propulsion_values(),
            **self._gas_values(),
            **self._cooling_values(),
            **self._electrical_values(),
            **self._store_values(),
        }

    def _navigation_values(self) -> Values:
        speed, track_deg = self._over_ground()
        draught, trim = self.carrier.draught_m(self.voyage.cargo), 2.4 - 2.2 * self.voyage.cargo
        return {
            "latitude": self.voyage.latitude,
            "longitude": self.voyage.longitude,
            "speed_over_ground": speed / KNOT,
            "speed_through_water": self._shaft.speed_m_per_s / KNOT + 0.3 * self.faults["log_bias"],
            "course": track_deg,
            "water_depth": self.voyage.water_depth_m,
            "draught_fore": draught - trim / 2,
            "draught_mid": draught,
            "draught_aft": draught + trim / 2,
            "trim": trim,
            "list": self._list_deg,
            "distance_total": self._distance_nmi,
        }

    def _motion_values(self) -> Values:
        motions = self._motions.at(
            self.seconds,
            wave_m=self._felt_wave_m(),
            metacentric_m=self.carrier.metacentric_m(self.voyage.cargo),
            turn_deg_per_min=self.voyage.turn_deg_per_min,
            is_under_way=self.voyage.is_under_way,
        )
        return {
            "heading": (self._heading_deg + motions.yaw_deg) % 360,
            "rate_of_turn": motions.rate_deg_per_min,
            "rudder_angle": motions.rudder_deg,
            "roll": motions.roll_deg + self._list_deg,
            "pitch": motions.pitch_deg,
        }

    def _felt_wave_m(self) -> Array:
        return self._sea.wave_m * self.voyage.exposure

    def _surroundings(self) -> Values:
        sea = self._sea
        wind_m_per_s, wind_from_bow_deg = sea.apparent_wind(self._heading_deg, self._over_ground()[0])
        return {
            "wind_speed_relative": wind_m_per_s,
            "wind_direction_relative": wind_from_bow_deg,
            "wave_height": self._felt_wave_m(),
            "sea_temperature": sea.water_c,
            "ambient_temperature": sea.air_c,
            "ambient_pressure": sea.pressure_kpa,
        }

    def _propulsion_values(self) -> Values:
        torque_knm = self._shaft.torque_knm + 25 * self.faults["torque_meter_drift"]
        return {
            "shaft_speed": 60 * self._shaft.turns_per_s,
            "shaft_torque": torque_knm,
            "shaft_power": 2 * np.pi * self._shaft.turns_per_s * torque_knm,
            "load_percent": 100 * self._shaft.load,
            **self._fuel_values(),
            "main_engine_hours": self._engine_hours,
        }

    def _fuel_values(self) -> Values:
        burned, fuel = self.main_fuel_kg_per_h(), self._fuel
        circulates = self.voyage.is_under_way & ~self._is_dark
        into, out = fuel.metered_kg_per_h(burned, circulates=circulates, bypass=self.faults["flow_meter_bypass"])
        burned_per_turn = burned / np.maximum(self._shaft.turns_per_s, 0.3)
        return {
            "rack_position": (14 + 0.098 * burned_per_turn) * self._shaft.runs,
            "fuel_mass_flow_in": into * (1 + 0.03 * self.faults["fuel_meter_bias"]),
            "fuel_mass_flow_out": out,
            "fuel_temperature": fuel.temperature_c,
            "fuel_density": fuel.kg_per_m3,
            "fuel_viscosity": fuel.viscosity_cst,
            "fuel_type": np.where(fuel.is_heavy, HEAVY_FUEL, DISTILLATE),
            "fuel_total": self._fuel_t,
        }

    def _gas_values(self) -> Values:
        gas = self._engine.gas_path(
            brake_kw=self._shaft.brake_kw,
            heat_kw=self.main_fuel_kg_per_h() / 3600 * 1000 * self._fuel.mj_per_kg,
            turns_per_s=self._shaft.turns_per_s,
            sea=self._sea,
            fouling=self.faults["tc_fouling"],
            faults=CylinderFaults(self.faults["cylinder_misfire"], self.faults["injector_wear"]),
        )
        return {
            "exhaust_temperature_before_turbine": gas.before_turbine_c,
            "exhaust_temperature_after_turbine": gas.after_turbine_c,
            "turbine_speed": gas.turbine_rpm,
            "scavenge_air_pressure": gas.scavenge_kpa,
            "scavenge_air_temperature": gas.scavenge_c,
            **_numbered("exhaust_temperature_cylinder", gas.cylinder_c),
            **_numbered("maximum_pressure_cylinder", gas.peak_mpa),
            **_numbered("compression_pressure_cylinder", gas.compression_mpa),
        }

    def _cooling_values(self) -> Values:
        jacket_c, load = self._engine.jacket_c, self._shaft.load
        pumped = np.where(self._is_dark, 0.05, 1.0)
        return {
            "jacket_water_in_temperature": jacket_c - 0.5 - 9 * load,
            "jacket_water_out_temperature": jacket_c,
            "lube_oil_pressure": self._lube_kpa * (1 - 0.30 * self.faults["lo_leak"]) * pumped,
            "lube_oil_temperature": self._lube_set_c + 4 * load * self._engine.warmth,
            "thrust_bearing_temperature": self._thrust_c,
            "stern_tube_temperature": self._stern_c,
        }

    def _electrical_values(self) -> Values:
        return {
            "bus_voltage": self._generators.bus_v,
            "bus_frequency": self._generators.frequency_hz,
            "boiler_fuel_flow": self._boiler_kg_per_h(),
            "shaft_generator_power": self._shaft.generated_kw,
            "reefer_count": self._hotel.reefers,
            "reefer_power": self._hotel.reefer_kw(self._sea.air_c) * ~self._is_dark,
            **_numbered("generator_power", self._generators.kw),
            **_numbered("generator_speed", self._generators.rpm),
            **_numbered("generator_fuel_flow", self._set_fuel_kg_per_h()),
            **_numbered("generator_hours", self._generator_hours),
        }

    def _store_values(self) -> Values:
        held_m3 = [self._fuel.heavy_m3, self._fuel.distillate_m3, self._stores.lube_m3]
        tanks_c = [self.full(58), np.maximum(self._sea.water_c + 3, 12), self._lube_set_c - 2]
        return {
            "bunker_remaining": self._fuel.bunkers_t,
            "bilge_level": self._stores.bilge_m,
            **_numbered("tank_level", np.column_stack(held_m3)),
            **_numbered("tank_temperature", np.column_stack(tanks_c)),
            **_numbered("ballast_level", self._ballast_m3 * (1 - self.voyage.cargo)[:, None]),
            **_numbered("fire_zone", (self.faults["fire"] >= 0.5).astype(float)),
        }


def _numbered(name: str, of_parts: Array) -> Values:
    """Give the signals of parts that are counted from 1, from an array ``(n, parts)``."""
    return {f"{name}_{index + 1}": of_part for index, of_part in enumerate(of_parts.T)}
