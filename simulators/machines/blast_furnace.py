"""Ironmaking blast furnaces of 2500 m³ with three hot stoves, coal injection, oxygen and a top-gas turbine.

Modelled are

* gas and carbon (`simulators.physics.blast_furnace_balances`): the blast's oxygen and steam burn carbon, coal first and coke for
  the rest, and so draw the burden down. Ore is reduced as fast as gas passes it; a share of its oxygen is taken by solid carbon.
  Top gas is what the elements leave over, so C, H, O and N close to the last digit, and CO utilisation follows from it;
* burden, hearth and casts (`simulators.physics.blast_furnace_stock`), walls and stoves (`…blast_furnace_walls`);
* heat of the lower furnace: bosh gas from flame to reserve zone pays for direct reduction, metal, slag and losses; what is left
  warms the hearth, whose temperature carries the silicon. Coal cools first and warms later, as it does on a furnace;
* a bed that wanders in its resistance, a blower that gives way a little, operators who steer coal after each cast and coke from
  cast to cast, cuts of the blast every few days and a stop in a season.

Level of flows, pressures and temperatures is that of a furnace in South China whose records Zhejiang University has published
(GitHub ylkyc/ironmaking-zju; facts only) and of GB 50427.

Limits of the model: no dust and no iron in the slag (together under 1 %); metal is 94.5 % iron and 4.6 % carbon, always; the
top's temperature is empirical and outside the heat balance, whose demand of a tonne is calibrated at the start (coke's own heat
and all else is in it). The stack is a few stirred tanks, not a distributed model: no scaffolds, no alkali, no slag in tuyeres.
Operators do not cut the blast when the burden hangs, and do not spray when the top is hot.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from simulators.machine import Array, Machines, Values, lag
from simulators.machine_faults import MachineFault
from simulators.physics import blast_furnace_balances as balances
from simulators.physics import blast_furnace_stock as stock
from simulators.physics.blast_furnace_walls import COLD_BLAST_C, LEAK_M3_PER_H, Stoves, Walls, each
from simulators.physics.weather import Weather
from simulators.sensors import Sensor

OFF_BLAST, REDUCED_BLAST, BLOWING = range(3)
VOLUME_M3, HEARTH_M2, TUYERES_M2 = 2500.0, 98.5, 0.35
COAL_CARBON, COAL_HYDROGEN, COAL_OXYGEN, COAL_ASH = 0.80, 0.051, 0.05, 0.09
HEARTH_MJ_PER_K = 1800.0
_CARBON_KMOL = 1000 * stock.CARBON_SHARE / balances.CARBON / stock.IRON_KMOL_PER_T
_METAL_OXYGEN_KMOL = 0.024  # of silicon, manganese and phosphorus that are reduced with a kmol of iron
_HYDROGEN_UTILIZATION = 0.42
_REDUCTION_MINUTES = 45.0
_USUAL_IRON_KMOL_PER_MIN = 71.0
_DEMAND_MJ_PER_T_K = 3.9  # heat of metal and slag, and of the silicon that a hotter hearth reduces
_LEAK_KMOL_PER_MIN = LEAK_M3_PER_H * 1000 / 60 / balances.STEAM
_WEATHER_SECONDS = 60.0
_STACK_SHARES = np.array([0.74, 0.52, 0.32, 0.15])
_HOUR = 3600.0
# What wanders by chance: columns, and their time constants.
_BLAST, _OXYGEN, _HEAT, _BED, _REDUCTION, _COKE, _MOISTURE, _FLARE = range(8)
_SECTORS, _PROBES, _STAVES = slice(8, 12), slice(12, 15), slice(15, 23)
_WANDER_SECONDS = _HOUR * np.array([8, 6, 3, 2.5, 9, 10, 5, 2, *[3] * 4, *[1] * 3, *[6] * 8])


def _numbered(name: str, count: int, sensor: Sensor) -> dict[str, Sensor]:
    return {f"{name}_{number}": sensor for number in range(1, count + 1)}


class BlastFurnace(Machines):
    """n furnaces, each with stoves, gas main and turbine."""

    KIND = "blast_furnace"
    LONGEST_STEP_SECONDS = 60.0
    FAULTS = {
        "hanging": MachineFault(
            "悬料", "Hanging", "burden stands for 25 min of every 85, resistance +45 % meanwhile; then it slips"
        ),
        "slip": MachineFault("崩料", "Slipping", "burden stands for 8 min of every 33 and drops by about 1 m"),
        "channelling": MachineFault(
            "管道", "Channelling", "one sector's top +120 K, resistance -15 % and erratic, direct reduction +0.035", "top_sector"
        ),
        "cooling": MachineFault("炉凉", "Furnace cooling", "ill-prepared burden: direct reduction +0.035 of the oxygen"),
        "heating": MachineFault("炉热", "Furnace overheating", "direct reduction -0.03 of the oxygen"),
        "low_line": MachineFault("低料线", "Low stock line", "charging lags, stock line 1.5 m lower"),
        "tuyere_leak": MachineFault("风口漏水", "Tuyere leaks", "3.5 m³/h of a tuyere group's water onto hot coke", "tuyere"),
        "water_leak": MachineFault("冷却壁漏水", "Stave leaks", "3.5 m³/h of the closed loop into the stack's gas", "stave"),
        "hearth_erosion": MachineFault("炉缸侵蚀", "Hearth erosion", "hearth wall 45 % thinner at one point", "hearth"),
        "stave_loss": MachineFault("冷却壁渣皮脱落", "Lining lost at a stave", "heat into one level of staves x 2.8", "stave"),
        "coal_lance_loss": MachineFault("煤枪堵塞", "Coal lances blocked", "injected coal -20 %"),
        "gas_analyser_drift": MachineFault("煤气分析仪漂移", "Gas analyser drifts", "CO2 reads 1.8 points low"),
    }
    SENSORS = {
        "blast_volume": Sensor(relative_noise=0.0006, gain=0.002, lowest=0.0),
        "cold_blast_pressure": Sensor(noise=0.0004, offset=0.0008, lowest=0.0),
        "hot_blast_pressure": Sensor(noise=0.0004, offset=0.0008, lowest=0.0),
        "top_pressure": Sensor(noise=0.4, offset=0.5, lowest=0.0),
        "pressure_drop_total": Sensor(noise=0.5, offset=0.7, lowest=0.0),
        **_numbered("stack_pressure", 4, Sensor(noise=0.8, offset=1.0, lowest=0.0)),
        "hot_blast_temperature": Sensor(noise=1.2, offset=2.5),
        "cold_blast_temperature": Sensor(noise=0.4, offset=1.0),
        "blast_humidity": Sensor(noise=0.05, offset=0.15, lowest=0.0),
        "oxygen_flow": Sensor(relative_noise=0.001, gain=0.003, lowest=0.0),
        "coal_injection_rate": Sensor(relative_noise=0.004, gain=0.006, lowest=0.0),
        **_numbered("top_temperature", 4, Sensor(noise=1.0, offset=2.0)),
        **{f"top_gas_{gas}": Sensor(noise=0.04, offset=0.08, lowest=0.0) for gas in ("co", "co2", "h2", "n2")},
        **_numbered("stockline", 3, Sensor(noise=0.02, offset=0.03, lowest=0.0)),
        **_numbered("stave_temperature", 8, Sensor(noise=0.3, offset=1.0)),
        "stave_water_in_temperature": Sensor(noise=0.03, offset=0.1),
        **_numbered("stave_water_out_temperature", 8, Sensor(noise=0.03, offset=0.1)),
        **_numbered("stave_water_flow", 8, Sensor(relative_noise=0.003, gain=0.005, lowest=0.0)),
        "stave_water_makeup": Sensor(noise=0.1, lowest=0.0),
        **_numbered("hearth_temperature_inner", 4, Sensor(noise=0.4, offset=1.5)),
        **_numbered("hearth_temperature_outer", 4, Sensor(noise=0.3, offset=1.0)),
        **_numbered("tuyere_water_in_flow", 8, Sensor(relative_noise=0.0015, gain=0.002, lowest=0.0)),
        **_numbered("tuyere_water_out_flow", 8, Sensor(relative_noise=0.0015, gain=0.002, lowest=0.0)),
        **_numbered("stove_dome_temperature", 3, Sensor(noise=1.5, offset=3.0)),
        **_numbered("stove_waste_temperature", 3, Sensor(noise=1.0, offset=2.0)),
        **_numbered("stove_gas_flow", 3, Sensor(relative_noise=0.006, gain=0.01, lowest=0.0)),
        **_numbered("stove_air_flow", 3, Sensor(relative_noise=0.006, gain=0.01, lowest=0.0)),
        "bfg_flow": Sensor(relative_noise=0.004, gain=0.008, lowest=0.0),
        "bfg_heating_value": Sensor(relative_noise=0.003, gain=0.004, lowest=0.0),
        "bfg_flare_flow": Sensor(relative_noise=0.02, gain=0.02, lowest=0.0),
        "trt_power": Sensor(relative_noise=0.003, gain=0.004, lowest=0.0),
        **_numbered("ambient_co", 4, Sensor(noise=0.8, offset=0.6, lowest=0.0)),
        "ambient_oxygen": Sensor(noise=0.03, offset=0.05),
    }

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        super().__init__(seeds=seeds, start=start)
        self._weather, self._weather_seconds = Weather(self.dice, start), 0.0
        self.burden, self.cast_house = stock.Burden(self.dice, self.hidden), stock.CastHouse(self.dice, self.hidden)
        self._walls, self._stoves = Walls(self.dice, self.hidden), Stoves(self.dice, self.hidden)
        self._blast_set_m3_per_min, self._oxygen_set_m3_per_min = self.hidden(5500, 0.005), self.hidden(206, 0.015)
        self._top_set_kpa, self._coal_set_kg_per_min = self.hidden(223.5, 0.006), self.hidden(692, 0.015)
        self.blast_loss_share = self.hidden(0.055, 0.08)
        """What the meter of the cold blast sees and the tuyeres do not: leaks of stoves and valves."""
        self._flame_offset_c, self._tuyeres_m2 = self.hidden(-41, 0.2), self.hidden(TUYERES_M2, 0.008)
        self._direct_share, self._loss_mj_per_min = self.hidden(0.23, 0.015), self.hidden(720, 0.06)
        self.blast_share = self.full(1.0)
        """Of the blast that is usual; less when it is cut."""
        self.cut_seconds, self.cut_share = self.full(0.0), self.full(1.0)
        """For how long the operators want less blast, and how much."""
        self._find_balance()
        self._start_life()

    def _find_balance(self) -> None:
        """Settle each furnace on its own recipe, and call what heat is left its demand."""
        self._wander: Array = np.zeros((self.n, len(_WANDER_SECONDS)))
        self.metal_c, self._tapped_silicon = self.full(stock.METAL_C), self.full(stock.SILICON_PERCENT)
        self._usual_burned = self._usual_ratio = self.full(1.0)
        self._demand_mj_per_t = self._resistance = self.full(0.0)
        self._blow()
        coke = self.burden.coke_kg_per_kmol * stock.COKE_CARBON / balances.CARBON
        direct = self._direct_share * (stock.ORE_OXYGEN + _METAL_OXYGEN_KMOL)
        iron = (self.burned_kmol_per_min - self._coal_carbon_kmol) / (coke - _CARBON_KMOL - direct)
        self._usual_burned, self.burden.ore_kmol = self.burned_kmol_per_min, iron * _REDUCTION_MINUTES
        top_kpa, drop_kpa = self._top_set_kpa + balances.ATMOSPHERE_KPA, self.hidden(193, 0.018)
        self._resistance = (np.square(top_kpa + drop_kpa) - np.square(top_kpa)) / self._bosh_gas_m3_per_min**1.7
        self._reduce()
        self._usual_ratio = self.gas.dry / self.iron_kmol_per_min
        self._demand_mj_per_t = self.heat_surplus_mj_per_min() / self.metal_t_per_min

    def _start_life(self) -> None:
        self._wander = self.dice.normals(len(_WANDER_SECONDS))
        self.metal_c = stock.METAL_C + 5 * self.dice.normal()
        self._tapped_silicon = stock.silicon_percent(self.metal_c)
        days = self.dice.uniform(300, 3600)
        self.burden.age(days)
        self.cast_house.age(days, self.metal_c)
        self._coal_total_t, self._turbine_kwh = np.floor(960 * days), np.floor(280_000 * days)
        self._blow()
        self._reduce()
        self._top_c, self._analysed = self._settled_top_c(), self._dry_percents()

    def _step(self, seconds: float) -> None:
        minutes = seconds / 60
        self._weather_seconds += seconds
        if self._weather_seconds >= _WEATHER_SECONDS:
            self._weather.step(self.now, self._weather_seconds)
            self._weather_seconds = 0.0
        keep = np.exp(-seconds / _WANDER_SECONDS)
        self._wander = keep * self._wander + np.sqrt(1 - keep * keep) * self.dice.normals(len(_WANDER_SECONDS))
        self._cut_blast(seconds)
        self.burden.hang(seconds, self.faults["hanging"], self.faults["slip"])
        self._blow()
        self._reduce()
        self.burden.charge(seconds, low_line=self.faults["low_line"])
        self.burden.descend(
            seconds,
            coke_carbon_kmol=self.coke_carbon_kmol_per_min * minutes,
            coke_carbon_share=stock.COKE_CARBON * (1 + 0.006 * self._wander[:, _COKE]),
            reduced_kmol=self.iron_kmol_per_min * minutes,
        )
        self.metal_c = self.metal_c + self.heat_surplus_mj_per_min() * minutes / HEARTH_MJ_PER_K
        self._cast(minutes)
        self._warm(seconds)
        self._coal_total_t = self._coal_total_t + self._coal_kg_per_min * minutes / 1000
        self._turbine_kwh = self._turbine_kwh + self._turbine_kw() * seconds / _HOUR

    def _cut_blast(self, seconds: float) -> None:
        """Trouble with casting or charging cuts the blast every few days; a stop for repairs comes once in a season."""
        cuts = self.dice.happens(seconds, mean_seconds=4 * 86_400)
        stops = self.dice.happens(seconds, mean_seconds=90 * 86_400)
        length_seconds, depth = self.dice.uniform(1200, 3600), self.dice.uniform(0.7, 0.85)
        begins = (cuts | stops) & (self.cut_seconds <= 0)
        self.cut_seconds = np.where(begins, np.where(stops, 8 * length_seconds, length_seconds), self.cut_seconds - seconds)
        self.cut_share = np.where(begins, np.where(stops, 0.0, depth), self.cut_share)
        asked = np.where(self.cut_seconds > 0, self.cut_share, 1.0)
        moved = lag(self.blast_share, asked, seconds, np.where(asked < self.blast_share, 180.0, 700.0))
        self.blast_share = np.where((asked == 0) & (moved < 0.02), 0.0, moved)

    def _blow(self) -> None:
        """Settle what goes through the tuyeres; the blower gives way a little where the bed resists."""
        wander, share = self._wander, self.blast_share
        self._channel = self.faults["channelling"].max(axis=1)
        self._bed = self._bed_resistance()
        self._blast_m3_per_min = self._blast_set_m3_per_min * share * (1 + 0.005 * wander[:, _BLAST]) * self._bed**-0.18
        self._oxygen_m3_per_min = self._oxygen_set_m3_per_min * share * (1 + 0.025 * wander[:, _OXYGEN])
        outside = balances.water_g_per_m3(
            air_c=self._weather.temperature_c,
            humidity_percent=self._weather.humidity_percent,
            air_kpa=self._weather.pressure_kpa,
        )
        # Steam is added to dry air, and water frozen out of damp air.
        self._humidity_g_per_m3 = np.clip(outside, 12, 15) + 0.6 * wander[:, _MOISTURE]
        trim = np.clip(-75 * (self._tapped_silicon - stock.SILICON_PERCENT), -60, 60)
        coal = share * (self._coal_set_kg_per_min + trim) * (1 - 0.2 * self.faults["coal_lance_loss"])
        self._coal_kg_per_min, self._coal_carbon_kmol = coal, coal * COAL_CARBON / balances.CARBON
        self._leak_kmol = _LEAK_KMOL_PER_MIN * self.faults["tuyere_leak"].sum(axis=1)
        self._bosh_gas_m3_per_min = balances.bosh_gas_m3(
            blast_m3=self._blast_m3_per_min,
            oxygen_m3=self._oxygen_m3_per_min,
            humidity_g_per_m3=self._humidity_g_per_m3,
            coal_hydrogen_kg=COAL_HYDROGEN * coal,
        )
        self._wind_m3_per_min = self._blast_m3_per_min + self._oxygen_m3_per_min
        self._enrichment_percent = 79 * self._oxygen_m3_per_min / np.maximum(self._wind_m3_per_min, 1.0)
        self._blast_c = self._stoves.blast_c(self.seconds) + 5 * wander[:, _HEAT]
        self._flame_c = balances.flame_temperature_c(
            blast_c=self._blast_c,
            humidity_g_per_m3=self._humidity_g_per_m3,
            enrichment_percent=self._enrichment_percent,
            coal_g_per_m3=1000 * coal / np.maximum(self._wind_m3_per_min, 1.0),
            offset_c=self._flame_offset_c,
        )
        arrives = 1 - self.blast_loss_share
        oxygen_kmol = arrives * (0.21 * self._blast_m3_per_min + self._oxygen_m3_per_min) / balances.MOLE_M3
        self._steam_kmol = arrives * balances.steam_kmol(self._wind_m3_per_min, self._humidity_g_per_m3)
        coal_oxygen = coal * COAL_OXYGEN / balances.OXYGEN
        self.burned_kmol_per_min = 2 * oxygen_kmol + self._steam_kmol + self._leak_kmol + coal_oxygen

    def _bed_resistance(self) -> Array:
        """Give the bed's resistance to gas, 1 when all is as usual."""
        burden, channel = self.burden, self._channel
        wanders = np.exp(0.018 * (1 + 2 * channel) * self._wander[:, _BED] + 0.0022 * (self.metal_c - stock.METAL_C))
        events = (1 + 0.45 * burden.tightness + 0.1 * burden.shock) * (1 - 0.12 * burden.looseness) * (1 - 0.15 * channel)
        return np.asarray(wanders * events * (1 + 0.02 * self.cast_house.fullness) * (1 - 0.05 * burden.below_mark_m))

    def _reduce(self) -> None:
        """Reduce ore with the gas that there is, and let the elements say what leaves at the top."""
        unready = 0.035 * self._channel + 0.035 * self.faults["cooling"] - 0.03 * self.faults["heating"]
        direct_share = self._direct_share + 0.0025 * self._wander[:, _REDUCTION] + unready + 0.02 * self.burden.looseness
        burned, ore_kmol = self.burned_kmol_per_min, self.burden.ore_kmol
        self.iron_kmol_per_min = ore_kmol / _REDUCTION_MINUTES * burned / self._usual_burned
        self.metal_t_per_min = self.iron_kmol_per_min / stock.IRON_KMOL_PER_T
        ore_oxygen = self.iron_kmol_per_min * (stock.ORE_OXYGEN + _METAL_OXYGEN_KMOL)
        self._direct_kmol = direct_share * ore_oxygen
        coal_hydrogen = self._coal_kg_per_min * COAL_HYDROGEN / (2 * balances.HYDROGEN)
        readiness = np.minimum(ore_kmol / (_REDUCTION_MINUTES * _USUAL_IRON_KMOL_PER_MIN), 1.0)
        shifted = _LEAK_KMOL_PER_MIN * self.faults["water_leak"].sum(axis=1)  # CO + H2O = CO2 + H2, above the hearth
        self.gas = balances.top_gas(
            carbon=burned + self._direct_kmol,
            oxygen=burned + ore_oxygen + shifted,
            hydrogen=self._steam_kmol + self._leak_kmol + coal_hydrogen + shifted,
            nitrogen=0.79 * self._blast_m3_per_min * (1 - self.blast_loss_share) / balances.MOLE_M3,
            hydrogen_utilization=_HYDROGEN_UTILIZATION * readiness,
        )
        used = burned - self._coal_carbon_kmol + self._direct_kmol + _CARBON_KMOL * self.iron_kmol_per_min
        self.coke_carbon_kmol_per_min = np.maximum(used, 0.0)

    def heat_surplus_mj_per_min(self) -> Array:
        """Give what the lower furnace gets and does not need; it warms the hearth."""
        gas_m3 = self._bosh_gas_m3_per_min * (1 - self.blast_loss_share)
        supply = gas_m3 * balances.GAS_MJ_PER_M3_K * (self._flame_c - balances.RESERVE_C)
        reduction = balances.DIRECT_REDUCTION_MJ_PER_KMOL * self._direct_kmol + balances.WATER_GAS_MJ_PER_KMOL * self._leak_kmol
        metal = self.metal_t_per_min * (self._demand_mj_per_t + _DEMAND_MJ_PER_T_K * (self.metal_c - stock.METAL_C))
        losses = self._loss_mj_per_min * (0.05 + 0.95 * self.blast_share) + 0.06 * self._walls.stave_kw.sum(axis=1)
        return np.asarray(supply - reduction - metal - losses)

    def _cast(self, minutes: float) -> None:
        """Let the hearth fill and run off; operators answer to the silicon of each cast."""
        metal_t = self.metal_t_per_min * minutes
        coke_ash = stock.COKE_ASH * self.coke_carbon_kmol_per_min * balances.CARBON / stock.COKE_CARBON
        oxides = self.iron_kmol_per_min * stock.GANGUE_KG_PER_KMOL + coke_ash + COAL_ASH * self._coal_kg_per_min
        slag_t = balances.slag_kg(oxides * minutes, 10 * stock.silicon_percent(self.metal_c) * metal_t) / 1000
        closes = self.cast_house.cast(minutes=minutes, metal_t=metal_t, slag_t=slag_t, metal_c=self.metal_c)
        if closes.any():
            self._tapped_silicon = np.where(closes, self.cast_house.tapped_silicon, self._tapped_silicon)
            correction = np.where(closes, 0.008 * (self._tapped_silicon - stock.SILICON_PERCENT), 0.0)
            self.burden.coke_kg_per_kmol = self.burden.coke_kg_per_kmol * (1 - correction)

    def _warm(self, seconds: float) -> None:
        """Let walls, top and analyser follow."""
        share, is_blown = self.blast_share[:, np.newaxis], self.blast_share[:, np.newaxis] > 0.1
        wanders = (1 + 0.06 * self._wander[:, _STAVES]) * (1 + 0.25 * self._channel[:, np.newaxis])
        stave_share = wanders * (1 + 1.8 * self.faults["stave_loss"]) * (0.1 + 0.9 * share)
        self._walls.warm(seconds, stave_share=stave_share, erosion=self.faults["hearth_erosion"])
        self._top_c = lag(self._top_c, self._settled_top_c(), seconds, 120.0)
        self._analysed = np.where(is_blown, lag(self._analysed, self._dry_percents(), seconds, 75.0), self._analysed)

    def _settled_top_c(self) -> Array:
        """More gas for the iron, a lower line and a while since the last charge make the top hotter."""
        ratio = self.gas.dry / np.maximum(self.iron_kmol_per_min, 1.0) / self._usual_ratio
        cooled_k = 16 * np.exp(-self.burden.since_dump_seconds / 90)
        warm_c = 188 + 450 * np.clip(ratio - 1, -0.15, 0.2) + 90 * self.burden.below_mark_m - cooled_k
        return np.where(self.blast_share > 0.1, warm_c, 90.0)

    def _dry_percents(self) -> Array:
        """Give CO, CO2, H2 and N2 of the dry gas, shape ``(n, 4)``."""
        gas = self.gas
        return np.stack([gas.co, gas.co2, gas.h2, gas.n2], axis=1) * (100 / np.maximum(gas.dry, 1e-6))[:, np.newaxis]

    def _top_kpa(self) -> Array:
        return self._top_set_kpa * self.blast_share + 24 * self.burden.shock

    def _turbine_kw(self) -> Array:
        gas_kw = balances.turbine_kw(
            gas_m3_per_min=self.gas.dry * balances.MOLE_M3,
            gas_c=self._top_c - 35,
            inlet_kpa=self._top_kpa() + balances.ATMOSPHERE_KPA - 12,
            outlet_kpa=112.0,
            efficiency=0.72,
        )
        return np.where(self.blast_share > 0.5, gas_kw, 0.0)

    def true_values(self) -> Values:
        probes = self.burden.depth_m[:, np.newaxis] + 0.05 * self._wander[:, _PROBES] + 0.35 * self.faults["channelling"][:, :3]
        return {
            **self._blast(),
            **self._top(),
            **self._gas(),
            **self.burden.values(),
            **each("stockline", np.maximum(probes, 0.0)),
            **self._walls.values(tuyere_leak=self.faults["tuyere_leak"], water_leak=self.faults["water_leak"]),
            **self.cast_house.values(),
            "coal_total": self._coal_total_t,
        }

    def _blast(self) -> Values:
        share, top_kpa = self.blast_share, self._top_kpa()
        drop_kpa = balances.pressure_drop_kpa(
            bosh_gas_m3_per_min=self._bosh_gas_m3_per_min, top_kpa=top_kpa, resistance=self._resistance * self._bed
        )
        hot_kpa = top_kpa + drop_kpa
        expanded = (self._blast_c + 273.15) / 273.15 * balances.ATMOSPHERE_KPA / (hot_kpa + balances.ATMOSPHERE_KPA)
        # Where it hangs, the pressure falls below: the levels above see less of it.
        shares = _STACK_SHARES * (1 - 0.25 * self.burden.tightness[:, np.newaxis])
        return {
            "state": np.where(share < 0.05, OFF_BLAST, np.where(share < 0.95, REDUCED_BLAST, BLOWING)),
            "blast_volume": 60 * self._blast_m3_per_min,
            "cold_blast_pressure": (hot_kpa + 18 * share * share) / 1000,
            "hot_blast_pressure": hot_kpa / 1000,
            "pressure_drop_total": drop_kpa,
            **each("stack_pressure", top_kpa[:, np.newaxis] + drop_kpa[:, np.newaxis] * shares),
            "hot_blast_temperature": self._blast_c,
            "cold_blast_temperature": COLD_BLAST_C + 0.3 * (self._weather.temperature_c - 14.5),
            "blast_humidity": self._humidity_g_per_m3,
            "oxygen_flow": 60 * self._oxygen_m3_per_min,
            "oxygen_enrichment": self._enrichment_percent,
            "coal_injection_rate": 0.06 * self._coal_kg_per_min,
            "bosh_gas_volume": self._bosh_gas_m3_per_min,
            "bosh_gas_index": self._bosh_gas_m3_per_min / HEARTH_M2,
            "blast_velocity": self._wind_m3_per_min / 60 * expanded / self._tuyeres_m2,
            "flame_temperature": self._flame_c,
            "permeability_index": 0.6 * self._blast_m3_per_min / np.maximum(drop_kpa, 1.0),
        }

    def _top(self) -> Values:
        spread_k = 14 * np.exp(0.008 * (self.metal_c - stock.METAL_C)) * (1 - 0.5 * self.burden.tightness) * self.blast_share
        sectors = self._top_c[:, np.newaxis] + spread_k[:, np.newaxis] * self._wander[:, _SECTORS]
        co, co2, h2, n2 = self._analysed.T
        seen_co2 = co2 - 1.8 * self.faults["gas_analyser_drift"]
        return {
            "top_pressure": self._top_kpa(),
            **each("top_temperature", sectors + 120 * self.faults["channelling"]),
            "top_gas_co": co,
            "top_gas_co2": seen_co2,
            "top_gas_h2": h2,
            "top_gas_n2": n2,
            "gas_utilization": 100 * seen_co2 / (co + seen_co2),
        }

    def _gas(self) -> Values:
        co, _, h2, _ = self._analysed.T
        kj_per_m3 = 126.36 * co + 107.98 * h2
        blast_heat_kw = self._blast_m3_per_min / 60 * 1.42 * (self._blast_c - COLD_BLAST_C)
        flow = 60 * balances.MOLE_M3 * self.gas.dry
        rooms = np.array([5.0, 5.0, 3.0, 2.0]) + np.array([4.0, 3.0, 0.5, 0.0]) * self.cast_house.is_open[:, np.newaxis]
        return {
            **self._stoves.values(self.seconds, blast_heat_kw=blast_heat_kw, gas_kj_per_m3=kj_per_m3),
            "bfg_flow": flow,
            "bfg_heating_value": kj_per_m3,
            "bfg_flare_flow": flow * np.maximum(0.008 + 0.008 * self._wander[:, _FLARE], 0.0),
            "trt_power": self._turbine_kw(),
            "trt_energy_total": self._turbine_kwh,
            **each("ambient_co", rooms),
            "ambient_oxygen": self.full(20.9),
        }
